//! `botgen import` on whole specs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use botgen::import::{
    self, Check, Files, Finding, ImportError, Imported, KeyFile, Order, Severity, Surroundings,
    proof,
};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import")
}

/// Specs of our own: `tests/import/*.json`.
fn own_specs() -> Vec<(String, String)> {
    specs(&here())
}

/// The old system's own specs, which are not ours to commit: `SEED_SPECS=/path/to/seed-specs`.
fn seed_specs() -> Vec<(String, String)> {
    match std::env::var_os("SEED_SPECS") {
        Some(folder) => specs(Path::new(&folder)),
        None => {
            eprintln!("SKIPPED: set SEED_SPECS to the folder of the old system's specs");
            Vec::new()
        }
    }
}

fn specs(folder: &Path) -> Vec<(String, String)> {
    let mut specs: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            (
                name.into_owned(),
                std::fs::read_to_string(&path).expect("readable"),
            )
        })
        .collect();
    specs.sort();
    specs
}

/// A spec of ours with the texts of its keys, which stand beside it as `NAME.keys`.
fn translate(name: &str, spec: &str, check: Check<'_>) -> Imported {
    let keys = std::fs::read_to_string(here().join(format!("{name}.keys"))).ok();
    let keys: Vec<_> = keys
        .iter()
        .map(|content| KeyFile {
            name: "keys",
            content,
        })
        .collect();
    let order = Order {
        spec,
        keys: &keys,
        beside: &Surroundings {
            bot_id: name.to_owned(),
            ..Surroundings::default()
        },
    };
    import::translate_checked(&order, check).expect("translates")
}

/// Nobody's word: the translation as it was meant.
fn unchecked(_: &Files) -> Vec<Finding> {
    Vec::new()
}

/// What the compiler says about the imported folder: the errors, drawn.
fn errors(name: &str, imported: &Imported) -> String {
    let folder = format!("bots/{name}");
    let files = imported
        .files
        .iter()
        .map(|(path, content)| (path.as_str(), content.as_bytes()))
        .collect();
    let input = botgen::Input::from_memory([(folder.as_str(), files)]);
    let compiled = botgen::compile(&input, &botgen::Options::default());
    let all = std::env::var_os("WARNINGS").is_some();
    let errors: Vec<_> = compiled
        .diagnostics
        .into_iter()
        .filter(|d| all || d.severity == botgen::diagnostics::Severity::Error)
        .collect();
    botgen::diagnostics::render::human(&compiled.sources, &errors, false)
}

/// Everything in one text: the files, then the report.
fn dump(imported: &Imported) -> String {
    let mut out = String::new();
    for (file, content) in &imported.files {
        // The runtime's own words are not what is tested here.
        let own = content.split("\n### The runtime's own words").next();
        out.push_str(&format!("==> {file}\n{}\n", own.unwrap_or_default()));
    }
    out.push_str("==> report\n");
    for line in &imported.report {
        out.push_str(&format!("{line}\n"));
    }
    out
}

/// Goldens beside the specs; `UPDATE_GOLDEN=1` writes them.
#[test]
fn own_specs_come_out_as_expected() {
    for (name, spec) in own_specs() {
        let imported = translate(&name, &spec, &unchecked);
        let (found, golden) = (dump(&imported), here().join(format!("{name}.golden")));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &found).expect("writable");
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        assert!(
            found == expected,
            "{name} differs from {}; UPDATE_GOLDEN=1 writes it\n{found}",
            golden.display()
        );
    }
}

#[test]
fn imported_bots_pass_the_check() {
    let mut all = String::new();
    for (name, spec) in own_specs().into_iter().chain(seed_specs()) {
        let imported = translate(&name, &spec, &proof::on_sqlite);
        all.push_str(&errors(&name, &imported));
    }
    assert!(all.is_empty(), "\n{all}");
}

#[test]
fn the_same_spec_gives_the_same_folder() {
    for (name, spec) in own_specs() {
        let made = || translate(&name, &spec, &unchecked);
        assert_eq!(made(), made(), "{name}");
    }
}

#[test]
fn values_of_a_wrong_type_are_read_as_what_they_mean_or_left_out_with_a_line() {
    let spec = r#"{"flows": {"entry_cmd": "/a", "steps": {"ask": 5, "var": "x"}, "ttl_sec": "90"},
        "intents": [{"cmd": "/b", "reply": ["x"]}, 7, null, {"cmd": "/c", "reply": 12.5}], "i18n": [], "menu_flows": "x"}"#;
    let imported = import::translate(spec).expect("translates");
    let yaml = &imported.files["bot.yaml"];
    for line in [
        "entry_cmd: /a\n",
        "ttl: 90s\n",
        "ask: \"5\"\n",
        "cmd: /b, reply: \"There is nothing here yet\"",
        "cmd: /c, reply: \"12.5\"",
    ] {
        assert!(yaml.contains(line), "{line}\n{yaml}");
    }
    let lines: Vec<String> = imported.report.iter().map(ToString::to_string).collect();
    for line in [
        "changed: flows: an object where a list belongs; read as its only item",
        "changed: flows.ttl_sec: `\"90\"` is read as 90",
        "needs a person: i18n: must be an object, found a list; left out: `[]`",
        "needs a person: intents[0].reply: must be a string, found a list; left out: `[\"x\"]`",
        "needs a person: intents[1]: must be an object, found a number; left out: `7`",
        "changed: intents[3].reply: a number is read as a text",
        "needs a person: menu_flows: must be a list, found a string; left out: `\"x\"`",
    ] {
        assert!(lines.iter().any(|l| l == line), "{line}\n{lines:#?}");
    }
}

