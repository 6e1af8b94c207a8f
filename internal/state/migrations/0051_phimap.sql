-- +goose Up
-- Which resources have to do with PHI and how it flows, from the run that it was first so.
CREATE TABLE phi_map (
    estate TEXT NOT NULL,
    run    BIGINT NOT NULL,
    digest TEXT NOT NULL,
    body   BYTEA NOT NULL,
    PRIMARY KEY (estate, run)
);
-- Up to which run people were told of what changed.
ALTER TABLE estate ADD COLUMN told BIGINT NOT NULL DEFAULT 0;
