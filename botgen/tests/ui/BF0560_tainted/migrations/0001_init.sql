CREATE TABLE orders (
  id BIGSERIAL PRIMARY KEY,
  bot_id TEXT NOT NULL,
  user_id BIGINT NOT NULL
);
CREATE INDEX orders_by_user ON orders (bot_id, user_id);
CREATE TABLE order_items (
  id BIGSERIAL PRIMARY KEY,
  order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  product VARCHAR(100) NOT NULL
);
CREATE INDEX order_items_by_order ON order_items (order_id);
