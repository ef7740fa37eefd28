-- What the engine needs beyond 0001: every conversation counts its changes.

ALTER TABLE bf_conversations ADD COLUMN version INTEGER NOT NULL DEFAULT 1;   -- grows with every change
