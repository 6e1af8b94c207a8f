-- +goose Up
-- Backups that the server has made by itself and read back, in the folder of its settings.
CREATE TABLE backup_file (
    name    TEXT PRIMARY KEY, -- in the folder
    at      BIGINT NOT NULL,
    size    BIGINT NOT NULL,  -- bytes
    digest  TEXT NOT NULL,    -- of the file
    dropped BIGINT NOT NULL   -- 1 if it was decided that the file goes
);
CREATE INDEX backup_file_at ON backup_file (at);
