-- Texts of bots that were overridden at run time. A text is named by its bot's folder, its locale's tag and its key.

CREATE TABLE bf_texts (
  bot      TEXT NOT NULL,
  locale   TEXT NOT NULL,
  key      TEXT NOT NULL,
  words    TEXT NOT NULL,       -- Fluent, as it would stand after the `=`
  original TEXT NOT NULL,       -- what stood there in the bot's files when it was overridden
  author   TEXT NOT NULL,
  at       INTEGER NOT NULL,    -- microseconds
  PRIMARY KEY (bot, locale, key)
) WITHOUT ROWID;

-- Grows with every change of a bot's texts: instances look here.
CREATE TABLE bf_text_versions (
  bot      TEXT PRIMARY KEY,
  version  INTEGER NOT NULL
) WITHOUT ROWID;

-- Who has changed what: the newest changes of each bot.
CREATE TABLE bf_text_history (
  id       INTEGER PRIMARY KEY,
  bot      TEXT NOT NULL,
  locale   TEXT NOT NULL,
  key      TEXT NOT NULL,
  words    TEXT,                -- NULL: reverted
  author   TEXT NOT NULL,
  at       INTEGER NOT NULL
);
CREATE INDEX bf_text_history_bot ON bf_text_history (bot, id);
