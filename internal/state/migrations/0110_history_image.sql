-- +goose Up
-- Runs packed whole, so that a page about a date need not read all rows. They follow from the rows, and a run without one is read from these.
CREATE TABLE history_image (
    estate BIGINT NOT NULL,
    run    BIGINT NOT NULL,
    pack   BYTEA NOT NULL,
    PRIMARY KEY (estate, run)
);
