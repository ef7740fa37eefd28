//! What only Postgres knows, and what Postgres itself says of our statements.

use super::both::options;
use super::*;
use crate::check::sql::postgres::Oracle as _;
use crate::postgres::Server;

fn postgres() -> World {
    let world = world_on(&options(), &[("demo", "0001_init.sql", TABLES)]);
    assert!(
        world.findings.is_empty(),
        "{:#?}",
        print(&world.findings, &world.sources)
    );
    world
}

fn vars() -> Vec<(&'static str, Ty)> {
    vec![
        ("slot", datetime()),
        ("day", Ty::some(Base::Date)),
        ("name", text()),
        ("n", int()),
        ("price", decimal(2)),
        ("maybe", Ty::maybe(Base::Int)),
    ]
}

/// Forms of Postgres, with the types of their columns.
const FORMS: &[(&str, &str)] = &[
    (
        "SELECT quantity::text AS a, at::date AS b, '5'::bigint AS c FROM orders",
        "a: text, b: date or null, c: int",
    ),
    (
        "SELECT id FROM orders WHERE at > now() - INTERVAL '7 days'",
        "id: int",
    ),
    (
        "SELECT id FROM orders WHERE at > :now - INTERVAL '1 day' * :n",
        "id: int",
    ),
    (
        "SELECT at + INTERVAL '1 hour' AS a, now() - INTERVAL '1 day' AS b FROM orders",
        "a: datetime or null, b: datetime",
    ),
    (
        "SELECT id FROM orders WHERE service ILIKE :name || '%'",
        "id: int",
    ),
    (
        "SELECT id FROM orders WHERE service = ANY(ARRAY['a', 'b']) AND id <> ALL(ARRAY[1, 2])",
        "id: int",
    ),
    (
        "SELECT id FROM orders WHERE service = ANY (SELECT code FROM services)",
        "id: int",
    ),
    (
        "SELECT date_trunc('month', at) AS m, COUNT(*) AS n FROM orders GROUP BY date_trunc('month', at)",
        "m: datetime or null, n: int",
    ),
    (
        "SELECT EXTRACT(YEAR FROM slot)::bigint AS y, to_char(slot, 'YYYY-MM') AS m FROM bookings WHERE bot_id = :bot_id AND user_id = :user_id",
        "y: int, m: text",
    ),
    (
        "SELECT g.day::date AS day FROM generate_series(now(), now() + INTERVAL '3 days', INTERVAL '1 day') AS g(day)",
        "day: date or null",
    ),
    (
        "SELECT DISTINCT ON (service) service, quantity FROM orders ORDER BY service, quantity DESC",
        "service: text, quantity: int",
    ),
    (
        "SELECT COUNT(*) FILTER (WHERE paid) AS a, SUM(quantity) FILTER (WHERE NOT paid) AS b FROM orders",
        "a: int, b: int or null",
    ),
    (
        "SELECT s.title, l.id FROM services s JOIN LATERAL (SELECT id FROM orders o WHERE o.service = s.code ORDER BY id LIMIT 1) l ON TRUE",
        "title: text, id: int",
    ),
    (
        "SELECT id, SUM(quantity) OVER (PARTITION BY service ORDER BY id) AS s, NTILE(4) OVER (ORDER BY id) AS q FROM orders",
        "id: int, s: int, q: int",
    ),
    (
        "SELECT string_agg(code, ', ' ORDER BY title DESC) AS a, bool_or(active) AS b FROM services",
        "a: text or null, b: bool or null",
    ),
    (
        "SELECT array_to_string(array_agg(code), ',') AS a FROM services",
        "a: text or null",
    ),
    (
        "SELECT COALESCE(jsonb_build_object('a', title) ->> 'a', '') AS a FROM services",
        "a: text",
    ),
    (
        "SELECT GREATEST(quantity, 1) AS a, LEFT(service, 3) AS b, SPLIT_PART(service, '-', 1) AS c FROM orders",
        "a: int, b: text, c: text",
    ),
    (
        "SELECT ROUND(AVG(price), 1) AS a, AVG(quantity) AS b, CAST(price * 1.2 AS NUMERIC(12,2)) AS c FROM orders, services GROUP BY price",
        "a: decimal(1), b: real, c: decimal(2)",
    ),
    (
        "SELECT (price / 3)::numeric(10,2) AS a FROM services",
        "a: decimal(2)",
    ),
    (
        "SELECT id FROM orders WHERE (service, quantity) IN (SELECT code, 1 FROM services)",
        "id: int",
    ),
    (
        "SELECT id FROM orders ORDER BY at FETCH FIRST 3 ROWS ONLY",
        "id: int",
    ),
    (
        "SELECT POSITION('a' IN service) AS p, service ~ '^a' AS m FROM orders",
        "p: int, m: bool or null",
    ),
    (
        "SELECT at AT TIME ZONE 'Europe/Moscow' AT TIME ZONE 'UTC' AS a FROM orders",
        "a: datetime or null",
    ),
    (
        "SELECT DATE '2026-01-15' AS d, TIMESTAMPTZ '2026-01-15 09:00:00+00' AS t, 5 AS n, 1.5 AS r",
        "d: date, t: datetime, n: int, r: real",
    ),
    (
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY quantity) AS p FROM orders",
        "p: real or null",
    ),
    (
        "SELECT at::date - since AS days FROM orders, services",
        "days: int or null",
    ),
];

