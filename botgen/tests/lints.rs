//! `lints` of a bot.yaml reach every finding of the bot's folder, and no other bot's.

use botgen::diagnostics::Severity;
use botgen::{Compiled, Input, Options};

fn bot(lints: &str) -> String {
    format!(
        "botfactory: v1\n{lints}\
         intents:\n  - {{ cmd: /start, reply: \"t:hello\" }}\n\
         flows:\n  - flow.wizard.v1:\n      entry_cmd: /ask\n      description: \"Ask\"\n      steps: [{{ ask: \"Name?\", var: name }}]\n\
         \x20     on_complete:\n        - action.reply_template.v1: {{ text: \"Thanks\" }}\n"
    )
}

fn compiled(bots: &[(&str, &str)]) -> Compiled {
    let texts: Vec<(&str, String)> = bots.iter().map(|(id, lints)| (*id, bot(lints))).collect();
    let ftl: &[u8] = b"hello = Hello\nunused = Bye\n";
    let mut input = Input::from_memory(texts.iter().map(|(path, text)| {
        let files: Vec<(&str, &[u8])> =
            vec![("bot.yaml", text.as_bytes()), ("locales/en.ftl", ftl)];
        (*path, files)
    }));
    for bot in &mut input.bots {
        // The working directory has a name as well.
        if bot.id.is_empty() {
            bot.id = "here".to_owned();
        }
    }
    botgen::compile(&input, &Options::default())
}

fn said(compiled: &Compiled) -> Vec<String> {
    let file =
        |d: &botgen::diagnostics::Diagnostic| compiled.sources.file(d.span.file).path.clone();
    let said = compiled.diagnostics.iter();
    said.map(|d| format!("{} {} {}", d.code.id, d.severity.name(), file(d)))
        .collect()
}

const ALLOW: &str = "lints:\n  BF0415: { level: allow, because: \"next week\" }\n  BF0242: { level: deny, because: \"we keep what we ask\" }\n";

#[test]
fn each_bot_has_its_own() {
    let both = compiled(&[("bots/a", ""), ("bots/ab", ALLOW)]);
    assert_eq!(
        said(&both),
        [
            "BF0242 warning bots/a/bot.yaml",
            "BF0415 warning bots/a/locales/en.ftl",
            "BF0242 error bots/ab/bot.yaml",
        ]
    );
    assert!(both.has_errors() && both.program.is_none());
    // A bot in the working directory.
    let here = compiled(&[(
        "",
        "lints:\n  BF04: { level: allow, because: \"later\" }\n  BF0242: { level: allow, because: \"later\" }\n",
    )]);
    assert_eq!(said(&here), Vec::<String>::new());
    assert!(here.program.is_some());
}

#[test]
fn a_code_counts_before_its_family() {
    let lints = "lints:\n  BF04: { level: deny, because: \"x\" }\n  BF0415: { level: warn, because: \"x\" }\n";
    let one = compiled(&[("bots/a", lints)]);
    assert!(
        one.diagnostics
            .iter()
            .all(|d| d.severity == Severity::Warning)
    );
    assert_eq!(one.diagnostics.len(), 2, "{:?}", said(&one));
}

/// What an error hides may be what an `allow` is for.
#[test]
fn an_idle_lint_waits_until_nothing_is_wrong() {
    let idle = "lints:\n  BF0305: { level: allow, because: \"x\" }\n";
    assert!(
        said(&compiled(&[("bots/a", idle)])).contains(&"BF0120 warning bots/a/bot.yaml".into())
    );
    let wrong = format!("{idle}tz: Nowhere\n");
    let said = said(&compiled(&[("bots/a", &wrong)]));
    assert!(!said.iter().any(|s| s.contains("BF0120")), "{said:?}");
    // And it may itself be allowed, denied, or idle.
    let lints = format!("{idle}  BF0120: {{ level: allow, because: \"x\" }}\n");
    let quiet = compiled(&[("bots/a", &lints)]);
    assert_eq!(quiet.diagnostics.len(), 2);
    let lints = "lints:\n  BF0120: { level: allow, because: \"x\" }\n";
    let alone = compiled(&[("bots/a", lints)]);
    assert_eq!(alone.diagnostics.len(), 3);
}
