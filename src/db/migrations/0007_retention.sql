-- works from: 5
-- What is old is deleted.

-- By which it is found.
CREATE INDEX alert_over ON alert (resolved_at, id) WHERE status = 3;
CREATE INDEX alert_suppressed ON alert (last_at, id) WHERE status = 4;
-- How far that has come.
CREATE TABLE retention_state (
    only_row BIGINT PRIMARY KEY,
    judged_at BIGINT,                -- retention's own clock
    begun_at BIGINT,                 -- of the run that goes on, or the last one
    ended_at BIGINT,                 -- of the last one that came to its end
    alerts BIGINT NOT NULL, deliveries BIGINT NOT NULL, notices BIGINT NOT NULL,
    payloads BIGINT NOT NULL);       -- what it deleted
-- The clock of the first start with it may be wrong: what was written before says how late it is for sure.
INSERT INTO retention_state (only_row, judged_at, alerts, deliveries, notices, payloads)
    SELECT 1, at, 0, 0, 0, 0 FROM event ORDER BY seq DESC LIMIT 1;
