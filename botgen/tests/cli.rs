//! The command line: exit codes, where output goes, the fixed forms.
#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A working directory of its own.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fn botgen(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_botgen"))
            .args(args)
            .current_dir(&self.0)
            .output()
            .unwrap()
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

const GOOD: &str = "botfactory: v1\nintents:\n  - { cmd: /help, reply: \"I can help.\" }\n";
const BAD: &str = "botfactory: v1\nimя: x\nintents:\n  - { cmd: help, reply: \"…\" }\n";

#[test]
fn check_says_it_with_its_exit_code() {
    let dir = Dir::new("codes");
    dir.write("bots/good/bot.yaml", GOOD);
    let good = dir.botgen(&["check"]);
    assert_eq!(
        (code(&good), out(&good).as_str()),
        (0, ""),
        "{}",
        err(&good)
    );

    dir.write("bots/bad/bot.yaml", BAD);
    let both = dir.botgen(&["check"]);
    assert_eq!(code(&both), 1);
    assert!(out(&both).is_empty());
    let text = err(&both);
    assert!(
        text.contains("error[BF0101]") && text.contains("--> bots/bad/bot.yaml:2:1"),
        "{text}"
    );
    assert!(
        text.ends_with("error: 2 errors in 2 bots; try: botgen explain BF0101\n"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'), "no colour outside of a terminal");
    assert_eq!(code(&dir.botgen(&["check", "bots/good"])), 0);

    for wrong in [
        &["check", "nowhere"][..],
        &["check", "--format", "xml"],
        &["chekc"],
        &["explain", "BF9999"],
        &[],
    ] {
        assert_eq!(code(&dir.botgen(wrong)), 2, "{wrong:?}");
    }
}

#[test]
fn json_has_the_fixed_form() {
    let dir = Dir::new("json");
    dir.write("bots/bad/bot.yaml", BAD);
    let output = dir.botgen(&["check", "bots/bad", "--format", "json"]);
    assert_eq!((code(&output), err(&output).as_str()), (1, ""));
    let value: Value = serde_json::from_str(&out(&output)).unwrap();
    let list = value["diagnostics"].as_array().unwrap();
    assert_eq!(list.len(), 2);
    let keys: Vec<&String> = list[0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "code",
            "severity",
            "message",
            "help",
            "file",
            "line",
            "column",
            "end_line",
            "end_column",
            "notes",
            "fixes"
        ]
    );
    // Columns count characters: `imя` ends at column 4.
    assert_eq!(list[0]["code"], "BF0101");
    assert_eq!(list[0]["severity"], "error");
    assert_eq!(list[0]["file"], "bots/bad/bot.yaml");
    assert_eq!(list[0]["line"], 2);
    assert_eq!(list[0]["column"], 1);
    assert_eq!(list[0]["end_line"], 2);
    assert_eq!(list[0]["end_column"], 4);
    assert_eq!(
        (&list[1]["line"], &list[1]["column"]),
        (&4.into(), &12.into())
    );
}

#[test]
fn other_formats() {
    let dir = Dir::new("formats");
    dir.write("bots/bad/bot.yaml", BAD);
    let sarif = dir.botgen(&["check", "--format", "sarif"]);
    let value: Value = serde_json::from_str(&out(&sarif)).unwrap();
    assert_eq!(value["version"], "2.1.0");
    let result = &value["runs"][0]["results"][1];
    assert_eq!(result["ruleId"], "BF0111");
    assert_eq!(
        result["locations"][0]["physicalLocation"]["region"]["startColumn"],
        12
    );
    let github = dir.botgen(&["check", "--format", "github"]);
    let text = out(&github);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(
        text.contains(
            "::error file=bots/bad/bot.yaml,line=4,col=12,endLine=4,endColumn=16,title=BF0111::"
        ),
        "{text}"
    );
}

#[test]
fn paths_are_relative_to_where_one_stands() {
    let dir = Dir::new("paths");
    dir.write("bots/bad/bot.yaml", BAD);
    dir.write("elsewhere/x", "");
    let at = |cwd: &str, args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_botgen"))
            .args(args)
            .current_dir(dir.0.join(cwd))
            .output()
            .unwrap();
        err(&output)
    };
    assert!(at("bots/bad", &["check", "."]).contains("--> bot.yaml:2:1"));
    assert!(at("bots/bad", &["check"]).contains("--> bot.yaml:2:1"));
    assert!(at("elsewhere", &["check", "../bots/bad"]).contains("--> ../bots/bad/bot.yaml:2:1"));
    let absolute = dir.0.join("bots/bad");
    assert!(at("bots", &["check", absolute.to_str().unwrap()]).contains("--> bad/bot.yaml:2:1"));
}

