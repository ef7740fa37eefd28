CREATE TABLE appointments (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    slot TIMESTAMPTZ NOT NULL UNIQUE
);
CREATE INDEX appointments_by_user ON appointments (user_id);
CREATE TABLE holidays (
    day DATE PRIMARY KEY
);
CREATE TABLE visits (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    day DATE NOT NULL,
    back DATE
);
CREATE INDEX visits_by_user ON visits (user_id);
CREATE TABLE places (
    user_id BIGINT PRIMARY KEY,
    tz TEXT NOT NULL,
    open_from DATE
);
