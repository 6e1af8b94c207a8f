-- +goose Up
-- Bundles of evidence, to be found by estate and day. What they hold is in the store of evidence, under the name.
CREATE TABLE evidence_bundle (
    digest  TEXT PRIMARY KEY, -- of the manifest, as records carry it
    name    TEXT NOT NULL,    -- of the manifest in the store
    estate  TEXT NOT NULL,
    run     TEXT NOT NULL,
    at      BIGINT NOT NULL,
    size    BIGINT NOT NULL,  -- of all parts, in bytes
    parts   BIGINT NOT NULL,
    until   BIGINT NOT NULL,  -- not to be deleted before
    copied  BIGINT NOT NULL   -- when it was in the second store, 0 if it is not
);
CREATE INDEX evidence_bundle_at ON evidence_bundle (at);
CREATE INDEX evidence_bundle_estate ON evidence_bundle (estate, at);
CREATE INDEX evidence_bundle_copied ON evidence_bundle (copied, at);

-- Links that let an auditor take the export of one bundle away, for a limited time.
CREATE TABLE evidence_link (
    id      TEXT PRIMARY KEY,
    secret  TEXT NOT NULL UNIQUE, -- the SHA-256 of the token
    bundle  TEXT NOT NULL,
    made    BIGINT NOT NULL,
    ends    BIGINT NOT NULL,
    maker   TEXT NOT NULL,        -- the id of the account
    used    BIGINT NOT NULL       -- how often
);
CREATE INDEX evidence_link_bundle ON evidence_link (bundle);
