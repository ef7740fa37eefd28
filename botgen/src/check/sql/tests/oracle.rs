//! What sqlx itself says about a statement: its cache form, its types and its nullability.

use sqlx::{AssertSqlSafe, Connection, Executor, SqlSafeStr, SqliteConnection};

use super::*;

/// sqlx's own description, on the tables of `w`.
fn described(w: &World, statements: &[&str]) -> Vec<serde_json::Value> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for migration in w.schema.migrations_of("demo") {
            sqlx::raw_sql(AssertSqlSafe(migration.sqlite.unwrap()))
                .execute(&mut connection)
                .await
                .unwrap();
        }
        let mut list = Vec::new();
        for sql in statements {
            let described = (&mut connection)
                .describe(AssertSqlSafe((*sql).to_owned()).into_sql_str())
                .await
                .unwrap();
            list.push(serde_json::to_value(&described).unwrap());
        }
        list
    })
}

/// Where everybody agrees, the entry is the same, byte for byte of JSON.
#[test]
fn entries_are_sqlxs() {
    let mut w = demo();
    for sql in [
        "SELECT id, service, quantity FROM orders WHERE id = :user_id LIMIT 5",
        "SELECT active, weight, title FROM services WHERE code = :bot_id LIMIT 1",
        "SELECT COUNT(*) AS n FROM orders",
        "SELECT s.title AS name, o.id FROM orders o JOIN services s ON s.code = o.service LIMIT 3",
        "SELECT note FROM bookings WHERE bot_id = :bot_id AND user_id = :user_id LIMIT 1",
    ] {
        let q = query(sql).run(&mut w).fine();
        let ours: serde_json::Value =
            serde_json::from_str(&q.sqlite.as_ref().unwrap().cache.json).unwrap();
        let theirs = described(&w, &[q.sql(Engine::Sqlite)]).remove(0);
        assert_eq!(ours["describe"], theirs, "{sql}");
        assert_eq!(ours["db_name"], "SQLite");
        assert_eq!(ours["query"], q.sql(Engine::Sqlite));
        assert_eq!(
            q.sqlite.as_ref().unwrap().cache.file,
            format!("query-{}.json", ours["hash"].as_str().unwrap())
        );
    }
}

/// Everywhere else ours may differ, but never says `not null` where sqlx knows of a null.
#[test]
fn never_less_careful_than_sqlx() {
    let mut w = demo();
    let sqls = [
        "SELECT s.title, o.at FROM orders o LEFT JOIN services s ON s.code = o.service",
        "SELECT SUM(quantity) AS a, MIN(quantity) AS b, MAX(at) AS c, COALESCE(SUM(quantity), 0) AS d FROM orders",
        "SELECT CASE WHEN paid THEN 1 END AS a, CASE WHEN paid THEN 1 ELSE 2 END AS b, paid IS NULL AS c FROM orders",
        "SELECT (SELECT MAX(id) FROM orders) AS a, EXISTS (SELECT 1 FROM orders) AS b, NULLIF(id, 1) AS c FROM orders",
        "SELECT title AS a FROM services UNION SELECT NULL FROM orders",
        "WITH t AS (SELECT at AS a, id AS b FROM orders) SELECT a, b FROM t",
        "SELECT ROW_NUMBER() OVER (ORDER BY id) AS a, LAG(id) OVER (ORDER BY id) AS b FROM orders",
        "SELECT service || ' ' || id AS a, UPPER(service) AS b, LENGTH(service) AS c, CAST(at AS TEXT) AS d FROM orders",
        "SELECT quantity + 1 AS a, quantity * 1.5 AS b, quantity / quantity AS c, -quantity AS d FROM orders",
        "SELECT s.title AS a, o.quantity AS b FROM orders o RIGHT JOIN services s ON s.code = o.service",
    ];
    for sql in sqls {
        let q = query(sql).run(&mut w).fine();
        let theirs = described(&w, &[q.sql(Engine::Sqlite)]).remove(0);
        for (column, null) in q.columns.iter().zip(theirs["nullable"].as_array().unwrap()) {
            // Its types are no help: it calls `a || b` an integer.
            if null == &serde_json::Value::Bool(true) {
                assert!(column.ty.nullable, "{sql}: {}", column.name);
            }
        }
    }
}

/// From inside a runtime too, as tests and servers call it.
#[tokio::test]
async fn works_inside_a_runtime() {
    let mut w = demo();
    query("SELECT id FROM orders").run(&mut w).fine();
}

#[test]
fn hundreds_of_queries_take_no_time() {
    let mut w = demo();
    let start = std::time::Instant::now();
    for _ in 0..300 {
        query(
            "SELECT o.id, s.title, SUM(o.quantity) AS n FROM orders o JOIN services s ON s.code = o.service \
             WHERE o.at > :now AND s.active AND o.quantity BETWEEN 1 AND :user_id GROUP BY o.id, s.code ORDER BY n DESC",
        )
        .run_here(&mut w)
        .fine();
    }
    let took = start.elapsed();
    println!("300 queries: {took:?}");
    assert!(took.as_secs() < 5, "{took:?}"); // a slow machine's bound; measured: see above
}
