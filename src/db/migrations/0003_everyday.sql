-- What everyday conditions taught. Each room has its heading; new columns are appended below it.

-- Alerts.
ALTER TABLE alert ADD COLUMN started_at BIGINT; -- by the sender's clock; NULL: it did not say
ALTER TABLE alert ADD COLUMN episode_at BIGINT; -- the start of the latest episode it named
ALTER TABLE alert ADD COLUMN ended_at BIGINT;   -- the end of the last one
ALTER TABLE alert ADD COLUMN first_summary TEXT;   -- as it came in; NULL: as it still is
ALTER TABLE alert ADD COLUMN first_severity BIGINT;

-- Paging.
ALTER TABLE mailbox ADD COLUMN failures BIGINT NOT NULL DEFAULT 0; -- attempts in a row that did not arrive
ALTER TABLE mailbox ADD COLUMN failed_at BIGINT;                   -- when the last of them was noticed
ALTER TABLE mailbox ADD COLUMN retry_at BIGINT;                    -- when the next one may be
ALTER TABLE mailbox ADD COLUMN refused BIGINT NOT NULL DEFAULT 0;  -- 1: the last message was refused for good
ALTER TABLE escalation ADD COLUMN kept_state BIGINT; -- of one that has ended: where it stood
ALTER TABLE escalation ADD COLUMN kept_next_at BIGINT;
ALTER TABLE escalation ADD COLUMN wait_us BIGINT; -- of the step that was told last
ALTER TABLE delivery ADD COLUMN passes BIGINT NOT NULL DEFAULT 0;     -- 1: it went past the bound on noise
ALTER TABLE notification ADD COLUMN passes BIGINT NOT NULL DEFAULT 0; -- enum notification_pass
CREATE INDEX notification_passing ON notification (mailbox_id, due_at) WHERE state = 1 AND passes > 0;
-- The last message that told a mailbox of a critical alert of a service, as news.
CREATE TABLE news (
    mailbox_id BIGINT NOT NULL, service TEXT NOT NULL, notification_id BIGINT NOT NULL,
    PRIMARY KEY (mailbox_id, service));

-- The installation.
-- What the ledger's own pulse wrote last, so that a disk that fails is noticed in a quiet hour, and the last
-- event that there was: by it a chain that was cut short could be found.
CREATE TABLE pulse (only_row BIGINT PRIMARY KEY, at BIGINT NOT NULL, seq BIGINT NOT NULL);
