-- The first schema. One text for SQLite and PostgreSQL: integers are 64 bits, instants are
-- microseconds UTC, {id} is a 64-bit key that the database counts up, {blob} is bytes.

CREATE TABLE secret (name TEXT PRIMARY KEY, value {blob} NOT NULL);

-- Configuration: one row per user, team, schedule …; spec is the record as JSON.
CREATE TABLE config_object (
    id {id},
    kind BIGINT NOT NULL,            -- enum config_kind
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    origin TEXT NOT NULL,            -- 'file': owned by apply; 'api': made by a person or program
    position BIGINT NOT NULL,        -- order within its kind
    version BIGINT NOT NULL,         -- of the configuration at its last change
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT);
CREATE UNIQUE INDEX config_object_name ON config_object (kind, name) WHERE deleted_at IS NULL;
CREATE TABLE config_state (only_row BIGINT PRIMARY KEY, version BIGINT NOT NULL);
INSERT INTO config_state (only_row, version) VALUES (1, 0);
-- What an escalation walks: the policy as it was when the alert came.
CREATE TABLE policy_version (
    id {id}, policy TEXT NOT NULL, spec TEXT NOT NULL, created_at BIGINT NOT NULL);
CREATE INDEX policy_version_policy ON policy_version (policy, id);

-- Overrides that people make between two applies of the file.
CREATE TABLE shift_override (
    id {id}, schedule TEXT NOT NULL, spec TEXT NOT NULL, created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL, deleted_at BIGINT);

-- Keys, hashed. A rotated key stays good until expires_at.
CREATE TABLE access_key (
    id {id},
    owner_kind TEXT NOT NULL,        -- 'integration', 'heartbeat', 'token', 'feed'
    owner TEXT NOT NULL,             -- its name; for a feed 'user:ana' or 'schedule:primary'
    hash {blob} NOT NULL,            -- BLAKE2b-256
    scope TEXT,                      -- of a token: admin, respond, read …
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT);
CREATE UNIQUE INDEX access_key_hash ON access_key (hash);
CREATE INDEX access_key_owner ON access_key (owner_kind, owner);

CREATE TABLE contact_state (
    user_name TEXT NOT NULL, contact TEXT NOT NULL, address TEXT NOT NULL,
    verified_at BIGINT, failed_at BIGINT, failure TEXT,
    PRIMARY KEY (user_name, contact));

CREATE TABLE alert (
    id {id},
    integration TEXT NOT NULL,
    dedup_key TEXT NOT NULL,
    service TEXT NOT NULL,
    status BIGINT NOT NULL,          -- enum alert_status
    severity BIGINT NOT NULL,
    urgency BIGINT NOT NULL,
    summary TEXT NOT NULL,
    source TEXT, component TEXT, group_name TEXT, class_name TEXT,
    details TEXT, links TEXT,        -- JSON
    count BIGINT NOT NULL,
    route TEXT,                      -- names of the routes taken, comma between
    flapping BIGINT NOT NULL,        -- 1: opened too often lately; its paging is held back
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    acknowledged_at BIGINT, acknowledged_by TEXT,
    resolved_at BIGINT, resolved_by TEXT,
    snoozed_until BIGINT,
    expires_at BIGINT);              -- resolved if not refreshed by then
CREATE UNIQUE INDEX alert_open_key ON alert (integration, dedup_key) WHERE status < 3;
CREATE INDEX alert_key ON alert (integration, dedup_key, id);
CREATE INDEX alert_status ON alert (status, id);
CREATE INDEX alert_service ON alert (service, id);
CREATE INDEX alert_expiry ON alert (expires_at) WHERE expires_at IS NOT NULL AND status < 3;

CREATE TABLE escalation (
    id {id},
    alert_id BIGINT NOT NULL,
    policy_version BIGINT NOT NULL,
    state BIGINT NOT NULL,           -- enum escalation_state
    step BIGINT NOT NULL,            -- the next step to judge, from 0
    round BIGINT NOT NULL,
    severity BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    next_at BIGINT,                  -- when to judge again; NULL: nothing to wait for
    next_is_date BIGINT NOT NULL);   -- 1: a date (silence end, snooze end); 0: a wait