#[test]
fn new_writes_a_bot_that_passes() {
    let dir = Dir::new("new");
    dir.write("schema/bot.schema.json", "{}");
    let made = dir.botgen(&["new", "bots/my_shop"]);
    assert_eq!(code(&made), 0, "{}", err(&made));
    let yaml = fs::read_to_string(dir.0.join("bots/my_shop/bot.yaml")).unwrap();
    assert!(
        yaml.starts_with("# yaml-language-server: $schema=../../schema/bot.schema.json\n"),
        "{yaml}"
    );
    let check = dir.botgen(&["check"]);
    assert_eq!(code(&check), 0, "{}", err(&check));
    assert_eq!(
        code(&dir.botgen(&["new", "bots/my_shop"])),
        2,
        "never over something"
    );
    assert_eq!(code(&dir.botgen(&["new", "bots/My-Shop"])), 2);
    assert!(!dir.0.join("bots/My-Shop").exists());
}

#[test]
fn explain_and_schema_print() {
    let dir = Dir::new("print");
    let page = dir.botgen(&["explain", "bf0101"]);
    assert_eq!(code(&page), 0);
    assert!(out(&page).starts_with("# BF0101: "));
    let schema = dir.botgen(&["schema"]);
    let value: Value = serde_json::from_str(&out(&schema)).unwrap();
    assert_eq!(value["title"], "Bot");
    assert!(out(&dir.botgen(&["schema", "reference"])).contains("### `flow.wizard.v1`"));
}

#[test]
fn test_says_what_it_needs() {
    let dir = Dir::new("test");
    dir.write("bots/good/bot.yaml", GOOD);
    let output = dir.botgen(&["test"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("Cargo.toml"), "{}", err(&output));
    dir.write("Cargo.toml", "");
    let output = dir.botgen(&["test"]);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("chats/*.yaml"), "{}", err(&output));
    dir.write("bots/good/bot.yaml", BAD);
    assert!(err(&dir.botgen(&["test"])).contains("error[BF0111]"));
}

#[test]
fn shared_migrations_are_read_from_the_other_folder() {
    let dir = Dir::new("shared");
    dir.write("bots/a/bot.yaml", GOOD);
    dir.write(
        "bots/a/migrations/0001_t.sql",
        "CREATE TABLE t (id BIGINT PRIMARY KEY, bot_id TEXT NOT NULL);\n",
    );
    let b = "botfactory: v1\nmigrations: ../a/migrations\nflows:\n  - flow.generic.v1:\n      entry_cmd: /n\n      on_enter:\n        - action.sql_query.v1: { sql: \"SELECT COLUMN AS n FROM t WHERE bot_id = :bot_id\", result_var: n, scalar: true }\n        - action.reply_template.v1: { when: n is not null, text: \"{{n}}\", goto: end }\n        - action.reply_template.v1: { text: \"nothing\" }\n";
    dir.write("bots/b/bot.yaml", &b.replace("COLUMN", "id"));
    for args in [&["check", "bots/b"][..], &["check"]] {
        let output = dir.botgen(args);
        assert_eq!(code(&output), 0, "{}", err(&output));
    }
    dir.write("bots/b/bot.yaml", &b.replace("COLUMN", "nope"));
    let output = dir.botgen(&["check", "bots/b"]);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("nope"), "{}", err(&output));
}

