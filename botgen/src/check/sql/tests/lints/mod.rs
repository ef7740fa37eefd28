//! Statements that run and are not meant: whole bots, since advice waits until nothing else is wrong.

mod taint;

use crate::{Input, Options};

const TABLES: &str = "
CREATE TABLE orders (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, code TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL, at TIMESTAMPTZ);
CREATE INDEX orders_by_user ON orders (bot_id, user_id);
CREATE TABLE products (id BIGSERIAL PRIMARY KEY, title TEXT NOT NULL, category TEXT NOT NULL);
CREATE TABLE items (id BIGSERIAL PRIMARY KEY, order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  product BIGINT NOT NULL REFERENCES products (id), amount INTEGER NOT NULL, UNIQUE (order_id, product));
CREATE INDEX items_by_product ON items (product);
CREATE TABLE remarks (id BIGSERIAL PRIMARY KEY, item BIGINT REFERENCES items (id), body TEXT NOT NULL);
CREATE INDEX remarks_by_item ON remarks (item);
CREATE TABLE payments (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL REFERENCES orders (id));
CREATE INDEX payments_by_user ON payments (bot_id, user_id);
CREATE TABLE coupons (code TEXT PRIMARY KEY, order_id BIGINT REFERENCES orders (id));
CREATE TABLE cities (name TEXT NOT NULL);
INSERT INTO cities (name) VALUES ('Riga'), ('Oslo');
CREATE VIEW lines AS SELECT id, order_id, amount FROM items;
";

/// The codes that a bot raises, in order, without repetition.
fn bot(yaml: &str, tables: &str) -> String {
    let files: Vec<(&str, &[u8])> = vec![
        ("bot.yaml", yaml.as_bytes()),
        ("migrations/0001_init.sql", tables.as_bytes()),
    ];
    let compiled = crate::compile(&Input::from_memory([("demo", files)]), &Options::default());
    let mut codes: Vec<String> = compiled
        .diagnostics
        .iter()
        .map(|d| match d.code.id {
            // What is not a finding of SQL tells that the test is wrong.
            id if id.starts_with("BF05") => id.to_owned(),
            id => format!("{id} {}", d.message),
        })
        .collect();
    codes.dedup();
    codes.join(" ")
}

/// A command `/item` with an int and a text as arguments, and these actions.
fn flow(actions: &str) -> String {
    let mut yaml = String::from(
        "botfactory: v1\nintents:\n  - { cmd: /start, reply: \"try /item 1\" }\nflows:\n  - flow.generic.v1:\n      entry_cmd: /item\n      \
         args: { id: int, word: { type: text, max: 20 } }\n      on_enter:\n",
    );
    for line in actions.lines() {
        yaml.push_str("        ");
        yaml.push_str(line);
        yaml.push('\n');
    }
    yaml.push_str("        - action.reply_template.v1: { text: \"{{id}} {{word}}\" }\n");
    yaml
}

fn action(block: &str, sql: &str, more: &str) -> String {
    format!(
        "- action.{block}.v1:\n    sql: |\n      {}\n    {more}\n",
        sql.replace('\n', "\n      ")
    )
}

/// What a query in that command raises.
fn query(sql: &str) -> String {
    let mut text = action("sql_query", sql, "result_var: found");
    text.push_str("- action.reply_template.v1: { when: found is empty, text: none, goto: end }\n");
    bot(&flow(&text), TABLES)
}

fn shaped(shape: &str, sql: &str) -> String {
    let mut text = action(
        "sql_query",
        sql,
        &format!("result_var: found\n    {shape}: true"),
    );
    text.push_str("- action.reply_template.v1: { when: found is null, text: none, goto: end }\n");
    bot(&flow(&text), TABLES)
        .replace("BF0565", "")
        .trim()
        .to_owned()
}

fn exec(sql: &str) -> String {
    let text = action("sql_exec", sql, "on_conflict: { reply: taken }");
    let said = bot(&flow(&text), TABLES);
    // Not every statement here can be refused.
    said.replace("BF0556", "").trim().to_owned()
}

