//! One mistake, one finding: nothing is said about what a reported mistake has taken away. And what the check
//! accepts has names that Rust accepts.

use botgen::{Compiled, Input, Options};

const TABLE: &str =
    "CREATE TABLE things (id BIGSERIAL PRIMARY KEY, kind TEXT NOT NULL, note TEXT);";
const CHATS: &str = "- name: says it\n  steps:\n    - say: /add\n    - say: /list\n";
const BOT: &str = r#"botfactory: v1
flows:
  - flow.menu.v1:
      entry_cmd: /start
      title: "t:title"
      options: [{ text: "Add", callback: "/add {what=3}" }, { text: "List", callback: /list }]
  - flow.wizard.v1:
      entry_cmd: /add
      args: { what: { type: int, optional: true } }
      steps:
        - { ask: "Which of {{what | default: 0}}?", var: kind, type: choice, options: [{ text: "A", value: a }] }
        - { ask: "Note?", var: note, optional: true }
      on_complete:
        - action.sql_exec.v1:
            sql: INSERT INTO things (kind, note) VALUES (:kind, :note)
        - action.reply_template.v1: { text: "{{#if note}}{{note}}{{/if}}{{t:done}}" }
  - flow.generic.v1:
      entry_cmd: /list
      on_enter:
        - action.sql_query.v1:
            sql: SELECT kind FROM things LIMIT 9
            result_var: things
        - action.reply_template.v1: { text: "{{#each things}}{{kind | label: 'add.kind'}}{{/each}}", empty_text: "-" }
"#;

fn compiled(id: &str, bot: &str, table: &str) -> Compiled {
    let files: Vec<(&str, &[u8])> = vec![
        ("bot.yaml", bot.as_bytes()),
        ("locales/en.ftl", b"title = Hello\ndone = Done\n"),
        ("migrations/0001_things.sql", table.as_bytes()),
        ("chats/a.yaml", CHATS.as_bytes()),
    ];
    let input = Input::from_memory([(format!("bots/{id}").as_str(), files)]);
    botgen::compile(&input, &Options::default())
}

fn said(bot: &str, table: &str) -> Vec<String> {
    let said = compiled("demo", bot, table).diagnostics;
    said.iter()
        .map(|d| format!("{} {}", d.code.id, d.message))
        .collect()
}

#[test]
fn one_mistake_one_finding() {
    assert_eq!(said(BOT, TABLE), Vec::<String>::new());
    for (right, wrong, wanted) in [
        ("flow.wizard.v1", "flow.wizzard.v1", "BF0104"),
        ("entry_cmd: /list", "entry_cmd: /List", "BF0203"),
        ("entry_cmd: /list", "entry_cmd: /add", "BF0202"),
        ("{what=3}", "{whta=3}", "BF0206"),
        (
            "what: { type: int, optional: true",
            "what: { type: int, optional: Yes",
            "BF0103",
        ),
        (
            "var: note, optional: true",
            "var: note, optional: Yes",
            "BF0103",
        ),
        ("(kind, note)", "(kindd, note)", "BF0521"),
        ("{{t:done}}", "{{#if note}}{{t:done}}", "BF0403"),
    ] {
        let said = said(&BOT.replacen(right, wrong, 1), TABLE);
        assert!(
            said.len() == 1 && said[0].starts_with(wanted),
            "{wrong}: {said:#?}"
        );
    }
    let said = said(BOT, &TABLE.replace("NOT NULL", "NOT NUL"));
    assert!(
        said.len() == 1 && said[0].starts_with("BF0510"),
        "{said:#?}"
    );
}

/// What is said of a bot that is one file and perhaps a table.
fn alone(bot: &str, table: Option<&str>) -> Vec<String> {
    let mut files: Vec<(&str, &[u8])> = vec![("bot.yaml", bot.as_bytes())];
    files.extend(table.map(|t| ("migrations/0001_things.sql", t.as_bytes())));
    let input = Input::from_memory([("bots/demo", files)]);
    let found = botgen::compile(&input, &Options::default()).diagnostics;
    found.iter().map(|d| d.code.id.to_owned()).collect()
}

const WAYS: &str = r#"botfactory: v1
flows:
  - flow.wizard.v1:
      entry_cmd: /start
      ttl: 2h
      steps:
        - { ask: "How?", var: kind, type: choice, options: [{ text: Run, value: run }, { text: Walk, value: walk }],
            case: [{ when: kind == 'run', goto: km }, { goto: weight }] }
        - { ask: "Sure?", var: sure, type: bool, case: [{ goto: weight }] }
        - { ask: "How far?", var: km, type: int }
        - { ask: "How heavy?", var: weight, type: int }
      on_complete:
        - action.reply_template.v1: { when: km is not null, text: "{{kind | label}} {{km}} {{weight}}" }
        - action.reply_template.v1: { text: "{{weight}}" }
"#;

