//! The whole front end, with the input at one place or everywhere.

use std::fmt::Write as _;

use botfactory_lang::markup::{ParseMode, Place, visible_length};
use botfactory_lang::words::{Args, Catalogue};
use botgen::Input;

use super::held;

/// Begins a part of an input; in [`front`] a file's path follows.
pub const PART: &str = "@@@";

/// The parts of an input: the text behind each [`PART`] line, and what stands on that line.
fn parts(text: &str) -> Vec<(&str, &str)> {
    let mut parts = Vec::new();
    let (mut name, mut from) = ("", 0);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix(PART) {
            parts.push((name, &text[from..at]));
            name = rest.trim();
            from = at + line.len();
        }
        at += line.len();
    }
    parts.push((name, &text[from..]));
    parts
}

/// One bot from memory.
fn bot(files: &[(&str, &[u8])]) -> Input {
    Input::from_memory([("demo", files.to_vec())])
}

fn run(data: &[u8], input: &Input) -> bool {
    let compiled = held::compile(input);
    if data.len().is_multiple_of(8) {
        held::repeatable(input, &compiled);
    }
    compiled.program.is_some()
}

/// A bot's folder: bot.yaml, then `@@@ PATH` before each further file. Bytes that are not UTF-8 stay as they are.
pub fn front(data: &[u8]) {
    let mut files: Vec<(String, &[u8])> = Vec::new();
    let (mut name, mut from, mut at) = ("bot.yaml".to_owned(), 0, 0);
    for line in data.split_inclusive(|b| *b == b'\n') {
        if let Some(rest) = line.strip_prefix(PART.as_bytes()) {
            files.push((name, &data[from..at]));
            name = held::text(rest).trim().to_owned();
            from = at + line.len();
        }
        at += line.len();
    }
    files.push((name, &data[from..]));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (n.as_str(), *b)).collect();
    run(data, &bot(&files));
}

const FLUENT: &str = r#"botfactory: v1
i18n.fluent.v1: { default_locale: en, locales: [en, ru], strategy: user }
intents:
  - { cmd: /lone, reply: "t:plain" }
flows:
  - flow.menu.v1:
      entry_cmd: /start
      title: "t:title {name=user.first_name}"
      options:
        - { text: "t:button", callback: /book }
        - { text: "t:button.short", callback: /lang }
  - flow.generic.v1: { entry_cmd: /lang, on_enter: [{ action.set_locale.v1: {} }] }
  - flow.wizard.v1:
      entry_cmd: /book
      description: "t:about"
      steps:
        - { ask: "t:ask", var: n, type: int, max: 100 }
        - { ask: "t:ask-when", var: at, type: datetime }
        - { ask: "t:ask-price", var: price, type: decimal, validate: { msg: "t:bad" } }
        - ask: "{{t:ask-kind}}"
          var: kind
          type: choice
          options: [{ text: "t:kind-a", value: a }, { text: "t:kind-b", value: b }]
      on_complete:
        - action.reply_template.v1: { text: "t:done {n=n, at=at, price=price, kind=kind}" }
"#;

/// `en.ftl`, and `ru.ftl` behind `@@@` (without it both have the same text), beside their use. What is accepted
/// loads and prints at run time.
pub fn fluent(data: &[u8]) {
    let text = held::text(data);
    let parts = parts(&text);
    let en = parts[0].1;
    let ru = parts.get(1).map_or(en, |(_, text)| text);
    let files = [
        ("bot.yaml", FLUENT.as_bytes()),
        ("locales/en.ftl", en.as_bytes()),
        ("locales/ru.ftl", ru.as_bytes()),
    ];
    if !run(data, &bot(&files)) {
        return;
    }
    let args = || {
        Args::new()
            .with("n", 3_i64)
            .with("name", "<b>Ann & Co</b>")
            .with(
                "at",
                botfactory_lang::value::Instant::from_unix(1_700_000_000),
            )
            .with("price", botfactory_lang::words::Arg::Decimal(1250, 2))
            .with("kind", "a")
    };
    for (tag, source) in [("en", en), ("ru", ru)] {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let catalogue = Catalogue::new(tag, jiff::tz::TimeZone::UTC, &[source])
            .unwrap_or_else(|e| panic!("the runtime cannot read {tag}.ftl: {e:?}"));
        for key in [
            "plain", "title", "button", "ask", "ask-when", "bad", "kind-a", "done",
        ] {
            assert!(catalogue.has(key, None), "{tag} has no {key}");
            let mut out = String::new();
            catalogue.print(key, None, &args(), ParseMode::Html, Place::Text, &mut out);
            visible_length(ParseMode::Html, &out);
        }
    }
}

