//! Odd and hostile statements.

use super::*;

/// Accepted, with these columns.
#[test]
fn unusual_and_right() {
    let mut w = demo();
    for (sql, expected) in [
        ("select ID, Service from ORDERS", "id: int, service: text"),
        (
            "SELECT \"id\", [service], `quantity` FROM \"orders\"",
            "id: int, service: text, quantity: int",
        ),
        (
            "SELECT id /* c */ FROM orders -- :nope ; DROP\nWHERE service <> ':nope; x'",
            "id: int",
        ),
        (
            "SELECT id AS \"тип\", service AS type FROM orders",
            "тип: int, type: text",
        ),
        (
            "SELECT (((id))) AS a, - id AS b, +id AS c FROM orders",
            "a: int, b: int, c: int",
        ),
        (
            "SELECT o.*, 1 AS one FROM orders AS o",
            "id: int, service: text, quantity: int, paid: bool or null, at: datetime or null, one: int",
        ),
        (
            "SELECT DISTINCT s.code FROM services s, orders o WHERE o.service = s.code AND o.id IN (SELECT MAX(id) FROM orders GROUP BY service)",
            "code: text",
        ),
        (
            "SELECT CASE service WHEN 'spa' THEN 'a' ELSE title END AS t FROM orders JOIN services ON code = service",
            "t: text",
        ),
        (
            "SELECT id FROM orders WHERE (SELECT COUNT(*) FROM orders p WHERE p.service = orders.service) > 1",
            "id: int",
        ),
        (
            "SELECT code FROM services WHERE price BETWEEN 1 AND 2.5 AND price IN (1, 2.25) AND since = '2026-01-15' AND opens > '09:00:00'",
            "code: text",
        ),
        (
            "SELECT x.n FROM (SELECT service AS n FROM orders UNION SELECT code FROM services) AS x ORDER BY n",
            "n: text",
        ),
        (
            "SELECT CAST(quantity AS DOUBLE PRECISION) / 3 AS part, ROUND(quantity * 1.5, 1) AS r FROM orders",
            "part: real, r: real",
        ),
        (
            "SELECT IIF(paid, 'yes', 'no') AS p, COALESCE(paid, FALSE) AS q FROM orders",
            "p: text, q: bool",
        ),
        (
            "SELECT COALESCE(at, :now) AS at FROM orders ORDER BY at DESC NULLS LAST",
            "at: datetime",
        ),
        (
            "SELECT id FROM orders WHERE NOT EXISTS (SELECT 1 FROM services WHERE code = orders.service) OR paid IS NOT TRUE",
            "id: int",
        ),
        (
            "SELECT MAX(price) - MIN(price) AS d, SUM(price * 3) AS e, COUNT(DISTINCT price) AS n FROM services",
            "d: decimal(2) or null, e: decimal(2) or null, n: int",
        ),
        (
            "SELECT service, RANK() OVER (PARTITION BY service ORDER BY COUNT(*) DESC) AS r FROM orders GROUP BY service",
            "service: text, r: int",
        ),
    ] {
        assert_eq!(query(sql).run(&mut w).columns(), expected, "{sql}");
    }
}

