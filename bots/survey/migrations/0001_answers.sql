CREATE TABLE answers (
    id BIGSERIAL PRIMARY KEY,
    bot_id TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    visited BOOLEAN NOT NULL,
    rating INTEGER CHECK (rating BETWEEN 1 AND 5),
    reason VARCHAR(500),
    email VARCHAR(254),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (bot_id, user_id)
);