#[test]
fn forms_that_only_postgres_knows() {
    let mut w = postgres();
    let mut wrong = Vec::new();
    for (sql, expected) in FORMS {
        let out = query(sql).vars(&vars()).run_here(&mut w);
        match &out.query {
            Some(q) if out.said.is_empty() => {
                let got = columns(q);
                if got != *expected {
                    wrong.push(format!("{sql}\n  {got}\n  not {expected}"));
                }
            }
            _ => wrong.push(format!("{sql}\n  {:?}", out.said)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn types_that_the_language_does_not_have() {
    let mut w = postgres();
    for (list, expected) in [
        (
            "price / 3 AS x",
            "BF0536 `price / 3` is NUMERIC without a known scale to Postgres, which is no type of the language [price / 3] help: write `CAST(price / 3 AS NUMERIC(12,2))` with the digits it has, or `CAST(price / 3 AS BIGINT)`",
        ),
        (
            "now() - at AS x",
            "BF0536 `now() - at` is INTERVAL to Postgres, which is no type of the language [now() - at] help: write `CAST(EXTRACT(EPOCH FROM now() - at) AS BIGINT)`",
        ),
        (
            "at AT TIME ZONE 'UTC' AS x",
            "BF0536 `at AT TIME ZONE 'UTC'` is TIMESTAMP without a zone to Postgres, which is no type of the language [at AT TIME ZONE 'UTC'] help: say in which zone: `at AT TIME ZONE 'UTC' AT TIME ZONE 'UTC'`",
        ),
        (
            "ARRAY[1, 2] AS x",
            "BF0536 `ARRAY[1, 2]` is an array of INTEGER to Postgres, which is no type of the language [ARRAY[1, 2]] help: write `ARRAY_TO_STRING(ARRAY[1, 2], ', ')`, or a query of rows",
        ),
    ] {
        let sql = format!("SELECT {list} FROM orders, services");
        let out = query(&sql).vars(&vars()).run_here(&mut w);
        assert_eq!(out.said(), expected);
    }
}

#[test]
fn postgres_has_the_last_word_at_the_exact_token() {
    let mut w = postgres();
    for (sql, expected) in [
        // Characters before it, and parameters, move the place.
        (
            "SELECT 'ёж' AS e, :n + id AS f, lenght(service) AS n FROM orders WHERE id = :n",
            "BF0522 Postgres refuses this: function lenght(text) does not exist [lenght] help: no function matches the given name and argument types. You might need to add explicit type casts",
        ),
        (
            "SELECT service, to_char(at, 'YYYY') AS y, id FROM orders WHERE nope = 1",
            "BF0521 there is no column `nope` in `orders` [nope] help: the columns are `id`, `service`, `quantity`, `paid`, `at`",
        ),
        (
            "SELECT id FROM orders JOIN services",
            "BF0510 Postgres refuses this: syntax error at or near `LIMIT` [services]",
        ),
        (
            "SELECT id FROM orders WHERE strftime('%Y', at) = '2026'",
            "BF0513 Postgres does not know `strftime('%Y', at)` [strftime('%Y', at)] help: write TO_CHAR(at, 'YYYY-MM'), say",
        ),
        (
            "SELECT id FROM orders WHERE id = quantity::date",
            "BF0534 `quantity::date` is date, `id` is int [quantity::date]",
        ),
    ] {
        let out = query(sql).vars(&vars()).run_here(&mut w);
        assert_eq!(out.said(), expected, "{sql}");
    }
}

/// The text that runs: the author's, but for what Postgres must be told.
#[test]
fn only_what_must_be_is_changed() {
    let mut w = postgres();
    for (sql, expected) in [
        (
            "SELECT id FROM orders WHERE at > :slot AND at < :slot",
            "SELECT id FROM orders WHERE at > $1 AND at < $1 LIMIT 100",
        ),
        (
            "SELECT id FROM orders WHERE :maybe IS NULL OR id = :maybe",
            "SELECT id FROM orders WHERE CAST($1 AS BIGINT) IS NULL OR id = CAST($1 AS BIGINT) LIMIT 100",
        ),
        (
            "SELECT SUM(quantity) AS s, AVG(quantity) AS a FROM orders",
            "SELECT CAST(SUM(quantity) AS BIGINT) AS s, CAST(AVG(quantity) AS DOUBLE PRECISION) AS a FROM orders",
        ),
        (
            "SELECT id FROM orders WHERE quantity / :n > 1",
            "SELECT id FROM orders WHERE quantity / NULLIF(CAST($1 AS BIGINT), 0) > 1 LIMIT 100",
        ),
        (
            "SELECT code FROM services WHERE price > 1.5 AND price < :price",
            "SELECT code FROM services WHERE price > 1.5 AND price < $1 LIMIT 100",
        ),
        (
            "SELECT IIF(paid, 'yes', 'no') AS p, IFNULL(paid, FALSE) AS q FROM orders",
            "SELECT (CASE WHEN paid THEN 'yes' ELSE 'no' END) AS p, COALESCE(paid, FALSE) AS q FROM orders LIMIT 100",
        ),
        (
            "SELECT GROUP_CONCAT(code) AS c, ROUND(AVG(weight), 1) AS w FROM services",
            "SELECT STRING_AGG(code, ',') AS c, CAST(ROUND(CAST(CAST(AVG(weight) AS DOUBLE PRECISION) AS NUMERIC), 1) AS DOUBLE PRECISION) AS w FROM services",
        ),
        (
            "SELECT id FROM orders WHERE at > '2026-01-15 09:00:00'",
            "SELECT id FROM orders WHERE at > '2026-01-15 09:00:00+00' LIMIT 100",
        ),
        (
            "SELECT LENGTH(service) AS n, 1 AS one FROM orders",
            "SELECT CAST(LENGTH(service) AS BIGINT) AS n, CAST(1 AS BIGINT) AS one FROM orders LIMIT 100",
        ),
    ] {
        let out = query(sql).vars(&vars()).run_here(&mut w);
        assert!(out.said.is_empty(), "{sql}: {:?}", out.said);
        let got = out.query.unwrap();
        let got = got.sql(Engine::Postgres).split(" -- ").next().unwrap();
        assert_eq!(got, expected);
    }
    let upsert = "INSERT INTO orders (service, quantity) VALUES ('spa', 1) ON CONFLICT (id) DO UPDATE SET quantity = quantity + 1";
    let given = Given {
        on_conflict: true,
        ..exec(upsert)
    };
    let out = given.run_here(&mut w);
    assert!(out.said.is_empty(), "{:?}", out.said);
    let query = out.query.unwrap();
    let sql = query.sql(Engine::Postgres);
    // Without parameters the text says whose it is: sqlx tells the engines' descriptions apart by it.
    assert!(
        sql.ends_with("SET quantity = orders.quantity + 1 -- Postgres"),
        "{sql}"
    );
}

/// Never `not null` where Postgres knows of a null, but where a condition of ours proves it.
#[test]
fn never_less_careful_than_postgres() {
    let mut w = postgres();
    let server = Server::from_env().unwrap();
    let database = server.open().unwrap();
    for statement in w.schema.migrations_of("demo") {
        for sql in statement
            .postgres
            .unwrap()
            .split(';')
            .filter(|s| !s.trim().is_empty())
        {
            database.run(sql, sql).unwrap();
        }
    }
    let mut compared = 0;
    for (sql, _) in FORMS {
        let q = query(sql).vars(&vars()).run_here(&mut w).fine();
        let text = q.sql(Engine::Postgres);
        let said = database.describe(text, text).unwrap();
        for (column, theirs) in q.columns.iter().zip(&said.columns) {
            compared += 1;
            if theirs.nullable == Some(true) {
                assert!(column.ty.nullable, "{sql}: {}", column.name);
            }
            let wire = crate::check::sql::types::wire(&column.ty.base);
            let text = wire == "text" && matches!(theirs.ty.as_str(), "text" | "varchar");
            assert!(text || theirs.ty == wire, "{sql}: {}", column.name);
        }
        for (param, theirs) in q.params.iter().zip(&said.parameters) {
            let wire = crate::check::sql::types::wire(&param.ty.base);
            let text = wire == "text" && matches!(theirs.as_str(), "text" | "varchar");
            assert!(text || theirs == wire, "{sql}: {}", param.ident);
        }
    }
    assert!(compared > 40, "{compared}");
}

/// sqlx's offline entry has Postgres's names and our nullability.
#[test]
fn entries_of_postgres() {
    let mut w = postgres();
    let sql = "SELECT o.id, s.title, o.at, s.price FROM orders o LEFT JOIN services s ON s.code = o.service WHERE o.id = :n";
    let q = query(sql).vars(&vars()).run_here(&mut w).fine();
    let text = q.postgres.unwrap();
    let entry: serde_json::Value = serde_json::from_str(&text.cache.json).unwrap();
    assert_eq!(entry["db_name"], "PostgreSQL");
    assert_eq!(entry["query"], text.sql);
    assert_eq!(
        entry["describe"]["parameters"]["Left"],
        serde_json::json!(["Int8"])
    );
    assert_eq!(
        entry["describe"]["nullable"],
        serde_json::json!([false, true, true, true])
    );
    let types: Vec<_> = entry["describe"]["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["type_info"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["Int8", "Text", "Timestamptz", "Numeric"]);
}

/// Migrations of Postgres's own: what its ALTER TABLE can do is known to the statements after it.
#[test]
fn migrations_that_only_postgres_can_do() {
    let files = [
        (
            "demo",
            "0001_init.sql",
            "CREATE TABLE t (id BIGSERIAL PRIMARY KEY, a INTEGER, b VARCHAR(10) NOT NULL);\nCREATE TABLE u (id BIGINT PRIMARY KEY);",
        ),
        (
            "demo",
            "0002_more.sql",
            "-- botgen: allow(BF0507, BF0508) an empty table\nALTER TABLE t ALTER COLUMN a SET NOT NULL, ADD COLUMN IF NOT EXISTS c TIMESTAMPTZ NOT NULL DEFAULT now(), ADD CONSTRAINT t_u FOREIGN KEY (a) REFERENCES u (id);\nALTER TABLE t ALTER COLUMN b TYPE TEXT;\nALTER TABLE t ADD CONSTRAINT t_b UNIQUE (b); -- botgen: allow(BF0507, BF0508) an empty table\nCREATE INDEX /* botgen: allow(BF0507) an empty table */ t_c ON t USING btree (c) INCLUDE (b);",
        ),
    ];
    let mut w = world_on(&options(), &files);
    assert!(
        w.findings.is_empty(),
        "{:#?}",
        print(&w.findings, &w.sources)
    );
    let q = query("SELECT a, b, c FROM t WHERE b = :name")
        .vars(&vars())
        .run_here(&mut w)
        .fine();
    assert_eq!(columns(&q), "a: int, b: text, c: datetime");
    let out = exec("INSERT INTO t (a, b) VALUES (1, 'x')").run_here(&mut w);
    let said = out.said();
    assert!(said.starts_with("BF0555"), "{said}");
    assert!(
        w.schema.migrations_of("demo")[0]
            .postgres
            .as_ref()
            .unwrap()
            .contains("a BIGINT")
    );
}

#[test]
fn refused_migrations_are_shown_at_their_token() {
    let w = world_on(
        &options(),
        &[(
            "demo",
            "0001_init.sql",
            "-- ёж\nCREATE TABLE t (id BIGSERIAL PRIMARY KEY, a TEXT DEFAULT nope());",
        )],
    );
    let said = print(&w.findings, &w.sources);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("BF0505") && said[0].contains("[nope]"),
        "{said:?}"
    );
}