#[test]
fn lifetimes_that_a_wizard_cannot_have_become_the_nearest_it_can() {
    for (seconds, ttl) in [
        (1, "1m"),
        (30, "1m"),
        (31 * 86_400, "30d"),
        (-5, "24h"),
        (3600, "1h"),
    ] {
        let spec = format!(
            r#"{{"flows": [{{"type": "flow.wizard.v1", "entry_cmd": "/a", "params": {{"ttl_sec": {seconds}, "steps": [{{"ask": "?", "var": "x"}}]}}}}]}}"#
        );
        let yaml = &import::translate(&spec).expect("translates").files["bot.yaml"];
        assert!(yaml.contains(&format!("ttl: {ttl}\n")), "{seconds}: {yaml}");
    }
}

#[test]
fn what_is_no_spec_is_refused_with_its_places() {
    let Err(ImportError::Json {
        line,
        column,
        message,
    }) = import::translate("{\n  \"flows\": [,]\n}")
    else {
        panic!("no JSON");
    };
    assert_eq!((line, column, message.as_str()), (2, 13, "expected value"));

    for (spec, found) in [("[]", "a list"), ("5", "a number"), ("null", "null")] {
        let refused = import::translate(spec);
        assert_eq!(refused, Err(ImportError::Shape(found)), "{spec}");
    }
    let deep = "[".repeat(100_000);
    assert!(matches!(
        import::translate(&deep),
        Err(ImportError::Json { .. })
    ));
    let long = format!("\"{}\"", "x".repeat(2_000_000));
    assert!(matches!(
        import::translate(&long),
        Err(ImportError::Json { .. })
    ));
}

#[test]
fn an_empty_spec_is_a_bot_without_commands() {
    let imported = import::translate("{}").expect("translates");
    assert_eq!(
        imported.files,
        BTreeMap::from([(
            "bot.yaml".to_owned(),
            "# yaml-language-server: $schema=../../schema/bot.schema.json\nbotfactory: v1\nlocale: en\n"
                .to_owned()
        )])
    );
}

/// A folder that is gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("botgen-import-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("writable");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(spec: &str, name: &str, out: &Path) -> Result<import::Report, ImportError> {
    import::run(spec, name, &[], out, &proof::on_sqlite)
}

const SMALL: &str = r#"{"flows": [{"entry_cmd": "/a", "steps": [{"ask": "?", "var": "x"}], "on_complete": [
    {"action.sql_exec.v1": {"sql": "INSERT INTO notes(bot_id, user_id, x) VALUES(:bot_id, :user_id, :x)"}}]}]}"#;

#[test]
fn a_folder_is_written_once() {
    let root = Folder::new("once");
    let out = root.0.join("notes_bot");
    let report = run(SMALL, "notes.json", &out).expect("written");
    assert_eq!(report.bot_id, "notes_bot");
    assert_eq!(
        report.files,
        [
            "IMPORT.md",
            "bot.yaml",
            "chats/smoke.yaml",
            "migrations/0001_imported.sql"
        ]
    );
    for file in &report.files {
        assert!(out.join(file).is_file(), "{file}");
    }
    assert!(report.count(Severity::NeedsPerson) > 0);
    assert!(report.to_string().contains("notes.json → bot `notes_bot`"));

    let before = std::fs::read_to_string(out.join("bot.yaml")).expect("readable");
    let again = run("{}", "other.json", &out);
    assert!(
        matches!(again, Err(ImportError::NotEmpty { .. })),
        "{again:?}"
    );
    assert_eq!(
        std::fs::read_to_string(out.join("bot.yaml")).expect("readable"),
        before
    );
    let file = root.0.join("a_file");
    std::fs::write(&file, "x").expect("writable");
    let over = run(SMALL, "s.json", &file);
    assert!(
        matches!(over, Err(ImportError::NotEmpty { .. })),
        "{over:?}"
    );
}

#[test]
fn the_folders_name_must_be_an_id_and_a_bad_spec_writes_nothing() {
    let root = Folder::new("names");
    for name in ["Bad", "2bots", "a-b", "бот", ".."] {
        let result = run(SMALL, "s.json", &root.0.join(name));
        assert!(matches!(result, Err(ImportError::BotId { .. })), "{name}");
    }
    let out = root.0.join("good");
    assert!(run("{", "s.json", &out).is_err());
    assert!(!out.exists());
    // An empty folder is as good as none.
    std::fs::create_dir(&out).expect("writable");
    run(SMALL, "s.json", &out).expect("written");
}

#[test]
fn tables_of_siblings_are_not_created_twice() {
    let root = Folder::new("siblings");
    run(SMALL, "s.json", &root.0.join("first")).expect("written");
    let report = run(SMALL, "s.json", &root.0.join("second")).expect("written");
    let read =
        |file: &str| std::fs::read_to_string(root.0.join("second").join(file)).expect("readable");
    assert!(read("bot.yaml").contains("INSERT INTO second_notes ("));
    assert!(read("migrations/0001_imported.sql").contains("CREATE TABLE second_notes ("));
    let told = |l: &botgen::import::ReportLine| l.message.contains("`second_notes`");
    assert!(report.lines.iter().any(told));
}
