//! Golden diagnostics: every folder of `tests/ui/` is a bot with mistakes and their rendering.
//!
//! - `ui/BFnnnn_name/`: a bot's folder (`bot.yaml`, `locales/` …; shown as `demo/…`), or `bots/<id>/…` for several;
//!   `engine.txt` says which engine it is for (SQLite without one);
//!   `expected.txt` is the rendering, rewritten by `UPDATE=1 cargo test -p botgen --test ui`.
//! - It must raise `BFnnnn`, and nothing else but the codes in `with.txt` (one a line), if there is such a file.
//! - Every registered code has a page and a fixture. On a page, the fenced blocks under `## Wrong` are the files of
//!   a bot that raises the code, those under `## Right` replace them and raise no error. The file's name follows
//!   the language: ```` ```sql migrations/0001_init.sql ````; plain ```` ```yaml ```` is `bot.yaml`. Fences of
//!   language `text` are not compiled.
//!
//! `CASE=BF0101 cargo test -p botgen --test ui` runs the cases whose name contains it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use botgen::diagnostics::{Severity, codes, render};
use botgen::{Compiled, Engine, Input, Options};

#[path = "support/fences.rs"]
mod fences;

type Files = BTreeMap<String, Vec<u8>>;

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")
}

fn wanted(name: &str) -> bool {
    std::env::var("CASE").map_or(true, |case| name.contains(&case))
}

fn cases() -> Vec<(String, PathBuf)> {
    let mut list: Vec<_> = fs::read_dir(ui())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir())
        .map(|p| (p.file_name().unwrap().to_str().unwrap().to_owned(), p))
        .collect();
    list.sort();
    list
}

fn collect(dir: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{prefix}{name}/"), files);
        } else {
            files.insert(format!("{prefix}{name}"), fs::read(entry.path()).unwrap());
        }
    }
}

/// How a bot is compiled.
type Run = fn(&Input) -> Compiled;

/// What a fixture's `engine.txt` asks for.
fn run(engine: Option<Vec<u8>>) -> Run {
    match engine.as_deref().map(<[u8]>::trim_ascii) {
        None => |input| botgen::compile(input, &options()),
        Some(b"postgres, offline") => |input| {
            let options = Options {
                engine: Engine::Postgres,
                ..options()
            };
            botgen::compile(input, &options)
        },
        #[cfg(feature = "cli")]
        Some(b"postgres") => |input| botgen::compile(input, &server()),
        #[cfg(feature = "cli")]
        Some(b"all") => |input| botgen::compile_all(input, &server()),
        Some(other) => panic!("engine.txt: {}", String::from_utf8_lossy(other)),
    }
}

/// It is always the same moment.
fn options() -> Options {
    Options {
        now: botfactory_lang::value::Instant::parse_sql("2026-06-01 12:00:00"),
        ..Options::default()
    }
}

#[cfg(feature = "cli")]
fn server() -> Options {
    Options {
        engine: Engine::Postgres,
        postgres: Some(std::sync::Arc::new(
            botgen::postgres::Server::from_env().unwrap(),
        )),
        ..options()
    }
}

/// Without the command line there is nobody who starts a server.
fn needs_a_server(engine: Option<&Vec<u8>>) -> bool {
    cfg!(not(feature = "cli")) && engine.is_some_and(|e| !e.ends_with(b"offline\n"))
}

fn compile_by(files: &Files, run: Run) -> (Compiled, usize) {
    let input = fences::input(files);
    (run(&input), input.bots.len())
}

fn codes_of(compiled: &Compiled) -> BTreeSet<&'static str> {
    compiled.diagnostics.iter().map(|d| d.code.id).collect()
}

