//! Mistakes: code, words, place and help.

use super::*;

#[track_caller]
fn wrong(given: Given<'_>, expected: &str) {
    let out = given.run(&mut demo());
    assert!(out.checked.is_none(), "accepted");
    assert_eq!(out.said(), expected);
}

fn vars() -> Vec<(&'static str, Ty)> {
    vec![
        ("slot", datetime()),
        ("day", Ty::some(Base::Date)),
        ("name", text()),
        ("long", Ty::some(Base::Text { max: Some(200) })),
        ("n", int()),
        ("price", decimal(3)),
        ("maybe", Ty::maybe(Base::Int)),
        ("card", Ty::some(Base::Contact)),
        ("list", Ty::some(Base::list(int(), None))),
    ]
}

#[track_caller]
fn wrong_query(sql: &str, expected: &str) {
    wrong(query(sql).vars(&vars()), expected);
}

#[track_caller]
fn wrong_exec(sql: &str, expected: &str) {
    let given = Given {
        on_conflict: sql.starts_with("INSERT"),
        ..exec(sql)
    };
    wrong(given.vars(&vars()), expected);
}

#[test]
fn syntax() {
    wrong_query(
        "SELECT id FORM orders",
        "BF0510 `orders` is not expected here [orders] help: did you mean `FROM` for `FORM`?",
    );
    wrong_query(
        "SELECT id FROM",
        "BF0510 expected identifier, found the end [FROM]",
    );
    wrong_query(
        "SELECT 'x FROM orders",
        "BF0510 unterminated string literal [']",
    );
    wrong_query(
        "-- nothing",
        "BF0511 there is no statement here [-- nothing]",
    );
    wrong_query(
        "SELECT id FROM orders; DELETE FROM orders",
        "BF0511 this is a second statement [DELETE FROM orders] help: write one action per statement: they share one transaction",
    );
    wrong_query(
        "SELECT id FROM orders WHERE id = $1",
        "BF0510 `$1` is not a parameter here [$1] help: parameters are named: write `:name`",
    );
}

#[test]
fn kinds() {
    wrong_query(
        "DELETE FROM orders WHERE id = 1",
        "BF0512 `action.sql_query.v1` only reads [DELETE] help: write it in `action.sql_exec.v1`; RETURNING gives `result_var` its rows",
    );
    wrong_exec(
        "SELECT id FROM orders",
        "BF0512 `action.sql_exec.v1` runs INSERT, UPDATE and DELETE [SELECT] help: write it in `action.sql_query.v1`",
    );
    wrong_exec(
        "CREATE TABLE x (id BIGINT)",
        "BF0512 `action.sql_exec.v1` does not run CREATE [CREATE] help: tables are made and changed by `migrations/NNNN_name.sql`",
    );
    wrong_query(
        "PRAGMA table_info(orders)",
        "BF0512 `action.sql_query.v1` does not run PRAGMA [PRAGMA] help: a statement is SELECT, INSERT, UPDATE or DELETE",
    );
    wrong_exec(
        "DELETE FROM orders",
        "BF0514 this DELETE changes every row of `orders` [DELETE] help: add WHERE; `WHERE TRUE` if every row is meant",
    );
}

