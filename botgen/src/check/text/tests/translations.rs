//! Texts by key: translations, locales, and what they are given.

use super::{findings, said_with};

#[test]
fn translations() {
    let check = |text: &str, ftl: &str| said_with(text, "edit: false", ftl);
    #[track_caller]
    fn one(said: Vec<String>, wanted: &str) {
        assert!(
            said.len() == 1 && said.iter().all(|s| s.contains(wanted)),
            "said {said:#?}\n want {wanted}"
        );
    }
    let none = Vec::<String>::new();
    assert_eq!(
        check(
            "t:a {x=n}",
            "a = { $x } { NUMBER($x, minimumFractionDigits: 2) }"
        ),
        none
    );
    assert_eq!(
        check("t:a {d=now}", "a = { DATETIME($d, dateStyle: \"long\") }"),
        none
    );
    assert_eq!(
        check("t:a {k=kind}", "a = { $k ->\n    [red] R\n   *[blue] B\n }"),
        none
    );
    assert_eq!(check("t:a.b {x=n}", "a = A\n    .b = { $x }"), none);
    assert_eq!(
        check("t:a {x=n}", "a = { b } { -t }\nb = <b>{ $x }</b>\n-t = T"),
        none
    );
    one(
        check("t:aa", "a = A\nab = { a }")
            .into_iter()
            .filter(|s| !s.contains("BF0415"))
            .collect(),
        "BF0410 «aa» there is no message `aa` (did you mean `t:a`?)",
    );
    one(
        check("t:a.c", "a = A\n    .b = B"),
        "BF0410 «c» `a` has no attribute `c`",
    );
    one(
        check("t:a", "a =\n    .b = B"),
        "`a` has attributes but no text of its own (name one of them: `t:a.b`)",
    );
    one(
        check("t:a", "a = { $x }"),
        "BF0412 «a» `a` needs `x` in `en` (give it: `t:a {x=…}`)",
    );
    one(
        check("t:a", "a = { b }\nb = { $x }"),
        "BF0412 «a» `a` needs `x`",
    );
    one(
        check("t:a {slto=n}", "a = { $slot }"),
        "BF0412 «slto» `a` needs `slot` in `en` (it is given as `slto`",
    );
    one(check("t:a {x=n, y=n}", "a = { $x }"), "BF0413 «y»");
    one(
        check("t:a {x=n}", "a = { DATETIME($x) }"),
        "BF0414 «n» `DATETIME` needs a date or a time, this is an int",
    );
    one(
        check("t:a {x=user.first_name}", "a = { NUMBER($x) }"),
        "BF0414 «user.first_name» `NUMBER` needs a number",
    );
    one(
        check(
            "t:a {x=user.first_name}",
            "a = { $x ->\n    [one] 1\n   *[other] 2\n }",
        ),
        "BF0414 «user.first_name» plural forms need a number, this is a text",
    );
    one(
        check(
            "t:a {x=n | number}",
            "a = { $x ->\n    [one] 1\n   *[other] 2\n }",
        ),
        "give the number itself, without a filter",
    );
    one(
        check("t:a {x=n}", "a = { $x ->\n    [red] 1\n   *[other] 2\n }"),
        "BF0414 «n» the translation chooses by words",
    );
    one(
        check("t:a {k=kind}", "a = { $k ->\n    [rad] R\n   *[blue] B\n }"),
        "BF0423 «rad» `rad` is not a value of the choice `k` (did you mean `[red]`?)",
    );
    one(check("t:a {k=kind}", "a = { $k }"), "BF0433 «kind»");
    one(check("t:a {w=word}", "a = { $w }"), "BF0714 «word»");
    one(check("t:a", "a = <b>x"), "BF0430 «<b>»");
    one(check("<b>{{t:a}}</b>", "a = <i>x"), "BF0430 «<i>»");
    one(
        check(
            "t:a {x=n}",
            "a = { $x ->\n    [one] <b>1\n   *[other] 2\n }",
        ),
        "BF0430 «<b>»",
    );
    one(
        check("t:a", &format!("a = {}", "x".repeat(4097))),
        "BF0601 «xxx",
    );
    one(check("t:a", "a = {\"\"}"), "BF0432");
    one(check("t:a", "a = { $x ->\n    [one] 1\n }"), "BF0416");
    one(check("x", "a = A"), "BF0415 «a» `a` is never used");
    one(check("t:a", "a = A\na = B"), "BF0417 «a»");
    one(
        check("t:a", "a = { c }"),
        "BF0418 «c» there is no message `c`",
    );
    one(check("t:a", "a = { b }\nb = { a }"), "BF0419 «a»");
    one(
        check("t:a", "a = { FOO($x) }")
            .into_iter()
            .filter(|s| !s.contains("BF0412"))
            .collect(),
        "BF0427 «FOO» there is no function `FOO`",
    );
    one(
        check("t:a", "a = A\nbf-bakc = x"),
        "BF0420 «bf-bakc» the runtime has no message `bf-bakc` (did you mean `bf-back`?)",
    );
    one(check("t:a", "a = A\nbf-back = <b>back"), "BF0431 «<b>»");
    one(
        check("t:a", "a = A\nbf-back = { $x }"),
        "BF0420 «x» `bf-back` has no variable `x`",
    );
    assert_eq!(check("t:a", "a = A\nbf-too-long = { $max }!"), none);
    one(
        check(
            "t:a {x=n}",
            "a = { $x ->\n    [one] 1\n    [few] 3\n   *[other] 2\n }",
        ),
        "BF0422 «few» `en` has no plural form `few`",
    );
    one(
        check(
            "t:a {p=n + 0.5}",
            "a = { $p ->\n    [0] no\n   *[other] 2\n }",
        ),
        "BF0423 «0» `[0]` never fits a decimal",
    );
    one(
        check("t:a", "a = { -t }\n-t = { $case }"),
        "BF0425 «t» the term `-t` needs `case`",
    );
    assert_eq!(
        check("t:a", "a = { -t(case: \"x\") }\n-t = { $case }"),
        none
    );
}