const TABLES: &str = "CREATE TABLE t (
  id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL,
  a TEXT NOT NULL UNIQUE, b INTEGER CHECK (b > 0), c NUMERIC(10,2), d TIMESTAMPTZ NOT NULL, e BOOLEAN
);
CREATE TABLE u (id BIGSERIAL PRIMARY KEY, t_id BIGINT REFERENCES t (id), name VARCHAR(40));
";

/// A query, a write and migrations, in this order, parted by `@@@`.
pub fn sql(data: &[u8]) {
    let text = held::text(data);
    let parts = parts(&text);
    let part = |n: usize| {
        parts
            .get(n)
            .map(|(_, text)| *text)
            .filter(|t| !t.trim().is_empty())
    };
    let mut yaml = String::from(
        "botfactory: v1\nflows:\n  - flow.wizard.v1:\n      entry_cmd: /start\n      steps:\n        - { ask: A, var: a }\n        - { ask: N, var: n, type: int }\n        - { ask: D, var: d, type: datetime, optional: true }\n      on_complete:\n",
    );
    for (n, block) in [(0, "action.sql_query.v1"), (1, "action.sql_exec.v1")] {
        let Some(sql) = part(n) else { continue };
        let _ = write!(
            yaml,
            "        - {block}:\n            result_var: r{n}\n            unscoped: fuzz\n            on_conflict: {{ reply: taken }}\n            sql: {}\n",
            quoted(sql)
        );
        if n == 0 {
            yaml.push_str("        - action.reply_template.v1: { text: \"{{#each r0}}.{{/each}}\", empty_text: none }\n");
        }
    }
    yaml.push_str("        - action.reply_template.v1: { text: done }\n");
    let mut files: Vec<(&str, &[u8])> = vec![
        ("bot.yaml", yaml.as_bytes()),
        ("migrations/0001_tables.sql", TABLES.as_bytes()),
    ];
    if let Some(more) = part(2) {
        files.push(("migrations/0002_more.sql", more.as_bytes()));
    }
    if let Some(more) = part(3) {
        files.push(("migrations/0003_again.sql", more.as_bytes()));
    }
    run(data, &bot(&files));
}

/// In double quotes, as YAML reads them.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}

/// A bot with a place for every small language: durations, commands, callbacks, regexes, bounds, dates, tags, …
const SLOTS: &[(&str, &str)] = &[
    ("/go", "entry_cmd of a flow"),
    ("24h", "ttl"),
    ("/go", "callback"),
    ("^a+$", "regex"),
    ("1", "min of an int"),
    ("9", "max of an int"),
    ("2024-01-01", "min of a date"),
    ("UTC", "tz"),
    ("en", "locale"),
    ("https://example.org", "url"),
    ("n > 1", "when"),
    ("n", "goto"),
    ("'d MMMM y'", "filter's argument"),
    ("int", "type of an argument"),
    ("Bot", "name"),
    ("x", "value of an option"),
    ("a", "variable"),
    ("toast", "toast"),
    ("decimal(2)", "type of a step"),
    ("0.01", "min of a decimal"),
    ("HTML", "parse_mode"),
    ("9", "max of a text"),
    ("/lone", "command of an intent"),
    ("user", "scope"),
    ("now - 7d", "parameter of a query"),
];

