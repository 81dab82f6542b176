-- Version 3: what the log of a source's turns says besides, and polls that were stopped by hand.
ALTER TABLE attempts ADD COLUMN same INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN http_status INTEGER;
ALTER TABLE attempts ADD COLUMN bookmark_from INTEGER;
ALTER TABLE attempts ADD COLUMN bookmark_to INTEGER;
ALTER TABLE checkpoints ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
