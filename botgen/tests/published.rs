//! What is committed for people and editors is what the compiler knows.
//! `UPDATE=1 cargo test -p botgen --test published` rewrites the files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use botgen::diagnostics::Severity;
use botgen::schema::{self, Shape};
use botgen::syntax::registry::{BLOCKS, Decode};
use botgen::{Input, Options};
use serde_json::Value;

#[path = "support/json_schema.rs"]
mod json_schema;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn current(path: &str, text: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == text,
        "{path} is not current; UPDATE=1 cargo test -p botgen --test published rewrites it"
    );
}

#[test]
fn committed_files_are_current() {
    current("schema/bot.schema.json", &schema::bot_schema());
    current("schema/flows.schema.json", &schema::flows_schema());
    current("schema/chats.schema.json", &schema::chats_schema());
    current("docs/dsl.md", &schema::reference());
}

/// Every block of the registry is an alternative of the schema, and nothing else is.
#[test]
fn schema_and_registry_name_the_same_blocks() {
    let schema: Value = serde_json::from_str(&schema::bot_schema()).unwrap();
    let alternatives = |name: &str| -> BTreeSet<String> {
        schema["definitions"][name]["oneOf"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|s| s["properties"].as_object().unwrap().keys().cloned())
            .collect()
    };
    let registered = |fits: fn(&Decode) -> bool| -> BTreeSet<String> {
        BLOCKS
            .iter()
            .filter(|b| fits(&b.decode))
            .map(|b| b.name.to_owned())
            .collect()
    };
    assert_eq!(
        alternatives("Flow"),
        registered(|d| matches!(d, Decode::Flow(_)))
    );
    assert_eq!(
        alternatives("Action"),
        registered(|d| matches!(d, Decode::Action(_) | Decode::StepOrAction(..)))
    );
    for setting in registered(|d| matches!(d, Decode::Setting)) {
        assert!(schema["properties"].get(&setting).is_some(), "{setting}");
    }
}

/// Every key has words for the reference and the editor, every mapping is closed.
#[test]
fn everything_is_described_and_closed() {
    for block in BLOCKS {
        let shape: &Shape = (block.shape)();
        assert!(!shape.doc.is_empty(), "{}", block.name);
        for field in &shape.fields {
            assert!(
                field.doc.ends_with('.'),
                "{} {}: {}",
                block.name,
                field.name,
                field.doc
            );
            assert!(!field.ty.is_empty(), "{} {}", block.name, field.name);
        }
    }
    fn walk(schema: &Value) {
        if schema.get("properties").is_some() {
            assert_eq!(schema["additionalProperties"], false, "{schema}");
        }
        match schema {
            Value::Object(map) => map.values().for_each(walk),
            Value::Array(list) => list.iter().for_each(walk),
            _ => {}
        }
    }
    for text in [schema::bot_schema(), schema::flows_schema()] {
        walk(&serde_json::from_str(&text).unwrap());
    }
}

/// A text of YAML as an editor sees it.
fn instance(yaml: &str) -> Option<Value> {
    serde_yaml::from_str(yaml).ok()
}

/// A bot of one file.
fn alone(yaml: &str) -> Input {
    Input::from_memory([("demo", vec![("bot.yaml", yaml.as_bytes())])])
}

/// Codes of all errors, and of those of YAML's shape alone.
fn errors(input: &Input) -> (Vec<&'static str>, Vec<&'static str>) {
    let compiled = botgen::compile(input, &Options::default());
    let all: Vec<_> = compiled
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| d.code.id)
        .collect();
    let shape = all.iter().copied().filter(|id| id[..4] <= *"BF01");
    (all.clone(), shape.collect())
}

/// What the compiler accepts, the schema and the serde types accept too; what breaks the shape of the language
/// in a way that a schema can express, both refuse.
#[test]
fn editors_agree_with_the_compiler() {
    let schema: Value = serde_json::from_str(&schema::bot_schema()).unwrap();
    let mut disagree = Vec::new();
    let mut good = 0;
    let mut bad = 0;
    for (name, yaml, input) in corpus() {
        let Some(value) = instance(&yaml) else {
            continue;
        };
        let (all, shape) = errors(&input);
        let by_schema = json_schema::validate(&schema, &value);
        let by_serde = serde_json::from_value::<botgen::syntax::bot::BotFile>(value);
        // Names and limits that a pattern knows too may be refused by both.
        if all.is_empty() {
            good += 1;
            if let Err(why) = &by_schema {
                disagree.push(format!("{name}: the schema refuses it: {why}"));
            }
            if let Err(why) = &by_serde {
                disagree.push(format!("{name}: the serde types refuse it: {why}"));
            }
        } else if shape.iter().any(|code| EXPRESSIBLE.contains(code)) {
            bad += 1;
            if by_schema.is_ok() {
                disagree.push(format!(
                    "{name}: the schema accepts it, botgen says {shape:?}"
                ));
            }
        }
    }
    assert!(disagree.is_empty(), "{}", disagree.join("\n"));
    assert!(
        good >= 4 && bad >= 10,
        "the corpus is too small: {good} good, {bad} bad"
    );
}

/// Codes whose mistakes a JSON Schema catches.
const EXPRESSIBLE: &[&str] = &[
    "BF0025", "BF0101", "BF0104", "BF0106", "BF0107", "BF0110", "BF0111", "BF0112", "BF0116",
];

/// Every bot.yaml that the repository holds: real bots, fixtures, examples of the reference.
fn corpus() -> Vec<(String, String, Input)> {
    let mut files = Vec::new();
    for folder in ["bots", "botgen/tests/ui"] {
        for entry in fs::read_dir(root().join(folder))
            .unwrap()
            .map(Result::unwrap)
        {
            let name = entry.file_name().into_string().unwrap();
            if let Ok(text) = fs::read_to_string(entry.path().join("bot.yaml")) {
                let input = Input::load(&root().join(folder), &[PathBuf::from(&name)]).unwrap();
                files.push((name, text, input));
            }
        }
    }
    for block in BLOCKS {
        let text = complete(block.example);
        files.push((block.name.to_owned(), text.clone(), alone(&text)));
    }
    assert!(files.len() > 30);
    files
}

/// An example of the reference as a whole bot.
fn complete(example: &str) -> String {
    match example.lines().next() {
        Some("flows:") => format!("botfactory: v1\n{example}"),
        Some("on_enter:" | "on_complete:") => {
            let indented: String = example.lines().map(|l| format!("      {l}\n")).collect();
            let steps = if example.starts_with("on_complete") {
                "      steps: [{ ask: \"When?\", var: slot, type: datetime }]\n"
            } else {
                ""
            };
            let block = if steps.is_empty() {
                "generic"
            } else {
                "wizard"
            };
            format!(
                "botfactory: v1\nflows:\n  - flow.{block}.v1:\n      entry_cmd: /a\n{steps}{indented}"
            )
        }
        _ => example.to_owned(),
    }
}

/// The examples of the reference have the right shape.
#[test]
fn examples_are_right() {
    for block in BLOCKS {
        let (_, shape) = errors(&alone(&complete(block.example)));
        assert!(shape.is_empty(), "{}: {shape:?}", block.name);
        assert!(block.example.contains(block.name));
    }
}
