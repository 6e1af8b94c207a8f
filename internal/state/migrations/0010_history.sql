-- +goose Up
-- Assessments over time. A row of a span holds from the run "since" that said it first until before the run "until", which is
-- 9223372036854775807 while it holds. Estates are numbers here, since every row names one.
CREATE TABLE history_estate (
    number   BIGINT PRIMARY KEY,
    estate   TEXT NOT NULL UNIQUE,
    assigned BIGINT NOT NULL -- how often assignments were changed
);

CREATE TABLE history_run (
    estate BIGINT NOT NULL,
    run    BIGINT NOT NULL,
    token  TEXT NOT NULL,   -- of the writer
    phase  BIGINT NOT NULL, -- 0 is written, 1 prepared, 2 published, 3 taken away, 4 was pruned
    at     BIGINT NOT NULL, -- when it assessed
    called BIGINT NOT NULL, -- its newest call of an API, 0 without one
    body   TEXT NOT NULL,
    PRIMARY KEY (estate, run)
);
CREATE INDEX history_run_at ON history_run (estate, at);

-- Texts that many rows name: checks, kinds, accounts, files.
CREATE TABLE history_word (
    estate BIGINT NOT NULL,
    number BIGINT NOT NULL,
    word   BYTEA NOT NULL, -- which may hold what a text of PostgreSQL may not
    PRIMARY KEY (estate, number)
);

-- A resource with the answers to all checks, without what they were answered from.
CREATE TABLE history_subject (
    estate BIGINT NOT NULL,
    since  BIGINT NOT NULL,
    name   BYTEA NOT NULL, -- digest of the resource's id
    until  BIGINT NOT NULL,
    pack   BYTEA NOT NULL,
    PRIMARY KEY (estate, since, name)
);
CREATE INDEX history_subject_until ON history_subject (estate, until, since);
CREATE INDEX history_subject_name ON history_subject (estate, name);

-- The evidence for the answers.
CREATE TABLE history_detail (
    estate BIGINT NOT NULL,
    since  BIGINT NOT NULL,
    name   BYTEA NOT NULL,
    until  BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    pack   BYTEA NOT NULL,
    PRIMARY KEY (estate, since, name)
);
CREATE INDEX history_detail_until ON history_detail (estate, until, since);
CREATE INDEX history_detail_name ON history_detail (estate, name);

-- Everything else: safeguards, checks, gaps, notices, views.
CREATE TABLE history_part (
    estate  BIGINT NOT NULL,
    since   BIGINT NOT NULL,
    section TEXT NOT NULL,
    name    BYTEA NOT NULL,
    until   BIGINT NOT NULL,
    place   BIGINT NOT NULL, -- orders a section
    digest  BYTEA NOT NULL,
    pack    BYTEA NOT NULL,
    PRIMARY KEY (estate, since, section, name)
);
CREATE INDEX history_part_until ON history_part (estate, until);
CREATE INDEX history_part_name ON history_part (estate, section, name);

-- Who is to deal with findings.
CREATE TABLE history_assignment (
    estate BIGINT NOT NULL,
    scope  TEXT NOT NULL, -- "finding", "address", "check"
    name   BYTEA NOT NULL,
    owner  TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (estate, scope, name)
);
