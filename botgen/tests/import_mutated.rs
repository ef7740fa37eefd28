//! Whatever a JSON value of the vocabulary is replaced by: no panic, and a folder that passes the check.
//! `MUTATIONS=4000` for a longer run.

use std::path::Path;

use botgen::import::{self, ImportError};
use serde_json::{Value, json};

/// xorshift64*: the same mutations on every run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).expect("31 bits") % below.max(1)
    }
}

/// Values that mean something somewhere.
fn pool() -> Vec<Value> {
    let texts = [
        "",
        " ",
        "\n",
        "t:",
        "t: x",
        "t:key",
        "t:a.b.c {x={{service}}, y=1, =, z}",
        "t:k {{#each rows}}",
        "t:k {{#each bookings}}a={{id}}{{/each}} tail",
        "{{",
        "}}",
        "{{{x}}}",
        "{{#each rows}}{{x}}",
        "{{/each}}{{#if a}}{{else}}",
        "{{#each bookings}}{{#if slot}}\n{{slot}}{{/if}}{{/each}}",
        "{{name}} {{service}} {{slot}} {{n}}",
        "<b>",
        "</b> & <a href=\"x\">",
        "\u{0}\u{7}\u{2028}",
        "#",
        "- x",
        "key: value",
        "'",
        "\"",
        "\\",
        "\\n\\n",
        "|",
        "> folded",
        "! x",
        "Yes",
        "null",
        "~",
        "@x",
        "`x`",
        "%x",
        "/start",
        "start",
        "/",
        "//",
        "/a b c",
        "/Ёлка",
        "/help",
        "https://x.y/{{z}}",
        "^(a|b)$",
        "(",
        "[",
        "(?=x)",
        ".{3,}",
        ".{9999999999999999999,}",
        "^\\d{1,3}$",
        "^[0-9]+$",
        "a'b",
        "$",
        "^\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}$",
        "bot_id",
        "user",
        "end",
        "true",
        "имя",
        "flow.menu.v1",
        "flow.wizard.v1",
        "flow.generic.v1",
        "flow.unknown.v9",
        "action.sql_exec.v1",
        "action.reply_template.v1",
        "widget.calendar.v1",
        "html",
        "Markdown",
        "en",
        "ru",
        "xx-bad-tag-",
        "user",
        "bot",
        "SELECT 1",
        "SELECT",
        "SELECT * FROM t; DROP TABLE t",
        "SELECT a.*, COUNT(*) FROM t a GROUP BY 1",
        "SELECT * FROM bookings",
        "WITH x AS (SELECT id FROM t) SELECT * FROM x WHERE id = :service",
        "INSERT INTO t VALUES (:service, NOW(), 1)",
        "INSERT INTO t SELECT :bot_id, id FROM u",
        "UPDATE t SET a = a + :n, b = NULL WHERE c IN (:x, :y) AND d BETWEEN 1 AND :slot",
        "DELETE FROM t USING u WHERE t.id = u.id",
        "SELECT x FROM a UNION SELECT y FROM b ORDER BY x LIMIT :n",
        "SELECT to_char(slot, 'Q') AS \"Мой\", (SELECT MAX(x) FROM t) FROM bookings b JOIN t USING (id)",
        "SELECT $1, ?, @x FROM t",
        "INSERT INTO t(id, end) VALUES (:имя, ''x'')",
        "SELECT now() - interval '3 fortnights', date_trunc('day', NOW()), NOW() + INTERVAL '99999999999999 years'",
        "INSERT INTO t(a) VALUES (1) ON CONFLICT (a) DO NOTHING",
        "VALUES (1)",
        "SELECT a FROM t FOR UPDATE",
    ];
    let mut pool: Vec<Value> = texts.iter().map(|t| json!(t)).collect();
    pool.extend([
        json!(null), json!(true), json!(0), json!(-1), json!(1.5), json!(1e300), json!(i64::MAX), json!(u64::MAX),
        json!([]), json!({}), json!([[]]), json!([{}]), json!([null]), json!([[[{"text": "x", "callback": "/start"}]]]),
        json!({"type": "action.sql_query.v1"}), json!({"type": 5, "params": []}), json!({"text": "x"}),
        json!([{"action.reply_template.v1": {"text": "{{#each rows}}\n{{/each}}", "empty_text": "t:e"}}]),
        json!([{"action.sql_query.v1": {"sql": "SELECT id FROM t", "result_var": "rows"}, "second": {}}]),
        json!({"type": "widget.pagination.v1", "params": {"source": {"type": "sql"}, "var": "v"}}),
        json!("x".repeat(5000)), json!("{{#if a}}".repeat(100)), json!("(".repeat(3000)),
        json!(format!("SELECT {}1", "1+".repeat(3000))), json!(format!("SELECT {}1", "(".repeat(300))),
    ]);
    pool
}

