CREATE TABLE bookings (
    id BIGSERIAL PRIMARY KEY,
    bot_id TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    service TEXT NOT NULL,
    slot TIMESTAMPTZ NOT NULL UNIQUE,
    note TEXT
);
CREATE INDEX bookings_by_user ON bookings (bot_id, user_id, slot);
