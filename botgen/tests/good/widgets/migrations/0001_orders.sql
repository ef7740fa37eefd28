CREATE TABLE pizza_orders (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    pizzas INTEGER NOT NULL,
    toppings TEXT NOT NULL,
    tip NUMERIC(10, 2),
    note TEXT
);
CREATE INDEX pizza_orders_by_user ON pizza_orders (user_id);
