-- works from: 6
-- Notes, which somebody has to read.
CREATE TABLE note (
    id {id},
    text TEXT NOT NULL,
    policy TEXT,
    state BIGINT NOT NULL,           -- enum note_state
    written_by TEXT NOT NULL, read_by TEXT, closed_by TEXT,
    written_at BIGINT NOT NULL,
    snoozed_until BIGINT);
