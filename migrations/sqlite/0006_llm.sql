-- What operators have set for a bot's questions to the model; NULL: the deployment's default.
CREATE TABLE bf_llm_bots (
  bot      TEXT PRIMARY KEY,
  enabled  INTEGER,
  preset   TEXT,
  budget   INTEGER              -- tokens a day; 0: any number
) WITHOUT ROWID;

-- Tokens of a bot on a day of its own zone.
CREATE TABLE bf_llm_days (
  bot      TEXT NOT NULL,
  day      TEXT NOT NULL,       -- YYYY-MM-DD
  epoch    INTEGER NOT NULL DEFAULT 0,  -- grows with every reset
  used     INTEGER NOT NULL DEFAULT 0,  -- since the last reset
  reserved INTEGER NOT NULL DEFAULT 0,  -- by calls under way, and by those that a crash has ended
  spent    INTEGER NOT NULL DEFAULT 0,  -- of the whole day
  asked    INTEGER NOT NULL DEFAULT 0,
  cached   INTEGER NOT NULL DEFAULT 0,
  calls    INTEGER NOT NULL DEFAULT 0,
  failed   INTEGER NOT NULL DEFAULT 0,  -- calls
  millis   INTEGER NOT NULL DEFAULT 0,  -- of calls that went well
  PRIMARY KEY (bot, day)
) WITHOUT ROWID;
