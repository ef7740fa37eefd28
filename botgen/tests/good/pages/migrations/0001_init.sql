CREATE TABLE pl_kinds (id BIGINT PRIMARY KEY, name VARCHAR(20) NOT NULL);
CREATE TABLE pl_goods (id BIGSERIAL PRIMARY KEY, code VARCHAR(12) NOT NULL UNIQUE, name TEXT NOT NULL, kind BIGINT NOT NULL REFERENCES pl_kinds (id), price NUMERIC(10,2) NOT NULL);
CREATE TABLE pl_baskets (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, good BIGINT NOT NULL);
CREATE INDEX pl_baskets_by_person ON pl_baskets (bot_id, user_id);
INSERT INTO pl_kinds (id, name) VALUES (1, 'Tea'), (2, 'Cups');
INSERT INTO pl_goods (code, name, kind, price) VALUES
  ('a-assam', 'Assam', 1, 4.50), ('b-bowl', 'Bowl', 2, 12.00), ('c-ceylon', 'Ceylon', 1, 3.90), ('d-darj', 'Darjeeling', 1, 8.20),
  ('e-earl', 'Earl Grey', 1, 4.50), ('f-flask', 'Flask', 2, 19.90), ('g-genm', 'Genmaicha', 1, 6.00);