/// Number of values in a tree.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(map) => map.values().map(size).sum(),
        _ => 0,
    }
}

/// The value at a position of the walk.
fn at<'a>(value: &'a mut Value, position: &mut usize) -> Option<&'a mut Value> {
    if *position == 0 {
        return Some(value);
    }
    *position -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|v| at(v, position)),
        Value::Object(map) => map.values_mut().find_map(|v| at(v, position)),
        _ => None,
    }
}

fn mutate(spec: &mut Value, pool: &[Value], random: &mut Random) {
    let mut position = random.next(size(spec));
    let new = pool[random.next(pool.len())].clone();
    let kind = random.next(12);
    let Some(place) = at(spec, &mut position) else {
        return;
    };
    match (kind, place) {
        (0, Value::Object(map)) => {
            let key = map.keys().nth(random.next(map.len())).cloned();
            key.map(|k| map.remove(&k));
        }
        (1, Value::Array(items)) if !items.is_empty() => {
            let item = items[random.next(items.len())].clone();
            items.push(item);
        }
        (2, Value::Array(items)) => items.push(new),
        // The type stays, so that the change reaches what is behind the reading.
        (3.., place) if place.is_string() => {
            let texts: Vec<&Value> = pool.iter().filter(|v| v.is_string()).collect();
            *place = texts[random.next(texts.len())].clone();
        }
        (3 | 4, place) => *place = new,
        _ => {}
    }
}

#[test]
fn no_mutation_panics_and_what_comes_out_passes_the_check() {
    let rounds: u64 = std::env::var("MUTATIONS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(40);
    let pool = pool();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import");
    let (mut good, mut refused) = (0, Vec::new());
    for name in ["clinic", "shop"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("readable");
        let whole: Value = serde_json::from_str(&text).expect("JSON");
        for seed in 1..=rounds {
            let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let mut spec = whole.clone();
            for _ in 0..=random.next(6) {
                mutate(&mut spec, &pool, &mut random);
            }
            match import::translate(&spec.to_string()) {
                Ok(imported) => {
                    good += 1;
                    let files = imported
                        .files
                        .iter()
                        .map(|(path, content)| (path.as_str(), content.as_bytes()))
                        .collect();
                    let input = botgen::Input::from_memory([("bots/mutant", files)]);
                    let compiled = botgen::compile(&input, &botgen::Options::default());
                    let wrong: Vec<_> = compiled.diagnostics.into_iter().filter(is_ours).collect();
                    if !wrong.is_empty() {
                        let drawn =
                            botgen::diagnostics::render::human(&compiled.sources, &wrong, false);
                        refused.push(format!("{name}, seed {seed}:\n{drawn}"));
                    }
                }
                Err(ImportError::Shape(_)) => {}
                Err(other) => panic!("{name}, seed {seed}: {other}"),
            }
        }
    }
    assert!(
        refused.is_empty(),
        "{} of {good} folders do not pass:\n{}",
        refused.len(),
        refused
            .iter()
            .take(500)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    );
    assert!(good > rounds / 2, "only {good} mutants came through");
}

/// Not the importer's: texts too long for Telegram, patterns that no message can match, what SQLite cannot do at
/// all (the report says so), and old statements that were wrong as they stood.
fn is_ours(d: &botgen::diagnostics::Diagnostic) -> bool {
    let of_the_spec = ["BF0312", "BF0513", "BF0521", "BF0525", "BF0541"];
    d.severity == botgen::diagnostics::Severity::Error
        && !d.code.id.starts_with("BF06")
        && !of_the_spec.contains(&d.code.id)
}
