//! Types of results and parameters.

use super::*;

/// Columns of `SELECT <list> FROM orders …`, which is not owned.
#[track_caller]
fn select(list: &str) -> String {
    query(&format!(
        "SELECT {list} FROM orders o LEFT JOIN services s ON s.code = o.service"
    ))
    .run(&mut demo())
    .columns()
}

#[test]
fn columns_have_the_types_of_the_migrations() {
    let mut w = demo();
    let all = query("SELECT * FROM services").run(&mut w).fine();
    assert_eq!(
        columns(&all),
        "code: text, title: text, price: decimal(2), weight: real or null, active: bool, since: date, opens: time or null"
    );
    // Written out, so that a later migration changes nothing.
    assert_eq!(
        all.sql(Engine::Sqlite),
        "SELECT code, title, price, weight, active, since, opens FROM services LIMIT 100"
    );
}

#[test]
fn expressions() {
    assert_eq!(select("s.title, o.id"), "title: text or null, id: int");
    assert_eq!(select("COUNT(*) AS n"), "n: int");
    assert_eq!(select("SUM(quantity) AS n"), "n: int or null");
    assert_eq!(select("COALESCE(SUM(quantity), 0) AS n"), "n: int");
    assert_eq!(select("AVG(quantity) AS n"), "n: real or null");
    assert_eq!(select("MAX(at) AS n"), "n: datetime or null");
    assert_eq!(select("COALESCE(s.price, 0) AS n"), "n: decimal(2)");
    assert_eq!(select("o.quantity * s.price AS n"), "n: decimal(2) or null");
    assert_eq!(select("o.quantity / 2 AS n"), "n: int");
    assert_eq!(select("o.quantity / o.quantity AS n"), "n: int or null");
    assert_eq!(select("o.quantity > 3 AS n"), "n: bool");
    assert_eq!(select("paid AS n"), "n: bool or null");
    assert_eq!(select("paid IS TRUE AS n"), "n: bool");
    assert_eq!(select("o.service || ' ' || o.id AS n"), "n: text");
    assert_eq!(select("UPPER(s.title) AS n"), "n: text or null");
    assert_eq!(select("CASE WHEN paid THEN 1 ELSE 0 END AS n"), "n: int");
    assert_eq!(select("CASE WHEN paid THEN 1 END AS n"), "n: int or null");
    assert_eq!(select("CAST(o.id AS TEXT) AS n"), "n: text");
    assert_eq!(select("CAST(NULL AS DATE) AS n"), "n: date or null");
    assert_eq!(select("EXISTS (SELECT 1 FROM services) AS n"), "n: bool");
    assert_eq!(
        select("(SELECT MAX(code) FROM services) AS n"),
        "n: text or null"
    );
    assert_eq!(select("(SELECT COUNT(*) FROM services) AS n"), "n: int");
    assert_eq!(select("ROW_NUMBER() OVER (ORDER BY o.id) AS n"), "n: int");
    assert_eq!(
        select("LAG(o.id) OVER (ORDER BY o.id) AS n"),
        "n: int or null"
    );
    assert_eq!(
        select("SUM(o.id) OVER (PARTITION BY o.service) AS n"),
        "n: int"
    );
    assert_eq!(select("date(o.at) AS n"), "n: date or null");
    assert_eq!(select("strftime('%Y-%m', s.since) AS n"), "n: text or null");
    assert_eq!(select("strftime('%Y-%m', 'now') AS n"), "n: text");
    assert_eq!(
        select("datetime(CURRENT_TIMESTAMP, '-7 days') AS n"),
        "n: datetime"
    );
    assert_eq!(
        select("'x' AS n, 1 AS m, 1.5 AS k, TRUE AS b"),
        "n: text, m: int, k: real, b: bool"
    );
    assert_eq!(select("NULLIF(o.quantity, 0) AS n"), "n: int or null");
    assert_eq!(
        select("GROUP_CONCAT(o.service, ', ') AS n"),
        "n: text or null"
    );
    assert_eq!(select("MIN(o.id, o.quantity) AS n"), "n: int");
    assert_eq!(select("COUNT(*) FILTER (WHERE paid) AS n"), "n: int");
    assert_eq!(
        select("CAST(json_extract(o.service, '$.a') AS TEXT) AS n"),
        "n: text or null"
    );
}

