-- +goose Up
-- 1 for a mail to one person about the own account: it takes no room from what the readers of the channel are told.
ALTER TABLE notify_message ADD COLUMN personal BIGINT NOT NULL DEFAULT 0;
