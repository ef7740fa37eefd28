-- Until when no broadcast of this bot calls Telegram: it has said so to one of the instances (microseconds since 1970).
ALTER TABLE bf_pace ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
