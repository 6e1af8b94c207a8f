-- +goose Up
-- What to grant so that what is unknown becomes known, from the run that it was first so.
CREATE TABLE grant_missing (
    estate TEXT NOT NULL,
    run    BIGINT NOT NULL,
    digest TEXT NOT NULL,
    body   BYTEA NOT NULL,
    PRIMARY KEY (estate, run)
);
