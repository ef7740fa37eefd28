CREATE TABLE club (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, name TEXT NOT NULL);
CREATE INDEX club_people ON club (bot_id, user_id);
