//! Migrations: translation, model, mistakes.

use super::*;

#[test]
fn translation() {
    let w = demo();
    let list = w.schema.migrations_of("demo");
    assert_eq!((list[0].version, list[0].name.as_str()), (1, "init"));
    assert_eq!(
        list[0].sqlite.as_deref().unwrap(),
        "
CREATE TABLE bookings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  bot_id TEXT NOT NULL,
  user_id INTEGER NOT NULL,
  service TEXT NOT NULL,
  slot TEXT NOT NULL UNIQUE,
  note TEXT,
  created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE services (
  code TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  price INTEGER NOT NULL DEFAULT 999,
  weight REAL,
  active BOOLEAN NOT NULL DEFAULT TRUE,
  since TEXT NOT NULL DEFAULT CURRENT_DATE,
  opens TEXT,
  CHECK (price >= 50)
);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  service TEXT NOT NULL REFERENCES services (code) ON DELETE CASCADE,
  quantity INTEGER NOT NULL,
  paid BOOLEAN,
  at TEXT
);
CREATE INDEX orders_at ON orders (at);
"
    );
    assert!(w.schema.migrations_of("other").is_empty());
}

#[track_caller]
fn said(text: &str) -> String {
    let w = world(&[("demo", "0001_init.sql", text)]);
    print(&w.findings, &w.sources).join("\n")
}

#[test]
fn other_spellings() {
    let text = "CREATE TABLE t (id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 5) PRIMARY KEY, a TIMESTAMP WITH TIME ZONE,\n\
                b CHARACTER VARYING(5) DEFAULT 'x', c DECIMAL(8, 3) DEFAULT -1.5, d DOUBLE PRECISION, e INT2 NOT NULL);\n\
                ALTER TABLE t ADD COLUMN f NUMERIC(6,1) NOT NULL DEFAULT 2;\n\
                ALTER TABLE t RENAME COLUMN e TO g;\n\
                CREATE UNIQUE INDEX t_a ON t (a) WHERE c > 0.5;\n\
                INSERT INTO t (g, c, a) VALUES (1, 2.25, '2026-01-15 09:00:00'), (2, 3, now());\n\
                UPDATE t SET c = c + 1 WHERE c = 2.25;\n\
                CREATE TABLE u (id BIGINT, name TEXT NOT NULL, CONSTRAINT u_pk PRIMARY KEY (id));\n\
                CREATE VIEW v AS SELECT id, c FROM t WHERE c > 0;\n\
                DROP TABLE u;\n\
                ALTER TABLE t RENAME TO tt;";
    let mut w = world(&[("demo", "0001_init.sql", text)]);
    assert!(
        w.findings.is_empty(),
        "{:#?}",
        print(&w.findings, &w.sources)
    );
    let sql = w.schema.migrations_of("demo").remove(0).sqlite.unwrap();
    assert!(sql.starts_with("CREATE TABLE t (id INTEGER  PRIMARY KEY AUTOINCREMENT, a TEXT,\nb TEXT DEFAULT 'x', c INTEGER DEFAULT -1500, d REAL, e INTEGER NOT NULL);"), "{sql}");
    assert!(
        sql.contains("DEFAULT 20;")
            && sql.contains("c > 500;")
            && sql.contains("(1, 2250, '2026-01-15 09:00:00'), (2, 3000, CURRENT_TIMESTAMP)"),
        "{sql}"
    );
    assert!(sql.contains("c = c + 1000 WHERE c = 2250"), "{sql}");
    let q = query("SELECT * FROM tt").run(&mut w);
    assert_eq!(
        q.columns(),
        "id: int, a: datetime or null, b: text or null, c: decimal(3) or null, d: real or null, g: int, f: decimal(1)"
    );
    assert_eq!(
        query("SELECT * FROM v").run(&mut w).columns(),
        "id: int, c: decimal(3)"
    );
}