/// The first byte chooses the slot, the rest stands in it; another slot may follow behind `@@@`.
pub fn slots(data: &[u8]) {
    let mut values: Vec<String> = SLOTS.iter().map(|(value, _)| quoted(value)).collect();
    for part in data.split(|b| *b == 0x1f).take(3) {
        let Some((first, rest)) = part.split_first() else {
            continue;
        };
        let slot = usize::from(*first) % SLOTS.len();
        values[slot] = quoted(&held::text(rest));
    }
    let v = |n: usize| values[n].as_str();
    let yaml = format!(
        r#"botfactory: v1
name: {}
tz: {}
locale: {}
scope: {}
intents:
  - {{ cmd: {}, reply: Hi }}
flows:
  - flow.menu.v1:
      entry_cmd: /start
      title: Menu
      parse_mode: {}
      options:
        - {{ text: Go, callback: {} }}
        - {{ text: Web, url: {} }}
        - {{ text: Toast, toast: {} }}
  - flow.generic.v1:
      entry_cmd: /arg
      args: {{ id: {} }}
      on_enter:
        - action.reply_template.v1: {{ text: "{{{{today | date: {}}}}}" }}
        - action.sql_query.v1:
            sql: SELECT a FROM t WHERE d > :since AND bot_id = :bot_id
            unscoped: fuzz
            params: {{ since: {} }}
            result_var: rows
        - action.reply_template.v1: {{ text: "{{{{#each rows}}}}{{{{a}}}}{{{{/each}}}}", empty_text: none }}
  - flow.wizard.v1:
      entry_cmd: {}
      ttl: {}
      steps:
        - {{ ask: N, var: n, type: int, min: {}, max: {} }}
        - {{ ask: T, var: {}, max: {}, validate: {{ regex: {}, msg: no }} }}
        - {{ ask: D, var: day, type: date, min: {}, optional: true }}
        - ask: C
          var: c
          type: choice
          options: [{{ text: X, value: {} }}, {{ text: Z, value: zz }}]
          case:
            - {{ when: {}, goto: {} }}
            - {{ goto: end }}
        - {{ ask: P, var: p, type: {}, min: {} }}
      on_complete:
        - action.reply_template.v1: {{ text: done }}
"#,
        v(14),
        v(7),
        v(8),
        v(23),
        v(22),
        v(20),
        v(2),
        v(9),
        v(17),
        v(13),
        values[12].trim_matches('"'),
        v(24),
        v(0),
        v(1),
        v(4),
        v(5),
        v(16),
        v(21),
        v(3),
        v(6),
        v(15),
        v(10),
        v(11),
        v(18),
        v(19),
    );
    let tables = TABLES.as_bytes();
    run(
        data,
        &bot(&[
            ("bot.yaml", yaml.as_bytes()),
            ("migrations/0001_tables.sql", tables),
        ]),
    );
}

/// A spec of the old system; the bot that it becomes goes through the compiler.
pub fn import(data: &[u8]) {
    let spec = held::text(data);
    let first = botgen::import::translate(&spec);
    assert_eq!(first.is_ok(), botgen::import::translate(&spec).is_ok());
    let Ok(imported) = first else { return };
    assert_eq!(Ok(&imported), botgen::import::translate(&spec).as_ref());
    let files: Vec<(&str, &[u8])> = imported
        .files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_bytes()))
        .collect();
    let compiled = held::compile(&bot(&files));
    // Whatever the old spec says, what we write is YAML, Fluent and files of a bot.
    let broken = compiled.diagnostics.iter().find(|d| {
        ["BF0006", "BF0010", "BF0013", "BF0014", "BF0015", "BF0101"].contains(&d.code.id)
    });
    if let Some(d) = broken {
        panic!(
            "import writes what the language does not have: {d:?}\n{:?}",
            imported.files
        );
    }
}
