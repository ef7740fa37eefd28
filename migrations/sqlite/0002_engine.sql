-- What the engine needs beyond 0001: every conversation counts its changes.

ALTER TABLE bf_conversations ADD COLUMN version INTEGER NOT NULL DEFAULT 1;   -- grows with every change
ALTER TABLE bf_conversations ADD COLUMN timer INTEGER NOT NULL DEFAULT 0;     -- when its timer fires, or is looked at again; 0: never
CREATE INDEX bf_conversations_timer ON bf_conversations (timer) WHERE timer > 0;

-- What the sender needs to know of a call. State 4: Telegram refused it for good; the call is kept with its dead letter.
ALTER TABLE bf_outbox ADD COLUMN class INTEGER NOT NULL DEFAULT 0;            -- 0 a reply, 1 bulk: replies go first
ALTER TABLE bf_outbox ADD COLUMN flags INTEGER NOT NULL DEFAULT 0;            -- 1 given up where nobody knows whether it
                                                                              -- arrived, 2 its message's id is kept
ALTER TABLE bf_outbox ADD COLUMN message INTEGER;                             -- Telegram's id of the sent message
DROP INDEX bf_outbox_unsent;
CREATE INDEX bf_outbox_unsent ON bf_outbox (class, lease_until) WHERE state IN (1, 2);

ALTER TABLE bf_dead_letters ADD COLUMN n INTEGER;                             -- the row of its call; NULL: a handler failed
ALTER TABLE bf_dead_letters ADD COLUMN method TEXT NOT NULL DEFAULT '';       -- of the call

-- Chats that Telegram does not deliver to (blocked, kicked, gone), until they are heard of again.
CREATE TABLE bf_unreachable (
  bot   INTEGER NOT NULL,
  chat  INTEGER NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (bot, chat)
) WITHOUT ROWID;