#[test]
fn names() {
    wrong_query(
        "SELECT id FROM ordres",
        "BF0520 there is no table `ordres` [ordres] help: did you mean `orders`?",
    );
    wrong_query(
        "SELECT o.quantitty, o.id FROM orders AS o WHERE nope = 1",
        "BF0521 there is no column `quantitty` in `o` [o.quantitty] help: did you mean `quantity`?\n\
         BF0521 there is no column `nope` in `o` [nope] help: the columns are `id`, `service`, `quantity`, `paid`, `at`",
    );
    wrong_query(
        "SELECT x.id FROM orders AS o",
        "BF0520 there is no table `x` in this statement [x] help: it reads `o`",
    );
    wrong_query(
        "SELECT code FROM services WHERE title = \"Spa\"",
        "BF0521 there is no column `Spa` in `services` [\"Spa\"] help: a text stands in single quotes: 'Spa'",
    );
    wrong_query(
        "SELECT id FROM orders WHERE service = name",
        "BF0521 there is no column `name` in `orders` [name] help: the columns are `id`, `service`, `quantity`, `paid`, `at`",
    );
    wrong_query(
        "SELECT paid FROM orders o JOIN orders p ON p.id = o.id",
        "BF0523 `paid` is a column of several tables [paid] help: say which: `o.paid` or `p.paid`",
    );
    wrong_query(
        "SELECT lenght(service) AS n FROM orders",
        "BF0522 there is no function `lenght` [lenght] help: did you mean `length`?",
    );
    wrong_query(
        "SELECT bot FROM bf_outbox",
        "BF0503 `bf_outbox` belongs to the runtime, a bot cannot use it [bf_outbox] help: a bot keeps its data in tables of its migrations; of the runtime's it may read `bf_people`, `bf_segments`, `bf_broadcasts`",
    );
    wrong_query(
        "SELECT name FROM sqlite_master",
        "BF0570 `sqlite_master` is a table of the database itself, it differs between engines and versions [sqlite_master] help: keep what the bot must know in tables of its migrations",
    );
    wrong_exec(
        "INSERT INTO orders (service, quantty) VALUES ('a', 1)",
        "BF0521 there is no column `quantty` in `orders` [quantty] help: did you mean `quantity`?",
    );
}

#[test]
fn parameters() {
    wrong_query(
        "SELECT id FROM orders WHERE at > :slott AND id = :nothing",
        "BF0530 nothing provides `:slott` [:slott] help: did you mean `:slot`?\n\
         BF0530 nothing provides `:nothing` [:nothing] help: bind a value: `params: { nothing: … }`",
    );
    wrong_query(
        "SELECT id FROM orders WHERE service = :user_first_name",
        "BF0530 nothing provides `:user_first_name` [:user_first_name] help: bind it: `params: { user_first_name: user.first_name }`",
    );
    wrong(
        Given {
            params: vec![("user_id", "5"), ("spare", "1")],
            ..query("SELECT id FROM orders WHERE id = :user_id")
        },
        "BF0531 `user_id` is a built-in, it cannot be given another value [user_id] help: choose another name\n\
         BF0533 the statement does not use `:spare` [spare] help: use it, or remove `spare` from `params`",
    );
    wrong_query(
        "SELECT id FROM orders WHERE service = :card OR id IN (:list)",
        "BF0532 `:card` is a contact, no column holds that [:card] help: bind a field of it: `params: { card_phone: card.phone }`\n\
         BF0532 `:list` is a list of int, no column holds that [:list] help: a query gives one value with `scalar: true`; the database can join the tables itself",
    );
}

