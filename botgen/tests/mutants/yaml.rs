//! Changes to bot.yaml and flows/*.yaml, on the compiler's own tree (keys, values, items) and on lines.

use std::collections::BTreeSet;
use std::ops::Range;

use botgen::diagnostics::Sink;
use botgen::source::{SourceMap, Span};
use botgen::yaml::{Entry, Kind, Node, Style};

use super::edit::{Base, Change, Mutant, misspelt, numbers, places, words};
use super::sql;

/// A scalar: under which key, where, how it is written.
struct Leaf {
    key: String,
    range: Range<usize>,
    value: String,
    style: Style,
    in_flow: bool,
}

/// Everything to change in one file.
#[derive(Default)]
struct Found {
    leaves: Vec<Leaf>,
    /// Key's name and range, and the range of the whole entry with whatever belongs to it.
    entries: Vec<(String, Range<usize>, Range<usize>)>,
    /// Key above, and the items' ranges.
    lists: Vec<(String, bool, Vec<Range<usize>>)>,
}

fn range(span: Span) -> Range<usize> {
    span.lo as usize..span.hi as usize
}

fn visit(node: &Node, key: &str, flow: bool, text: &str, found: &mut Found) {
    match &node.kind {
        Kind::Broken => {}
        Kind::Scalar(scalar) => found.leaves.push(Leaf {
            key: key.to_owned(),
            range: range(node.span),
            value: scalar.text.value.clone(),
            style: scalar.style,
            in_flow: flow,
        }),
        Kind::Map(map) => {
            for entry in &map.entries {
                let name = entry.key.text.value.clone();
                let place = key_range(entry, text);
                let whole = place.start..range(entry.value.span).end.max(place.end);
                found.entries.push((name.clone(), place, whole));
                // Names that authors make up tell less than what stands above them.
                let known = name.contains('.') || KEYS.contains(&name.as_str());
                let below = if known { name.as_str() } else { key };
                visit(&entry.value, below, map.flow || flow, text, found);
            }
        }
        Kind::List(list) => {
            let items = list.items.iter().map(|item| range(item.span)).collect();
            found.lists.push((key.to_owned(), list.flow, items));
            for item in &list.items {
                visit(item, key, list.flow || flow, text, found);
            }
        }
    }
}

fn key_range(entry: &Entry, text: &str) -> Range<usize> {
    let value = &entry.key.text.value;
    let place = range(entry.key.text.span_of(0..value.len()));
    debug_assert!(text.get(place.clone()).is_some());
    place
}

/// Keys of the language.
const KEYS: &[&str] = &[
    "args",
    "ask",
    "callback",
    "case",
    "cmd",
    "description",
    "edit",
    "empty_text",
    "entry_cmd",
    "fallback",
    "flatten",
    "flows",
    "goto",
    "id",
    "intents",
    "keyboard",
    "locale",
    "max",
    "min",
    "msg",
    "name",
    "on_complete",
    "on_conflict",
    "on_enter",
    "on_step",
    "optional",
    "options",
    "params",
    "parse_mode",
    "regex",
    "reply",
    "result_var",
    "scalar",
    "scope",
    "single",
    "sql",
    "sqlite",
    "postgres",
    "steps",
    "strategy",
    "text",
    "title",
    "toast",
    "ttl",
    "type",
    "tz",
    "unscoped",
    "url",
    "validate",
    "value",
    "var",
    "when",
    "locales",
    "default_locale",
    "botfactory",
];

