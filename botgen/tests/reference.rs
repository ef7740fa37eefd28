//! The reference of diagnostics in `docs/` is what the compiler says: every page's wrong example is compiled and drawn,
//! its right example raises nothing. `UPDATE=1 cargo test -p botgen --test reference` rewrites the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use botgen::diagnostics::{classes, codes, render};
use botgen::{Compiled, Options};

#[path = "support/fences.rs"]
mod fences;

type Files = BTreeMap<String, Vec<u8>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn fixtures() -> Vec<String> {
    let folder = root().join("botgen/tests/ui");
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn compiled(files: &Files) -> Compiled {
    botgen::compile(&fences::input(files), &Options::default())
}

fn raised(compiled: &Compiled) -> BTreeSet<&'static str> {
    compiled.diagnostics.iter().map(|d| d.code.id).collect()
}

fn current(path: &str, text: &str, stale: &mut Vec<String>) {
    let file = root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
    }
    if fs::read_to_string(&file).unwrap_or_default() != text {
        stale.push(path.to_owned());
    }
}

/// A page with what the compiler says about its wrong example; where that cannot be a file of a page, about a fixture.
fn entry(code: &codes::Code, fixtures: &[String]) -> String {
    let wrong = fences::of(codes::page(code), "Wrong");
    let said = if wrong.is_empty() {
        let fixture = fixtures.iter().find(|f| f.starts_with(code.id));
        fixture.map(|f| {
            let path = root().join("botgen/tests/ui").join(f).join("expected.txt");
            (
                format!("What botgen says about [such a bot](../../botgen/tests/ui/{f})"),
                fs::read_to_string(path).unwrap(),
            )
        })
    } else {
        let compiled = compiled(&wrong);
        let text = render::human(&compiled.sources, &compiled.diagnostics, false);
        Some(("What botgen says".to_owned(), text))
    };
    let page = codes::page(code).replace("\n## ", "\n### ");
    let page = page.strip_prefix("# ").unwrap_or(&page).to_owned();
    let mut text = format!(
        "<a id=\"{}\"></a>\n\n## {}",
        code.id.to_lowercase(),
        page.trim_end()
    );
    if let Some((title, said)) = said {
        let said = format!("### {title}\n````text\n{}\n````\n\n", said.trim_end());
        let at = text.find("### Right").unwrap_or(text.len());
        text.insert_str(at, &said);
    }
    let severity = format!("\n\nSeverity: {}.\n", code.severity.name());
    let end = text
        .find('\n')
        .and_then(|_| text.find("\n## "))
        .map_or(0, |n| n + 1);
    let line = text[end..].find('\n').map_or(text.len(), |n| end + n);
    text.insert_str(line, severity.trim_end());
    text + "\n\n"
}

#[test]
fn the_reference_is_current() {
    let mut stale = Vec::new();
    let fixtures = fixtures();
    let mut index = String::from(
        "# Diagnostics\n\nEverything that `botgen check` can say, with an example that raises it, what it says, and the nearest \
         example that is right. `botgen explain CODE` prints the same in a terminal. Written by \
         `UPDATE=1 cargo test -p botgen --test reference`.\n",
    );
    for (prefix, name) in codes::FAMILIES {
        let mut family: Vec<_> = codes::all().filter(|c| c.id.starts_with(prefix)).collect();
        family.sort_by_key(|c| c.id);
        index += &format!("\n## {prefix}: {name}\n\n| code | severity | what |\n|---|---|---|\n");
        let mut text = format!("# {prefix}: {name}\n\n");
        for code in family {
            index += &format!(
                "| [{0}]({prefix}.md#{1}) | {2} | {3} |\n",
                code.id,
                code.id.to_lowercase(),
                code.severity.name(),
                code.title
            );
            text += &entry(code, &fixtures);
        }
        let text = text.trim_end().to_owned() + "\n";
        current(&format!("docs/diagnostics/{prefix}.md"), &text, &mut stale);
    }
    current("docs/diagnostics/README.md", &index, &mut stale);
    current(
        "docs/error-classes.md",
        &classes::table(&fixtures),
        &mut stale,
    );
    assert!(
        stale.is_empty(),
        "not current: {stale:?}; UPDATE=1 cargo test -p botgen --test reference rewrites them"
    );
}

