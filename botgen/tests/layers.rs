//! Who may know whom: the architecture as a test. A stage uses what comes before it, never what comes after.

#[path = "support/layers.rs"]
mod layers;

use std::path::Path;

use layers::{Arrows, File};

const MAY_NAME: Arrows = &[
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
    // A shell: it answers what the checks ask; only other shells know it.
    ("postgres", &["check"]),
    // Writes the language and never reads it: it asks the whole compiler what it thinks of the result.
    ("import", &["diagnostics"]),
];

/// The crate's root, and the shells around it.
const FREE: &[&str] = &[
    "lib",
    "main",
    "build_script",
    "cli",
    "clock",
    "engines",
    "fix",
    "serve",
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

fn files() -> Vec<File> {
    let files = layers::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(files.len() > 50);
    files
}

#[test]
fn stages_only_look_back() {
    let faults = layers::faults(&files(), MAY_NAME, FREE);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn libraries_stay_behind_their_module() {
    for file in files() {
        for (library, _) in BEHIND {
            let mut modules = BEHIND.iter().filter(|(other, _)| other == library);
            assert!(
                !file.uses(library) || modules.any(|(_, module)| file.name.starts_with(module)),
                "src/{} uses {library}",
                file.name
            );
        }
    }
}
