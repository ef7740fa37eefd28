//! Migrations and statements.

use super::run::{Case, table};

const TABLE: &str = "CREATE TABLE t (id BIGSERIAL PRIMARY KEY, a TEXT NOT NULL);\n";

fn bot(sql: &str) -> Vec<u8> {
    let sql = serde_json::to_string(sql).unwrap();
    format!("botfactory: v1\nflows:\n  - flow.generic.v1:\n      entry_cmd: /start\n      on_enter:\n        - action.sql_query.v1:\n            result_var: xs\n            sql: {sql}\n        - action.reply_template.v1: {{ text: \"{{{{#each xs}}}}x{{{{/each}}}}\", empty_text: none }}\n").into_bytes()
}

/// A statement of the bot.
fn query(name: &'static str, sql: &str, said: &'static str) -> Case {
    (
        name,
        vec![
            ("bot.yaml", bot(sql)),
            ("migrations/0001_t.sql", TABLE.into()),
        ],
        said,
    )
}

/// A migration.
fn migration(name: &'static str, sql: impl Into<Vec<u8>>, said: &'static str) -> Case {
    (
        name,
        vec![
            ("bot.yaml", bot("SELECT a FROM t")),
            ("migrations/0001_t.sql", sql.into()),
        ],
        said,
    )
}

