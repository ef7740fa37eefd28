CREATE TABLE notes (
  id BIGSERIAL PRIMARY KEY,
  bot_id TEXT NOT NULL,
  user_id BIGINT NOT NULL,
  body TEXT NOT NULL,
  price NUMERIC(10,2),
  due TIMESTAMPTZ
);
CREATE TABLE tags (name TEXT PRIMARY KEY, note BIGINT REFERENCES notes (id));
CREATE INDEX notes_by_user ON notes (bot_id, user_id);