#[test]
fn nullability_follows_where_and_groups() {
    let mut w = demo();
    let mut of = |sql: &str| query(sql).run(&mut w).columns();
    assert_eq!(
        of("SELECT at FROM orders WHERE at IS NOT NULL"),
        "at: datetime"
    );
    assert_eq!(of("SELECT at FROM orders WHERE at > :now"), "at: datetime");
    assert_eq!(
        of("SELECT at FROM orders WHERE at > :now OR paid"),
        "at: datetime or null"
    );
    assert_eq!(
        of("SELECT service, MAX(quantity) AS most, MAX(at) AS last FROM orders GROUP BY service"),
        "service: text, most: int, last: datetime or null"
    );
    assert_eq!(
        of(
            "SELECT s.title FROM orders o LEFT JOIN services s ON s.code = o.service WHERE s.active"
        ),
        "title: text"
    );
    assert_eq!(
        of("SELECT s.title, o.id FROM orders o RIGHT JOIN services s ON s.code = o.service"),
        "title: text, id: int or null"
    );
    assert_eq!(
        of("SELECT title AS t FROM services UNION SELECT NULL FROM orders"),
        "t: text or null"
    );
    assert_eq!(
        of(
            "WITH last AS (SELECT service, MAX(at) AS at FROM orders GROUP BY service) \
            SELECT s.title, last.at FROM services s JOIN last ON last.service = s.code"
        ),
        "title: text, at: datetime or null"
    );
    assert_eq!(
        of(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n"
        ),
        "i: int"
    );
    assert_eq!(
        of("SELECT t.n FROM (SELECT COUNT(*) AS n FROM orders) AS t"),
        "n: int"
    );
}

#[test]
fn shapes() {
    use ast::Shape::*;
    let mut w = demo();
    let mut of = |sql: &str, shape| {
        let out = query(sql).shape(shape).run(&mut w);
        let ty = out.checked.as_ref().unwrap().result.clone().unwrap();
        (ty.describe(), out.fine().sql(Engine::Sqlite).to_owned())
    };
    assert_eq!(
        of(
            "SELECT code, title FROM services ORDER BY title DESC;\n-- the end\n",
            Rows
        ),
        (
            "list of rows".into(),
            "SELECT code, title FROM services ORDER BY title DESC LIMIT 100".into()
        )
    );
    assert_eq!(
        of("SELECT code, title FROM services", Single).0,
        "row or null"
    );
    assert_eq!(
        of("SELECT COUNT(*) AS n, MAX(at) AS m FROM orders", Single).0,
        "row"
    );
    assert_eq!(
        of("SELECT COUNT(*) FROM orders", Scalar),
        ("int".into(), "SELECT COUNT(*) FROM orders".into())
    );
    assert_eq!(
        of("SELECT MAX(at) FROM orders", Scalar).0,
        "datetime or null"
    );
    assert_eq!(
        of("SELECT price FROM services WHERE code = 'a'", Scalar).0,
        "decimal(2) or null"
    );
    assert_eq!(of("SELECT EXISTS (SELECT 1 FROM orders)", Scalar).0, "bool");
    assert_eq!(
        of("SELECT COUNT(*), MAX(at) FROM orders WHERE id > 3", Scalar),
        (
            "int".into(),
            "SELECT COUNT(*) FROM orders WHERE id > 3".into()
        )
    );
    assert_eq!(
        of("SELECT s.* FROM services s ORDER BY title", Scalar),
        (
            "text or null".into(),
            "SELECT s.code FROM services s ORDER BY title".into()
        )
    );
    assert_eq!(
        of("SELECT title FROM services LIMIT 5", Flatten).0,
        "list of text"
    );
    assert_eq!(
        of("SELECT at FROM orders", Flatten).0,
        "list of datetime or null"
    );
}

