//! Every fix that a fixture of `tests/ui/` or a page offers: applied, its finding is gone, no error came, a second
//! run finds nothing to do, and no byte has changed that no fix names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use botgen::diagnostics::Severity;
use botgen::fix::{Fixed, fix};
use botgen::{Compiled, Input, Options, compile};

#[path = "support/fences.rs"]
mod fences;

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")
}

fn collect(dir: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{prefix}{name}/"), files);
        } else if !name.ends_with(".txt") {
            files.insert(format!("{prefix}{name}"), fs::read(entry.path()).unwrap());
        }
    }
}

/// Fixtures and the wrong examples of pages.
fn inputs() -> Vec<(String, Input)> {
    let mut list = Vec::new();
    for entry in fs::read_dir(ui()).unwrap().map(Result::unwrap) {
        let mut files = BTreeMap::new();
        collect(&entry.path(), "", &mut files);
        list.push((
            entry.file_name().into_string().unwrap(),
            fences::input(&files),
        ));
    }
    for code in botgen::diagnostics::codes::all() {
        let files = fences::of(botgen::diagnostics::codes::page(code), "Wrong");
        list.push((format!("page {}", code.id), fences::input(&files)));
    }
    list.sort_by(|a, b| a.0.cmp(&b.0));
    list
}

fn run(input: &Input) -> Fixed {
    fix(input.clone(), &Options::default())
}

fn errors(compiled: &Compiled) -> BTreeMap<(&'static str, String), usize> {
    let mut counts = BTreeMap::new();
    let errors = compiled.diagnostics.iter();
    for d in errors.filter(|d| d.severity == Severity::Error) {
        *counts.entry((d.code.id, d.message.clone())).or_default() += 1;
    }
    counts
}

/// Findings of fixtures whose fix is taken back: another mistake of the same fixture hides that it is right, or what
/// it uncovers is a mistake of its own.
const TAKEN_BACK: &[&str] = &[
    "BF0024_split: BF0024 the comma ends the text of `sql`",
    "BF0104_no_echoes: BF0104 there is no block `flow.wizzard.v1`",
    "BF0104_unknown_block: BF0104 there is no block `flow.men.v1`",
    "BF0104_unknown_block: BF0104 there is no block `flow.menu`",
    "BF0104_unknown_block: BF0104 there is no block `action.sql_qery.v1`",
    "BF0114_use: BF0114 there is no block `flow.wizrd.v1`",
    "BF0116_old: BF0116 `type: action.sql_query.v1` is the old spelling of a block",
];

#[test]
fn fixes_mend() {
    let mut wrong = Vec::new();
    let mut applied = 0;
    for (name, input) in inputs() {
        let before = compile(&input, &Options::default());
        if before.diagnostics.iter().all(|d| d.fixes.is_empty()) {
            continue;
        }
        let fixed = run(&input);
        applied += fixed.applied.len();
        let old = errors(&before);
        for (error, n) in errors(&fixed.compiled) {
            if old.get(&error).is_none_or(|o| n > *o) {
                wrong.push(format!("{name}: {error:?} came"));
            }
        }
        for d in &fixed.compiled.diagnostics {
            let left = format!("{name}: {} {}", d.code.id, d.message);
            if !d.fixes.is_empty() && !TAKEN_BACK.contains(&left.as_str()) {
                wrong.push(format!("taken back: {left}; {:?}", d.fixes));
            }
        }
        let again = run(&fixed.input);
        if !again.applied.is_empty() || again.input != fixed.input {
            wrong.push(format!("{name}: a second run does {:?}", again.applied));
        }
        let named = |path: &str| {
            let sources = &before.sources;
            let edits = before.diagnostics.iter().flat_map(|d| &d.fixes);
            let mut edits = edits.flat_map(|f| &f.edits);
            edits.any(|e| sources.file(e.span.file).path == path)
        };
        for (path, bytes) in &input.files {
            if fixed.input.files.get(path) != Some(bytes) && !named(path) {
                wrong.push(format!("{name}: {path} changed"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(applied > 60, "{applied} fixes were tried");
}

/// Windows' line ends and a byte order mark stay what they are.
#[test]
fn line_ends_are_kept() {
    for (name, input) in inputs() {
        let mut windows = input.clone();
        for bytes in windows.files.values_mut() {
            let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
            let text = text.replace('\n', "\r\n");
            *bytes = format!("\u{feff}{text}").into_bytes();
        }
        let fixed = run(&windows);
        for (path, bytes) in &fixed.input.files {
            let text = String::from_utf8_lossy(bytes);
            assert!(text.starts_with('\u{feff}'), "{name}: {path}");
            let bare = text.replace("\r\n", "").contains('\n');
            assert!(!bare, "{name}: {path}: {text}");
        }
    }
}

/// A comment, odd indentation and blank lines around a fix are not touched.
#[test]
fn only_the_edited_bytes_change() {
    let wrong = "# a comment\nbotfactory: v1\n\nintents:\n    -   { cmd:  help,   reply: \"x\" }   # here\n    - { cmd: /start, replly: 'ok' }\n";
    let right = wrong
        .replace("cmd:  help", "cmd:  /help")
        .replace("replly", "reply");
    let input = Input::from_memory([("demo", vec![("bot.yaml", wrong.as_bytes())])]);
    let fixed = run(&input);
    assert_eq!(fixed.applied.len(), 2);
    assert_eq!(fixed.input.files["demo/bot.yaml"], right.as_bytes());
    assert!(!fixed.compiled.has_errors());
}

/// A fix that uncovers an error is taken back, the others stay.
#[test]
fn what_makes_it_worse_is_taken_back() {
    let bot = "botfactory: v1\nintents:\n  - { cmd: start, reply: \"x\" }\nflows:\n  - flow.generic.v1:\n      entry_cmd: /a\n      on_entr:\n        - action.reply_template.v1: { text: \"{{nothing}}\" }\n";
    let input = Input::from_memory([("demo", vec![("bot.yaml", bot.as_bytes())])]);
    let fixed = run(&input);
    assert_eq!(fixed.applied, ["demo/bot.yaml:3: write `/start`"]);
}