#[test]
fn fixtures() {
    let mut wrong = Vec::new();
    for (name, path) in cases().into_iter().filter(|(name, _)| wanted(name)) {
        let mut files = Files::new();
        collect(&path, "", &mut files);
        let expected = files.remove("expected.txt").unwrap_or_default();
        let with = files.remove("with.txt").unwrap_or_default();
        let with = String::from_utf8(with).unwrap();
        let engine = files.remove("engine.txt");
        if needs_a_server(engine.as_ref()) {
            continue;
        }
        let (compiled, bots) = compile_by(&files, run(engine));

        let code = &name[..6];
        let raised = codes_of(&compiled);
        if !raised.contains(code) {
            wrong.push(format!("{name}: raises {raised:?}, not {code}"));
        }
        for other in raised.iter().filter(|c| **c != code) {
            if !with.lines().any(|line| line.trim() == *other) {
                wrong.push(format!("{name}: raises {other} too"));
            }
        }
        for d in &compiled.diagnostics {
            let text = [&d.message, &d.label];
            for line in text.into_iter().chain(&d.help) {
                let capital = line.starts_with(|c: char| c.is_ascii_uppercase())
                    && line.chars().nth(1).is_some_and(|c| c.is_ascii_lowercase());
                if capital || (line.ends_with('.') && !line.ends_with("..")) {
                    wrong.push(format!(
                        "{name}: not lower case without a full stop: {line}"
                    ));
                }
            }
        }

        let mut rendered = render::human(&compiled.sources, &compiled.diagnostics, false);
        if let Some(summary) = render::summary(&compiled.diagnostics, bots) {
            rendered.push_str(&summary);
            rendered.push('\n');
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::write(path.join("expected.txt"), &rendered).unwrap();
        } else if rendered.as_bytes() != expected {
            wrong.push(format!("{name}: rendering differs; it is now\n{rendered}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n\nUPDATE=1 rewrites expected.txt",
        wrong.join("\n")
    );
}

#[test]
fn codes_pages_and_fixtures_match() {
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    let fixtures: Vec<String> = cases().into_iter().map(|(name, _)| name).collect();
    for code in codes::all() {
        if !ids.insert(code.id) {
            wrong.push(format!("{}: declared twice", code.id));
        }
        if !fixtures.iter().any(|name| name.starts_with(code.id)) && !EXEMPT.contains(&code.id) {
            wrong.push(format!("{}: no fixture tests/ui/{}_…", code.id, code.id));
        }
    }
    for name in fixtures {
        if codes::find(name.get(..6).unwrap_or_default()).is_none() {
            wrong.push(format!("tests/ui/{name}: no such code"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Codes that no committed folder can raise, each with the test that raises it.
const EXEMPT: &[&str] = &[
    "BF0005", // a file of 10 MB: `too_large` below
    "BF0590", // a machine without memory: nothing can be tested
    "BF0902", // only a mistake of botgen itself
];

#[test]
fn too_large() {
    let mut files = Files::new();
    files.insert("bot.yaml".into(), b"botfactory: v1\n".to_vec());
    files.insert("locales/ru.ftl".into(), vec![b'#'; 10_000_001]);
    assert!(codes_of(&compile_by(&files, run(None)).0).contains("BF0005"));
}

#[test]
fn pages_tell_the_truth() {
    let mut wrong = Vec::new();
    for code in codes::all().filter(|c| wanted(c.id)) {
        if codes::page(code).lines().next() != Some(&format!("# {}: {}", code.id, code.title)) {
            wrong.push(format!(
                "{}: the page begins `# {}: {}`",
                code.id, code.id, code.title
            ));
        }
        for heading in ["## Wrong", "## Right"] {
            if !codes::page(code).contains(heading) {
                wrong.push(format!("{}: the page has no `{heading}`", code.id));
            }
        }
        let mut files = fences::of(codes::page(code), "Wrong");
        // A page is about the engine of its fixture.
        let fixture = cases().into_iter().find(|(n, _)| n.starts_with(code.id));
        let engine = fixture.and_then(|(_, path)| fs::read(path.join("engine.txt")).ok());
        if needs_a_server(engine.as_ref()) {
            continue;
        }
        let run = run(engine);
        if !files.is_empty() {
            let raised = codes_of(&compile_by(&files, run).0);
            if !raised.contains(code.id) {
                wrong.push(format!("{}: the wrong example raises {raised:?}", code.id));
            }
        }
        let right = fences::of(codes::page(code), "Right");
        if !right.is_empty() {
            files.extend(right);
            let (compiled, _) = compile_by(&files, run);
            let bad: Vec<_> = compiled
                .diagnostics
                .iter()
                .filter(|d| d.severity == Severity::Error || d.code.id == code.id)
                .map(|d| format!("{} {}", d.code.id, d.message))
                .collect();
            if !bad.is_empty() {
                wrong.push(format!("{}: the right example raises {bad:?}", code.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