CREATE INDEX escalation_due ON escalation (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX escalation_alert ON escalation (alert_id);

CREATE TABLE page (
    id {id},
    alert_id BIGINT NOT NULL,
    escalation_id BIGINT,            -- NULL: asked for by a person
    user_name TEXT NOT NULL,         -- 'ana', or 'channel:ops' for a chat channel
    urgency BIGINT NOT NULL,
    step BIGINT, round BIGINT,
    reason TEXT NOT NULL,            -- JSON: rule, schedule, layer, shift, who asked
    state BIGINT NOT NULL,           -- enum page_state
    next_rule BIGINT NOT NULL,       -- index of the person's next rule
    next_at BIGINT,                  -- when that rule applies
    created_at BIGINT NOT NULL,
    ended_at BIGINT);
CREATE INDEX page_due ON page (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX page_alert ON page (alert_id);

-- A person's way of being reached by one contact at one urgency: what is bounded in a storm.
CREATE TABLE mailbox (
    id {id},
    user_name TEXT NOT NULL,
    contact TEXT NOT NULL,
    urgency BIGINT NOT NULL,
    severity BIGINT NOT NULL,        -- most severe that waits
    next_at BIGINT);                 -- when to look; NULL: nothing waits
CREATE UNIQUE INDEX mailbox_key ON mailbox (user_name, contact, urgency);
CREATE INDEX mailbox_due ON mailbox (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE notification (
    id {id},
    mailbox_id BIGINT NOT NULL,
    page_id BIGINT,                  -- NULL: a test, a gap warning, "still on it?"
    alert_id BIGINT,
    kind BIGINT NOT NULL,            -- enum notification_kind
    state BIGINT NOT NULL,           -- enum notification_state
    severity BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    data TEXT,                       -- JSON for kinds without an alert
    created_at BIGINT NOT NULL,
    settled_at BIGINT);
-- What waits, most severe first; the last two so that "what is due next?" need not read the rows.
CREATE INDEX notification_waiting ON notification (mailbox_id, severity, id, due_at, state)
    WHERE state = 1;
CREATE INDEX notification_alert ON notification (alert_id);
CREATE INDEX notification_page ON notification (page_id);

-- One attempt to hand one message to one provider.
CREATE TABLE delivery (
    id {id},
    mailbox_id BIGINT NOT NULL,
    user_name TEXT NOT NULL,
    contact TEXT NOT NULL,
    channel BIGINT NOT NULL,         -- enum contact_kind
    address TEXT NOT NULL,
    urgency BIGINT NOT NULL,
    severity BIGINT NOT NULL,
    items BIGINT NOT NULL,           -- notifications it carries
    state BIGINT NOT NULL,           -- enum delivery_state
    claimed_at BIGINT NOT NULL,
    bounded_at BIGINT NOT NULL,      -- claimed_at, moved when the clock jumps: what the bound counts
    lease_until BIGINT,              -- of a claimed one; past it: the outcome is unknown, try again
    finished_at BIGINT,
    provider_id TEXT,
    detail TEXT);                    -- the provider's answer, or why not
CREATE INDEX delivery_recent ON delivery (mailbox_id, bounded_at);
CREATE INDEX delivery_lease ON delivery (lease_until) WHERE lease_until IS NOT NULL;

-- Which notifications a delivery carried: every attempt of each can be told afterwards.
CREATE TABLE carried (
    notification_id BIGINT NOT NULL, delivery_id BIGINT NOT NULL,
    PRIMARY KEY (notification_id, delivery_id));
CREATE INDEX carried_delivery ON carried (delivery_id);

CREATE TABLE heartbeat_state (
    name TEXT PRIMARY KEY, last_at BIGINT, due_at BIGINT, missing BIGINT NOT NULL);
CREATE INDEX heartbeat_due ON heartbeat_state (due_at) WHERE due_at IS NOT NULL;

-- The wall clock and the elapsed clock, read together: whether they moved apart since, also over a
-- restart, as long as the machine was not booted between.
CREATE TABLE clock_mark (
    only_row BIGINT PRIMARY KEY, boot TEXT NOT NULL, wall_at BIGINT NOT NULL,
    elapsed_us BIGINT NOT NULL);

-- The last payloads of each integration, in slots that are used again.
CREATE TABLE payload (
    integration TEXT NOT NULL, slot BIGINT NOT NULL, at BIGINT NOT NULL,
    status BIGINT NOT NULL, problem TEXT, body TEXT NOT NULL,
    PRIMARY KEY (integration, slot));

CREATE TABLE event (
    seq {id},                        -- always given: 1, 2, 3 … without a gap
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT,
    hash {blob} NOT NULL);
CREATE INDEX event_subject ON event (subject, seq);
