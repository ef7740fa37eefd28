-- Handlers that wait for something outside: the rest of a handler, until what it waits for is there.
CREATE TABLE bf_jobs (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,   -- never given twice: the claim of the rest is made from it
  bot      INTEGER NOT NULL,
  chat     INTEGER NOT NULL,
  person   INTEGER NOT NULL,
  thread   INTEGER NOT NULL,
  flow     TEXT NOT NULL,
  segment  TEXT NOT NULL,
  version  INTEGER NOT NULL,              -- of the conversation that waits for it; 0: none does
  at       INTEGER NOT NULL,              -- microseconds, when it was asked for
  deadline INTEGER NOT NULL,              -- when the fallback holds
  ready    INTEGER NOT NULL,              -- when it may be taken (again)
  attempts INTEGER NOT NULL DEFAULT 0,
  job      TEXT NOT NULL                  -- JSON: what is asked, and what the rest knows
);
CREATE INDEX bf_jobs_ready ON bf_jobs (bot, ready);
