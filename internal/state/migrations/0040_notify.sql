-- +goose Up
-- Where notifications go, and what waits to be sent.
CREATE TABLE notify_channel (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    secret   TEXT NOT NULL, -- "file:NAME" or "env:NAME", "" if it is sealed or there is none
    sealed   BYTEA,
    changed  BIGINT NOT NULL
);
CREATE TABLE notify_route (
    id       TEXT PRIMARY KEY,
    place    BIGINT NOT NULL, -- in the order that they are tried
    settings TEXT NOT NULL
);
-- Events that wait for what breaks with them, once for each channel that they go to. Those of one act are kept together.
CREATE TABLE notify_item (
    id      TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    route   TEXT NOT NULL,
    at      BIGINT NOT NULL,
    count   BIGINT NOT NULL,
    events  TEXT NOT NULL
);
CREATE INDEX notify_item_batch ON notify_item (channel, route, at);
CREATE TABLE notify_message (
    id       TEXT PRIMARY KEY,
    channel  TEXT NOT NULL,
    name     TEXT NOT NULL, -- of the channel when it was made
    kind     TEXT NOT NULL, -- of the channel
    made     BIGINT NOT NULL,
    status   TEXT NOT NULL, -- "waiting", "sent", "failed"
    urgent   BIGINT NOT NULL, -- 1: sent even if the ledger cannot be written
    attempts BIGINT NOT NULL,
    next     BIGINT NOT NULL, -- not tried before
    lease    BIGINT NOT NULL, -- nobody else tries before
    holder   TEXT NOT NULL,
    body     TEXT NOT NULL,
    digest   TEXT NOT NULL, -- of what was sent
    count    BIGINT NOT NULL, -- of events
    fault    TEXT NOT NULL,
    ended    BIGINT NOT NULL, -- when it was sent or given up
    recorded BIGINT NOT NULL
);
CREATE INDEX notify_message_next ON notify_message (status, next);
CREATE INDEX notify_message_channel ON notify_message (channel, made);
CREATE INDEX notify_message_recorded ON notify_message (recorded, status);
-- What a channel was told and what is still so.
CREATE TABLE notify_thread (
    channel TEXT NOT NULL,
    grp     TEXT NOT NULL,
    route   TEXT NOT NULL,
    remote  TEXT NOT NULL, -- the issue of the group
    told    BIGINT NOT NULL,
    body    TEXT NOT NULL, -- the group, without resources
    PRIMARY KEY (channel, grp)
);
CREATE TABLE notify_open (
    channel TEXT NOT NULL,
    grp     TEXT NOT NULL,
    thing   TEXT NOT NULL, -- the digest of what is still so
    count   BIGINT NOT NULL, -- how many things it stands for
    PRIMARY KEY (channel, grp, thing)
);
