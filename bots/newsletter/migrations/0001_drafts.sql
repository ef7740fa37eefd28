-- Issues that were written and not sent.
CREATE TABLE nl_drafts (
  id BIGSERIAL PRIMARY KEY,
  bot_id TEXT NOT NULL,
  user_id BIGINT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL
);
