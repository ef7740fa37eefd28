CREATE TABLE support_tickets (
    id BIGSERIAL PRIMARY KEY,
    bot_id TEXT NOT NULL,
    chat_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    topic TEXT NOT NULL,
    what TEXT NOT NULL,
    photo TEXT,
    closed BOOLEAN NOT NULL DEFAULT false,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX support_tickets_by_user ON support_tickets (bot_id, user_id, id);
