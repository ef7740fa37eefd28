//! The build script of a deployment: the only file that knows cargo.
//!
//! ```no_run
//! // build.rs
//! fn main() -> std::process::ExitCode {
//!     botgen::build_script("bots")
//! }
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::diagnostics::{Severity, render};
use crate::emit::{self, Output};
use crate::{Input, Options, compile, compile_all, ir};

/// Compiles every bot below `folder` (or those that `BOTFACTORY_BOTS=booking,shop` names) into `OUT_DIR`.
///
/// On errors the whole report stands on standard error, inside cargo's own frame, and the exit code is 1.
pub fn build(folder: &str) -> ExitCode {
    println!("cargo::rerun-if-changed={folder}");
    println!("cargo::rerun-if-env-changed=BOTFACTORY_BOTS");
    match run(folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            eprintln!("{report}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &str) -> Result<(), String> {
    let variable = |name: &str| {
        std::env::var_os(name).ok_or_else(|| format!("error: cargo did not set {name}"))
    };
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let dirs = select(
        &root,
        folder,
        std::env::var("BOTFACTORY_BOTS").ok().as_deref(),
    )?;
    let input = Input::load(&root, &dirs).map_err(|error| format!("error: {error}"))?;
    // The deployment's cargo features name its engines. What Postgres says of a statement stands in what `botgen prepare`
    // has written.
    let feature = |name: &str| std::env::var_os(format!("CARGO_FEATURE_{name}")).is_some();
    let options = Options::now();
    let mut compiled = if feature("POSTGRES") {
        compile_all(&input, &options)
    } else {
        compile(&input, &options)
    };
    if feature("POSTGRES") && !feature("SQLITE") {
        // Checked for both, built for one.
        for bot in compiled.program.iter_mut().flat_map(|p| &mut p.bots) {
            for query in bot.flows.iter_mut().flat_map(|flow| &mut flow.queries) {
                query.sqlite = None;
            }
        }
    }
    for warning in compiled
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Warning)
    {
        println!(
            "cargo::warning={}",
            render::line(&compiled.sources, warning)
        );
    }
    let Some(program) = &compiled.program else {
        let mut report = render::human(&compiled.sources, &compiled.diagnostics, false);
        if let Some(summary) = render::summary(&compiled.diagnostics, dirs.len()) {
            report.push_str(&summary);
        }
        return Err(report);
    };
    let output = emit::emit(program);
    write(&out, program, &output)
        .map_err(|error| format!("error: cannot write to {}: {error}", out.display()))?;
    println!("cargo::rustc-env=SQLX_OFFLINE=true");
    println!(
        "cargo::rustc-env=SQLX_OFFLINE_DIR={}",
        out.join("sqlx").display()
    );
    Ok(())
}

/// The bot folders of this deployment, sorted: folders with a `bot.yaml`, or those named.
fn select(root: &Path, folder: &str, wanted: Option<&str>) -> Result<Vec<PathBuf>, String> {
    let base = root.join(folder);
    let entries = std::fs::read_dir(&base)
        .map_err(|error| format!("error: cannot read `{folder}`: {error}"))?;
    let there: BTreeSet<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("bot.yaml").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    let wanted: Vec<&str> = wanted
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .collect();
    if let Some(missing) = wanted.iter().find(|id| !there.contains(**id)) {
        let known: Vec<_> = there.iter().map(String::as_str).collect();
        return Err(format!(
            "error: BOTFACTORY_BOTS names `{missing}`, but there is no `{folder}/{missing}/bot.yaml`\n\
             help: the bots of this repository are {}",
            known.join(", ")
        ));
    }
    let chosen: Vec<PathBuf> = there
        .iter()
        .filter(|id| wanted.is_empty() || wanted.contains(&id.as_str()))
        .map(|id| Path::new(folder).join(id))
        .collect();
    if chosen.is_empty() {
        return Err(format!(
            "error: there is no bot in `{folder}`\nhelp: `botgen new {folder}/mybot` writes a first one"
        ));
    }
    Ok(chosen)
}

/// Writes what changed, removes what is no longer there.
pub(crate) fn write(out: &Path, program: &ir::Program, output: &Output) -> std::io::Result<()> {
    let mut wanted = BTreeSet::new();
    for (name, text) in output.files.iter().chain(&output.cache) {
        let path = out.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        write_if_changed(&path, text)?;
        wanted.insert(path);
    }
    std::fs::create_dir_all(out.join("sqlx"))?;
    write_if_changed(&out.join("bots.rs"), &index(out, program, output))?;
    for folder in ["bots", "sqlx"] {
        remove_stale(&out.join(folder), &wanted)?;
    }
    Ok(())
}

fn write_if_changed(path: &Path, text: &str) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    std::fs::write(path, text)
}

fn remove_stale(folder: &Path, wanted: &BTreeSet<PathBuf>) -> std::io::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            remove_stale(&path, wanted)?;
        } else if !wanted.contains(&path) {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// `bots.rs`, which the deployment includes: one module per bot, by absolute path.
fn index(out: &Path, program: &ir::Program, output: &Output) -> String {
    let mut text = String::from("// Written by botgen; do not edit.\n");
    for bot in &program.bots {
        let path = out.join("bots").join(&bot.id).join("mod.rs");
        let _ = write!(
            text,
            "\n/// {name}.\n#[path = {path:?}]\n\
             #[allow(clippy::style, clippy::complexity, clippy::perf)]\n\
             #[deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]\n\
             #[allow(dead_code, non_camel_case_types, unused_parens, unused_variables)]\npub mod {id};\n",
            name = bot.name.replace('\n', " "),
            id = emit::module_name(bot),
        );
    }
    let list: Vec<_> = program
        .bots
        .iter()
        .map(|bot| format!("&{}::{}", emit::module_name(bot), emit::type_name(bot)))
        .collect();
    let _ = write!(
        text,
        "\n/// Every bot of this build, by id.\npub static BOTS: &[&dyn runtime_core::prelude::Bot] = &[{}];\n\
         \n/// SHA-256 of the sources of every bot, hex.\npub const SOURCE_HASH: &str = {:?};\n",
        list.join(", "),
        program.source_hash
    );
    if output.files.contains_key("bots/conversations.rs") {
        let path = out.join("bots/conversations.rs");
        let _ = write!(
            text,
            "\n#[cfg(test)]\n#[path = {path:?}]\nmod conversations;\n"
        );
    }
    text
}
