//! What the pages for operators tell people to type, to ask for and to look at, is there.

use std::path::{Path, PathBuf};

use regex::Regex;

use super::cli;
use crate::config::{VARIABLES, llm};
use crate::telemetry::metrics::FAMILIES;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The pages of the runbook, and the page on what operators see.
fn pages() -> Vec<(String, String)> {
    let runbook = std::fs::read_dir(root().join("docs/runbook")).unwrap();
    let files = runbook.map(|entry| entry.unwrap().path());
    files
        .chain([root().join("docs/observability.md")])
        .map(|file| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&file).unwrap())
        })
        .collect()
}

/// What stands in backticks, outside of blocks; and the lines of shell blocks.
fn quoted(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, part) in page.split("```").enumerate() {
        if at % 2 == 0 {
            found.extend(part.split('`').skip(1).step_by(2).map(str::to_owned));
        } else if let Some(lines) = part.strip_prefix("sh\n") {
            let command = |line: &str| line.split(" #").next().unwrap().trim().to_owned();
            found.extend(lines.lines().map(command));
        }
    }
    found
}

/// A command of this program, with an example for each word that stands for something.
fn arguments(command: &str) -> Option<Vec<String>> {
    let rest = command.strip_prefix("botfactory ")?;
    let word = |word: &str| match word {
        "BOT" => "booking".to_owned(),
        "USER" | "ID…" => "7".to_owned(),
        "…" => "en".to_owned(),
        word => word.to_owned(),
    };
    Some(rest.split_whitespace().map(word).collect())
}

#[test]
fn commands_can_be_typed() {
    let mut seen = 0;
    for (page, text) in pages() {
        for command in quoted(&text) {
            if let Some(arguments) = arguments(&command) {
                let read = cli::parse(arguments.into_iter());
                assert!(read.is_ok(), "{page}: `{command}`: {}", read.unwrap_err());
                seen += 1;
            }
        }
    }
    assert!(seen >= 15, "{seen} commands");
}

#[test]
fn routes_can_be_asked() {
    let routes = std::fs::read_to_string(root().join("docs/api-routes.md")).unwrap();
    let mut seen = 0;
    for (page, text) in pages() {
        for asked in quoted(&text) {
            let Some((method, path)) = asked.split_once(" /") else {
                continue;
            };
            if ["GET", "POST", "PUT", "DELETE"].contains(&method) {
                let path = path.split('?').next().unwrap();
                let route = format!("| `{method} /{path}` |");
                assert!(routes.contains(&route), "{page}: there is no {route}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "{seen} routes");
}

#[test]
fn metrics_variables_and_lines_are_there() {
    let metric = Regex::new(r"\b[a-z]+(?:_[a-z]+)*_(?:total|seconds|bytes|fds|up|depth|backlog|waiting|flight|tasks|size|in_use|info)\b").unwrap();
    let variable = Regex::new(r"\b(?:BOTFACTORY|LLM|REDIS|DATABASE)_[A-Z_]*[A-Z]\b").unwrap();
    let facts: String = std::fs::read_dir(root().join("runtime-core/src/telemetry/events"))
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let said = Regex::new("\"([a-z][^\"{]* [^\"{]*)\"").unwrap();
    let (mut metrics, mut variables, mut lines) = (0, 0, 0);
    for (page, text) in pages() {
        for word in quoted(&text)
            .iter()
            .filter(|word| !word.starts_with("curl"))
        {
            for found in metric.find_iter(word) {
                let name = found.as_str();
                assert!(
                    FAMILIES.iter().any(|family| family.name == name),
                    "{page}: there is no metric {name}"
                );
                metrics += 1;
            }
            for found in variable.find_iter(word) {
                let name = found.as_str();
                let known = VARIABLES.iter().chain(llm::VARIABLES);
                assert!(
                    known.clone().any(|(known, _)| *known == name),
                    "{page}: there is no variable {name}"
                );
                variables += 1;
            }
        }
        if page == "observability.md" {
            continue; // its quotes are of more than log lines
        }
        for found in said.captures_iter(&text) {
            let line = &found[1];
            assert!(facts.contains(line), "{page}: nothing logs {line:?}");
            lines += 1;
        }
    }
    assert!(
        metrics >= 50 && variables >= 5 && lines >= 3,
        "{metrics} {variables} {lines}"
    );
}