const OWN: &str = "bot_id = :bot_id AND user_id = :user_id";

#[test]
fn queries_that_are_none() {
    for sql in [
        format!("WITH x AS (DELETE FROM orders WHERE {OWN} RETURNING id) SELECT id FROM x"),
        "SELECT id FROM products WHERE id IN (WITH x AS (INSERT INTO products (title, category) VALUES ('a', 'b') RETURNING id) SELECT id FROM x)".to_owned(),
        "WITH y AS (WITH x AS (UPDATE products SET title = 'a' WHERE id = 1 RETURNING id) SELECT id FROM x) SELECT id FROM y".to_owned(),
        "SELECT id INTO copy FROM products".to_owned(),
        "SELECT id FROM products FOR UPDATE".to_owned(),
        "SELECT id FROM products WHERE id = 1 FOR SHARE".to_owned(),
    ] {
        assert_eq!(query(&sql), "BF0562", "{sql}");
    }
    assert_eq!(
        query("WITH x AS (SELECT id FROM products WHERE id = 1) SELECT id FROM x"),
        ""
    );
}

#[test]
fn one_of_several() {
    for (shape, sql) in [
        ("single", format!("SELECT code FROM orders WHERE {OWN}")),
        ("scalar", format!("SELECT code FROM orders WHERE {OWN} LIMIT 1")),
        ("scalar", format!("SELECT code FROM orders WHERE {OWN} AND state = 'new'")),
        ("single", "SELECT title FROM products WHERE id > 3".to_owned()),
        ("single", "SELECT title FROM products WHERE id = 3 OR id = 4".to_owned()),
        ("single", "SELECT title FROM products WHERE id IN (3, 4)".to_owned()),
        ("single", format!("SELECT code FROM orders JOIN payments p ON p.order_id = orders.id WHERE orders.id = :id AND orders.{OWN} AND p.{OWN}").replace("AND user_id", "AND orders.user_id").replace("p.bot_id = :bot_id AND orders.user_id", "p.bot_id = :bot_id AND p.user_id")),
        ("scalar", "SELECT category FROM products GROUP BY category".to_owned()),
        ("scalar", "SELECT id FROM products WHERE id = 1 UNION SELECT id FROM products WHERE id = 2".to_owned()),
    ] {
        assert_eq!(shaped(shape, &sql), "BF0563", "{sql}");
    }
    for (shape, sql) in [
        ("single", format!("SELECT code FROM orders WHERE id = :id AND {OWN}")),
        ("single", format!("SELECT code FROM orders WHERE code = :word AND {OWN}")),
        ("scalar", format!("SELECT code FROM orders WHERE {OWN} ORDER BY at DESC LIMIT 1")),
        ("scalar", "SELECT title FROM products WHERE id = (SELECT MAX(id) FROM products)".to_owned()),
        ("scalar", "SELECT MAX(title) AS t FROM products".to_owned()),
        ("scalar", "SELECT 1 AS n FROM products WHERE category = 'tea' LIMIT 1".to_owned()),
        ("scalar", "SELECT category FROM products WHERE category = 'tea' LIMIT 1".to_owned()),
        ("single", format!("SELECT i.amount FROM items i JOIN orders o ON o.id = i.order_id WHERE o.id = :id AND i.product = 1 AND {OWN}")),
        ("single", "SELECT p.title FROM products p LEFT JOIN cities c ON FALSE WHERE p.id = 1 ORDER BY p.id".to_owned()),
        ("single", "SELECT x.title FROM (SELECT title FROM products WHERE id = 1) x".to_owned()),
        ("single", "WITH x AS (SELECT title FROM products LIMIT 1) SELECT title FROM x".to_owned()),
        ("scalar", "SELECT category FROM products WHERE category = 'tea' GROUP BY category".to_owned()),
    ] {
        assert_eq!(shaped(shape, &sql), "", "{sql}");
    }
}

