-- +goose Up
-- What people decide: one row for each item of a register as it stands, and one for each version that it ever had.
CREATE TABLE item (
    register TEXT NOT NULL,
    number   BIGINT NOT NULL,
    estate   TEXT NOT NULL,   -- its id, '' for all estates
    version  BIGINT NOT NULL, -- the newest
    state    TEXT NOT NULL,
    in_force BIGINT NOT NULL, -- the version that holds, 0 if none does
    closed   BIGINT NOT NULL, -- 1 if nothing of it holds any more
    item_key TEXT NOT NULL,   -- what only one open item of an estate has, '' for none
    title    TEXT NOT NULL,
    created  BIGINT NOT NULL,
    at       BIGINT NOT NULL, -- of the newest version
    PRIMARY KEY (register, number)
);
CREATE UNIQUE INDEX item_open_key ON item (register, estate, item_key) WHERE item_key <> '';
CREATE INDEX item_state ON item (register, state, number);

CREATE TABLE item_version (
    register   TEXT NOT NULL,
    number     BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    verb       TEXT NOT NULL,
    state      TEXT NOT NULL,
    in_force   BIGINT NOT NULL, -- the version that held after it
    body       TEXT NOT NULL,
    digest     TEXT NOT NULL,   -- of the body, as the ledger has it
    reason     TEXT NOT NULL,
    actor      TEXT NOT NULL,   -- the id of the account
    actor_name TEXT NOT NULL,
    at         BIGINT NOT NULL, -- never before that of an earlier version
    PRIMARY KEY (register, number, version)
);

CREATE TABLE item_number (
    register TEXT PRIMARY KEY,
    last     BIGINT NOT NULL -- that was given to an item
);

CREATE TABLE item_file (
    digest   TEXT NOT NULL,
    register TEXT NOT NULL,
    number   BIGINT NOT NULL,
    name     TEXT NOT NULL,
    PRIMARY KEY (digest, register, number)
);
