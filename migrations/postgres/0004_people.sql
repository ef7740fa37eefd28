-- Who talks to a bot, and what is sent to many of them: the counterpart of migrations/sqlite/0004_people.sql, which says
-- what the tables are for.

CREATE TABLE bf_person (
  bot        BIGINT NOT NULL,
  person     BIGINT NOT NULL,
  bot_id     TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name  TEXT,
  username   TEXT,
  language   TEXT,
  first_seen BIGINT NOT NULL,
  last_seen  BIGINT NOT NULL,
  private    BOOLEAN NOT NULL,
  subscribed BOOLEAN NOT NULL DEFAULT TRUE,
  PRIMARY KEY (bot, person)
) WITH (fillfactor = 85);

CREATE TABLE bf_segment (
  bot     BIGINT NOT NULL,
  segment TEXT NOT NULL,
  person  BIGINT NOT NULL,
  bot_id  TEXT NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (bot, segment, person)
);
CREATE INDEX bf_segment_person ON bf_segment (bot, person);

CREATE TABLE bf_broadcast (
  id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bot        BIGINT NOT NULL,
  bot_id     TEXT NOT NULL,
  name       TEXT NOT NULL,
  request    TEXT,
  audience   TEXT NOT NULL,
  people     TEXT,
  since      BIGINT,
  messages   TEXT NOT NULL,
  per_second INTEGER NOT NULL,
  skip       BOOLEAN NOT NULL,
  state      SMALLINT NOT NULL,                 -- 0 scheduled, 1 running, 2 paused, 3 completed, 4 cancelled
  problem    TEXT,
  created    BIGINT NOT NULL,
  starts     BIGINT NOT NULL,
  started    BIGINT,
  finished   BIGINT,
  enrolled   BOOLEAN NOT NULL DEFAULT FALSE,
  last       BIGINT,
  next_at    BIGINT NOT NULL DEFAULT 0,
  total      BIGINT NOT NULL DEFAULT 0,
  sent       BIGINT NOT NULL DEFAULT 0,
  failed     BIGINT NOT NULL DEFAULT 0,
  blocked    BIGINT NOT NULL DEFAULT 0,
  ambiguous  BIGINT NOT NULL DEFAULT 0,
  skipped    BIGINT NOT NULL DEFAULT 0,
  told_chat  BIGINT,
  told_tag   TEXT,
  told_at    BIGINT NOT NULL DEFAULT 0,
  told_n     BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 50);                       -- counters: updates in place
CREATE UNIQUE INDEX bf_broadcast_request ON bf_broadcast (bot, request) WHERE request IS NOT NULL;
CREATE INDEX bf_broadcast_open ON bf_broadcast (state, starts) WHERE state < 3;
CREATE INDEX bf_broadcast_bot ON bf_broadcast (bot, id);
CREATE INDEX bf_broadcast_told ON bf_broadcast (told_at) WHERE told_at > 0;
CREATE INDEX bf_broadcast_finished ON bf_broadcast (finished) WHERE finished IS NOT NULL;

CREATE TABLE bf_recipient (
  broadcast BIGINT NOT NULL,
  person    BIGINT NOT NULL,
  state     SMALLINT NOT NULL,                  -- 0 waits, 1 taken, 2 being sent, 3 sent, 4 failed, 5 blocked, 6 ambiguous,
                                                -- 7 skipped
  due       BIGINT NOT NULL,
  attempts  INTEGER NOT NULL DEFAULT 0,
  code      TEXT,
  at        BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (broadcast, person)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX bf_recipient_due ON bf_recipient (broadcast, due, person) WHERE state < 3;
CREATE INDEX bf_recipient_begun ON bf_recipient (broadcast, due) WHERE state = 2;
CREATE INDEX bf_recipient_failed ON bf_recipient (broadcast, person) WHERE state IN (4, 5, 6);
CREATE INDEX bf_recipient_person ON bf_recipient (person);

CREATE TABLE bf_pace (
  bot     BIGINT PRIMARY KEY,
  next_at BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE VIEW bf_people (bot_id, user_id, first_name, last_name, username, language, first_seen, last_seen, private,
  subscribed, reachable) AS
SELECT p.bot_id, p.person, p.first_name, p.last_name, p.username, p.language,
  to_timestamp(p.first_seen / 1000000), to_timestamp(p.last_seen / 1000000), p.private, p.subscribed,
  NOT EXISTS (SELECT 1 FROM bf_unreachable u WHERE u.bot = p.bot AND u.chat = p.person)
FROM bf_person p;

CREATE VIEW bf_segments (bot_id, segment, user_id, joined_at) AS
SELECT s.bot_id, s.segment, s.person, to_timestamp(s.at / 1000000) FROM bf_segment s;

CREATE VIEW bf_broadcasts (bot_id, id, name, audience, status, per_second, total, sent, failed, blocked, ambiguous, skipped,
  created_at, starts_at, started_at, finished_at) AS
SELECT b.bot_id, b.id, b.name, b.audience,
  CASE b.state WHEN 0 THEN 'scheduled' WHEN 1 THEN 'running' WHEN 2 THEN 'paused' WHEN 3 THEN 'completed'
    ELSE 'cancelled' END,
  b.per_second::bigint, b.total, b.sent, b.failed, b.blocked, b.ambiguous, b.skipped,
  to_timestamp(b.created / 1000000), to_timestamp(b.starts / 1000000),
  to_timestamp(b.started / 1000000), to_timestamp(b.finished / 1000000)
FROM bf_broadcast b;
