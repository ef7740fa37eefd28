//! Changes to statements and migrations.

use std::ops::Range;

use super::edit::{Base, Change, Mutant, misspelt, numbers, places, words};

/// What is written, what could be written: in statements.
const SWAPS: &[(&str, &str, &str)] = &[
    ("another comparison", " = ", " <> "),
    ("another comparison", " = ", " LIKE "),
    ("another comparison", " = ", " IS "),
    ("another comparison", " = ", " = -"),
    ("another comparison", " < ", " >= "),
    ("another comparison", " > ", " = "),
    ("and, or", " AND ", " OR "),
    ("drop an end", " ORDER BY", " -- ORDER BY"),
    ("drop an end", " LIMIT", " -- LIMIT"),
    ("drop an end", " RETURNING", " -- RETURNING"),
    ("drop an end", " GROUP BY", " -- GROUP BY"),
    ("drop an end", "WHERE ", "-- WHERE "),
    ("another verb", "SELECT", "DELETE"),
    ("another verb", "INSERT INTO", "REPLACE INTO"),
    ("another verb", "INSERT INTO", "INSERT OR IGNORE INTO"),
    ("another verb", "DELETE FROM", "SELECT * FROM"),
    ("another verb", "UPDATE ", "DELETE FROM "),
    ("another verb", "SELECT ", "SELECT DISTINCT "),
    ("another verb", "SELECT ", "SELECT *, "),
    ("another verb", "SELECT ", "SELECT NULL, "),
    ("another verb", "SELECT ", "SELECT 1 / 0, "),
    ("another function", "count(", "sum("),
    ("another function", "count(", "max("),
    ("another function", "count(*)", "count(nothing)"),
    ("another function", "avg(", "group_concat("),
    ("another function", "sum(", "total("),
    ("another function", "max(", "min("),
    ("another function", "upper(", "randomblob("),
    ("another function", "length(", "abs("),
    ("another function", "coalesce(", "nullif("),
    ("another order", "DESC", "ASC"),
    ("another order", "ORDER BY ", "ORDER BY random(), "),
    ("a second statement", ";", "; DROP TABLE x;"),
    ("another literal", "true", "2"),
    ("another literal", "NULL", "0"),
    ("another join", "LEFT JOIN", "JOIN"),
    ("another join", " JOIN ", " LEFT JOIN "),
    ("another join", " FROM ", " FROM sqlite_master, "),
    ("another join", " FROM ", " FROM bf_claims, "),
];

/// Every mutant of the statement that stands at `range` of a YAML file.
pub fn statement(range: Range<usize>, text: &str, file: &str, out: &mut Vec<Mutant>) {
    let written = &text[range.clone()];
    let inside = |part: &Range<usize>| range.start + part.start..range.start + part.end;
    let mut edit = |operator, part: Range<usize>, with: String| {
        if text[part.clone()] != with {
            out.push(Mutant::edit(operator, "sql", file, part, with));
        }
    };
    for (operator, from, to) in SWAPS {
        for place in places(written, from) {
            edit(operator, inside(&place), (*to).to_owned());
        }
    }
    for (n, number) in numbers(written).iter().enumerate() {
        for with in [
            "0",
            "-1",
            "1000000000",
            "9223372036854775808",
            "NULL",
            "'x'",
            "1.5",
        ] {
            edit("another literal", inside(number), with.to_owned());
        }
        let _ = n;
    }
    // Conjuncts, with what joins them.
    for place in places(written, " AND ") {
        let end = [
            " AND ",
            " OR ",
            " ORDER ",
            " GROUP ",
            " LIMIT ",
            " RETURNING ",
            "\n",
            "\"",
            ")",
        ]
        .iter()
        .filter_map(|stop| written[place.end..].find(stop))
        .min();
        let end = end.map_or(written.len(), |at| place.end + at);
        edit(
            "drop a conjunct",
            inside(&(place.start..end)),
            String::new(),
        );
    }
    for place in places(written, "WHERE ") {
        if let Some(and) = written[place.end..].find(" AND ") {
            edit(
                "drop a conjunct",
                inside(&(place.end..place.end + and + 5)),
                String::new(),
            );
        }
    }
    // Names and parameters, one for another; columns out of lists.
    let all = words(written);
    let lower: Vec<Range<usize>> = all
        .into_iter()
        .filter(|word| written[word.clone()].chars().all(|c| !c.is_uppercase()))
        .collect();
    for (n, word) in lower.iter().enumerate() {
        let other = &lower[(n * 5 + 2) % lower.len()];
        edit(
            "another name",
            inside(word),
            written[other.clone()].to_owned(),
        );
        let parameter = written[..word.start].ends_with(':');
        if parameter {
            edit(
                "a literal for a parameter",
                inside(&(word.start - 1..word.end)),
                "1".to_owned(),
            );
            edit(
                "a literal for a parameter",
                inside(&(word.start - 1..word.end)),
                "'x'".to_owned(),
            );
            edit(
                "a literal for a parameter",
                inside(&(word.start - 1..word.end)),
                "NULL".to_owned(),
            );
        }
        let rest = &written[word.end..];
        if rest.starts_with(", ") {
            let start = if parameter {
                word.start - 1
            } else {
                word.start
            };
            edit(
                "drop a column",
                inside(&(start..word.end + 2)),
                String::new(),
            );
            edit(
                "double a column",
                inside(&(word.end..word.end)),
                format!(", {}", &written[start..word.end]),
            );
        }
    }
}

