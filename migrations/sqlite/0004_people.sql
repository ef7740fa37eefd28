-- Who talks to a bot, and what is sent to many of them. Times are microseconds since 1970, `bot` is Telegram's numeric id.
-- What bots' SQL may read of this are the views at the end.

-- People whose updates were seen, as of their last one.
CREATE TABLE bf_person (
  bot        INTEGER NOT NULL,
  person     INTEGER NOT NULL,
  bot_id     TEXT NOT NULL,                     -- the bot's folder
  first_name TEXT NOT NULL,
  last_name  TEXT,
  username   TEXT,
  language   TEXT,                              -- of their Telegram
  first_seen INTEGER NOT NULL,
  last_seen  INTEGER NOT NULL,                  -- to the minute
  private    INTEGER NOT NULL,                  -- 1: has a private chat with the bot: only there may it begin to speak
  subscribed INTEGER NOT NULL DEFAULT 1,        -- 0: wants no broadcasts
  PRIMARY KEY (bot, person)
) WITHOUT ROWID;

-- Who belongs to which segment.
CREATE TABLE bf_segment (
  bot     INTEGER NOT NULL,
  segment TEXT NOT NULL,
  person  INTEGER NOT NULL,
  bot_id  TEXT NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (bot, segment, person)
) WITHOUT ROWID;
CREATE INDEX bf_segment_person ON bf_segment (bot, person);

-- Broadcasts. They are sent by whoever finds them; several instances share one.
CREATE TABLE bf_broadcast (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  bot        INTEGER NOT NULL,
  bot_id     TEXT NOT NULL,
  name       TEXT NOT NULL,                     -- of its block; `api`
  request    TEXT,                              -- the key of the request that made it: the same request makes it once
  audience   TEXT NOT NULL,                     -- `all`, `active_7d`, `segment:vip`, `people`
  people     TEXT,                              -- of `people`: JSON; NULL once their rows are written
  since      INTEGER,                           -- of `active_7d`: seen since then; known when it begins
  messages   TEXT NOT NULL,                     -- JSON of `broadcast::letter::Letters`
  per_second INTEGER NOT NULL,
  skip       INTEGER NOT NULL,                  -- 1: given up where nobody knows whether it arrived
  state      INTEGER NOT NULL,                  -- 0 scheduled, 1 running, 2 paused, 3 completed, 4 cancelled
  problem    TEXT,                              -- why it has paused by itself
  created    INTEGER NOT NULL,
  starts     INTEGER NOT NULL,
  started    INTEGER,
  finished   INTEGER,
  enrolled   INTEGER NOT NULL DEFAULT 0,        -- 1: every recipient has its row
  last       INTEGER,                           -- the person up to whom they have
  next_at    INTEGER NOT NULL DEFAULT 0,        -- the moment of its next message
  total      INTEGER NOT NULL DEFAULT 0,
  sent       INTEGER NOT NULL DEFAULT 0,
  failed     INTEGER NOT NULL DEFAULT 0,
  blocked    INTEGER NOT NULL DEFAULT 0,
  ambiguous  INTEGER NOT NULL DEFAULT 0,
  skipped    INTEGER NOT NULL DEFAULT 0,
  told_chat  INTEGER,                           -- where a message tells how far it is
  told_tag   TEXT,                              -- its locale
  told_at    INTEGER NOT NULL DEFAULT 0,        -- it is written again then; 0: when the state changes
  told_n     INTEGER NOT NULL DEFAULT 0         -- how often it was
);
CREATE UNIQUE INDEX bf_broadcast_request ON bf_broadcast (bot, request) WHERE request IS NOT NULL;
CREATE INDEX bf_broadcast_open ON bf_broadcast (state, starts) WHERE state < 3;
CREATE INDEX bf_broadcast_bot ON bf_broadcast (bot, id);
CREATE INDEX bf_broadcast_told ON bf_broadcast (told_at) WHERE told_at > 0;
CREATE INDEX bf_broadcast_finished ON bf_broadcast (finished) WHERE finished IS NOT NULL;

-- One row for each recipient.
CREATE TABLE bf_recipient (
  broadcast INTEGER NOT NULL,
  person    INTEGER NOT NULL,
  state     INTEGER NOT NULL,                   -- 0 waits, 1 taken, 2 being sent, 3 sent, 4 failed, 5 blocked, 6 ambiguous,
                                                -- 7 skipped
  due       INTEGER NOT NULL,                   -- waits: not before; taken, being sent: till then by whoever took it
  attempts  INTEGER NOT NULL DEFAULT 0,
  code      TEXT,                               -- why not
  at        INTEGER NOT NULL DEFAULT 0,         -- when that was so
  PRIMARY KEY (broadcast, person)
) WITHOUT ROWID;
CREATE INDEX bf_recipient_due ON bf_recipient (broadcast, due, person) WHERE state < 3;
CREATE INDEX bf_recipient_begun ON bf_recipient (broadcast, due) WHERE state = 2;
CREATE INDEX bf_recipient_failed ON bf_recipient (broadcast, person) WHERE state IN (4, 5, 6);
CREATE INDEX bf_recipient_person ON bf_recipient (person);

-- The moment of a bot's next message, over all its broadcasts.
CREATE TABLE bf_pace (
  bot     INTEGER PRIMARY KEY,
  next_at INTEGER NOT NULL
);

CREATE VIEW bf_people (bot_id, user_id, first_name, last_name, username, language, first_seen, last_seen, private,
  subscribed, reachable) AS
SELECT p.bot_id, p.person, p.first_name, p.last_name, p.username, p.language,
  datetime(p.first_seen / 1000000, 'unixepoch'), datetime(p.last_seen / 1000000, 'unixepoch'), p.private, p.subscribed,
  NOT EXISTS (SELECT 1 FROM bf_unreachable u WHERE u.bot = p.bot AND u.chat = p.person)
FROM bf_person p;

CREATE VIEW bf_segments (bot_id, segment, user_id, joined_at) AS
SELECT s.bot_id, s.segment, s.person, datetime(s.at / 1000000, 'unixepoch') FROM bf_segment s;

CREATE VIEW bf_broadcasts (bot_id, id, name, audience, status, per_second, total, sent, failed, blocked, ambiguous, skipped,
  created_at, starts_at, started_at, finished_at) AS
SELECT b.bot_id, b.id, b.name, b.audience,
  CASE b.state WHEN 0 THEN 'scheduled' WHEN 1 THEN 'running' WHEN 2 THEN 'paused' WHEN 3 THEN 'completed'
    ELSE 'cancelled' END,
  b.per_second, b.total, b.sent, b.failed, b.blocked, b.ambiguous, b.skipped,
  datetime(b.created / 1000000, 'unixepoch'), datetime(b.starts / 1000000, 'unixepoch'),
  datetime(b.started / 1000000, 'unixepoch'), datetime(b.finished / 1000000, 'unixepoch')
FROM bf_broadcast b;