/// A way that is broken brings no variables: that is not said as well. A `goto` to nowhere is always said.
#[test]
fn broken_ways() {
    assert_eq!(alone(WAYS, None), ["BF0301"]);
    let ways = WAYS.replace(
        "        - { ask: \"Sure?\", var: sure, type: bool, case: [{ goto: weight }] }\n",
        "",
    );
    assert_eq!(alone(&ways, None), Vec::<String>::new());
    for (edits, wanted) in [
        (&[("goto: km }", "goto: kmm }")][..], &["BF0210"][..]),
        (
            &[("ttl: 2h", "ttl: 2hours"), ("goto: km }", "goto: kmm }")],
            &["BF0112", "BF0210"],
        ),
        (
            &[
                ("var: weight, type: int", "var: weight, type: boolean"),
                ("goto: km }", "goto: kmm }"),
            ],
            &["BF0210", "BF0107"],
        ),
        // A step that could not be read may be the one that is meant.
        (
            &[(
                "{ ask: \"How far?\", var: km",
                "{ aks: \"How far?\", var: km",
            )],
            &["BF0101"],
        ),
    ] {
        let bot = edits
            .iter()
            .fold(ways.clone(), |bot, (a, b)| bot.replacen(a, b, 1));
        let got = alone(&bot, None);
        assert_eq!(got, wanted, "{edits:?}: {:#?}", alone(&bot, None));
    }
}

/// A step whose type cannot be read fits everything.
#[test]
fn unknown_types() {
    for (wrong, near) in [
        ("boolean", "bool"),
        ("string", "text"),
        ("decimal(two)", ""),
    ] {
        let bot = BOT.replace(
            "var: note, optional",
            &format!("var: note, type: {wrong}, optional"),
        );
        let found = compiled("demo", &bot, TABLE).diagnostics;
        assert_eq!(found.len(), 1, "{found:#?}");
        let help = found[0].help.as_deref().unwrap_or_default();
        assert_eq!(found[0].code.id, "BF0107");
        assert!(
            near.is_empty() || help.starts_with(&format!("did you mean `{near}`?")),
            "{help}"
        );
    }
}

/// A condition with an error has shown nothing, and nothing is said about what it was to show.
#[test]
fn broken_guards() {
    let bot = r#"botfactory: v1
flows:
  - flow.generic.v1:
      entry_cmd: /start
      on_enter:
        - action.sql_query.v1:
            sql: SELECT note FROM things WHERE id = 1
            result_var: gone
            scalar: true
        - action.reply_template.v1: { when: gone is null, text: "-", goto: end }
        - action.reply_template.v1: { text: "{{gone | upper}}" }
        - action.reply_template.v1: { when: gone is not null, text: "{{gone}}" }
"#;
    let lint = alone(bot, Some(TABLE));
    let told = alone(&bot.replacen("gone is null", "gon is null", 1), Some(TABLE));
    assert_eq!(told, ["BF0710"]);
    let told = alone(
        &bot.replacen("when: gone is null, ", "when: gone is not null, ", 1),
        Some(TABLE),
    );
    assert!(told.contains(&"BF0714".to_owned()), "{told:?} {lint:?}");
}

/// What a statement with an error would have made is not missing.
#[test]
fn unmade_tables() {
    let files: Vec<(&str, &[u8])> = vec![
        ("bot.yaml", BOT.as_bytes()),
        ("locales/en.ftl", b"title = Hello\ndone = Done\n"),
        ("migrations/0001_things.sql", b"CREATE TABLE things (id BIGSERIAL PRIMARY KEY, kind TEXT NOT NUL);"),
        ("migrations/0002_more.sql", b"ALTER TABLE things ADD COLUMN note TEXT;\nCREATE INDEX by_kind ON things (kind);\nCREATE TABLE parts (id BIGSERIAL PRIMARY KEY, thing BIGINT NOT NULL REFERENCES things (id));"),
        ("chats/a.yaml", CHATS.as_bytes()),
    ];
    let input = Input::from_memory([("bots/demo", files)]);
    let found = botgen::compile(&input, &Options::default()).diagnostics;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].code.id, "BF0510");
}

/// Commands and bots may be called what Rust keeps for itself.
#[test]
fn names_of_rust() {
    let commands = [
        "mod",
        "gen",
        "type",
        "self",
        "crate",
        "impl",
        "std",
        "runtime_core",
        "sqlx",
    ];
    let mut bot = String::from("botfactory: v1\nintents:\n");
    for command in commands {
        bot += &format!("  - {{ cmd: /{command}, reply: \"x\" }}\n");
    }
    for id in [
        "bot",
        "self",
        "type",
        "conversations",
        "runtime_core",
        "gen",
    ] {
        let input = Input::from_memory([(
            format!("bots/{id}").as_str(),
            vec![("bot.yaml", bot.as_bytes())],
        )]);
        let compiled = botgen::compile(&input, &Options::default());
        let program = compiled.program.expect("no error");
        let output = botgen::emit::emit(&program);
        let module = &output.files[&format!("bots/{id}/mod.rs")];
        for flow in &program.bots[0].flows {
            // `r#` is no part of a file's name, and `mod.rs` is the bot itself.
            assert!(
                !flow.module.starts_with("r#") && !["mod", "gen"].contains(&flow.module.as_str())
            );
            assert!(!["std", "sqlx", "runtime_core"].contains(&flow.module.as_str()));
            assert!(
                module.contains(&format!("pub mod {};", flow.module)),
                "{module}"
            );
        }
        assert_ne!(botgen::emit::type_name(&program.bots[0]).to_string(), "Bot");
        let name = botgen::emit::module_name(&program.bots[0]).to_string();
        assert!(
            name == format!("r#{id}") || name == format!("{id}_bot") || id == "bot",
            "{name}"
        );
    }
}