#[test]
fn parameters_take_the_types_of_columns() {
    let mut w = demo();
    let vars = [
        ("service", service()),
        ("slot", datetime()),
        ("note", Ty::maybe(Base::Text { max: Some(200) })),
        ("n", int()),
    ];
    let q = exec(
        "INSERT INTO bookings (bot_id, user_id, service, slot, note)\n\
         VALUES (:bot_id, :user_id, :service, :slot, :note) RETURNING id",
    )
    .vars(&vars);
    let q = Given {
        on_conflict: true,
        shape: ast::Shape::Scalar,
        ..q
    };
    let out = q.run(&mut w);
    assert_eq!(out.checked.as_ref().unwrap().result, Some(int()));
    let q = out.fine();
    assert_eq!(
        params(&q),
        "bot_id: text, user_id: int, service: text, slot: datetime, note: text or null"
    );
    assert!(
        q.sql(Engine::Sqlite)
            .ends_with("VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id")
    );
    assert!(q.may_conflict && q.writes);
    assert_eq!(q.ident, "insert_bookings");

    // An int where a decimal is wanted; one name, two types: two numbers.
    let q = query("SELECT code FROM services WHERE price > :n AND weight < :n AND price < 10 AND price <> 0.25 LIMIT :n")
        .vars(&vars)
        .run(&mut w)
        .fine();
    assert_eq!(params(&q), "n: decimal(2), n_2: real, n_3: int");
    assert_eq!(
        q.sql(Engine::Sqlite),
        "SELECT code FROM services WHERE price > ?1 AND weight < ?2 AND price < 1000 AND price <> 25 LIMIT ?3"
    );
    // The same type: one number.
    let q = query("SELECT id FROM orders WHERE service = :service OR service LIKE :service || '%'")
        .vars(&vars)
        .run(&mut w)
        .fine();
    assert_eq!(q.params.len(), 1);
    // A value of `params:`.
    let q = Given {
        params: vec![("since", "now - 7d")],
        ..query(
            "SELECT id FROM orders WHERE at >= :since AND service IN (:service, 'x') AND at BETWEEN :since AND :now",
        )
    };
    let q = q.vars(&vars).run(&mut w).fine();
    assert_eq!(params(&q), "since: datetime, service: text, now: datetime");
}

#[test]
fn what_depends_on_variables_says_so_in_its_text() {
    let mut w = demo();
    let sql = "SELECT :x AS x FROM orders LIMIT 1";
    let a = query(sql).vars(&[("x", int())]).run(&mut w).fine();
    let b = query(sql).vars(&[("x", text())]).run(&mut w).fine();
    assert_eq!(
        a.sql(Engine::Sqlite),
        "SELECT ?1 AS x FROM orders LIMIT 1 -- int"
    );
    assert_ne!(a.sqlite.unwrap().cache.file, b.sqlite.unwrap().cache.file);
}

#[test]
fn decimals_are_scaled_integers() {
    let mut w = demo();
    let q = query("SELECT AVG(price) AS mean, SUM(price) AS sum, price_of.n FROM services, (SELECT 1 AS n) AS price_of GROUP BY n")
        .run(&mut w)
        .fine();
    assert_eq!(columns(&q), "mean: decimal(2), sum: decimal(2), n: int");
    assert!(
        q.sql(Engine::Sqlite)
            .contains("CAST(ROUND(AVG(price)) AS INTEGER) AS mean"),
        "{}",
        q.sql(Engine::Sqlite)
    );
    let q = Given {
        on_conflict: true,
        ..exec(
            "UPDATE services SET price = price + 1.5 WHERE code = 'a' AND price * 2 > 3.25 RETURNING price",
        )
    };
    let q = q.run(&mut w).fine();
    assert!(
        q.sql(Engine::Sqlite).contains("price = price + 150"),
        "{}",
        q.sql(Engine::Sqlite)
    );
    assert!(
        q.sql(Engine::Sqlite).contains("price * 2 > 325"),
        "{}",
        q.sql(Engine::Sqlite)
    );
}
