//! What fuzzing begins with: the repository's own bots, fixtures, texts and statements, cut up for each target.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use botgen::diagnostics::Sink;
use botgen::source::SourceMap;
use botgen::yaml::{Kind, Node};

use super::front::PART;

/// Inputs by target.
pub type Seeds = BTreeMap<&'static str, BTreeSet<Vec<u8>>>;

/// Files by path below a folder.
type Files = BTreeMap<String, Vec<u8>>;

/// Everything that the repository holds; `botgen` is the compiler's own folder.
pub fn all(botgen: &Path) -> Seeds {
    let mut seeds = Seeds::new();
    for folder in ["../bots", "tests/good", "tests/ui", "tests/compiled/bots"] {
        for bot in folders(&botgen.join(folder)) {
            let mut files = Files::new();
            collect(&bot, "", &mut files);
            if files.contains_key("bot.yaml") {
                whole(&files, &mut seeds);
            }
        }
    }
    for bot in folders(&botgen.join("tests/import")) {
        if bot.extension().is_some_and(|e| e == "json") {
            add(&mut seeds, "import", fs::read(bot).unwrap_or_default());
        }
    }
    by_hand(&mut seeds);
    seeds
}

fn folders(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut list: Vec<_> = fs::read_dir(dir)
        .map(|entries| entries.flatten().map(|e| e.path()).collect())
        .unwrap_or_default();
    list.sort();
    list
}

fn collect(dir: &Path, prefix: &str, files: &mut Files) {
    for path in folders(dir) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files);
        } else if !name.ends_with(".txt") {
            files.insert(
                format!("{prefix}{name}"),
                fs::read(&path).unwrap_or_default(),
            );
        }
    }
}

fn add(seeds: &mut Seeds, target: &'static str, bytes: impl Into<Vec<u8>>) {
    seeds.entry(target).or_default().insert(bytes.into());
}

/// One bot, whole and in its parts.
fn whole(files: &Files, seeds: &mut Seeds) {
    let mut joined = files.get("bot.yaml").cloned().unwrap_or_default();
    for (path, bytes) in files.iter().filter(|(path, _)| *path != "bot.yaml") {
        joined.extend_from_slice(format!("\n{PART} {path}\n").as_bytes());
        joined.extend_from_slice(bytes);
    }
    add(seeds, "front", joined);
    for (path, bytes) in files {
        if path.ends_with(".ftl") {
            add(seeds, "fluent", bytes.clone());
        } else if path.ends_with(".sql") {
            let mut sql = format!("{PART}\n{PART}\n").into_bytes();
            sql.extend_from_slice(bytes);
            add(seeds, "sql", sql);
        } else if path.ends_with(".yaml") {
            add(seeds, "yaml", bytes.clone());
            let mut sources = SourceMap::default();
            let file = sources.add(path.clone(), String::from_utf8_lossy(bytes).into_owned());
            if let Some(root) = botgen::yaml::parse(file, &sources, &mut Sink::default()) {
                scalars(&root, "", seeds);
            }
        }
    }
}

/// Every value of a tree, for the target that its key belongs to.
fn scalars(node: &Node, key: &str, seeds: &mut Seeds) {
    match &node.kind {
        Kind::Scalar(scalar) => {
            let value = scalar.text.value.as_str();
            let slot = |slot: u8| [&[slot][..], value.as_bytes()].concat();
            match key {
                "sql" if value.trim_start().to_lowercase().starts_with("select") => {
                    add(seeds, "sql", value)
                }
                "sql" => add(seeds, "sql", format!("{PART}\n{value}")),
                "when" => add(seeds, "expression", value),
                "text" | "title" | "ask" | "reply" | "msg" | "toast" | "description" => {
                    add(seeds, "template", value);
                    add(
                        seeds,
                        "expression",
                        value.trim_start_matches("{{").trim_end_matches("}}"),
                    );
                    add(
                        seeds,
                        "markup",
                        [&[value.len() as u8][..], value.as_bytes()].concat(),
                    );
                }
                "ttl" => add(seeds, "slots", slot(1)),
                "callback" => {
                    add(seeds, "template", value);
                    add(seeds, "slots", slot(2));
                }
                "regex" => add(seeds, "slots", slot(3)),
                "min" | "max" => add(seeds, "slots", slot(4)),
                "tz" => add(seeds, "slots", slot(7)),
                "url" => add(seeds, "slots", slot(9)),
                "goto" => add(seeds, "slots", slot(11)),
                "type" => add(seeds, "slots", slot(18)),
                _ => {}
            }
        }
        Kind::List(list) => list.items.iter().for_each(|n| scalars(n, key, seeds)),
        Kind::Map(map) => {
            for entry in &map.entries {
                scalars(&entry.value, &entry.key.text.value, seeds);
            }
        }
        Kind::Broken => {}
    }
}

