CREATE TABLE pizzas (
    id BIGSERIAL PRIMARY KEY,
    name VARCHAR(30) NOT NULL,
    kind VARCHAR(10) NOT NULL,
    price NUMERIC(10, 2),
    sold_out BOOLEAN NOT NULL
);
INSERT INTO pizzas (name, kind, price, sold_out) VALUES ('Margherita', 'veg', 8.5, FALSE), ('Diavola', 'hot', 9.75, FALSE), ('Bianca', 'veg', NULL, FALSE), ('Tonno', 'fish', 11, TRUE);