#[test]
fn fix_writes_what_is_meant() {
    let dir = Dir::new("fix");
    dir.write("bots/bad/bot.yaml", BAD);
    dir.write("other.yaml", BAD);
    let dry = dir.botgen(&["fix", "--dry-run"]);
    assert_eq!(code(&dry), 1);
    let diff = out(&dry);
    assert!(
        diff.starts_with("--- a/bots/bad/bot.yaml\n+++ b/bots/bad/bot.yaml\n@@"),
        "{diff}"
    );
    assert!(
        diff.contains("-  - { cmd: help,") && diff.contains("+  - { cmd: /help,"),
        "{diff}"
    );
    let read = |name: &str| fs::read_to_string(dir.0.join(name)).unwrap();
    assert_eq!(read("bots/bad/bot.yaml"), BAD, "nothing is written");
    let fix = dir.botgen(&["fix", "bots/bad"]);
    assert_eq!(code(&fix), 1, "one mistake has no single answer");
    assert_eq!(out(&fix), "bots/bad/bot.yaml:4: write `/help`\n");
    assert_eq!(
        read("bots/bad/bot.yaml"),
        BAD.replace("cmd: help", "cmd: /help")
    );
    assert_eq!(read("other.yaml"), BAD);
    dir.write("bots/bad/bot.yaml", &BAD.replace("imя: x\n", ""));
    assert_eq!(code(&dir.botgen(&["fix"])), 0);
    let again = dir.botgen(&["fix", "--dry-run"]);
    assert_eq!((code(&again), out(&again).as_str()), (0, ""));
}

#[test]
fn explain_lists_and_takes_several() {
    let dir = Dir::new("explain");
    let list = out(&dir.botgen(&["explain"]));
    assert!(
        list.starts_with("BF00: files and YAML\n  BF0001  error "),
        "{list}"
    );
    let two = out(&dir.botgen(&["explain", "bf0111", "BF0201"]));
    assert!(
        two.starts_with("# BF0111: ") && two.contains("\n# BF0201: "),
        "{two}"
    );
    let json = dir.botgen(&["explain", "BF0242", "--format", "json"]);
    let value: Value = serde_json::from_str(&out(&json)).unwrap();
    assert_eq!(value["codes"][0]["severity"], "warning");
    assert_eq!(value["codes"][0]["family"], "names and references");
    let wrong = dir.botgen(&["explain", "BF0202x"]);
    assert_eq!(code(&wrong), 2);
    assert!(
        err(&wrong).contains("did you mean BF0202?"),
        "{}",
        err(&wrong)
    );
}

/// Line ends of Windows, tabs, wide and combining letters, lines of any length: a caret stands where it should.
#[test]
fn odd_lines_are_drawn() {
    let dir = Dir::new("odd");
    let long = "x".repeat(5_000);
    let yaml = format!(
        "botfactory: v1\r\nintents:\r\n  - {{ cmd: /start, reply: \"漢字 e\u{301} שלום {{{{nme}}}}\" }}\r\n  - {{ cmd: /b, reply: \"{long} {{{{nme}}}} {long}\" }}\r\n"
    );
    dir.write("bots/odd/bot.yaml", &yaml);
    let text = err(&dir.botgen(&["check"]));
    assert!(!text.contains('␍') && !text.contains('\r'), "{text}");
    assert!(text.contains("--> bots/odd/bot.yaml:4:5027"), "{text}");
    assert!(
        text.contains(" {{nme}} ") && text.lines().all(|l| l.chars().count() < 200),
        "{text}"
    );
    assert_eq!(text.matches("^^^").count(), 2, "{text}");
}
