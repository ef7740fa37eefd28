CREATE TABLE @table@ (
    id BIGSERIAL PRIMARY KEY,
    bot_id TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    note TEXT NOT NULL,
    urgency TEXT NOT NULL
);

CREATE INDEX @table@_by_user ON @table@ (bot_id, user_id, id);
