-- works from: 5
-- People who sign in. Whoever can be told is in the configuration; an account belongs to one of those.
CREATE TABLE account (
    name TEXT PRIMARY KEY,           -- of the user
    role TEXT NOT NULL,
    password TEXT,                   -- Argon2id, with its salt and costs; NULL: none was set yet
    is_disabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    password_at BIGINT,              -- since when it is this one
    signed_in_at BIGINT);            -- last

-- A browser that is signed in. Gone when it is over.
CREATE TABLE account_session (
    id {id},
    account TEXT NOT NULL,
    hash {blob} NOT NULL UNIQUE,     -- of the text in its cookie
    csrf TEXT NOT NULL,              -- what its pages send with each change; opens nothing
    made_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,         -- to the quarter of an hour
    checked_at BIGINT NOT NULL,      -- when the password was given last
    ends_at BIGINT NOT NULL,         -- however much it is used
    agent TEXT, address TEXT);
CREATE INDEX account_session_account ON account_session (account, id);

-- An address that sets a password, once. Gone when it was used.
CREATE TABLE account_link (
    id {id},
    kind TEXT NOT NULL,              -- invite, reset, owner
    account TEXT,                    -- NULL: whoever uses it becomes the owner
    hash {blob} NOT NULL UNIQUE,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL);

-- Goes up with every change of what nodes keep in memory of it.
CREATE TABLE account_state (only_row BIGINT PRIMARY KEY, version BIGINT NOT NULL);
INSERT INTO account_state (only_row, version) VALUES (1, 0);
