-- The runtime's own tables: the counterpart of migrations/sqlite/0001_runtime.sql, which says what they are for.
-- Times are microseconds since 1970, `bot` is Telegram's numeric bot id (negative for previews).

-- Claims and outgoing calls. Row n = 0 is the claim of the update: whoever inserts it handles the update, once.
CREATE TABLE bf_outbox (
  bot         BIGINT NOT NULL,
  update_id   BIGINT NOT NULL,
  n           INTEGER NOT NULL,
  chat        BIGINT,                         -- where it goes; NULL where order does not matter
  at          BIGINT NOT NULL,                -- the order in a chat
  state       SMALLINT NOT NULL,              -- 0 nothing to send (any more), 1 offered as the response, 2 to be sent,
                                              -- 3 left in the response: kept for a redelivery
  lease_until BIGINT NOT NULL,                -- till then one instance tries to send it; given back: not before then
  given_back  BOOLEAN NOT NULL DEFAULT FALSE, -- surely not sent; false with an expired lease: perhaps sent
  attempts    INTEGER NOT NULL DEFAULT 0,     -- how often it was given back after an attempt
  call        JSON,                           -- byte for byte what a redelivery gets again; NULL once it is sent
  PRIMARY KEY (bot, update_id, n)
);
CREATE INDEX bf_outbox_unsent ON bf_outbox (lease_until) WHERE state IN (1, 2);

-- One conversation per chat, person and thread, as far as the bot's scope tells them apart (else 0).
-- Rows stay when a dialogue ends: `run` only grows, so that an old button never fits again.
CREATE TABLE bf_conversations (
  bot     BIGINT NOT NULL,
  chat    BIGINT NOT NULL,
  person  BIGINT NOT NULL,
  thread  BIGINT NOT NULL,
  run     BIGINT NOT NULL,                    -- number of the last question asked
  expires BIGINT NOT NULL DEFAULT 0,
  waiting JSONB,                              -- `handler::wizard::Waiting`; NULL: waits for nothing
  PRIMARY KEY (bot, chat, person, thread)
);

-- Stored choices of a locale, of people or chats. `changed` only grows: other instances read what is newer.
CREATE TABLE bf_locales (
  bot     BIGINT NOT NULL,
  subject BIGINT NOT NULL,                    -- person's id, or the chat's where the bot's strategy says so
  tag     TEXT NOT NULL,
  changed BIGINT NOT NULL,
  PRIMARY KEY (bot, subject)
);
CREATE INDEX bf_locales_changed ON bf_locales (changed);

-- Updates whose handler failed, and calls that Telegram refused for good. Never a text of a person.
CREATE TABLE bf_dead_letters (
  id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bot       BIGINT NOT NULL,
  update_id BIGINT NOT NULL,
  at        BIGINT NOT NULL,
  code      TEXT NOT NULL,
  trace_id  TEXT NOT NULL
);

-- Attempts at an update that ended in no answer; the third makes a dead letter.
CREATE TABLE bf_failures (
  bot       BIGINT NOT NULL,
  update_id BIGINT NOT NULL,
  count     INTEGER NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (bot, update_id)
);

-- One instance polls a bot at a time.
CREATE TABLE bf_polling (
  bot         BIGINT PRIMARY KEY,
  next_id     BIGINT NOT NULL,                -- lowest update id that is not finished
  holder      TEXT NOT NULL,
  lease_until BIGINT NOT NULL
);

-- Values made once and shared by all instances and starts.
CREATE TABLE bf_values (
  name  TEXT PRIMARY KEY,
  value BYTEA NOT NULL
);