/// Every mutant of one migration.
pub fn migration(base: &Base, file: &str) -> Vec<Mutant> {
    const TYPES: &[&str] = &[
        "TEXT",
        "BIGINT",
        "INTEGER",
        "SMALLINT",
        "BOOLEAN",
        "TIMESTAMPTZ",
        "DATE",
        "TIME",
        "NUMERIC(10,2)",
        "NUMERIC(38,0)",
        "DOUBLE PRECISION",
        "BIGSERIAL",
        "VARCHAR(3)",
        "TIMESTAMP",
        "JSONB",
        "BYTEA",
        "UUID",
        "INT[]",
    ];
    let text = &base.files[file];
    let mut out = Vec::new();
    let mut edit = |operator, range: Range<usize>, with: &str| {
        if &text[range.clone()] != with {
            out.push(Mutant::edit(operator, "migration", file, range, with));
        }
    };
    for (n, word) in words(text).into_iter().enumerate() {
        let name = &text[word.clone()];
        edit("misspell a word", word.clone(), &misspelt(name, n));
        if TYPES.contains(&name) || name == "NUMERIC" {
            let end = if text[word.end..].starts_with('(') {
                word.end + text[word.end..].find(')').map_or(0, |at| at + 1)
            } else {
                word.end
            };
            for (m, other) in TYPES.iter().enumerate() {
                if (m + n) % 2 == 0 {
                    edit("another column type", word.start..end, other);
                }
            }
        }
    }
    for gone in [
        " NOT NULL",
        " UNIQUE",
        " PRIMARY KEY",
        " DEFAULT now()",
        " DEFAULT false",
        " DEFAULT 0",
    ] {
        for place in places(text, gone) {
            edit("drop a constraint", place, "");
        }
    }
    for place in places(text, " REFERENCES ") {
        let end = text[place.end..]
            .find([',', '\n'])
            .map_or(text.len(), |at| place.end + at);
        edit("drop a constraint", place.start..end, "");
    }
    for kind in TYPES.iter().take(8) {
        for (n, place) in places(text, &format!(" {kind}")).into_iter().enumerate() {
            let more = [
                " NOT NULL",
                " UNIQUE",
                " CHECK (1 = 2)",
                " DEFAULT 'x'",
                " DEFAULT 7",
                " REFERENCES nothing(id)",
                " GENERATED ALWAYS AS (1) STORED",
                " COLLATE \"C\"",
            ];
            edit(
                "add a constraint",
                place.end..place.end,
                more[n % more.len()],
            );
        }
    }
    // Columns, as far as they stand between commas.
    let body = text.find('(').map_or(0, |at| at + 1);
    let end = text.rfind(')').unwrap_or(text.len());
    let mut depth = 0;
    let mut start = body;
    for (at, c) in text[body..end].char_indices().map(|(at, c)| (at + body, c)) {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                edit("drop a column", start..at + 1, "");
                edit("double a column", at..at, &format!(",{}", &text[start..at]));
                start = at + 1;
            }
            ';' => start = at + 1,
            _ => {}
        }
    }
    let mut at = 0;
    for statement in text.split_inclusive(';') {
        edit("drop a statement", at..at + statement.len(), "");
        edit("double a statement", at..at, statement);
        at += statement.len();
    }
    out
}

/// Mutants of the folder of migrations as a whole.
pub fn folder(base: &Base) -> Vec<Mutant> {
    let files: Vec<&String> = base
        .files
        .keys()
        .filter(|name| name.starts_with("migrations/"))
        .collect();
    let mut out = Vec::new();
    let mut push = |operator, change| {
        out.push(Mutant {
            operator,
            place: "migration".to_owned(),
            change,
        });
    };
    for file in &files {
        push("remove a migration", Change::Remove((*file).clone()));
        push(
            "remove a migration",
            Change::Edits(
                (*file).clone(),
                vec![(0..base.files[*file].len(), "-- nothing\n".to_owned())],
            ),
        );
    }
    let Some(first) = files.first() else {
        return out;
    };
    let text = &base.files[*first];
    let tables: Vec<&str> = text
        .split("CREATE TABLE ")
        .skip(1)
        .filter_map(|rest| rest.split([' ', '(']).next())
        .collect();
    for table in tables {
        for added in [
            format!("ALTER TABLE {table} ADD COLUMN extra TEXT;"),
            format!("ALTER TABLE {table} ADD COLUMN extra TEXT NOT NULL;"),
            format!("ALTER TABLE {table} ADD COLUMN user_id BIGINT;"),
            format!("ALTER TABLE {table} ADD COLUMN bot_id TEXT;"),
            format!("ALTER TABLE {table} RENAME TO {table}_old;"),
            format!("DROP TABLE {table};"),
            format!("DELETE FROM {table};"),
            format!("UPDATE {table} SET id = 1;"),
            format!("CREATE UNIQUE INDEX u ON {table} (id);"),
            format!("CREATE UNIQUE INDEX u ON {table} (user_id);"),
            format!("CREATE VIEW {table}_v AS SELECT * FROM {table};"),
            format!(
                "CREATE TRIGGER t AFTER INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END;"
            ),
            "CREATE TABLE bf_mine (id BIGINT);".to_owned(),
            "SELECT 1;".to_owned(),
            "nonsense".to_owned(),
        ] {
            push(
                "add a migration",
                Change::Add("migrations/0009_more.sql".to_owned(), added),
            );
        }
    }
    push(
        "rename a migration",
        Change::Add(
            "migrations/0001_twice.sql".to_owned(),
            "CREATE TABLE twice (id BIGINT);".to_owned(),
        ),
    );
    push(
        "rename a migration",
        Change::Add(
            "migrations/two.sql".to_owned(),
            "CREATE TABLE two (id BIGINT);".to_owned(),
        ),
    );
    out
}
