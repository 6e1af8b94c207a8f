-- +goose Up
-- Sign-ins that have begun at a provider of identities and not come back yet.
CREATE TABLE federation_flow (
    id       TEXT PRIMARY KEY, -- the digest of the state that comes back
    provider TEXT NOT NULL,
    browser  TEXT NOT NULL, -- the digest of the cookie of the browser that began
    nonce    TEXT NOT NULL,
    verifier TEXT NOT NULL,
    request  TEXT NOT NULL, -- the id of the request of SAML
    next     TEXT NOT NULL,
    until    BIGINT NOT NULL
);
CREATE INDEX federation_flow_until ON federation_flow (until);
-- Assertions and logout tokens that were taken, so that none is taken twice.
CREATE TABLE federation_seen (
    id    TEXT PRIMARY KEY, -- a digest
    until BIGINT NOT NULL
);
