CREATE TABLE llm_tickets (
  id BIGSERIAL PRIMARY KEY,
  user_id BIGINT NOT NULL,
  topic TEXT NOT NULL,
  question TEXT NOT NULL
);
CREATE TABLE llm_orders (
  id BIGSERIAL PRIMARY KEY,
  user_id BIGINT NOT NULL,
  pizza TEXT NOT NULL,
  size TEXT NOT NULL,
  amount BIGINT NOT NULL
);
CREATE TABLE llm_trips (
  id BIGSERIAL PRIMARY KEY,
  user_id BIGINT NOT NULL,
  city TEXT NOT NULL,
  days BIGINT NOT NULL,
  cost BIGINT NOT NULL CHECK (cost < 1000)
);
CREATE INDEX llm_tickets_by_user ON llm_tickets (user_id);
