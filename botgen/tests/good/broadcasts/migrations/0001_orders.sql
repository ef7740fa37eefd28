CREATE TABLE br_orders (
  id BIGSERIAL PRIMARY KEY,
  bot_id TEXT NOT NULL,
  user_id BIGINT NOT NULL,
  discount BIGINT NOT NULL,
  ready BOOLEAN NOT NULL
);
CREATE INDEX br_orders_person ON br_orders (bot_id, user_id);
