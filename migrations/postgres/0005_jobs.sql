-- Handlers that wait for something outside: the rest of a handler, until what it waits for is there.
CREATE TABLE bf_jobs (
  id       BIGSERIAL PRIMARY KEY,         -- never given twice: the claim of the rest is made from it
  bot      BIGINT NOT NULL,
  chat     BIGINT NOT NULL,
  person   BIGINT NOT NULL,
  thread   BIGINT NOT NULL,
  flow     TEXT NOT NULL,
  segment  TEXT NOT NULL,
  version  BIGINT NOT NULL,               -- of the conversation that waits for it; 0: none does
  at       BIGINT NOT NULL,               -- microseconds, when it was asked for
  deadline BIGINT NOT NULL,               -- when the fallback holds
  ready    BIGINT NOT NULL,               -- when it may be taken (again)
  attempts INTEGER NOT NULL DEFAULT 0,
  job      TEXT NOT NULL                  -- JSON: what is asked, and what the rest knows
);
CREATE INDEX bf_jobs_ready ON bf_jobs (bot, ready);