/// The text that runs is the author's, but for what must differ.
#[test]
fn only_what_must_be_is_changed() {
    let mut w = demo();
    for (sql, expected) in [
        (
            "  SELECT id FROM orders LIMIT 3 ; ",
            "SELECT id FROM orders LIMIT 3",
        ),
        (
            "SELECT id FROM orders -- all of them",
            "SELECT id FROM orders LIMIT 100",
        ),
        (
            "SELECT id\n  FROM orders\n  ORDER BY id",
            "SELECT id\n  FROM orders\n  ORDER BY id LIMIT 100",
        ),
        (
            "SELECT id FROM orders UNION SELECT 1",
            "SELECT id FROM orders UNION SELECT 1 LIMIT 100",
        ),
        (
            "SELECT MAX(id) AS id FROM orders",
            "SELECT MAX(id) AS id FROM orders",
        ),
        (
            "SELECT s.*, o.id FROM services s JOIN orders o ON o.service = s.code LIMIT 1",
            "SELECT s.code, s.title, s.price, s.weight, s.active, s.since, s.opens, o.id FROM services s JOIN orders o ON o.service = s.code LIMIT 1",
        ),
        (
            "SELECT CAST(at AS TEXT) AS a, CAST(NULL AS TIMESTAMPTZ) AS b, CAST(id AS BIGINT) AS c FROM orders LIMIT 1",
            "SELECT CAST(at AS TEXT) AS a, CAST(NULL AS TEXT) AS b, CAST(id AS INTEGER) AS c FROM orders LIMIT 1",
        ),
        (
            "SELECT id FROM orders WHERE at > :now AND at < :now LIMIT :user_id OFFSET :user_id",
            "SELECT id FROM orders WHERE at > ?1 AND at < ?1 LIMIT ?2 OFFSET ?2",
        ),
    ] {
        assert_eq!(query(sql).run(&mut w).fine().sql(Engine::Sqlite), expected);
    }
}

/// Nothing that a person can type makes a panic, and every refusal has a place.
#[test]
fn nonsense() {
    let mut w = demo();
    for sql in [
        "",
        ";",
        ";;",
        "(",
        ")",
        "SELECT",
        "SELECT (",
        "SELECT )",
        "'",
        "\"",
        "--",
        "/*",
        "SELECT * FROM",
        "SELECT *",
        "SELECT :",
        "SELECT ::",
        "SELECT : id FROM orders",
        "SELECT ? FROM orders",
        "SELECT @x",
        "WITH",
        "WITH a AS (SELECT 1)",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "SELECT id FROM orders GROUP BY 7",
        "SELECT id FROM orders ORDER BY 7",
        "SELECT CAST(id AS) FROM orders",
        "SELECT CAST(id AS NOPE) AS x FROM orders",
        "SELECT id FROM orders WHERE id = ''''",
        "SELECT a.b.c.d FROM orders a",
        "SELECT main.orders.id FROM main.orders",
        "INSERT",
        "INSERT INTO",
        "SELECT \u{0} FROM orders",
        "SELECT 9223372036854775808 AS n",
        "SELECT 1e400 AS n",
        "SELECT 0xff AS n",
        "SELECT x'00' AS n",
        "SELECT id, FROM orders",
        "VALUES (1)",
        "TABLE orders",
        "SELECT id FROM orders, LATERAL (SELECT 1) x",
        "SELECT * FROM generate_series(1, 5)",
        "SELECT id FROM orders FOR UPDATE",
        "SELECT DISTINCT ON (id) id FROM orders",
        "SELECT id FROM orders FETCH FIRST 1 ROW ONLY",
        "WITH x AS (DELETE FROM orders RETURNING id) SELECT id FROM x",
        "SELECT ROW(1, 2) AS r",
        "SELECT (1, 2) = (1, 2) AS r",
        "SELECT id FROM orders NATURAL JOIN services",
        "SELECT 1 AS a UNION SELECT 1, 2",
        "SELECT (SELECT 1, 2) AS a",
        "SELECT id FROM orders WHERE id IN (SELECT 1, 2)",
        "EXPLAIN SELECT 1",
        "SELECT id FROM orders o, orders o",
        "WITH RECURSIVE a AS (SELECT x FROM a) SELECT x FROM a",
        "привет",
        "SELECT 'я' || :нет AS x FROM orders",
        "SELECT \"я\".id FROM orders",
        "SELECT id AS a, id AS A FROM orders",
    ] {
        for given in [query(sql), exec(sql), query(sql).shape(ast::Shape::Scalar)] {
            let out = given.run_here(&mut w);
            assert!(
                out.checked.is_some() || !out.said.is_empty(),
                "{sql}: silently refused"
            );
        }
    }
}