#[test]
fn statements() {
    let chain = |word: &str, n: usize| vec!["a = 'x'"; n].join(word);
    let nested = |n: usize| {
        format!(
            "SELECT a FROM t WHERE a = {}'x'{}",
            "(".repeat(n),
            ")".repeat(n)
        )
    };
    let selects = |n: usize| {
        format!(
            "SELECT a FROM {}t{}",
            "(SELECT a FROM ".repeat(n),
            ")".repeat(n)
        )
    };
    table(
        "statements",
        vec![
            query(
                "windows newlines",
                "SELECT a\r\nFROM t\r\nWHERE a = 'x'",
                "fine",
            ),
            query("parentheses", &nested(500), "BF0510 bot.yaml:8:64"),
            query(
                "parentheses that stay open",
                &format!("SELECT {}", "(".repeat(100_000)),
                "BF0510 bot.yaml:8:45",
            ),
            query("subqueries", &selects(500), "BF0510 bot.yaml:8:318"),
            query(
                "a chain of or",
                &format!("SELECT a FROM t WHERE {}", chain(" OR ", 50_000)),
                "BF0510 bot.yaml:8:703",
            ),
            query(
                "a chain of plus",
                &format!("SELECT {} AS n FROM t", vec!["1"; 50_000].join(" + ")),
                "BF0510 bot.yaml:8:508",
            ),
            query(
                "unions",
                &vec!["SELECT a FROM t"; 5_000].join(" UNION ALL "),
                "BF0510 bot.yaml:8:815",
            ),
            query(
                "a long list",
                &format!(
                    "SELECT a FROM t WHERE a IN ({})",
                    vec!["'x'"; 50_000].join(", ")
                ),
                "fine",
            ),
            query(
                "many columns",
                &format!("SELECT {} FROM t", vec!["a"; 20_000].join(", ")),
                "BF0540 bot.yaml:8:29",
            ),
            query(
                "many tables",
                &format!(
                    "SELECT t.a FROM t {}",
                    (0..500)
                        .map(|n| format!("JOIN t AS t{n} ON t{n}.id = t.id"))
                        .collect::<Vec<_>>()
                        .join(" ")
                ),
                "BF0524 bot.yaml:8:19",
            ),
            query(
                "many tables by comma",
                &format!(
                    "SELECT t.a FROM t, {}",
                    (0..5_000)
                        .map(|n| format!("t AS t{n}"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
                "BF0524 bot.yaml:8:19",
            ),
            query(
                "many WITHs",
                &format!(
                    "WITH {} SELECT a FROM w0",
                    (0..2_000)
                        .map(|n| format!("w{n} AS (SELECT a FROM t)"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
                "fine",
            ),
            query(
                "a WITH that multiplies",
                &format!(
                    "WITH w0 AS (SELECT a FROM t){} SELECT a FROM w25",
                    (0..25)
                        .map(|n| format!(", w{} AS (SELECT x.a FROM w{n} x, w{n} y)", n + 1))
                        .collect::<String>()
                ),
                "BF0524 bot.yaml:8:19",
            ),
            query(
                "a name of a megabyte",
                &format!("SELECT {} FROM t", "a".repeat(1_000_000)),
                "BF0521 bot.yaml:8:26",
            ),
            query(
                "a text of a megabyte",
                &format!("SELECT a FROM t WHERE a = '{}'", "x".repeat(1_000_000)),
                "fine",
            ),
            query(
                "a quote that stays open",
                &format!("SELECT '{}", "x".repeat(1_000_000)),
                "BF0510 bot.yaml:8:26",
            ),
            query(
                "a comment that stays open",
                &format!("SELECT a FROM t /*{}", "/*".repeat(100_000)),
                "BF0510 bot.yaml:8:200037",
            ),
            query(
                "cases",
                &format!(
                    "SELECT {}1{} AS n FROM t",
                    "CASE WHEN 1 = 1 THEN ".repeat(500),
                    " END".repeat(500)
                ),
                "BF0510 bot.yaml:8:425",
            ),
            query(
                "without end",
                "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
                "fine",
            ),
            query(
                "many parameters",
                &format!(
                    "SELECT a FROM t WHERE a IN ({})",
                    (0..2_000)
                        .map(|n| format!(":p{n}"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
                "BF0530 bot.yaml:8:47",
            ),
            query(
                "a name that hides",
                "SELECT a\u{200b} FROM t",
                "BF0521 bot.yaml:8:26",
            ),
        ],
    );
}

#[test]
fn migrations() {
    let many: String = (0..10_000)
        .map(|n| format!("CREATE TABLE t{n} (id BIGSERIAL PRIMARY KEY);\n"))
        .collect();
    let rows: String = (0..10_000)
        .map(|n| format!("INSERT INTO t (a) VALUES ('{n}');\n"))
        .collect();
    let values = format!(
        "INSERT INTO t (a) VALUES {};",
        vec!["('x')"; 20_000].join(", ")
    );
    let columns = (0..5_000)
        .map(|n| format!("c{n} TEXT"))
        .collect::<Vec<_>>()
        .join(", ");
    let wrong = "CREATE TABEL x (y TEXT);\n".repeat(10_000);
    let forever = "INSERT INTO t (id, a) WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n, 'x' FROM r;\n";
    let doubles = "INSERT INTO t (id, a) WITH RECURSIVE r AS (SELECT 1 AS n, 'xxxxxxxx' AS a UNION ALL SELECT n + 1, a || a FROM r WHERE n < 40) SELECT n, a FROM r;\n";
    table(
        "migrations",
        vec![
            migration("windows newlines", TABLE.replace(" a", "\r\n  a"), "fine"),
            migration(
                "columns on windows",
                "CREATE TABLE t (\r\n  id BIGSERIAL PRIMARY KEY,\r\n  a TXET\r\n);\r\n",
                "BF0504 migrations/0001_t.sql:3:5",
            ),
            migration("byte order mark", format!("\u{feff}{TABLE}"), "fine"),
            migration(
                "lone carriage return",
                "CREATE TABLE t (\r a TEXT);",
                "BF0004 migrations/0001_t.sql:1:17",
            ),
            migration(
                "nul",
                format!("{TABLE}\0"),
                "BF0004 migrations/0001_t.sql:2:1",
            ),
            migration(
                "not utf-8",
                b"-- \xe9\n".to_vec(),
                "BF0003 migrations/0001_t.sql:1:4",
            ),
            migration(
                "trojan source",
                format!("-- \u{202e}x\n{TABLE}"),
                "BF0019 migrations/0001_t.sql:1:4",
            ),
            migration(
                "ten megabytes",
                format!("{TABLE}--{}", "x".repeat(10_000_000)),
                "BF0005 migrations/0001_t.sql:1:1",
            ),
            migration(
                "ten thousand tables",
                format!("{TABLE}{many}"),
                "BF0005 migrations/0001_t.sql:2001:1",
            ),
            migration(
                "ten thousand rows",
                format!("{TABLE}{rows}"),
                "BF0005 migrations/0001_t.sql:2001:1",
            ),
            migration("twenty thousand values", format!("{TABLE}{values}"), "fine"),
            migration(
                "five thousand columns",
                format!("CREATE TABLE t (id BIGSERIAL PRIMARY KEY, a TEXT, {columns});"),
                "BF0505 migrations/0001_t.sql:1:1",
            ),
            migration(
                "ten thousand mistakes",
                format!("{TABLE}{wrong}"),
                "BF0510 migrations/0001_t.sql:2:8",
            ),
            migration(
                "rows without end",
                format!("{TABLE}{forever}"),
                "BF0505 migrations/0001_t.sql:2:1",
            ),
            migration(
                "a text that doubles",
                format!("{TABLE}{doubles}"),
                "BF0505 migrations/0001_t.sql:2:1",
            ),
            migration(
                "a table without end",
                format!("{TABLE}CREATE TABLE u (a TEXT{}", ", a TEXT".repeat(50_000)),
                "BF0510 migrations/0001_t.sql:2:400019",
            ),
            migration(
                "parentheses",
                format!(
                    "{TABLE}CREATE TABLE u (a INTEGER CHECK ({}a > 0{}));",
                    "(".repeat(500),
                    ")".repeat(500)
                ),
                "BF0510 migrations/0001_t.sql:2:51",
            ),
        ],
    );
}
