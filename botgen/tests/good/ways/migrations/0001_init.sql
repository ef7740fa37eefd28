CREATE TABLE people (user_id BIGINT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE coupons (code TEXT PRIMARY KEY, discount INTEGER NOT NULL);
CREATE TABLE shop (open BOOLEAN NOT NULL);
CREATE TABLE orders (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    item TEXT NOT NULL,
    count INTEGER NOT NULL,
    milk BOOLEAN,
    size TEXT NOT NULL,
    gift TEXT,
    at TIMESTAMPTZ NOT NULL UNIQUE,
    word TEXT NOT NULL,
    discount INTEGER
);
CREATE INDEX orders_by_user ON orders (user_id);