/// Every prefix of every statement: no panic.
#[test]
fn prefixes() {
    let mut w = demo();
    let sql = "WITH a AS (SELECT service, SUM(quantity) AS n FROM orders WHERE at > :now GROUP BY 1) \
               SELECT s.title, CASE WHEN a.n > 1.5 THEN 'ж' ELSE CAST(a.n AS TEXT) END AS x FROM services s LEFT JOIN a ON a.service = s.code \
               WHERE s.price * 2 >= 0.5 AND s.code IN ('a', :bot_id) ORDER BY 1 LIMIT 3";
    for (i, _) in sql.char_indices() {
        query(&sql[..i]).run_here(&mut w);
    }
    query(sql).run(&mut w).fine();
    let sql = "INSERT INTO bookings (bot_id, user_id, service, slot) SELECT :bot_id, :user_id, CAST(code AS VARCHAR(32)), :now FROM services WHERE active \
               ON CONFLICT (slot) DO UPDATE SET note = excluded.note || 'ж' WHERE bookings.user_id = :user_id AND bookings.bot_id = :bot_id RETURNING *";
    for (i, _) in sql.char_indices() {
        exec(&sql[..i]).run_here(&mut w);
    }
    exec(sql).run(&mut w).fine();
    for (i, _) in TABLES.char_indices() {
        world(&[("demo", "0001_init.sql", &TABLES[..i])]);
        if i > 400 {
            break;
        }
    }
}

/// A deep statement is an error, not a full stack.
#[test]
fn depth() {
    let mut w = demo();
    let deep = |sql: &str, w: &mut World| {
        let said = query(sql).run(w).said();
        assert!(said.contains("nested too deeply"), "{said}");
    };
    deep(
        &format!("SELECT {}1{} AS n", "(".repeat(5000), ")".repeat(5000)),
        &mut w,
    );
    for (chain, by) in [("id = 1", " OR "), ("id", " + "), ("id", " || ")] {
        let sql = format!(
            "SELECT 1 AS n FROM orders WHERE {} = 1",
            vec![chain; 3000].join(by)
        );
        deep(&sql, &mut w);
    }
    deep(&vec!["SELECT id FROM orders"; 3000].join(" UNION "), &mut w);
    let nested = |n: usize| {
        (0..n).fold("id".to_owned(), |e, _| {
            format!("CASE WHEN paid THEN 1 ELSE {e} END")
        })
    };
    deep(&format!("SELECT {} AS n FROM orders", nested(300)), &mut w);
    // As deep as it may be, of every kind that nests.
    for (open, close) in [
        ("(", ")"),
        ("UPPER(", ")"),
        ("(SELECT ", ")"),
        ("COALESCE(1, ", ")"),
        ("CAST(", " AS TEXT)"),
        ("CASE WHEN TRUE THEN 'a' ELSE ", " END"),
        ("EXISTS (SELECT 1 WHERE ", ")"),
        ("id IN (SELECT 1 WHERE ", ")"),
        ("NOT ", ""),
        ("- ", ""),
    ] {
        for n in [5, 10, 15, 18, 25, 100, 1000] {
            let sql = format!(
                "SELECT {}id{} AS n FROM orders",
                open.repeat(n),
                close.repeat(n)
            );
            query(&sql).run(&mut w);
            let sql = format!(
                "SELECT id FROM {}orders{}",
                "(SELECT id FROM ".repeat(n),
                ") AS x".repeat(n)
            );
            query(&sql).run(&mut w);
        }
    }
    // What people write fits.
    let sql = format!(
        "SELECT 1 AS n FROM orders WHERE {}",
        vec!["id = 1"; 50].join(" OR ")
    );
    query(&sql).run(&mut w).fine();
    query(&format!("SELECT {} AS n FROM orders", nested(10)))
        .run(&mut w)
        .fine();
    query(&vec!["SELECT id FROM orders"; 20].join(" UNION "))
        .run(&mut w)
        .fine();
    let rows = vec!["('a', -1)"; 500].join(", ");
    let many = Given {
        on_conflict: true,
        ..exec("")
    };
    let sql = format!("INSERT INTO orders (service, quantity) VALUES {rows}");
    Given { sql: &sql, ..many }.run(&mut w).fine();
}
