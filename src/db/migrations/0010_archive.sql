-- works from: 5
-- What is deleted is written out before.

-- How far that is, and why it cannot be done: one row where it is done.
CREATE TABLE retention_archive (
    only_row BIGINT PRIMARY KEY,
    node TEXT,                       -- the server that did it last
    archived_at BIGINT,
    last_seq BIGINT NOT NULL,        -- of the events
    failed_at BIGINT,                -- since when it fails
    why TEXT);