/// Every mutant of one YAML file.
pub fn mutants(base: &Base, file: &str) -> Vec<Mutant> {
    let text = &base.files[file];
    let mut sources = SourceMap::default();
    let id = sources.add(file.to_owned(), text.clone());
    let root = botgen::yaml::parse(id, &sources, &mut Sink::default()).expect("a base parses");
    let mut found = Found::default();
    visit(&root, "", false, text, &mut found);
    let mut out = Vec::new();
    entries(&found, text, file, &mut out);
    lists(&found, text, file, &mut out);
    lines(text, file, &mut out);
    let names: BTreeSet<&str> = found
        .leaves
        .iter()
        .filter(|leaf| matches!(leaf.key.as_str(), "var" | "result_var" | "id" | "params"))
        .map(|leaf| leaf.value.as_str())
        .collect();
    for (at, leaf) in found.leaves.iter().enumerate() {
        scalar(&found, at, text, file, &names, &mut out);
        if matches!(leaf.key.as_str(), "sql" | "sqlite") {
            sql::statement(leaf.range.clone(), text, file, &mut out);
        }
    }
    out
}

/// The line of an entry that stands in block style, with its line break.
fn removal(text: &str, whole: &Range<usize>) -> Range<usize> {
    let line = text[..whole.start].rfind('\n').map_or(0, |at| at + 1);
    let before = &text[line..whole.start];
    if before.trim().is_empty() {
        let end = text[whole.end..]
            .find('\n')
            .map_or(text.len(), |at| whole.end + at + 1);
        return line..end.max(whole.end);
    }
    // Inside of brackets: with its comma.
    let after = &text[whole.end..];
    let spaces = after.len() - after.trim_start().len();
    if after.trim_start().starts_with(',') {
        let comma = whole.end + spaces + 1;
        let blank = text[comma..].len() - text[comma..].trim_start_matches(' ').len();
        return whole.start..comma + blank;
    }
    let head = text[..whole.start].trim_end();
    if head.ends_with(',') {
        return head.len() - 1..whole.end;
    }
    whole.clone()
}

fn entries(found: &Found, text: &str, file: &str, out: &mut Vec<Mutant>) {
    let keys: BTreeSet<&str> = found
        .entries
        .iter()
        .map(|(name, ..)| name.as_str())
        .collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    for (at, (name, key, whole)) in found.entries.iter().enumerate() {
        out.push(Mutant::edit(
            "drop a key",
            name.as_str(),
            file,
            removal(text, whole),
            "",
        ));
        out.push(Mutant::edit(
            "misspell a key",
            name.as_str(),
            file,
            key.clone(),
            misspelt(name, at),
        ));
        let other = keys[(at * 7 + 3) % keys.len()];
        if other != name {
            out.push(Mutant::edit(
                "another key",
                name.as_str(),
                file,
                key.clone(),
                other,
            ));
        }
        let removed = removal(text, whole);
        out.push(Mutant::edit(
            "double a key",
            name.as_str(),
            file,
            removed.start..removed.start,
            format!(
                "{}{}",
                &text[removed.clone()],
                if text[removed].ends_with([',', ' ', '\n']) {
                    ""
                } else {
                    ", "
                }
            ),
        ));
        if let Some((family, version)) = name.rsplit_once(".v") {
            let others = [
                "action.reply_template",
                "action.sql_query",
                "action.sql_exec",
                "action.set_locale",
                "flow.menu",
                "flow.wizard",
                "flow.generic",
            ];
            for other in others {
                if other != family && other.split('.').next() == family.split('.').next() {
                    out.push(Mutant::edit(
                        "another block",
                        name.as_str(),
                        file,
                        key.clone(),
                        format!("{other}.v{version}"),
                    ));
                }
            }
            out.push(Mutant::edit(
                "another version",
                name.as_str(),
                file,
                key.clone(),
                format!("{family}.v2"),
            ));
        }
    }
}

