CREATE TABLE ro_tickets (
  id BIGSERIAL PRIMARY KEY,
  bot_id TEXT NOT NULL,
  user_id BIGINT NOT NULL,
  words VARCHAR(300) NOT NULL,
  answer VARCHAR(500)
);
CREATE INDEX ro_tickets_by_bot ON ro_tickets (bot_id, user_id);
