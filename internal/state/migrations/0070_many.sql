-- +goose Up
-- Evidence files that people uploaded. Those that no item names go after a day.
CREATE TABLE upload (
    digest  TEXT PRIMARY KEY, -- "sha256:..." of the bytes, which are in the store of files
    size    BIGINT NOT NULL,  -- bytes
    at      BIGINT NOT NULL   -- the last time that somebody uploaded it
);
CREATE INDEX upload_at ON upload (at);

-- What one of several servers does at a time.
CREATE TABLE duty (
    name    TEXT PRIMARY KEY,
    holder  TEXT NOT NULL,
    until   BIGINT NOT NULL   -- after that another server may take it
);

-- Marks of the keys that the state was made with, so that no server works on it with others.
CREATE TABLE server_key (
    name    TEXT PRIMARY KEY,
    mark    TEXT NOT NULL
);
