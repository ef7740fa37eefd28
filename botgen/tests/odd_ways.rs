//! Small odd bots: which conditions, ways and answers are said to be dead, and which near ones pass.

use std::collections::BTreeSet;

use botgen::{Input, Options};

/// Advice that small bots cannot but deserve.
const LEFT_ASIDE: [&str; 3] = ["BF0240", "BF0242", "BF0243"];

fn codes(bot: &str, ftl: &str) -> Vec<&'static str> {
    let mut files = vec![("bot.yaml", bot.as_bytes())];
    if !ftl.is_empty() {
        files.push(("locales/en.ftl", ftl.as_bytes()));
    }
    let compiled = botgen::compile(&Input::from_memory([("demo", files)]), &Options::default());
    let found: BTreeSet<_> = compiled.diagnostics.iter().map(|d| d.code.id).collect();
    found
        .into_iter()
        .filter(|id| !LEFT_ASIDE.contains(id))
        .collect()
}

/// A command with arguments `n` (1 to 9), `s`, `b` and `k` (a, b, c), and replies with these conditions.
fn replies(conditions: &[&str]) -> String {
    let mut bot = String::from(
        "botfactory: v1\nflows:\n  - flow.generic.v1:\n      entry_cmd: /start\n      args:\n        n: { type: int, optional: true, min: 1, max: 9 }\n        s: { type: text, optional: true }\n        b: { type: bool, optional: true }\n        k: { type: choice, optional: true, options: [{ text: A, value: a }, { text: B, value: b }, { text: C, value: c }] }\n      on_enter:\n",
    );
    for condition in conditions {
        let (condition, goto) = condition.split_once(" => ").unwrap_or((condition, ""));
        let goto = if goto.is_empty() {
            String::new()
        } else {
            format!(", goto: {goto}")
        };
        bot += &format!(
            "        - action.reply_template.v1: {{ text: \"x\", when: \"{condition}\"{goto} }}\n"
        );
    }
    bot + "        - action.reply_template.v1: { text: \"y\" }\n"
}

#[test]
fn conditions() {
    let dead: &[&[&str]] = &[
        &["n is not null and n > 9"],
        &["n is null or n <= 9"],
        &["n is null => end", "n == 5 => end", "n == 5"],
        &["n is null => end", "n < 5 => end", "n > 5 => end", "n == 5"],
        &["n is not null and n < 5 and n > 4"],
        &["n is not null and n in [10, 11]"],
        &["s is not null and s == 'a' and s == 'b'"],
        &["s is not null and s in ['a', 'b'] and s == 'c'"],
        &["b is not null and b and not b"],
        &[
            "k is null => end",
            "k == 'a' => end",
            "k == 'b' => end",
            "k == 'c'",
        ],
        &["k is not null and k not in ['a', 'b', 'c']"],
        &["true"],
        &["false"],
        &["1 > 2"],
        &["'a' == 'b'"],
        &["user_id == user_id"],
        &["not (n is null or n < 20)"],
    ];
    for conditions in dead {
        let found = codes(&replies(conditions), "");
        assert_eq!(found, ["BF0316"], "{conditions:?}");
    }
    let alive: &[&[&str]] = &[
        &["n is not null and n > 8"],
        &["n is null => end", "n == 5 => end", "n == 4"],
        &["n is not null and (n < 3 or n > 7)"],
        &["n is not null and n < 5 and n > 3"],
        &["s is not null and s != 'a' and s != 'b'"],
        &["b is not null and b", "b is not null and not b"],
        &["k is null => end", "k == 'a' => end", "k == 'b'"],
        &["user.username is null"],
        &["k is not null and k in ['a', 'b', 'c']", "k is null"],
        &["now > now - 5m"],
    ];
    for conditions in alive {
        assert_eq!(
            codes(&replies(conditions), ""),
            Vec::<&str>::new(),
            "{conditions:?}"
        );
    }
}

/// A wizard of these steps.
fn wizard(steps: &[&str]) -> String {
    let mut bot = String::from(
        "botfactory: v1\nflows:\n  - flow.wizard.v1:\n      entry_cmd: /start\n      steps:\n",
    );
    for step in steps {
        bot += &format!("        - {step}\n");
    }
    bot + "      on_complete:\n        - action.reply_template.v1: { text: \"ok\" }\n"
}

