-- Texts of bots that were overridden at run time. A text is named by its bot's folder, its locale's tag and its key.

CREATE TABLE bf_texts (
  bot      TEXT NOT NULL,
  locale   TEXT NOT NULL,
  key      TEXT NOT NULL,
  words    TEXT NOT NULL,       -- Fluent, as it would stand after the `=`
  original TEXT NOT NULL,       -- what stood there in the bot's files when it was overridden
  author   TEXT NOT NULL,
  at       BIGINT NOT NULL,     -- microseconds
  PRIMARY KEY (bot, locale, key)
);

-- Grows with every change of a bot's texts: instances look here.
CREATE TABLE bf_text_versions (
  bot      TEXT PRIMARY KEY,
  version  BIGINT NOT NULL
);

-- Who has changed what: the newest changes of each bot.
CREATE TABLE bf_text_history (
  id       BIGSERIAL PRIMARY KEY,
  bot      TEXT NOT NULL,
  locale   TEXT NOT NULL,
  key      TEXT NOT NULL,
  words    TEXT,                -- NULL: reverted
  author   TEXT NOT NULL,
  at       BIGINT NOT NULL
);
CREATE INDEX bf_text_history_bot ON bf_text_history (bot, id);

-- Changes texts, all or none: words that are NULL are reverted. NULL: they are not those of `p_expected` any more.
CREATE FUNCTION bf_change_texts(p_bot TEXT, p_expected BIGINT, p_author TEXT, p_at BIGINT, p_keep BIGINT,
  p_locales TEXT[], p_keys TEXT[], p_words TEXT[], p_originals TEXT[])
RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
  v_version BIGINT;
BEGIN
  IF p_expected = 0 THEN
    INSERT INTO bf_text_versions (bot, version) VALUES (p_bot, 1) ON CONFLICT (bot) DO NOTHING
      RETURNING version INTO v_version;
  ELSE
    UPDATE bf_text_versions SET version = version + 1 WHERE bot = p_bot AND version = p_expected
      RETURNING version INTO v_version;
  END IF;
  IF v_version IS NULL THEN RETURN NULL; END IF;
  DELETE FROM bf_texts t USING unnest(p_locales, p_keys) AS c (locale, key)
    WHERE t.bot = p_bot AND t.locale = c.locale AND t.key = c.key;
  INSERT INTO bf_texts (bot, locale, key, words, original, author, at)
    SELECT p_bot, c.locale, c.key, c.words, c.original, p_author, p_at
    FROM unnest(p_locales, p_keys, p_words, p_originals) AS c (locale, key, words, original)
    WHERE c.words IS NOT NULL;
  INSERT INTO bf_text_history (bot, locale, key, words, author, at)
    SELECT p_bot, c.locale, c.key, c.words, p_author, p_at
    FROM unnest(p_locales, p_keys, p_words) AS c (locale, key, words);
  DELETE FROM bf_text_history WHERE bot = p_bot AND id <= (
    SELECT id FROM bf_text_history WHERE bot = p_bot ORDER BY id DESC OFFSET p_keep LIMIT 1);
  RETURN v_version;
END $$;
