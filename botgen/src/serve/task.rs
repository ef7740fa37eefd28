//! Checking and mending what was sent. Runs in a process of its own ([`super::worker`]).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::engines::Judge;
use super::given::{Form, Given};
use crate::diagnostics::{Diagnostic, Severity, codes, render};
use crate::fix::Fixed;
use crate::import::{self, KeyFile, Order, ReportLine, Surroundings};
use crate::input::BotFolder;
use crate::{Compiled, Input};

/// Most suggestions; those of the first errors are worth more than the rest.
const SUGGESTIONS: usize = 20;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// To know what is wrong.
    Validate,
    /// To have it mended.
    Fix,
}

impl What {
    /// In the worker's orders.
    pub fn name(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Fix => "fix",
        }
    }
}

/// A bot in this language, and how it came to be in it.
struct Read {
    input: Input,
    form: &'static str,
    report: Vec<ReportLine>,
}

/// The answer, as JSON.
pub fn run(what: What, given: Given, judge: &Judge) -> Value {
    let engines = judge.engines.each();
    let bot_id = given.bot_id.clone();
    let read = match translated(given) {
        Ok(read) => read,
        Err(words) => return hopeless(what, &bot_id, engines, &words),
    };
    match what {
        What::Validate => {
            let compiled = judge.compile(&read.input);
            json!({
                "ok": !compiled.has_errors(),
                "bot_id": bot_id,
                "engines": engines,
                "form": read.form,
                "errors": errors(&compiled),
                "diagnostics": diagnostics(&compiled),
                "imported": imported(&read),
            })
        }
        What::Fix => {
            let before = read.input.clone();
            let fixed = judge.fix(read.input.clone());
            mended(&bot_id, engines, &read, &before, &fixed)
        }
    }
}

/// A spec of the previous system becomes a bot's folder.
fn translated(given: Given) -> Result<Read, String> {
    let (files, form, report) = match given.form {
        Form::Files(files) => (files, "files", Vec::new()),
        Form::Old { spec, keys } => {
            let keys: Vec<KeyFile<'_>> = keys
                .iter()
                .map(|content| KeyFile {
                    name: "keys",
                    content,
                })
                .collect();
            let beside = Surroundings {
                bot_id: given.bot_id.clone(),
                ..Surroundings::default()
            };
            let order = Order {
                spec: &spec,
                keys: &keys,
                beside: &beside,
            };
            let imported = import::translate_checked(&order, &import::proof::on_sqlite)
                .map_err(|error| error.to_string())?;
            (imported.files, "imported", imported.report)
        }
    };
    Ok(Read {
        input: Input {
            bots: vec![BotFolder {
                path: String::new(),
                id: given.bot_id,
            }],
            files: files
                .into_iter()
                .map(|(path, text)| (path, text.into_bytes()))
                .collect(),
        },
        form,
        report,
    })
}

/// Nothing that could be checked.
fn hopeless(what: What, bot_id: &str, engines: &[&str], words: &str) -> Value {
    let errors = json!([{ "path": "spec", "msg": words }]);
    match what {
        What::Validate => json!({
            "ok": false, "bot_id": bot_id, "engines": engines, "form": "imported", "errors": errors, "diagnostics": [], "imported": null,
        }),
        What::Fix => json!({
            "success": false, "bot_id": bot_id, "engines": engines, "form": "imported", "message": "this is no spec: start from `fallback_template`",
            "fixes_applied": [], "changed": [], "files": {}, "final_spec": null, "errors": errors, "diagnostics": [],
            "suggestions": [], "fallback_template": template(), "imported": null,
        }),
    }
}

fn mended(bot_id: &str, engines: &[&str], read: &Read, before: &Input, fixed: &Fixed) -> Value {
    let compiled = &fixed.compiled;
    let success = !compiled.has_errors();
    let left = errors(compiled);
    let message = match (success, fixed.applied.is_empty(), read.form) {
        (true, true, "imported") => "translated; it compiles".to_owned(),
        (true, true, _) => "nothing to mend; it compiles".to_owned(),
        (true, false, _) => "mended; it compiles".to_owned(),
        (false, _, _) => format!(
            "{} error{} left: see `diagnostics` and `suggestions`, or start from `fallback_template`",
            left.len(),
            if left.len() == 1 { "" } else { "s" }
        ),
    };
    let files = texts(&fixed.input);
    let changed: Vec<&String> = fixed
        .input
        .files
        .iter()
        .filter(|(path, bytes)| before.files.get(*path) != Some(bytes))
        .map(|(path, _)| path)
        .collect();
    json!({
        "success": success,
        "bot_id": bot_id,
        "engines": engines,
        "form": read.form,
        "message": message,
        "fixes_applied": fixed.applied,
        "changed": changed,
        "files": files,
        "final_spec": if success { files.get("bot.yaml").cloned() } else { None },
        "errors": left,
        "diagnostics": diagnostics(compiled),
        "suggestions": suggestions(compiled),
        "fallback_template": if success { Value::Null } else { template() },
        "imported": imported(read),
    })
}

fn texts(input: &Input) -> BTreeMap<&str, String> {
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let files = input.files.iter();
    files
        .map(|(path, bytes)| (path.as_str(), text(bytes)))
        .collect()
}

fn imported(read: &Read) -> Value {
    if read.form != "imported" {
        return Value::Null;
    }
    let report: Vec<Value> = read
        .report
        .iter()
        .map(|line| json!({ "severity": line.severity.label(), "path": line.path, "message": line.message }))
        .collect();
    json!({ "files": texts(&read.input), "report": report })
}

