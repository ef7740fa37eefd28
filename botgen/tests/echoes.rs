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
