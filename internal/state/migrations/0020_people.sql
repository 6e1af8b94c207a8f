-- +goose Up
-- Who may sign in, how each proves who it is, and what it was allowed when. Of secrets only digests are kept, but for the secret of a TOTP,
-- which is sealed.
CREATE TABLE account (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    email       TEXT NOT NULL UNIQUE, -- in lower case
    state       TEXT NOT NULL,        -- invited, active, disabled
    roles       TEXT NOT NULL,        -- JSON, a list
    elevates    TEXT NOT NULL,        -- JSON, a list: the roles that it may be elevated to
    break_glass INTEGER NOT NULL,
    password    TEXT NOT NULL,        -- argon2id, '' without
    password_at BIGINT NOT NULL,
    totp        BYTEA,                -- sealed
    totp_step   BIGINT NOT NULL,      -- the last that was used
    created     BIGINT NOT NULL,
    signed_in   BIGINT NOT NULL       -- the last time
);

CREATE TABLE account_password (
    account TEXT NOT NULL REFERENCES account (id),
    hash    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (account, hash)
);

CREATE TABLE account_recovery (
    account TEXT NOT NULL REFERENCES account (id),
    hash    TEXT NOT NULL,
    PRIMARY KEY (account, hash)
);

CREATE TABLE account_passkey (
    id         TEXT PRIMARY KEY, -- of the credential, base64url
    account    TEXT NOT NULL REFERENCES account (id),
    name       TEXT NOT NULL,
    credential TEXT NOT NULL,    -- JSON
    created    BIGINT NOT NULL,
    used       BIGINT NOT NULL
);
CREATE INDEX account_passkey_account ON account_passkey (account);

CREATE TABLE account_identity (
    issuer  TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES account (id),
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX account_identity_account ON account_identity (account);

-- Links that can be used once: the first start, invitations, resets.
CREATE TABLE account_link (
    hash    TEXT PRIMARY KEY,
    account TEXT NOT NULL, -- '' for the first account
    expires BIGINT NOT NULL
);

CREATE TABLE session (
    id        TEXT PRIMARY KEY,
    hash      TEXT NOT NULL UNIQUE, -- SHA-256 of the cookie
    account   TEXT NOT NULL REFERENCES account (id),
    stage     TEXT NOT NULL,        -- second, enrol, password, full
    created   BIGINT NOT NULL,
    seen      BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    proved    BIGINT NOT NULL,      -- when a second factor was last shown
    address   TEXT NOT NULL,
    agent     TEXT NOT NULL,
    elevation TEXT NOT NULL
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_seen ON session (seen);

CREATE TABLE token (
    id      TEXT PRIMARY KEY,
    hash    TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES account (id),
    name    TEXT NOT NULL,
    scope   TEXT NOT NULL, -- JSON, a list of permissions
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    seen    BIGINT NOT NULL
);
CREATE INDEX token_account ON token (account);

CREATE TABLE elevation (
    id       TEXT PRIMARY KEY,
    account  TEXT NOT NULL REFERENCES account (id),
    role     TEXT NOT NULL, -- 'break-glass' for all
    reason   TEXT NOT NULL,
    at       BIGINT NOT NULL,
    until    BIGINT NOT NULL, -- moved forward when it is ended before
    reviewer TEXT NOT NULL,   -- an account
    reviewed BIGINT NOT NULL,
    remark   TEXT NOT NULL    -- of the reviewer
);
CREATE INDEX elevation_account ON elevation (account);

-- What has been begun and waits for the answer of an authenticator.
CREATE TABLE ceremony (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    data    BYTEA NOT NULL,
    expires BIGINT NOT NULL
);

-- How often sign-ins were tried in vain.
CREATE TABLE throttle (
    id    TEXT PRIMARY KEY,
    tries BIGINT NOT NULL,
    last  BIGINT NOT NULL,
    until BIGINT NOT NULL
);