#[test]
fn types_that_do_not_fit() {
    wrong_query(
        "SELECT id FROM orders WHERE at > :name AND quantity = 'three' AND paid = 1",
        "BF0534 `:name` is text, `at` is datetime [:name] help: ask for the variable with `type: datetime`\n\
         BF0534 `'three'` is text, `quantity` is int ['three']\n\
         BF0534 `1` is int, `paid` is bool [1] help: write TRUE or FALSE, or a comparison",
    );
    wrong_query(
        "SELECT code FROM services WHERE price > :price OR price = 1.005",
        "BF0534 `:price` is decimal(3), `price` is decimal(2) [:price]\n\
         BF0534 `1.005` does not fit decimal(2) [1.005] help: `price` keeps 2 digits after the point",
    );
    wrong_query(
        "SELECT id FROM orders WHERE at = '2026-01-15'",
        "BF0534 this is no datetime ['2026-01-15'] help: a datetime is written '2026-01-15 09:00:00', in UTC",
    );
    wrong_query(
        "SELECT id FROM orders WHERE at = :day AND id = :slot",
        "BF0534 `:slot` is datetime, `id` is int [:slot]",
    );
    wrong_query(
        "SELECT SUM(paid) AS n FROM orders",
        "BF0534 `paid` is bool, `sum` is int [paid] help: count what is true by `COUNT(*) FILTER (WHERE …)`",
    );
    wrong_query(
        "SELECT at + 1 AS m, price / 2 AS k FROM orders, services",
        "BF0534 SQLite has no arithmetic on dates and times [at + 1] help: bind the moment: `params: { since: now - 7d }`, and compare with `:since`\n\
         BF0534 a decimal cannot be divided: SQLite keeps it as a scaled integer [price / 2] help: select both numbers, and divide in the text: `{{total / count}}`",
    );
    wrong_query(
        "SELECT id FROM orders WHERE paid = NULL",
        "BF0534 a comparison with NULL never holds [paid = NULL] help: write IS NULL or IS NOT NULL",
    );
    wrong_query(
        "SELECT json_extract(service, '$.a') AS a FROM orders",
        "BF0536 the type of `json_extract(service, '$.a')` is not known [json_extract(service, '$.a')] \
         help: write `CAST(json_extract(service, '$.a') AS TEXT)`, or AS BIGINT, AS DOUBLE PRECISION",
    );
    wrong_exec(
        "UPDATE bookings SET service = :long, note = :long WHERE bot_id = :bot_id AND user_id = :user_id",
        "BF0534 `:long` can be 200 long, `bookings.service` holds 32 [:long] help: bound the value by `max: 32`, or make the column TEXT",
    );
    wrong_exec(
        "INSERT INTO orders (service, quantity) VALUES ('a', :maybe)",
        "BF0535 `:maybe` may be null, `orders.quantity` is NOT NULL [:maybe] help: test it before (`when: … is not null`), \
         write COALESCE(:maybe, …), or allow null in the migration",
    );
    wrong_exec(
        "INSERT INTO orders (service, quantity) VALUES ('a')",
        "BF0541 1 values for 2 columns [('a')]",
    );
    wrong_query(
        "SELECT id FROM orders LIMIT :maybe",
        "BF0535 a bound cannot be null [:maybe] help: test the variable before, or write COALESCE(…, 10)",
    );
}

#[test]
fn forms_of_postgres() {
    let cases = [
        (
            "at > now()",
            "BF0513 SQLite does not know `now()` [now()] help: write `:now`, the moment of the update",
        ),
        (
            "at = :slot::timestamptz",
            "BF0513 SQLite does not know `:slot::timestamptz` [:slot::timestamptz] help: write `:slot`: it takes the type of its column",
        ),
        (
            "id::text = 'a'",
            "BF0513 SQLite does not know `id::text` [id::text] help: write `CAST(id AS TEXT)`",
        ),
        (
            "service ILIKE :name",
            "BF0513 SQLite does not know `service ILIKE :name` [service ILIKE :name] help: write `LOWER(service) LIKE LOWER(:name)`",
        ),
        (
            "at = to_timestamp(:slot, 'YYYY-MM-DD HH24:MI')",
            "BF0513 SQLite does not know `to_timestamp(:slot, 'YYYY-MM-DD HH24:MI… \
             [to_timestamp(:slot, 'YYYY-MM-DD HH24:MI')] help: write :slot alone: the step's `type` makes it a moment",
        ),
        (
            "at > :now - INTERVAL '7 days'",
            "BF0513 SQLite does not know `INTERVAL '7 days'` [INTERVAL '7 days'] help: bind the moment: `params: { since: now - 7d }`, and compare with `:since`",
        ),
        ("'a' = ANY(service)", "BF0513 SQLite does not know"),
    ];
    for (condition, expected) in cases {
        let sql = format!("SELECT id FROM orders WHERE {condition}");
        let out = query(&sql).vars(&vars()).run(&mut demo());
        let said = out.said();
        let plain = |s: &str| s.replace("MI…` ", "MI… ");
        assert!(
            plain(&said).starts_with(&plain(expected)),
            "{said}\n{expected}"
        );
        assert!(!said.contains('\n'), "{said}");
    }
}

