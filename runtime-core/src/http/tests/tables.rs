//! Tables of the bot whose facts are asked for.

use crate::store::tables::TableSpec;

/// Of the bot: bookings that belong to it, lines that refer to them, a table that migrations fill.
pub(super) const TABLES: &str = "\
    CREATE TABLE services (title TEXT NOT NULL);\
    INSERT INTO services (title) VALUES ('spa');\
    CREATE TABLE bookings (id BIGINT PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL);\
    CREATE TABLE lines (booking BIGINT NOT NULL REFERENCES bookings (id));";

pub(super) const SPECS: &[TableSpec] = &[
    TableSpec {
        name: "lines",
        bot: false,
        seeded: false,
        sqlite: "DELETE FROM \"lines\" WHERE rowid IN (SELECT rowid FROM \"lines\" LIMIT 500)",
        postgres: "DELETE FROM \"lines\" WHERE ctid = ANY(ARRAY(SELECT ctid FROM \"lines\" LIMIT 500))",
    },
    TableSpec {
        name: "bookings",
        bot: true,
        seeded: false,
        sqlite: "DELETE FROM \"bookings\" WHERE rowid IN (SELECT rowid FROM \"bookings\" WHERE bot_id = $1 LIMIT 500)",
        postgres: "DELETE FROM \"bookings\" WHERE ctid = ANY(ARRAY(SELECT ctid FROM \"bookings\" WHERE bot_id = $1 LIMIT 500))",
    },
    TableSpec {
        name: "services",
        bot: false,
        seeded: true,
        sqlite: "",
        postgres: "",
    },
];
