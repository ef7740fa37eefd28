CREATE TABLE n_things (
    id BIGSERIAL PRIMARY KEY,
    "type" TEXT NOT NULL,
    "match" BIGINT,
    "self" TEXT NOT NULL,
    "self_" TEXT,
    "1st" TEXT NOT NULL,
    "имя" TEXT,
    "r#type" TEXT,
    "some col" TEXT,
    p TEXT, cx TEXT, out TEXT, Row TEXT, async BOOLEAN, "super" TEXT, "crate" TEXT, _x TEXT
);
CREATE TABLE n_items (id BIGSERIAL PRIMARY KEY, name TEXT NOT NULL, price NUMERIC(10,2));