fn lists(found: &Found, text: &str, file: &str, out: &mut Vec<Mutant>) {
    for (key, flow, items) in &found.lists {
        let dash = |item: &Range<usize>| {
            // In block style an item begins at its dash.
            if *flow {
                item.start
            } else {
                text[..item.start].rfind('-').unwrap_or(item.start)
            }
        };
        for item in items {
            let whole = dash(item)..item.end;
            let removed = removal(text, &whole);
            out.push(Mutant::edit(
                "drop an item",
                key.as_str(),
                file,
                removed.clone(),
                "",
            ));
            let twice = if *flow {
                format!("{}, ", &text[whole.clone()])
            } else {
                text[removed.clone()].to_owned()
            };
            let at = if *flow { whole.start } else { removed.start };
            out.push(Mutant::edit(
                "double an item",
                key.as_str(),
                file,
                at..at,
                twice,
            ));
        }
        for pair in items.windows(2) {
            let (a, b) = (pair[0].clone(), pair[1].clone());
            let edits = vec![
                (a.clone(), text[b.clone()].to_owned()),
                (b, text[a].to_owned()),
            ];
            out.push(Mutant {
                operator: "swap two items",
                place: key.clone(),
                change: Change::Edits(file.to_owned(), edits),
            });
        }
    }
}

fn lines(text: &str, file: &str, out: &mut Vec<Mutant>) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            out.push(Mutant::edit("indent by one", "a line", file, at..at, " "));
            if line.starts_with(' ') {
                out.push(Mutant::edit(
                    "outdent by one",
                    "a line",
                    file,
                    at..at + 1,
                    "",
                ));
            }
            if line.contains("  ") {
                out.push(Mutant::edit("a tab", "a line", file, at..at, "\t"));
            }
        }
        at += line.len();
    }
}

/// Written so that YAML takes it as it is.
fn quoted(value: &str) -> String {
    serde_json::to_string(value).expect("a text is JSON")
}

const TEXTS: &[&str] = &[
    "text",
    "ask",
    "title",
    "reply",
    "description",
    "toast",
    "msg",
    "fallback",
    "empty_text",
    "name",
];
const EXPRESSIONS: &[&str] = &[
    "when", "text", "params", "callback", "min", "max", "ask", "title", "reply", "url",
];

