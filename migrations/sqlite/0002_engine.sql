-- What the engine needs beyond 0001: every conversation counts its changes.

ALTER TABLE bf_conversations ADD COLUMN version INTEGER NOT NULL DEFAULT 1;   -- grows with every change
ALTER TABLE bf_conversations ADD COLUMN timer INTEGER NOT NULL DEFAULT 0;     -- when its timer fires, or is looked at again; 0: never
CREATE INDEX bf_conversations_timer ON bf_conversations (timer) WHERE timer > 0;
