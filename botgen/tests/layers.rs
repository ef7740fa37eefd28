//! Who may know whom: the architecture as a test. A stage uses what comes before it, never what comes after.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module of botgen and the modules that it may name.
const MAY_USE: &[(&str, &[&str])] = &[
    ("source", &["diagnostics", "input"]),
    ("diagnostics", &["source"]),
    // Finds the migrations that a bot shares by looking into its bot.yaml.
    ("input", &["yaml"]),
    ("yaml", &["source", "diagnostics"]),
    // The published types of blocks stand beside their decoders, so these two are one layer.
    ("schema", &["syntax"]),
    ("syntax", &["yaml", "source", "diagnostics", "schema"]),
    // Both fill the IR: names first, then everything that needs them. `resolve` stores what `check` calls a flow's scope.
    (
        "resolve",
        &["syntax", "source", "diagnostics", "ir", "check"],
    ),
    (
        "check",
        &["resolve", "syntax", "source", "diagnostics", "ir", "input"],
    ),
    ("ir", &["syntax"]),
    ("emit", &["ir", "check", "syntax"]),
    // A shell: it answers what the checks ask; only the command line knows it.
    ("postgres", &["check"]),
    // Writes the language and never reads it: it asks the whole compiler what it thinks of the result.
    ("import", &["diagnostics"]),
];

/// Libraries that stay behind one module.
const BEHIND: &[(&str, &str)] = &[
    ("granit_parser", "yaml/"),
    ("annotate_snippets", "diagnostics/render/human.rs"),
    ("clap", "cli/"),
    ("rustix", "postgres/"),
    ("rustix", "serve/worker.rs"),
    ("axum", "serve/"),
    ("hyper", "serve/"),
    ("utoipa", "serve/"),
];

fn sources() -> Vec<(String, String)> {
    fn walk(dir: &Path, root: &Path, files: &mut Vec<(String, String)>) {
        for path in fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()) {
            if path.is_dir() {
                walk(&path, root, files);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name: PathBuf = path.strip_prefix(root).unwrap().to_owned();
                files.push((
                    name.display().to_string(),
                    fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &root, &mut files);
    assert!(files.len() > 50);
    files
}

/// The modules that a file names after `crate::`, outside of its tests.
fn names(text: &str) -> BTreeSet<String> {
    let code = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or(text);
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .collect()
}

#[test]
fn stages_only_look_back() {
    let files = sources();
    let modules: BTreeSet<&str> = MAY_USE.iter().map(|(m, _)| *m).collect();
    let mut wrong = Vec::new();
    for (file, text) in &files {
        // Tests may ask anybody.
        if file.contains("/tests/") {
            continue;
        }
        let module = file.split(['/', '.']).next().unwrap();
        let Some((_, allowed)) = MAY_USE.iter().find(|(m, _)| *m == module) else {
            continue;
        };
        for name in names(text) {
            let known = modules.contains(name.as_str());
            if known && name != module && !allowed.contains(&name.as_str()) {
                wrong.push(format!("src/{file} uses crate::{name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_behind_their_module() {
    for (file, text) in sources() {
        for (library, _) in BEHIND {
            let used =
                text.contains(&format!("{library}::")) || text.contains(&format!("use {library}"));
            let mut modules = BEHIND.iter().filter(|(other, _)| other == library);
            assert!(
                !used || modules.any(|(_, module)| file.starts_with(module)),
                "src/{file} uses {library}"
            );
        }
    }
}
