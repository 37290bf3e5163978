-- works from: 5
-- Shifts that somebody asks others to take.
CREATE TABLE swap (
    id {id},
    schedule TEXT NOT NULL,
    asker TEXT NOT NULL,
    asked TEXT,                      -- NULL: everybody who takes turns there
    since BIGINT NOT NULL, until BIGINT NOT NULL,
    back_since BIGINT, back_until BIGINT,
    comment TEXT,
    state BIGINT NOT NULL,           -- enum swap_state
    asked_at BIGINT NOT NULL,
    answered_by TEXT, answered_at BIGINT,
    note TEXT,
    reminded_at BIGINT,
    next_at BIGINT);                 -- when to look; NULL: never again
CREATE INDEX swap_due ON swap (next_at) WHERE next_at IS NOT NULL;
