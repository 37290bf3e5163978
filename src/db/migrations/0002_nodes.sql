-- Several nodes on one database: turns, nodes, lanes.

-- The one row that a write transaction locks first: whoever holds it writes, as in a database file.
CREATE TABLE turn (
    only_row BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,          -- of the last committed turn
    next_id BIGINT NOT NULL);        -- PostgreSQL: the next id of any table
INSERT INTO turn (only_row, number, next_id) VALUES (1, 0, 1);
-- The last turn that each writer committed: whether a commit whose answer was lost was kept.
CREATE TABLE commit_mark (writer BIGINT PRIMARY KEY, number BIGINT NOT NULL);

CREATE TABLE node (
    id {id},
    name TEXT NOT NULL,
    address TEXT,                    -- where it takes requests
    version TEXT NOT NULL,           -- of the program
    schema_known BIGINT NOT NULL,    -- newest schema that the program knows
    state BIGINT NOT NULL,           -- enum node_state
    beat BIGINT NOT NULL,            -- goes up while it lives
    started_at BIGINT NOT NULL,
    ended_at BIGINT);
CREATE INDEX node_alive ON node (state, id);

-- What a node works: timers and mailboxes of a lane belong to the node that holds it. A new holder
-- gets a new epoch.
CREATE TABLE lane (lane BIGINT PRIMARY KEY, holder BIGINT, epoch BIGINT NOT NULL);
INSERT INTO lane (lane, epoch)
    WITH RECURSIVE n (lane) AS (SELECT 0 UNION ALL SELECT lane + 1 FROM n WHERE lane < 63)
    SELECT lane, 0 FROM n;

-- Goes up with each change of a key, so that every node reads them again.
CREATE TABLE key_state (only_row BIGINT PRIMARY KEY, version BIGINT NOT NULL);
INSERT INTO key_state (only_row, version) VALUES (1, 0);
-- By how much the database's clock has jumped in all, as far as deadlines were moved with it.
CREATE TABLE clock_shift (only_row BIGINT PRIMARY KEY, total_us BIGINT NOT NULL);
INSERT INTO clock_shift (only_row, total_us) VALUES (1, 0);

-- Until when some node took in alerts: what could not reach us since is not gone.
CREATE TABLE intake_mark (only_row BIGINT PRIMARY KEY, open_at BIGINT);
INSERT INTO intake_mark (only_row, open_at) VALUES (1, NULL);

-- Rows from before are in lane 0: any lane will do.
ALTER TABLE alert ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
ALTER TABLE escalation ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
ALTER TABLE page ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
ALTER TABLE heartbeat_state ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0; -- of the lane when it was claimed
ALTER TABLE delivery ADD COLUMN node BIGINT NOT NULL DEFAULT 0;  -- that claimed it
-- When the clock jumps the last hour of all mailboxes is moved, in a turn for which all nodes wait.
CREATE INDEX delivery_bounded ON delivery (bounded_at);

-- The oldest schema that a program must know to work with this one; NULL: this one.
ALTER TABLE schema_version ADD COLUMN works_from BIGINT;
