-- The runtime's own tables. Times are microseconds since 1970, `bot` is Telegram's numeric bot id (negative for previews).

-- Claims and outgoing calls. Row n = 0 is the claim of the update: whoever inserts it handles the update, once.
-- It also carries the first call, which may have been offered as the webhook's response.
CREATE TABLE bf_outbox (
  bot         INTEGER NOT NULL,
  update_id   INTEGER NOT NULL,
  n           INTEGER NOT NULL,
  chat        INTEGER,                      -- where it goes; NULL where order does not matter (answers to callbacks)
  at          INTEGER NOT NULL,             -- strictly increasing within one process: the order in a chat
  state       INTEGER NOT NULL,             -- 0 nothing to send (any more), 1 offered as the response, 2 to be sent,
                                            -- 3 left in the response: kept for a redelivery
  lease_until INTEGER NOT NULL,             -- till then one instance tries to send it; given back: not before then
  given_back  INTEGER NOT NULL DEFAULT 0,   -- 1: surely not sent; 0 with an expired lease: perhaps sent
  attempts    INTEGER NOT NULL DEFAULT 0,   -- how often it was given back after an attempt
  call        TEXT,                         -- JSON; NULL once it is sent
  PRIMARY KEY (bot, update_id, n)
) WITHOUT ROWID;
CREATE INDEX bf_outbox_unsent ON bf_outbox (lease_until) WHERE state IN (1, 2);

-- One conversation per chat, person and thread, as far as the bot's scope tells them apart (else 0).
-- Rows stay when a dialogue ends: `run` only grows, so that an old button never fits again.
CREATE TABLE bf_conversations (
  bot     INTEGER NOT NULL,
  chat    INTEGER NOT NULL,
  person  INTEGER NOT NULL,
  thread  INTEGER NOT NULL,
  run     INTEGER NOT NULL,                 -- number of the last question asked
  expires INTEGER NOT NULL DEFAULT 0,
  waiting TEXT,                             -- JSON of `handler::wizard::Waiting`; NULL: waits for nothing
  PRIMARY KEY (bot, chat, person, thread)
) WITHOUT ROWID;

-- Stored choices of a locale, of people or chats. `changed` only grows: other instances read what is newer.
CREATE TABLE bf_locales (
  bot     INTEGER NOT NULL,
  subject INTEGER NOT NULL,                 -- person's id, or the chat's where the bot's strategy says so
  tag     TEXT NOT NULL,
  changed INTEGER NOT NULL,
  PRIMARY KEY (bot, subject)
) WITHOUT ROWID;
CREATE INDEX bf_locales_changed ON bf_locales (changed);

-- Updates whose handler failed, and calls that Telegram refused for good. Never a text of a person.
CREATE TABLE bf_dead_letters (
  id        INTEGER PRIMARY KEY,
  bot       INTEGER NOT NULL,
  update_id INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  code      TEXT NOT NULL,
  trace_id  TEXT NOT NULL
);

-- Attempts at an update that ended in no answer; the third makes a dead letter.
CREATE TABLE bf_failures (
  bot       INTEGER NOT NULL,
  update_id INTEGER NOT NULL,
  count     INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (bot, update_id)
) WITHOUT ROWID;

-- One instance polls a bot at a time.
CREATE TABLE bf_polling (
  bot         INTEGER PRIMARY KEY,
  next_id     INTEGER NOT NULL,             -- lowest update id that is not finished
  holder      TEXT NOT NULL,
  lease_until INTEGER NOT NULL
);

-- Values made once and shared by all instances and starts.
CREATE TABLE bf_values (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;
