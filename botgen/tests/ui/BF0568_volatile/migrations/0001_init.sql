CREATE TABLE notes (
  id BIGSERIAL PRIMARY KEY,
  bot_id TEXT NOT NULL,
  user_id BIGINT NOT NULL,
  body VARCHAR(200) NOT NULL,
  due TIMESTAMPTZ
);
CREATE INDEX notes_by_user ON notes (bot_id, user_id);