#[test]
fn every_class_is_answered() {
    let mut wrong = Vec::new();
    let mut last = "";
    for class in classes::CLASSES {
        if class.id <= last {
            wrong.push(format!("{}: not in order", class.id));
        }
        last = class.id;
        if class.codes.is_empty() && class.note.is_empty() {
            wrong.push(format!("{}: no answer", class.id));
        }
        for code in class.codes {
            if codes::find(code).is_none() {
                wrong.push(format!("{}: no code {code}", class.id));
            }
        }
    }
    let gaps = [9, 35, 36, 37, 38, 39, 47, 48, 49, 59];
    for n in (1..=68).filter(|n| !gaps.contains(n)) {
        let id = format!("F{n:02}");
        if !classes::CLASSES.iter().any(|c| c.id == id) {
            wrong.push(format!("{id}: not in the table"));
        }
    }
    // Every code is reachable from the page: from a class, or by its family.
    let table = classes::table(&fixtures());
    for code in codes::all() {
        if !table.contains(&format!("[{}]", code.id)) {
            wrong.push(format!("{}: not on the page", code.id));
        }
        if !codes::FAMILIES.iter().any(|(p, _)| code.id.starts_with(p)) {
            wrong.push(format!("{}: of no family", code.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let found = classes::CLASSES.iter().filter(|c| !c.codes.is_empty());
    assert!(found.count() >= 30);
}

/// Pages whose examples cannot be the files of a page, and why.
const NOT_FILES: &[(&str, &str)] = &[
    ("BF0001", "it is about a file that is not there"),
    ("BF0002", "the right folder has another name"),
    ("BF0003", "a page is UTF-8"),
    ("BF0004", "a page has no control characters"),
    ("BF0005", "a file of ten megabytes"),
    ("BF0006", "the right file has another name"),
    ("BF0017", "sixty-five levels"),
    ("BF0018", "very many findings"),
    ("BF0019", "a page has no such characters"),
    ("BF0227", "the right folder has another name"),
    ("BF0507", "only Postgres locks"),
    ("BF0538", "Postgres says it"),
    ("BF0590", "a machine without memory"),
    ("BF0591", "Postgres says it"),
    ("BF0592", "an answer that was kept of Postgres"),
    ("BF0630", "more than a hundred commands"),
    ("BF0631", "more than a hundred buttons"),
    ("BF0640", "very many steps"),
    ("BF0902", "a mistake of botgen itself"),
];

/// What a right example may warn about beside its page's code: it is a part of a bot, without `/start`, a listed command,
/// or a use for every answer and row.
const PARTS: &[&str] = &[
    "BF0240", "BF0242", "BF0244", "BF0246", "BF0247", "BF0306", "BF0415", "BF0563", "BF0564",
    "BF0565",
];

/// Most lines in which the wrong and the right example of a page differ.
const NEAR: usize = 12;

#[test]
fn the_right_example_is_near_and_raises_nothing() {
    let mut wrong = Vec::new();
    for code in codes::all() {
        let bad = fences::of(codes::page(code), "Wrong");
        let right = fences::of(codes::page(code), "Right");
        let exempt = NOT_FILES.iter().any(|(id, _)| *id == code.id);
        if exempt {
            continue;
        }
        if bad.is_empty() || right.is_empty() {
            wrong.push(format!("{}: an example is no file", code.id));
            continue;
        }
        let mut good = bad.clone();
        good.extend(right);
        let lines = different(&bad, &good);
        if lines > NEAR {
            wrong.push(format!("{}: {lines} lines differ", code.id));
        }
        let raised = raised(&compiled(&good));
        for id in raised
            .iter()
            .filter(|id| **id == code.id || !PARTS.contains(*id))
        {
            wrong.push(format!("{}: the right example raises {id}", code.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How many lines go or come between two versions of files.
fn different(a: &Files, b: &Files) -> usize {
    let empty = Vec::new();
    b.iter()
        .map(|(name, new)| {
            let old = a.get(name).unwrap_or(&empty);
            let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
            let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
            // The longest common subsequence.
            let mut best = vec![0; new.len() + 1];
            for o in &old {
                let mut diagonal = 0;
                for (j, n) in new.iter().enumerate() {
                    let above = best[j + 1];
                    best[j + 1] = if o == n {
                        diagonal + 1
                    } else {
                        above.max(best[j])
                    };
                    diagonal = above;
                }
            }
            old.len() + new.len() - 2 * best[new.len()]
        })
        .sum()
}