#[test]
fn what_cannot_be_expressed() {
    let cases = [
        (
            "CREATE TABLE t (a UUID)",
            "BF0504 UUID is not one of the column types [UUID] help: write TEXT",
        ),
        (
            "CREATE TABLE t (a TIMESTAMP)",
            "BF0504 TIMESTAMP is not one of the column types [TIMESTAMP] help: write TIMESTAMPTZ: a datetime is an instant",
        ),
        (
            "CREATE TABLE t (a NUMERIC)",
            "BF0504 NUMERIC needs its digits: precision up to 18 and scale [NUMERIC] help: write NUMERIC(12,2), say",
        ),
        (
            "CREATE TABLE t (a TEXT[])",
            "BF0504 an array cannot be a column [[]] help: make a table of its own with one row per element",
        ),
        (
            "CREATE TABLE t (a BIGSERIAL, b TEXT PRIMARY KEY)",
            "BF0504 only a primary key counts up by itself on SQLite [a] help: write `id BIGSERIAL PRIMARY KEY`",
        ),
        (
            "CREATE TABLE t (a BIGINT DEFAULT 'x')",
            "BF0534 `'x'` is text, `t.a` is int ['x']",
        ),
        (
            "CREATE TABLE t (a BIGINT CHECK (b > 0))",
            "BF0521 there is no column `b` in `t` [b] help: the columns are `a`",
        ),
        (
            "CREATE TABLE t (a BIGINT REFERENCES nope (id))",
            "BF0520 there is no table `nope` in these migrations [nope] help: a table is made before it is referred to",
        ),
        (
            "CREATE TABLE t (a BIGINT, UNIQUE (b))",
            "BF0521 there is no column `b` in `t` [b] help: its columns are `a`",
        ),
        (
            "CREATE TABLE bf_t (a BIGINT)",
            "BF0503 `bf_t` belongs to the runtime, a bot cannot use it [bf_t] help: names that begin with `bf_`, `sqlite_` or `pg_` are taken",
        ),
        (
            "CREATE TABLE t (a BIGINT);\nCREATE TABLE T (a BIGINT)",
            "BF0502 `T` exists already [T]",
        ),
        (
            "CREATE TABLE t (a BIGINT);\nALTER TABLE t ADD COLUMN b TEXT NOT NULL",
            "BF0504 the rows that are there have no value for `b` [b] help: give it a DEFAULT, or leave NOT NULL out",
        ),
        (
            "CREATE TABLE t (a BIGINT);\nALTER TABLE t ALTER COLUMN a SET NOT NULL",
            "BF0504 SQLite cannot change a table this way [t]",
        ),
        (
            "CREATE TYPE mood AS ENUM ('a')",
            "BF0504 a migration cannot hold CREATE [CREATE TYPE mood AS ENUM ('a')]",
        ),
        (
            "BEGIN",
            "BF0504 a migration cannot hold BEGIN [BEGIN] help: every migration runs in a transaction: leave it out",
        ),
        ("CREATE TABL t (a BIGINT)", "BF0510 "),
        (
            "INSERT INTO t (a) VALUES (1)",
            "BF0520 there is no table `t` [t] help: tables are made by `migrations/0001_name.sql`",
        ),
        (
            "CREATE TABLE t (a BIGINT);\nCREATE INDEX t ON t (a)",
            "BF0505 SQLite refuses this: there is already a table named t [t]",
        ),
        (
            "",
            "BF0501 this migration has no statement [] help: write one, or remove the file",
        ),
    ];
    for (text, expected) in cases {
        let said = said(text);
        assert!(said.starts_with(expected), "{text}\n{said}");
        assert!(!said.contains('\n'), "{text}\n{said}");
    }
}

#[test]
fn numbers() {
    let of = |names: &[&str]| {
        let texts: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(i, _)| format!("CREATE TABLE t{i} (a BIGINT)"))
            .collect();
        let files: Vec<_> = names
            .iter()
            .zip(&texts)
            .map(|(n, t)| ("demo", *n, t.as_str()))
            .collect();
        let w = world(&files);
        print(&w.findings, &w.sources).join("\n")
    };
    assert_eq!(of(&["0001_a.sql", "0002_b.sql"]), "");
    assert_eq!(
        of(&["0001_a.sql", "sqlite/0002_b.sql", "postgres/0002_b.sql"]),
        ""
    );
    assert!(of(&["0002_a.sql"]).contains("migration 0001 is missing"));
    assert!(of(&["0001_a.sql", "0003_b.sql"]).contains("migration 0002 is missing"));
    assert!(of(&["0001_a.sql", "0001_b.sql"]).contains("two migrations have the number 0001"));
    assert!(of(&["1_a.sql"]).contains("`1_a.sql` is not a migration's name"));
    assert!(of(&["0001_A.sql"]).contains("not a migration's name"));
    assert!(of(&["old/0001_a.sql"]).contains("`migrations/old/` is not a folder"));
    assert!(of(&["sqlite/0001_a.sql"]).contains("`migrations/postgres/` has no migration 0001"));
}

#[test]
fn owners_share_one_database() {
    let files = [
        (
            "booking",
            "0001_a.sql",
            "CREATE TABLE bookings (id BIGSERIAL PRIMARY KEY); CREATE INDEX by_id ON bookings (id)",
        ),
        (
            "broken",
            "0001_a.sql",
            "CREATE TABLE x (a NOPE); CREATE TABLE y (a TEXT)",
        ),
        (
            "survey",
            "0001_a.sql",
            "CREATE TABLE answers (a TEXT); CREATE TABLE bookings (a TEXT); CREATE INDEX by_id ON answers (a)",
        ),
    ];
    let mut w = world(&files);
    let said = print(&w.findings, &w.sources).join("\n");
    assert!(
        said.contains("BF0504 `NOPE` is not one of the column types [NOPE]"),
        "{said}"
    );
    assert!(said.contains("BF0502 `bookings` is a table of `booking`: all bots share one database [bookings] help: name it `survey_bookings`"), "{said}");
    assert!(
        said.contains("BF0502 `by_id` is an index already"),
        "{said}"
    );
    // Mistakes of one owner are no mistakes of the others, nor of its own other tables.
    assert_eq!(
        Given {
            bot: "booking",
            ..query("SELECT id FROM bookings")
        }
        .run(&mut w)
        .columns(),
        "id: int"
    );
    assert_eq!(
        Given {
            bot: "broken",
            ..query("SELECT a FROM y")
        }
        .run(&mut w)
        .columns(),
        "a: text or null"
    );
    assert_eq!(
        Given {
            bot: "broken",
            ..query("SELECT a FROM x")
        }
        .run(&mut w)
        .said(),
        ""
    );
    assert_eq!(
        Given {
            bot: "broken",
            ..query("SELECT a FROM z")
        }
        .run(&mut w)
        .said(),
        "",
        "a migration that cannot be read may have made it"
    );
    let out = Given {
        bot: "broken",
        ..query("SELECT id FROM bookings")
    }
    .run(&mut w)
    .said();
    assert!(
        out.contains("it belongs to `booking`; bots that share tables name one owner"),
        "{out}"
    );
}
