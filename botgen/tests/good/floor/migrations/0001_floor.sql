CREATE TABLE fl_orders (
    id BIGSERIAL PRIMARY KEY,
    bot_id TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    what TEXT NOT NULL,
    count INTEGER NOT NULL
);

CREATE TABLE fl_log (
    id BIGSERIAL PRIMARY KEY,
    bot_id TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    what TEXT NOT NULL
);

CREATE TABLE fl_names (
    bot_id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (bot_id, name)
);

CREATE TABLE fl_things (
    name TEXT NOT NULL,
    price NUMERIC(10, 2),
    day DATE NOT NULL,
    sold BOOLEAN
);

CREATE INDEX fl_orders_by_user ON fl_orders (bot_id, user_id);
CREATE INDEX fl_things_by_name ON fl_things (name);
