CREATE TABLE limit_orders (
  id BIGSERIAL PRIMARY KEY,
  bot_id TEXT NOT NULL,
  user_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  count BIGINT NOT NULL
);
CREATE INDEX limit_orders_of ON limit_orders (bot_id, user_id);