/// What no bot of the repository shows.
fn by_hand(seeds: &mut Seeds) {
    add(
        seeds,
        "fluent",
        "plain = Hi\ntitle = Hello, { $name }!\nbutton = Book\n    .short = B\nabout = Books\nask = How many?\nask-when = When?\nask-price = How much?\nask-kind = Which?\nbad = No\nkind-a = A\nkind-b = B\n-brand = Shop\n    .case = x\ndone = { $n ->\n    [one] One\n   *[other] { NUMBER($n) }\n } at { DATETIME($at) } for { $price } of { $kind } in { -brand }\n",
    );
    for sql in [
        "SELECT id, a, b FROM t WHERE bot_id = :bot_id AND user_id = :user_id AND a = :a ORDER BY d LIMIT 5\n@@@\nINSERT INTO t (bot_id, user_id, a, b, d) VALUES (:bot_id, :user_id, :a, :n, now()) RETURNING id\n@@@\nALTER TABLE t ADD COLUMN f TEXT;\nCREATE INDEX i ON t (a);\n",
        "WITH x AS (SELECT t_id, count(*) AS n FROM u GROUP BY t_id HAVING count(*) > 1) SELECT t.a, x.n, CASE WHEN b > 1 THEN 'a' ELSE 'b' END AS k FROM t JOIN x ON x.t_id = t.id UNION ALL SELECT name, 1, 'c' FROM u",
        "@@@\nUPDATE t SET b = coalesce(b, 0) + 1, d = :d WHERE id IN (SELECT t_id FROM u WHERE name LIKE :a) RETURNING a",
        "@@@\nDELETE FROM t WHERE id = 1\n@@@\nDROP TABLE u;\nALTER TABLE t RENAME COLUMN a TO z;\nINSERT INTO t (bot_id, user_id, z, d) VALUES ('x', 1, 'y', '2024-01-01');",
        "@@@\nINSERT INTO t (a) VALUES (:a) ON CONFLICT (a) DO UPDATE SET b = excluded.b",
    ] {
        add(seeds, "sql", sql);
    }
    for (slot, values) in [
        (1_u8, &["30s", "15m", "7d", "1h30m", "-1h"][..]),
        (2, &["/arg {id=n}", "/go@bot", "/arg 5", "end"]),
        (
            3,
            &[
                "^(a{10}){10}$",
                "[^\\d\\s]+",
                "(?i)é|ß",
                "\\p{Cyrillic}*?",
                "(?P<n>x)",
            ],
        ),
        (6, &["2024-02-30", "today", "today+60d"]),
        (9, &["tg://user?id=1", "http://[::1]/", "mailto:a@b"]),
        (
            10,
            &[
                "n == 1 and a is not null",
                "c in ['x', 'zz']",
                "day >= today - 7d",
                "not (n > 1 or n < 0)",
            ],
        ),
        (12, &["'short'", "'EEE, d MMM'", "'HH'", "1"]),
        (13, &["decimal(2)", "text", "{ type: int, optional: true }"]),
        (18, &["decimal", "contact", "photo", "time"]),
        (24, &["now", "today", "null", "1 + 1", "'x' | upper"]),
    ] {
        for value in values {
            add(seeds, "slots", [&[slot][..], value.as_bytes()].concat());
        }
    }
    for expr in [
        "a.b == 'x' and not (n + 1 > 2 * 3) or z is not empty",
        "x | default: '—' | truncate: 20",
        "now - 7d <= at",
        "[1, 2, 3]",
        "-1.5 / (2 - x)",
        "\"a\\\"b\"",
    ] {
        add(seeds, "expression", expr);
    }
    for text in [
        "{{#each xs as x}}{{@index}}. {{x.a}}{{else}}none{{/each}}",
        "{{#if a}}x{{else if b is null}}y{{else}}z{{/if}}",
        "{{! comment }}{{\"{{\"}} {{t:key.attr {a='x', n=1 + 2}}}",
        "t:key {name=user.first_name, n=3}",
        "/cmd {id=a.b, c='x y'}",
        "{{#each a}}{{#each b}}{{this}}{{/each}}{{/each}}",
    ] {
        add(seeds, "template", text);
    }
    for text in [
        "<b>a <i>b</i></b> <a href=\"https://x.y/?a=1&amp;b=2\">l</a> &lt;&#39;&#x41;",
        "<pre><code class=\"language-rust\">x &lt; y</code></pre>\n<blockquote expandable>q</blockquote>",
        "<tg-spoiler>x</tg-spoiler><tg-emoji emoji-id=\"5368324170671202286\">👍</tg-emoji>",
        "*bold _italic ~strike~_* [l](http://x/a\\)b) `code` ||spoiler||\n>quote\n>more||",
        "```rust\nfn main() {}\n```\n![👍](tg://emoji?id=5368324170671202286) \\. __u__",
        "1\u{301}👨‍👩‍👧\u{200d}\u{202e}",
    ] {
        for mode in [0_u8, 1, 2, 60, 61, 190] {
            add(seeds, "markup", [&[mode][..], text.as_bytes()].concat());
        }
    }
    for value in [
        "12",
        "-1 000,50",
        "1e9",
        "05.03.2024 14:30",
        "2024-02-29",
        "24:00",
        "+7 (900) 123-45-67",
        "a@b.example",
        "/start@bot a \"b c\" ~",
        "t3q2-7w",
        "l:pt-BR",
        "wAAAAAAEAAAACAAAAAQECAwQFBgcI",
        "yes",
        "d MMMM y, HH:mm:ss 'o''clock' EEEE",
        "/cmd \"a\\\"b\\\\\" c",
        "９９",
        "\u{200f}1",
        "tomorrow",
        "1:5 pm",
    ] {
        add(seeds, "values", value);
    }
}