#[test]
fn lists_that_end() {
    let listed = |sql: &str, text: &str| {
        let yaml = format!(
            "{}- action.reply_template.v1: {{ text: \"{text}\", empty_text: none }}\n",
            action("sql_query", sql, "result_var: found"),
        );
        let yaml = if text.contains("#each") {
            yaml
        } else {
            yaml.replace(", empty_text: none", "")
        };
        bot(&flow(&yaml), TABLES)
    };
    let each = "{{#each found}}{{title}} {{/each}}";
    assert_eq!(listed("SELECT title FROM products", each), "BF0564");
    assert_eq!(
        listed("SELECT title FROM products", "{{found | count}} of them"),
        "BF0564"
    );
    assert_eq!(
        listed("SELECT title FROM products ORDER BY title LIMIT 20", each),
        ""
    );
    assert_eq!(
        listed("SELECT title FROM products WHERE id = :id", each),
        ""
    );
    assert_eq!(
        listed("SELECT title FROM products WHERE id IN (1, 2, 3)", each),
        ""
    );
    assert_eq!(
        listed("SELECT name AS title FROM cities", each),
        "",
        "the migrations alone fill it"
    );
    assert_eq!(
        listed(
            "SELECT MAX(title) AS title FROM products",
            "{{found | count}}"
        ),
        ""
    );
}

#[test]
fn lookups() {
    let one = |sql: &str| query(&format!("{sql} LIMIT 5"));
    assert_eq!(
        one("SELECT title FROM products WHERE category = 'tea'"),
        "BF0565"
    );
    assert_eq!(one(&format!("SELECT id FROM orders WHERE {OWN}")), "");
    assert_eq!(
        one("SELECT title FROM products WHERE id = 1 AND category = 'tea'"),
        ""
    );
    assert_eq!(
        one("SELECT title FROM products WHERE category LIKE 'tea%'"),
        ""
    );
    assert_eq!(
        one("SELECT title FROM products WHERE category = 'tea' OR id = 1"),
        ""
    );
    assert_eq!(one("SELECT name FROM cities WHERE name = 'Riga'"), "");
    // A join finds by what it joins with; the first of two is found by itself.
    assert_eq!(
        one("SELECT c.name FROM products p JOIN cities c ON c.name = p.category WHERE p.id = 1"),
        ""
    );
    assert_eq!(
        one(
            "SELECT q.title FROM products p JOIN products q ON q.category = p.category WHERE p.id = 1"
        ),
        "BF0565"
    );
    assert_eq!(
        one(
            "SELECT p.title FROM products p WHERE EXISTS (SELECT 1 FROM products q WHERE q.title = p.category)"
        ),
        "BF0565"
    );
    assert_eq!(
        bot(
            &flow(
                "- action.sql_exec.v1: { sql: \"UPDATE products SET title = 'x' WHERE category = 'y'\" }"
            ),
            TABLES
        ),
        "BF0565"
    );
    // An index that goes on with other columns; one that begins with them.
    let tables = TABLES.replace(
        "CREATE INDEX items_by_product",
        "CREATE INDEX by_category ON products (category, title);\nCREATE INDEX items_by_product",
    );
    let sql = action(
        "sql_query",
        "SELECT title FROM products WHERE category = 'tea' LIMIT 5",
        "result_var: found",
    );
    let guard = "- action.reply_template.v1: { when: found is empty, text: none, goto: end }\n";
    assert_eq!(bot(&flow(&format!("{sql}{guard}")), &tables), "");
}

