CREATE TABLE shops (name VARCHAR(40) PRIMARY KEY, town VARCHAR(40) NOT NULL);
CREATE INDEX shops_town ON shops (town);
