CREATE TABLE shop_categories (
    id BIGINT PRIMARY KEY,
    name_en TEXT NOT NULL,
    name_ru TEXT NOT NULL
);

CREATE TABLE shop_products (
    id BIGINT PRIMARY KEY,
    category BIGINT NOT NULL REFERENCES shop_categories (id),
    name_en TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    price NUMERIC(10, 2) NOT NULL,
    stock INTEGER NOT NULL CHECK (stock >= 0)
);

CREATE INDEX shop_products_by_category ON shop_products (category, price);

CREATE TABLE shop_points (
    code VARCHAR(12) PRIMARY KEY,
    name_en TEXT NOT NULL,
    name_ru TEXT NOT NULL
);

CREATE TABLE shop_basket (
    bot_id TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    product_id BIGINT NOT NULL REFERENCES shop_products (id),
    count INTEGER NOT NULL CHECK (count BETWEEN 1 AND 20),
    PRIMARY KEY (bot_id, user_id, product_id)
);

CREATE TABLE shop_orders (
    id BIGSERIAL PRIMARY KEY,
    bot_id TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    point VARCHAR(12) NOT NULL REFERENCES shop_points (code),
    day DATE NOT NULL,
    phone TEXT NOT NULL,
    note VARCHAR(200),
    total NUMERIC(12, 2) NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX shop_orders_by_user ON shop_orders (bot_id, user_id);

INSERT INTO shop_categories (id, name_en, name_ru) VALUES
    (1, 'Black tea', 'Чёрный чай'),
    (2, 'Green tea', 'Зелёный чай'),
    (3, 'Herbs', 'Травы'),
    (4, 'Teaware', 'Посуда');

INSERT INTO shop_products (id, category, name_en, name_ru, price, stock) VALUES
    (1, 1, 'Assam', 'Ассам', 6.50, 40),
    (2, 1, 'Ceylon', 'Цейлон', 5.90, 60),
    (3, 1, 'Darjeeling', 'Дарджилинг', 11.00, 12),
    (4, 1, 'Earl Grey', 'Эрл Грей', 7.20, 35),
    (5, 1, 'Keemun', 'Кимун', 9.80, 18),
    (6, 1, 'Lapsang Souchong', 'Лапсанг Сушонг', 8.40, 9),
    (7, 2, 'Sencha', 'Сенча', 8.90, 25),
    (8, 2, 'Gunpowder', 'Ганпаудер', 5.40, 50),
    (9, 2, 'Longjing', 'Лунцзин', 14.50, 3),
    (10, 3, 'Mint', 'Мята', 4.20, 70),
    (11, 3, 'Camomile', 'Ромашка', 4.60, 55),
    (12, 4, 'Teapot', 'Чайник', 32.00, 2);

INSERT INTO shop_points (code, name_en, name_ru) VALUES
    ('centre', 'Old Town', 'Старый город'),
    ('market', 'Central Market', 'Центральный рынок');
