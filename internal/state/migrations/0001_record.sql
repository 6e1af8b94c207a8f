-- +goose Up
-- What people and the program did, as the ledger has it. A row is written in the same transaction as the act that it tells of.
CREATE TABLE record (
    id       TEXT PRIMARY KEY,
    position BIGINT NOT NULL UNIQUE, -- in the ledger
    at       BIGINT NOT NULL,
    kind     TEXT NOT NULL,
    verb     TEXT NOT NULL,
    actor    TEXT NOT NULL,
    estate   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    body     TEXT NOT NULL, -- the entry, byte for byte as the ledger keeps it
    void     BIGINT NOT NULL -- the position of the entry that takes it back, -1 if it was carried out
);
CREATE INDEX record_subject ON record (subject, position);
CREATE INDEX record_kind ON record (kind, position);
CREATE INDEX record_actor ON record (actor, position);
CREATE INDEX record_at ON record (at);
