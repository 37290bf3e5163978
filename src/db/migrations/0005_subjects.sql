-- What people are paged about may be more than an alert: a kind, a word such as 'alert', and a number in it. All that
-- there is so far is about alerts.

ALTER TABLE escalation RENAME COLUMN alert_id TO subject_id;
ALTER TABLE escalation ADD COLUMN subject_kind TEXT NOT NULL DEFAULT 'alert';
-- Of what is told of it now. It was looked up in the alert; 1 is high.
ALTER TABLE escalation ADD COLUMN urgency BIGINT NOT NULL DEFAULT 1;
UPDATE escalation SET urgency = 2 WHERE subject_id IN (SELECT id FROM alert WHERE urgency = 2);
DROP INDEX escalation_alert;
CREATE UNIQUE INDEX escalation_subject ON escalation (subject_id, subject_kind);

ALTER TABLE page RENAME COLUMN alert_id TO subject_id;
ALTER TABLE page ADD COLUMN subject_kind TEXT NOT NULL DEFAULT 'alert';
DROP INDEX page_alert;
CREATE INDEX page_subject ON page (subject_id, subject_kind);

ALTER TABLE notification RENAME COLUMN alert_id TO subject_id; -- NULL: about nothing that pages, such as a test
ALTER TABLE notification ADD COLUMN subject_kind TEXT DEFAULT 'alert';
UPDATE notification SET subject_kind = NULL WHERE subject_id IS NULL;
DROP INDEX notification_alert;
CREATE INDEX notification_subject ON notification (subject_id, subject_kind);