fn severe(compiled: &Compiled) -> impl Iterator<Item = &Diagnostic> {
    let all = compiled.diagnostics.iter();
    all.filter(|d| d.severity == Severity::Error)
}

/// `bot.yaml:17:43`.
fn place(compiled: &Compiled, d: &Diagnostic) -> String {
    let (line, column) = compiled.sources.line_column(d.span.file, d.span.lo);
    format!(
        "{}:{line}:{column}",
        compiled.sources.file(d.span.file).path
    )
}

/// As the previous system's validator said them.
fn errors(compiled: &Compiled) -> Vec<Value> {
    severe(compiled)
        .map(|d| json!({ "path": place(compiled, d), "msg": format!("{}: {}", d.code.id, d.message) }))
        .collect()
}

/// The form of `botgen check --format json`, each with a link to its page.
fn diagnostics(compiled: &Compiled) -> Value {
    let written = render::json(&compiled.sources, &compiled.diagnostics);
    let mut all: Value = serde_json::from_str(&written).unwrap_or_default();
    let mut list = all
        .get_mut("diagnostics")
        .map_or_else(|| Value::Array(Vec::new()), Value::take);
    for finding in list.as_array_mut().into_iter().flatten() {
        let page = finding["code"].as_str().map(explain);
        finding["explain"] = page.into();
    }
    list
}

fn explain(code: &str) -> String {
    format!("/explain/{code}")
}

/// What a person or a model can do about each error: the help line, the fixes there are, the page of its code (once).
fn suggestions(compiled: &Compiled) -> Vec<Value> {
    let mut told = std::collections::BTreeSet::new();
    severe(compiled)
        .take(SUGGESTIONS)
        .map(|d| {
            let titles: Vec<&str> = d.fixes.iter().map(|fix| fix.title.as_str()).collect();
            json!({
                "path": place(compiled, d),
                "code": d.code.id,
                "message": d.message,
                "help": d.help,
                "fixes": titles,
                "explain": explain(d.code.id),
                "page": told.insert(d.code.id).then(|| codes::page(d.code)),
            })
        })
        .collect()
}

/// A small bot that compiles.
fn template() -> Value {
    json!({ "bot.yaml": include_str!("template.yaml") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::Engines;

    fn ask(what: What, files: &[(&str, &str)]) -> Value {
        let files = files
            .iter()
            .map(|(p, t)| ((*p).to_owned(), (*t).to_owned()));
        let given = Given {
            bot_id: "demo".to_owned(),
            form: Form::Files(files.collect()),
        };
        run(what, given, &Judge::find(Engines::Sqlite).unwrap())
    }

    #[test]
    fn the_template_compiles() {
        let template = include_str!("template.yaml");
        let said = ask(What::Validate, &[("bot.yaml", template)]);
        assert_eq!(said["diagnostics"], json!([]), "{said}");
        assert_eq!(said["ok"], true);
    }

    #[test]
    fn what_has_one_right_answer_is_mended() {
        let wrong = include_str!("template.yaml").replace("callback: /help", "callback: /hepl");
        let said = ask(What::Validate, &[("bot.yaml", &wrong)]);
        assert_eq!(
            (&said["ok"], &said["diagnostics"][0]["code"]),
            (&json!(false), &json!("BF0201")),
            "{said}"
        );
        assert_eq!(said["diagnostics"][0]["file"], "bot.yaml");
        assert_eq!(said["diagnostics"][0]["explain"], "/explain/BF0201");
        let said = ask(What::Fix, &[("bot.yaml", &wrong)]);
        assert_eq!(said["success"], true, "{said}");
        assert_eq!(said["final_spec"], include_str!("template.yaml"));
        assert_eq!(said["changed"], json!(["bot.yaml"]));
        assert_eq!(said["fixes_applied"].as_array().map(Vec::len), Some(1));
        assert_eq!(said["fallback_template"], Value::Null);
    }

    #[test]
    fn what_cannot_be_mended_is_told_and_has_a_template() {
        let said = ask(What::Fix, &[("bot.yaml", "flows: [\n")]);
        assert_eq!(
            (&said["success"], &said["final_spec"]),
            (&json!(false), &Value::Null)
        );
        assert!(said["suggestions"][0]["page"].is_string(), "{said}");
        assert!(said["fallback_template"]["bot.yaml"].is_string());
        assert!(!said["errors"].as_array().unwrap().is_empty());
    }

    #[test]
    fn specs_of_the_previous_system_are_translated() {
        let old = |spec: &str, what| {
            let form = Form::Old {
                spec: spec.to_owned(),
                keys: Vec::new(),
            };
            run(
                what,
                Given {
                    bot_id: "demo".to_owned(),
                    form,
                },
                &Judge::find(Engines::Sqlite).unwrap(),
            )
        };
        let spec = r#"{"intents":[{"cmd":"/start","reply":"Hi"}]}"#;
        let said = old(spec, What::Validate);
        assert_eq!(
            (&said["ok"], &said["form"]),
            (&json!(true), &json!("imported")),
            "{said}"
        );
        assert!(
            said["imported"]["files"]["bot.yaml"]
                .as_str()
                .unwrap()
                .contains("/start")
        );
        let said = old(spec, What::Fix);
        assert!(
            said["final_spec"].as_str().unwrap().contains("/start"),
            "{said}"
        );
        assert_eq!(old("[]", What::Validate)["ok"], false);
        assert!(old("[]", What::Fix)["fallback_template"]["bot.yaml"].is_string());
    }
}
