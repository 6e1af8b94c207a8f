-- +goose Up
-- Who answers for which resources by the rules of ward.yaml, from the run that it was first so.
CREATE TABLE owner_rule (
    estate TEXT NOT NULL,
    run    BIGINT NOT NULL,
    digest TEXT NOT NULL,
    body   BYTEA NOT NULL,
    PRIMARY KEY (estate, run)
);
