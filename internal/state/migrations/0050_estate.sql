-- +goose Up
-- What is to be assessed.
CREATE TABLE estate (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    body    TEXT NOT NULL, -- JSON: sources and schedule
    version BIGINT NOT NULL,
    next    BIGINT NOT NULL, -- when the schedule wants the next assessment; 0 for never
    removed BIGINT NOT NULL  -- when it was, 0 if it was not; its history stays
);
-- One assessment that is wanted, under way or over. A worker holds a job by its lease.
CREATE TABLE job (
    id       TEXT PRIMARY KEY,
    estate   TEXT NOT NULL REFERENCES estate (id),
    state    TEXT NOT NULL, -- waiting, running, done, failed
    reason   TEXT NOT NULL, -- schedule, demand
    by_id    TEXT NOT NULL,
    by_name  TEXT NOT NULL,
    created  BIGINT NOT NULL,
    started  BIGINT NOT NULL,
    ended    BIGINT NOT NULL,
    attempt  BIGINT NOT NULL,
    worker   TEXT NOT NULL,
    lease    BIGINT NOT NULL, -- until when the worker holds it
    progress TEXT NOT NULL,   -- JSON
    fault    TEXT NOT NULL,
    run      BIGINT NOT NULL  -- the number of the assessment that came of it, 0 if none did
);
-- An estate is never assessed twice at once.
CREATE UNIQUE INDEX job_open ON job (estate) WHERE state IN ('waiting', 'running');
CREATE INDEX job_estate ON job (estate, created);
CREATE INDEX job_state ON job (state, created);