#[allow(clippy::too_many_lines)] // one operator after the other
fn scalar(
    found: &Found,
    at: usize,
    text: &str,
    file: &str,
    names: &BTreeSet<&str>,
    out: &mut Vec<Mutant>,
) {
    let leaf = &found.leaves[at];
    let (key, range) = (leaf.key.as_str(), leaf.range.clone());
    let written = &text[range.clone()];
    let mut edit = |operator, range: Range<usize>, with: String| {
        if text[range.clone()] != with {
            out.push(Mutant::edit(operator, key, file, range, with));
        }
    };
    let inside = |part: &Range<usize>| range.start + part.start..range.start + part.end;

    // Words.
    let sql = matches!(key, "sql" | "sqlite" | "postgres");
    for (n, word) in words(written).iter().enumerate() {
        let name = &written[word.clone()];
        edit("misspell a word", inside(word), misspelt(name, at + n));
        if names.contains(name) || name.contains('.') {
            let all: Vec<&&str> = names.iter().collect();
            edit(
                "another variable",
                inside(word),
                (*all[(at + n) % all.len()]).to_owned(),
            );
        }
    }
    for other in BUILT_INS {
        for place in places(written, other.0) {
            edit("another built-in", inside(&place), other.1.to_owned());
        }
    }
    if !sql {
        for number in numbers(written) {
            for with in ["0", "-1", "7", "1000000", "99999999999999999999"] {
                edit("another number", inside(&number), with.to_owned());
            }
        }
    }

    // The whole value.
    edit("an empty value", range.clone(), "\"\"".to_owned());
    edit("nothing at all", range.clone(), String::new());
    edit("null", range.clone(), "null".to_owned());
    edit("a list instead", range.clone(), "[a, b]".to_owned());
    edit("a number instead", range.clone(), "42".to_owned());
    match leaf.style {
        Style::Plain => {
            edit("quotes added", range.clone(), quoted(&leaf.value));
            for (from, to) in [
                ("true", "false"),
                ("false", "true"),
                ("true", "Yes"),
                ("true", "yes please"),
            ] {
                if written == from {
                    edit("another truth", range.clone(), to.to_owned());
                }
            }
        }
        Style::Single | Style::Double => {
            edit(
                "quotes lost",
                range.start..range.end,
                written[1..written.len() - 1].to_owned(),
            );
            edit("a quote lost", range.end - 1..range.end, String::new());
            let other = if leaf.style == Style::Single {
                '"'
            } else {
                '\''
            };
            edit(
                "other quotes",
                range.clone(),
                format!("{other}{}{other}", &written[1..written.len() - 1]),
            );
        }
        Style::Literal => edit("folded", range.start..range.start + 1, ">".to_owned()),
        Style::Folded => {}
    }
    let same: Vec<&Leaf> = found
        .leaves
        .iter()
        .filter(|other| other.key == key && other.range != range)
        .collect();
    if let Some(other) = same.get(at % same.len().max(1)) {
        if matches!(leaf.style, Style::Literal) || matches!(other.style, Style::Literal) {
            edit("a sibling's value", range.clone(), quoted(&other.value));
        } else if leaf.in_flow == other.in_flow || leaf.style != Style::Plain {
            edit(
                "a sibling's value",
                range.clone(),
                text[other.range.clone()].to_owned(),
            );
        }
    }
    match key {
        "type" => {
            for word in [
                "text",
                "int",
                "decimal",
                "decimal(2)",
                "bool",
                "date",
                "time",
                "datetime",
                "choice",
                "phone",
                "email",
                "contact",
                "location",
                "photo",
                "file",
                "string",
                "integer",
            ] {
                edit("another type", range.clone(), word.to_owned());
            }
        }
        "parse_mode" => {
            for word in ["HTML", "MarkdownV2", "none", "Markdown"] {
                edit("another parse mode", range.clone(), word.to_owned());
            }
        }
        "scope" => {
            for word in ["chat", "user", "thread", "user_in_chat"] {
                edit("another scope", range.clone(), word.to_owned());
            }
        }
        "strategy" => {
            for word in ["chat", "user", "fixed"] {
                edit("another strategy", range.clone(), word.to_owned());
            }
        }
        "locale" | "default_locale" | "locales" => {
            for word in ["en", "ru", "de", "EN", "en_US"] {
                edit("another locale", range.clone(), word.to_owned());
            }
        }
        "tz" => {
            for word in ["UTC", "Asia/Tokyo", "Europe/Moskow", "MSK"] {
                edit("another zone", range.clone(), word.to_owned());
            }
        }
        "ttl" => {
            for word in ["0s", "1s", "900d", "2", "-1h"] {
                edit("another time to live", range.clone(), word.to_owned());
            }
        }
        "goto" => {
            for other in names.iter().chain([&"end", &"start", &"nowhere"]) {
                edit("another goto", range.clone(), (*other).to_owned());
            }
        }
        "callback" | "entry_cmd" | "cmd" => {
            for other in [
                "/start",
                "/help",
                "/cancel",
                "/nowhere",
                "start",
                "/a b",
                "/Upper",
                "/with {x=1}",
            ] {
                edit("another command", range.clone(), quoted(other));
            }
        }
        "url" => {
            for other in [
                "http://localhost/x",
                "javascript:alert(1)",
                "example.org",
                "tg://user?id=1",
                "https://",
                "https://example.org/ ü",
            ] {
                edit("another address", range.clone(), quoted(other));
            }
        }
        "regex" => {
            for other in ["[0-9", "(a+)+$", ".*", "^$", "(?=x)", "\\d+"] {
                edit("another regex", range.clone(), format!("'{other}'"));
            }
        }
        _ => {}
    }
    if EXPRESSIONS.contains(&key) {
        for (from, to) in FLIPS {
            for place in places(written, from) {
                edit("flip a condition", inside(&place), (*to).to_owned());
            }
        }
        for filter in FILTERS {
            for place in places(written, &format!("| {filter}")) {
                let other = FILTERS[(at + place.start) % FILTERS.len()];
                edit("another filter", inside(&place), format!("| {other}"));
                edit("drop a filter", inside(&place), String::new());
            }
        }
    }
    if TEXTS.contains(&key) && !leaf.value.starts_with("t:") {
        edit(
            "a longer text",
            range.clone(),
            quoted(&leaf.value.repeat(100)),
        );
        edit(
            "a far longer text",
            range.clone(),
            quoted(&format!("{}{}", leaf.value, "x".repeat(5000))),
        );
        for (n, piece) in PIECES.iter().enumerate() {
            let value = &leaf.value;
            let mut places: Vec<usize> = value.char_indices().map(|(at, _)| at).collect();
            places.push(value.len());
            let place = places[(at * 31 + n * 17) % places.len()];
            edit(
                "insert a piece",
                range.clone(),
                quoted(&format!("{}{piece}{}", &value[..place], &value[place..])),
            );
        }
        for piece in ODD {
            edit("an odd text", range.clone(), quoted(piece));
        }
    }
}

