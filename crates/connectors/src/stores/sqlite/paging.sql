-- Version 4: rounds that go on at a page the upstream named, and sweeps.
ALTER TABLE checkpoints ADD COLUMN round_place TEXT;
ALTER TABLE checkpoints ADD COLUMN sweep_last INTEGER;
ALTER TABLE checkpoints ADD COLUMN sweep_floor INTEGER;
ALTER TABLE checkpoints ADD COLUMN sweep_late INTEGER NOT NULL DEFAULT 0;
ALTER TABLE checkpoints ADD COLUMN sweep_since INTEGER;
ALTER TABLE checkpoints ADD COLUMN sweep_seen INTEGER;
ALTER TABLE checkpoints ADD COLUMN sweep_begun INTEGER;
ALTER TABLE checkpoints ADD COLUMN sweep_place TEXT;
ALTER TABLE checkpoints ADD COLUMN sweep_reach INTEGER;
ALTER TABLE checkpoints ADD COLUMN sweep_late_before INTEGER NOT NULL DEFAULT 0;
