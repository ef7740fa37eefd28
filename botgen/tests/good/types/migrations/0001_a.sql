CREATE TABLE t_all (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    a_text TEXT NOT NULL, a_int BIGINT NOT NULL, a_dec NUMERIC(10,2) NOT NULL, a_bool BOOLEAN NOT NULL, a_date DATE NOT NULL, a_time TIME NOT NULL,
    a_dt TIMESTAMPTZ NOT NULL, a_choice TEXT NOT NULL, a_phone TEXT NOT NULL, a_email TEXT NOT NULL, a_contact TEXT NOT NULL, a_loc TEXT NOT NULL, a_photo TEXT NOT NULL, a_file TEXT NOT NULL,
    o_text TEXT, o_int BIGINT, o_dec NUMERIC(10,2), o_bool BOOLEAN, o_date DATE, o_time TIME,
    o_dt TIMESTAMPTZ, o_choice TEXT, o_phone TEXT, o_email TEXT, o_contact TEXT, o_loc TEXT, o_photo TEXT, o_file TEXT
);
