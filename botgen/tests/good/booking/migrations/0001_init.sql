CREATE TABLE bookings (
    id BIGSERIAL PRIMARY KEY,
    bot_id TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    service TEXT NOT NULL,
    slot TIMESTAMPTZ NOT NULL UNIQUE,
    note TEXT
);