#[test]
fn locales() {
    let yaml = |more: &str| {
        format!(
            "botfactory: v1\ni18n.fluent.v1: {{ default_locale: ru, locales: [ru, en], strategy: fixed }}\nintents:\n  - {{ cmd: /start, reply: \"t:hello {{name=user.first_name}}\" }}\n{more}"
        )
    };
    let check = |more: &str, ru: &str, en: &str| {
        findings(&[
            ("bot.yaml", &yaml(more)),
            ("locales/ru.ftl", ru),
            ("locales/en.ftl", en),
        ])
    };
    let hello = "hello = { $name }";
    assert_eq!(check("", hello, hello), Vec::<String>::new());
    let said = check("", hello, "");
    assert!(
        said.len() == 1
            && said[0].starts_with(
                "BF0411 «hello» `hello` is missing in `en` (write it in `locales/en.ftl`)"
            ),
        "{said:?}"
    );
    let said = check("", hello, "hello = { $name } { $other }");
    assert!(
        said.len() == 1 && said[0].contains("BF0412 «hello» `hello` needs `other` in `en`"),
        "{said:?}"
    );
    let said = check("", hello, "hello = Hi");
    assert!(
        said.len() == 1
            && said[0].contains("BF0429 «hello» `en` does not say `name`, but `ru` does"),
        "{said:?}"
    );
    // A variable that one language only chooses by is fine.
    let chosen = "hello = { $name ->\n    [Anna] Hi, you\n   *[other] Hi\n }";
    assert_eq!(check("", chosen, "hello = Hi"), Vec::<String>::new());
    let said = check("", "hello = Ж < { $name }", hello);
    assert!(
        said.len() == 1 && said[0].starts_with("BF0430 «<»"),
        "{said:?}"
    );
    let german = findings(&[
        (
            "bot.yaml",
            "botfactory: v1\nlocale: de\nintents: [{ cmd: /start, reply: hi }]\n",
        ),
        ("locales/de.ftl", "bf-back = zurück"),
    ]);
    assert!(
        german.len() == 1 && german[0].starts_with("BF0421 «de»"),
        "{german:?}"
    );
}

#[test]
fn labels_with_variables() {
    let yaml = |label: &str| {
        format!(
            r#"botfactory: v1
flows:
  - flow.wizard.v1:
      entry_cmd: /start
      args: {{ price: int }}
      steps:
        - ask: Which?
          var: kind
          type: choice
          options: [{{ text: "{label}", value: red }}, {{ text: Blue, value: blue }}]
      on_complete:
        - action.reply_template.v1: {{ text: "{{{{kind | label}}}}, {{{{user.first_name | label: 'start.kind'}}}} {{{{price}}}}" }}
"#
        )
    };
    assert_eq!(
        findings(&[("bot.yaml", &yaml("Red"))]),
        Vec::<String>::new()
    );
    let said = findings(&[("bot.yaml", &yaml("Red for {{price}}"))]);
    assert!(
        said.len() == 2 && said.iter().all(|s| s.starts_with("BF0718")),
        "{said:#?}"
    );
}

/// Any `.ftl` file is survived, and every finding stands inside it.
#[test]
fn any_translation_is_survived() {
    let parts = [
        "a", "b", "-t", " = ", "\n", "\n    ", "{", "}", "$x", " -> ", "[one]", "*[other]",
        "NUMBER", "(", ")", "\"", "\\", ".c", "Ж", "💡", "<b>", "</b>", "&", "#", " ", ":", "1",
        "bf-back", "\r\n", ",",
    ];
    let yaml = "botfactory: v1\nlocale: en\nintents: [{ cmd: /start, reply: \"t:a {x=now}\" }]\n";
    for seed in 0..400 {
        let ftl = format!("a = {}", crate::syntax::expr::tests::soup(seed, &parts));
        findings(&[("bot.yaml", yaml), ("locales/en.ftl", &ftl)]);
    }
    for deep in ["{", "{ NUMBER(", "{ $x ->\n *[other] "] {
        findings(&[
            ("bot.yaml", yaml),
            ("locales/en.ftl", &format!("a = {}", deep.repeat(5_000))),
        ]);
    }
    let laughs: String = (0..60)
        .map(|i| format!("m{i} = {{ m{0} }}{{ m{0} }}\n", i + 1))
        .collect();
    let said = findings(&[
        ("bot.yaml", yaml),
        (
            "locales/en.ftl",
            &format!("a = {{ m0 }}\n{laughs}m60 = x\n"),
        ),
    ]);
    assert!(said.iter().any(|s| s.starts_with("BF0424")), "{said:?}");
    let chain: String = (0..5_000)
        .map(|i| format!("m{i} = {{ m{} }}\n", i + 1))
        .collect();
    let said = findings(&[
        ("bot.yaml", yaml),
        (
            "locales/en.ftl",
            &format!("a = {{ m0 }}\n{chain}m5000 = x\n"),
        ),
    ]);
    assert!(said.iter().any(|s| s.starts_with("BF0419")), "{said:?}");
}