#[test]
fn functions() {
    for (expr, code) in [
        ("CAST(pg_sleep(1) AS TEXT)", "BF0566"),
        ("CAST(pg_catalog.pg_sleep_for('1 s') AS TEXT)", "BF0566"),
        ("CAST(PG_ADVISORY_XACT_LOCK(1) AS TEXT)", "BF0566"),
        ("nextval('x')", "BF0567"),
        ("CAST(pg_read_file('/etc/passwd') AS TEXT)", "BF0567"),
        ("set_config('a', 'b', false)", "BF0567"),
        ("CAST(dblink('x', 'y') AS TEXT)", "BF0567"),
        ("CAST(lo_import('x') AS TEXT)", "BF0567"),
        ("load_extension('x')", "BF0567"),
        ("random()", "BF0568"),
        ("CAST(hex(randomblob(4)) AS TEXT)", "BF0568"),
        ("CURRENT_TIMESTAMP", "BF0569"),
        ("date('now')", "BF0569"),
        ("strftime('%Y', 'now', '-1 day')", "BF0569"),
        ("date(:now)", ""),
        ("'pg_sleep(1) now()'", ""),
        ("MAX(id) /* random() */", ""),
    ] {
        let sql = format!("SELECT {expr} AS x FROM products WHERE id = 1");
        assert_eq!(query(&sql), code, "{expr}");
    }
}

/// What migrations raise; the first file makes a table.
fn migrations(second: &str) -> String {
    let first = "CREATE TABLE t (id BIGSERIAL PRIMARY KEY, a TEXT NOT NULL UNIQUE, b INTEGER CHECK (b > 0), c TEXT);\n\
                 CREATE TABLE u (t BIGINT NOT NULL REFERENCES t (id), d TEXT);\n\
                 CREATE UNIQUE INDEX u_d ON u (d);\nCREATE INDEX t_c ON t (c);";
    let files: Vec<(&str, &[u8])> = vec![
        (
            "bot.yaml",
            b"botfactory: v1\nintents: [{ cmd: /start, reply: hi }]\n",
        ),
        ("migrations/0001_init.sql", first.as_bytes()),
        ("migrations/0002_more.sql", second.as_bytes()),
    ];
    let compiled = crate::compile(&Input::from_memory([("demo", files)]), &Options::default());
    let codes: Vec<&str> = compiled.diagnostics.iter().map(|d| d.code.id).collect();
    codes.join(" ")
}

#[test]
fn what_migrations_do_to_rows() {
    for (sql, wanted) in [
        ("DROP TABLE u;", "BF0506"),
        ("ALTER TABLE t DROP COLUMN b;", "BF0504"),
        ("ALTER TABLE u DROP COLUMN d;", "BF0504"),
        ("DROP INDEX t_c; ALTER TABLE t DROP COLUMN c;", "BF0506"),
        ("DELETE FROM u;", "BF0506"),
        ("DELETE FROM u WHERE 1 = 1;", "BF0506"),
        ("DELETE FROM u WHERE d = 'x';", ""),
        ("DELETE FROM t WHERE c = 'x';", "BF0508"),
        ("UPDATE t SET c = 'x';", "BF0506"),
        ("UPDATE t SET c = 'x' WHERE c IS NULL;", ""),
        ("UPDATE t SET b = b - 1 WHERE c IS NULL;", "BF0508"),
        ("ALTER TABLE t ADD COLUMN e TEXT; UPDATE t SET e = c;", ""),
        (
            "ALTER TABLE t ADD COLUMN e TEXT; CREATE UNIQUE INDEX t_e ON t (e);",
            "",
        ),
        ("CREATE UNIQUE INDEX t_c2 ON t (c);", "BF0508"),
        ("CREATE UNIQUE INDEX t_ac ON t (a, c);", ""),
        ("CREATE INDEX t_b ON t (b);", ""),
        ("DROP INDEX u_d;", "BF0571"),
        ("DROP INDEX t_c;", ""),
        ("ALTER TABLE t RENAME COLUMN c TO cc;", "BF0571"),
        ("ALTER TABLE u RENAME TO v;", "BF0571"),
        ("INSERT INTO t (a) VALUES ('x');", "BF0508"),
        (
            "INSERT INTO t (a) VALUES ('x') ON CONFLICT (a) DO NOTHING;",
            "",
        ),
        (
            "CREATE TABLE n (a TEXT UNIQUE, b TEXT); INSERT INTO n (a) VALUES ('x'); UPDATE n SET b = 'y'; DELETE FROM n; DROP TABLE n;",
            "",
        ),
        (
            "CREATE TABLE n (a TEXT); ALTER TABLE n RENAME COLUMN a TO b; CREATE UNIQUE INDEX n_b ON n (b);",
            "",
        ),
        // SQLite's way to change a table.
        (
            "CREATE TABLE n (t BIGINT NOT NULL REFERENCES t (id), d TEXT NOT NULL); INSERT INTO n (t, d) SELECT t, COALESCE(d, '') FROM u; DROP TABLE u; ALTER TABLE n RENAME TO u;",
            "",
        ),
        ("CREATE TABLE n AS SELECT 1;", "BF0504"),
        (
            "INSERT INTO u (t, d) VALUES (1, CAST(pg_sleep(3) AS TEXT));",
            "BF0566",
        ),
    ] {
        let said = migrations(sql);
        let mut codes: Vec<&str> = said.split(' ').collect();
        codes.dedup();
        assert_eq!(
            codes
                .join(" ")
                .replace("BF0522 ", "")
                .replace("BF0513 ", ""),
            wanted,
            "{sql}"
        );
    }
}