#[test]
fn results() {
    use ast::Shape::*;
    wrong_query(
        "SELECT COUNT(*) FROM orders",
        "BF0540 `COUNT(*)` has no name to be used by [COUNT(*)] help: write `COUNT(*) AS name`",
    );
    wrong_query(
        "SELECT o.id, p.id FROM orders o JOIN orders p ON p.id = o.id",
        "BF0540 two columns are called `id` [p.id] help: give one an alias: `… AS other_id`",
    );
    wrong_query(
        "SELECT id AS \"a b\" FROM orders",
        "BF0540 `a b` cannot be used as a name in texts [id] help: give it an alias of letters, digits and `_`",
    );
    wrong(
        query("SELECT id, at FROM orders").shape(Flatten),
        "BF0541 `flatten` takes one column, these are 2 [at] help: select one column, or leave `flatten` out for rows",
    );
    wrong(
        query("SELECT DISTINCT id, at FROM orders").shape(Scalar),
        "BF0541 `scalar` takes the first column, the others decide about the rows here [at] help: select one column",
    );
    wrong(
        Given {
            result: false,
            ..query("SELECT id FROM orders")
        },
        "BF0542 nothing keeps what this reads [SELECT id FROM orders] help: add `result_var: name`",
    );
    wrong(
        Given {
            result: true,
            ..exec("DELETE FROM orders WHERE id = 1")
        },
        "BF0542 the statement gives `found` nothing [found] help: add RETURNING with the columns, or remove `result_var`",
    );
    wrong_query(
        "SELECT service, COUNT(*) AS n, at FROM orders GROUP BY service",
        "BF0525 `at` has many values in one group [at] help: add `at` to GROUP BY, or put it into MAX(…)",
    );
    wrong_query(
        "SELECT id FROM orders WHERE COUNT(*) > 1",
        "BF0525 `COUNT(*)` cannot stand here [COUNT(*)] help: an aggregate stands in the result, HAVING or ORDER BY of a SELECT, not inside another",
    );
}

#[test]
fn groups_that_are_fine() {
    let mut w = demo();
    for sql in [
        "SELECT s.code, s.title, COUNT(*) AS n FROM services s JOIN orders o ON o.service = s.code GROUP BY s.code",
        "SELECT strftime('%Y', at) AS year, COUNT(*) AS n FROM orders GROUP BY strftime('%Y', at) HAVING COUNT(*) > 1",
        "SELECT date(at) AS day, COUNT(*) AS n FROM orders GROUP BY day ORDER BY n DESC",
        "SELECT service FROM orders GROUP BY 1 ORDER BY COUNT(*) DESC",
        "SELECT DISTINCT service FROM orders ORDER BY 1",
        "SELECT service FROM orders UNION ALL SELECT code FROM services ORDER BY service",
    ] {
        query(sql).run(&mut w).fine();
    }
}

#[test]
fn a_text_fits_its_column() {
    let row = |value: &str| {
        format!(
            "INSERT INTO bookings (bot_id, user_id, service, slot) SELECT :bot_id, :user_id, {value}, :slot FROM services LIMIT 1"
        )
    };
    wrong_exec(
        &row("code"),
        "BF0534 `code` can have any length, `bookings.service` holds 32 [code] help: cut it: `CAST(code AS VARCHAR(32))`, or make the column TEXT",
    );
    wrong_exec(
        &row("'a' || :long"),
        "BF0534 `'a' || :long` can have up to 201 characters, `bookings.service` holds 32 ['a' || :long] help: cut it: `CAST('a' || :long AS VARCHAR(32))`, or make the column TEXT",
    );
    wrong_exec(
        "UPDATE bookings SET service = COALESCE(note, '') WHERE bot_id = :bot_id AND user_id = :user_id",
        "BF0534 `COALESCE(note, '')` can have any length, `bookings.service` holds 32 [COALESCE(note, '')] help: cut it: `CAST(COALESCE(note, '') AS VARCHAR(32))`, or make the column TEXT",
    );
    for value in ["'spa'", "CAST(code AS VARCHAR(32))", "'a' || 'b'"] {
        let sql = row(value);
        let given = Given {
            on_conflict: true,
            ..exec(&sql)
        };
        given.vars(&vars()).run(&mut demo()).fine();
    }
}
