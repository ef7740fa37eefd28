-- What bots did: one row for each update, and some for what happens without one. Never a word of a person.
CREATE TABLE bf_events (
  id         BIGSERIAL PRIMARY KEY,
  at         BIGINT NOT NULL,               -- microseconds since 1970
  bot        BIGINT NOT NULL,               -- Telegram's numeric id; below 0: a preview
  bot_id     TEXT NOT NULL,                 -- the bot's folder
  person     BIGINT NOT NULL,               -- Telegram's id of whoever acted; 0: nobody
  type       TEXT NOT NULL,
  name       TEXT NOT NULL,                 -- of the command, the code, the place
  step       TEXT NOT NULL,                 -- of the dialogue
  took       BIGINT NOT NULL,               -- microseconds, from the arrival on
  trace_id   TEXT NOT NULL,
  data       JSONB NOT NULL,
  result_tag JSONB                          -- who wrote the reply, where that is compared
);
CREATE INDEX bf_events_bot ON bf_events (bot_id, at);
CREATE INDEX bf_events_person ON bf_events (person, at) WHERE person <> 0;
-- Only ever appended to, and forgotten from the front.
ALTER TABLE bf_events SET (autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_vacuum_scale_factor = 0.05);
