-- works from: 5
-- The oldest events go.

-- Stands for the events that are gone; the chain goes on from it. The newest event 'retention.checkpoint' names it.
CREATE TABLE event_checkpoint (
    only_row BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL,             -- of the newest event that is gone
    at BIGINT NOT NULL,
    hash {blob} NOT NULL,            -- of that event
    seal {blob} NOT NULL);           -- keyed BLAKE2b-256 of all that
ALTER TABLE retention_state ADD COLUMN events BIGINT NOT NULL DEFAULT 0;

-- What is old was found through the index alert_status, and all of it sorted each time: by these the first ones are read.
DROP INDEX alert_over;
DROP INDEX alert_suppressed;
CREATE INDEX alert_over ON alert (status, resolved_at, id) WHERE status = 3;
CREATE INDEX alert_suppressed ON alert (status, last_at, id) WHERE status = 4;