/// A name, and one that could be meant.
const BUILT_INS: &[(&str, &str)] = &[
    (":user_id", ":chat_id"),
    (":bot_id", ":user_id"),
    (":user_id", ":bot_id"),
    ("user.first_name", "user.username"),
    ("user.first_name", "user.last_name"),
    ("user.username", "user.first_name"),
    ("now", "today"),
    ("today", "now"),
    ("user_id", "user.id"),
    (":id", ":user_id"),
    ("locale", "args"),
];

const FLIPS: &[(&str, &str)] = &[
    ("==", "!="),
    ("!=", "=="),
    (" > ", " < "),
    (" < ", " >= "),
    (" and ", " or "),
    (" or ", " and "),
    ("is null", "is not null"),
    ("is not null", "is null"),
    ("not ", ""),
    (" is null", ""),
    (" is not null", ""),
    ("is empty", "is not empty"),
    (">=", "<"),
    (" + ", " / "),
    (" - ", " * "),
    (" + ", " | "),
    ("{{#if ", "{{#each "),
    ("{{#each ", "{{#if "),
    ("{{else}}", ""),
    ("{{/if}}", ""),
    ("{{/each}}", ""),
    ("| default", "| upper | default"),
];

const FILTERS: &[&str] = &[
    "date", "time", "datetime", "number", "money", "truncate", "upper", "lower", "default", "join",
    "label", "count",
];

const PIECES: &[&str] = &[
    "<b>",
    "</i>",
    "&",
    "&lt;",
    "{{",
    "}}",
    "{",
    "}",
    "<",
    ">",
    "_",
    "*",
    "`",
    "\\",
    "{{user.first_name}}",
    "{{user.username}}",
    "{{nothing}}",
    "{{t:nothing}}",
    "<a href=\"x\">y</a>",
    "<b>x</b>",
    "<pre><b>x</b></pre>",
    "<blockquote>x</blockquote>",
    "{{#if 1}}",
    "{{/each}}",
    "{{ ",
    "{{now | upper}}",
    "{{now}}",
    "{{args}}",
    "{{args | truncate: 3}}",
    "\\n",
    "<tg-spoiler>x",
    "&nbsp;",
    "&#0;",
    "&#128512;",
];

const ODD: &[&str] = &[
    " ",
    "\n",
    "\u{200b}",
    "\u{2800}",
    "\u{3164}",
    "👩‍👩‍👧‍👦",
    "\u{202e}abc",
    "a\u{301}",
    "a\n\n\nb",
    "\t",
    "\u{0}",
    "\u{7}",
    "<b></b>",
    "<b> </b>",
    "<!-- x -->",
    "{{! only a comment }}",
    "{{args}}",
    "{{user.first_name}}",
    "{{#if locale == 'ru'}}x{{/if}}",
    "{{user.last_name | default: ''}}",
    "true",
    "1",
    "/start",
    "t:",
    "T:hello",
];