#[test]
fn answers() {
    let choice =
        |options: &str| format!("{{ ask: \"n?\", var: n, type: choice, options: [{options}] }}");
    let regex = |ty: &str, regex: &str| {
        format!("{{ ask: \"n?\", var: n, type: {ty}, validate: {{ regex: '{regex}' }} }}")
    };
    for (step, wanted) in [
        (regex("int", "[a-z]+"), "BF0312"),
        (regex("int", "-?[0-9]+"), ""),
        (regex("decimal(2)", "[0-9]+[.,][0-9]{2}"), ""),
        (regex("email", "[a-z]+"), "BF0312"),
        (regex("email", ".*@example\\.org"), ""),
        (regex("phone", "\\+7[0-9]{10}"), ""),
        (regex("phone", "[a-z ]+"), "BF0312"),
        (regex("date", "[0-9]{2}\\.[0-9]{2}\\.[0-9]{4}"), ""),
        (regex("date", "[A-Z][a-z]+ [0-9]+"), "BF0312"),
        (regex("datetime", ".*T.*"), ""),
        (regex("bool", "[0-9]{3}"), "BF0312"),
        (regex("bool", "yes|no"), ""),
        (regex("text", "/(a|b)"), "BF0317"),
        (regex("text", "/[a-z]+"), "BF0317"),
        (regex("text", "/a|/b"), "BF0317"),
        (regex("text", "/[a-z]+/[a-z]+"), ""),
        (regex("text", "/[a-z]+-[0-9]"), ""),
        (regex("text", "/a|b"), ""),
        (regex("text", "//[a-z]+"), ""),
        (
            "{ ask: \"n?\", var: n, max: 3, validate: { regex: '[A-Z]{2}[0-9]{4}' } }".to_owned(),
            "BF0312",
        ),
        (
            "{ ask: \"n?\", var: n, max: 2, validate: { regex: '[🙂]' } }".to_owned(),
            "",
        ),
        (
            "{ ask: \"n?\", var: n, max: 1, validate: { regex: '[🙂]' } }".to_owned(),
            "BF0312",
        ),
        (
            "{ ask: \"n?\", var: n, type: date, min: \"{{today + 5d}}\", max: \"{{today}}\" }"
                .to_owned(),
            "BF0310",
        ),
        (
            "{ ask: \"n?\", var: n, type: datetime, min: \"{{now}}\", max: \"{{now + 5d}}\" }"
                .to_owned(),
            "",
        ),
        (
            choice("{ text: A, value: x }, { text: \"a \", value: z }"),
            "BF0437",
        ),
        (choice("{ text: A, value: x }, { text: B, value: a }"), ""),
        (
            choice("{ text: A, value: b }, { text: B, value: a }"),
            "BF0437",
        ),
        (
            choice(
                "{ text: A, value: x, when: user.username is null }, { text: A, value: z, when: user.username is not null }",
            ),
            "",
        ),
        (
            choice(
                "{ text: A, value: x, when: user.username is null }, { text: B, value: z, when: user.last_name is null }",
            ),
            "BF0318",
        ),
        (choice("{ text: \"/go\", value: x }"), "BF0438"),
        (choice("{ text: \"/ go\", value: x }"), ""),
        (choice("{ text: cancel, value: x }"), "BF0440"),
        // The first question has no way back and cannot be skipped.
        (
            choice("{ text: \"← Back\", value: x }, { text: Skip, value: z }"),
            "",
        ),
    ] {
        let found = codes(&wizard(&[&step]), "");
        let wanted: Vec<&str> = Some(wanted).filter(|w| !w.is_empty()).into_iter().collect();
        assert_eq!(found, wanted, "{step}");
    }
    let yes = wizard(&["{ ask: \"n?\", var: n, type: bool }"]);
    assert_eq!(codes(&yes, "bf-yes = No\n"), ["BF0437"]);
    assert_eq!(
        codes(&yes, "bf-yes = Sure\nbf-no = Never\n"),
        Vec::<&str>::new()
    );
}

#[test]
fn branches() {
    let int = |case: &str| {
        format!("{{ ask: \"n?\", var: n, type: int, min: 3, max: 8, case: [{case}] }}")
    };
    for (case, wanted) in [
        ("{ when: n < 3, goto: end }, { goto: m }", true),
        ("{ when: n <= 3, goto: end }, { goto: m }", false),
        (
            "{ when: n > 5, goto: end }, { when: n > 6, goto: n }, { goto: m }",
            true,
        ),
        (
            "{ when: n > 6, goto: end }, { when: n > 5, goto: n }, { goto: m }",
            false,
        ),
        (
            "{ when: n > 5, goto: end }, { when: n <= 5, goto: n }, { goto: m }",
            true,
        ),
    ] {
        let found = codes(&wizard(&[&int(case), "{ ask: \"m?\", var: m }"]), "");
        assert_eq!(found.contains(&"BF0316"), wanted, "{case}: {found:?}");
    }
}