#[test]
fn what_is_meant() {
    for (sql, wanted) in [
        (
            "-- botgen: allow(BF0506) nobody reads it\nDROP TABLE u;",
            "",
        ),
        ("DROP TABLE u; -- botgen: allow(BF0506) nobody reads it", ""),
        (
            "/* botgen: allow(BF0506) nobody reads it */ DROP TABLE u;",
            "",
        ),
        (
            "DROP /* botgen: allow(BF0506) nobody reads it */ TABLE u;",
            "",
        ),
        (
            "-- the old one\n-- botgen: allow( BF0506 , BF0571 ) stopped for it\nDROP TABLE u;",
            "BF0509",
        ),
        ("-- botgen: allow(BF0506)\nDROP TABLE u;", "BF0509 BF0506"),
        ("-- botgen: allow(BF0506) -\nDROP TABLE u;", "BF0509 BF0506"),
        (
            "-- botgen: alow(BF0506) reason\nDROP TABLE u;",
            "BF0509 BF0506",
        ),
        (
            "-- botgen: allow(BF0999) reason\nDROP TABLE u;",
            "BF0509 BF0506",
        ),
        (
            "-- botgen: allow(BF0506) reason\nCREATE INDEX t_b ON t (b);\nDROP TABLE u;",
            "BF0509 BF0506",
        ),
        (
            "DROP TABLE u;\n-- botgen: allow(BF0506) too late",
            "BF0506 BF0509",
        ),
        (
            "-- botgen: allow(BF0507) a small table\nCREATE INDEX t_b ON t (b);",
            "",
        ),
        (
            "INSERT INTO t (a, c) VALUES ('x', '-- botgen: allow(BF0506) no');",
            "BF0508",
        ),
        (
            "-- botgen is a compiler\nDELETE FROM u WHERE d = '-- botgen: allow(BF0508)';",
            "",
        ),
    ] {
        assert_eq!(migrations(sql), wanted, "{sql}");
    }
}

#[test]
fn tables_of_the_engine() {
    for table in [
        "sqlite_master",
        "\"sqlite_schema\"",
        "information_schema.tables",
        "pg_class",
        "pg_catalog.pg_class",
    ] {
        assert_eq!(
            query(&format!("SELECT COUNT(*) AS n FROM {table}")),
            "BF0570",
            "{table}"
        );
    }
    assert_eq!(query("SELECT COUNT(*) AS n FROM bf_outbox"), "BF0503");
    assert_eq!(
        query("SELECT COUNT(*) AS n FROM pragma_table_info('orders')"),
        "BF0567"
    );
}
