//! Which rows are a person's.

use super::world;

fn tables(sql: &str) -> Vec<(String, String, bool)> {
    let world = world(&[
        ("demo", "0001_init.sql", sql),
        (
            "other",
            "0001_init.sql",
            "CREATE TABLE theirs (id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL);",
        ),
    ]);
    assert!(world.findings.is_empty(), "{:#?}", world.findings);
    let found = world.schema.people_of("demo").into_iter();
    found
        .map(|table| (table.table, table.condition, table.by_bot))
        .collect()
}

fn row(table: &str, condition: &str, by_bot: bool) -> (String, String, bool) {
    (table.to_owned(), condition.to_owned(), by_bot)
}

#[test]
fn by_their_own_columns() {
    let found = tables(
        "CREATE TABLE Notes (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, body TEXT);
         CREATE TABLE shared (user_id BIGINT PRIMARY KEY, body TEXT);
         CREATE TABLE prices (code TEXT PRIMARY KEY, price BIGINT NOT NULL);
         CREATE VIEW mine AS SELECT bot_id, user_id, body FROM Notes;",
    );
    assert_eq!(
        found,
        [
            row("Notes", "\"user_id\" = $1 AND \"bot_id\" = $2", true),
            row("shared", "\"user_id\" = $1", false),
        ]
    );
}

#[test]
fn by_what_they_refer_to() {
    let found = tables(
        "CREATE TABLE orders (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL);
         CREATE TABLE a_lines (order_id BIGINT NOT NULL REFERENCES orders (id), n BIGINT NOT NULL, PRIMARY KEY (order_id, n));
         CREATE TABLE marks (id BIGSERIAL PRIMARY KEY, order_id BIGINT NOT NULL, n BIGINT NOT NULL,
           FOREIGN KEY (order_id, n) REFERENCES a_lines ON DELETE CASCADE);
         CREATE TABLE audits (id BIGSERIAL PRIMARY KEY, order_id BIGINT REFERENCES orders (id) ON DELETE SET NULL);",
    );
    let lines = "(\"order_id\") IN (SELECT \"id\" FROM \"orders\" WHERE \"user_id\" = $1 AND \"bot_id\" = $2)";
    let marks = format!(
        "(\"order_id\", \"n\") IN (SELECT \"order_id\", \"n\" FROM \"a_lines\" WHERE {lines})"
    );
    // Those that refer go first.
    assert_eq!(
        found,
        [
            row("marks", &marks, true),
            row("a_lines", lines, true),
            row("orders", "\"user_id\" = $1 AND \"bot_id\" = $2", true),
        ]
    );
}

#[test]
fn circles_end() {
    let found = tables(
        "CREATE TABLE people_of_it (user_id BIGINT PRIMARY KEY, parent BIGINT REFERENCES people_of_it (user_id));
         CREATE TABLE nodes (id BIGINT PRIMARY KEY, next BIGINT REFERENCES nodes (id),
           owner BIGINT NOT NULL REFERENCES people_of_it (user_id));",
    );
    let names: Vec<&str> = found.iter().map(|(table, ..)| table.as_str()).collect();
    assert_eq!(names, ["nodes", "people_of_it"]);
}
