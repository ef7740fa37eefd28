//! Texts and expressions in a whole bot: what is said about them, and where.

mod translations;

use crate::{Input, Options, compile};

/// Findings of a bot as `CODE «source» message`, without those of other families.
fn findings(files: &[(&str, &str)]) -> Vec<String> {
    let files = files.iter().map(|(n, t)| (*n, t.as_bytes())).collect();
    let compiled = compile(&Input::from_memory([("demo", files)]), &Options::default());
    compiled
        .diagnostics
        .iter()
        // The bot below is only ever typed to.
        .filter(|d| d.code.id != "BF0247")
        .map(|d| {
            let file = compiled.sources.file(d.span.file);
            let at = file.text.get(d.span.lo as usize..d.span.hi as usize);
            format!(
                "{} «{}» {} ({})",
                d.code.id,
                at.expect("inside the file, on characters' boundaries"),
                d.message,
                d.help.as_deref().unwrap_or("")
            )
        })
        .collect()
}

const TABLES: &str = "CREATE TABLE goods (bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, id BIGSERIAL PRIMARY KEY,
 name TEXT NOT NULL, note TEXT, price NUMERIC(10,2) NOT NULL, day DATE NOT NULL, slot TIMESTAMPTZ NOT NULL, paid BOOLEAN NOT NULL, kind TEXT NOT NULL);";

/// A bot with variables of every kind, and a message.
fn bot(text: &str, more: &str) -> String {
    let text = text.replace('\n', "\n              ");
    format!(
        r#"botfactory: v1
locale: en
flows:
  - flow.generic.v1:
      entry_cmd: /start
      args: {{ n: int, word: {{ type: text, optional: true }}, flag: {{ type: bool }}, kind: {{ type: choice, options: [{{ text: "Red", value: red }}, {{ text: "Blue", value: blue }}] }} }}
      on_enter:
        - action.sql_query.v1:
            sql: SELECT id, name, note, price, day, slot, paid FROM goods WHERE bot_id = :bot_id AND user_id = :user_id
            result_var: goods
        - action.sql_query.v1:
            sql: SELECT name, note, slot FROM goods WHERE bot_id = :bot_id AND user_id = :user_id LIMIT 1
            result_var: one
            single: true
        - action.sql_query.v1:
            sql: SELECT name FROM goods WHERE bot_id = :bot_id AND user_id = :user_id
            result_var: names
            flatten: true
        - action.sql_query.v1:
            sql: SELECT kind, slot AS when_ FROM goods WHERE bot_id = :bot_id AND user_id = :user_id
            result_var: kinds
        - action.reply_template.v1:
            {more}
            text: |
              {text}
"#
    )
}

/// What is said about one text. Advice about the rest of the bot is left out.
fn said_with(text: &str, more: &str, ftl: &str) -> Vec<String> {
    findings(&[
        ("bot.yaml", &bot(text, more)),
        ("locales/en.ftl", ftl),
        ("migrations/0001_init.sql", TABLES),
    ])
    .into_iter()
    .filter(|f| !f.starts_with("BF02"))
    .collect()
}

fn said(text: &str) -> Vec<String> {
    said_with(text, "edit: false", "")
}

fn fine(text: &str) {
    assert_eq!(said(text), Vec::<String>::new(), "{text}");
}

#[track_caller]
fn one(text: &str, wanted: &str) {
    let said = said(text);
    assert!(
        said.len() == 1 && said.iter().all(|s| s.contains(wanted)),
        "{text}\n  said {said:#?}\n  want {wanted}"
    );
}

#[test]
fn what_is_fine() {
    for text in [
        "Hello, <b>{{user.first_name}}</b>: {{n}} {{n | number}} {{now | date: 'd MMMM, HH:mm'}} {{today}}",
        "{{word | default: '—' | upper | truncate: 10}} {{user.username | default: user.first_name}}",
        "{{#if flag}}yes{{else}}no{{/if}} {{#if word}}{{word}}{{/if}} {{#if word is null or word == 'x'}}a{{else}}b{{/if}}",
        "Goods {{goods | count}}:\n{{#each goods}}\n{{@index}}. {{name}} {{price | money: 'EUR'}} {{day}} {{slot | time: 'short'}}{{#if note}} ({{note}}){{/if}}{{#if paid}}!{{/if}}\n{{else}}\nnothing\n{{/each}}",
        "x{{#each goods as g}}{{#each names as n2}}{{g.name}}{{n2}}{{this}}{{/each}}{{/each}}",
        "Names: {{names | upper | join: ', '}}",
        "{{kind | label}} {{#if kind == 'red'}}r{{/if}}{{#if kind in ['red']}}!{{/if}}",
        "x{{#each kinds}}{{kind2}}{{/each}}",
        "{{#if one is null}}none{{else}}{{one.name}} {{one.slot | date: 'long'}}{{/if}}",
        "{{#if one}}{{one.name}}{{/if}}.",
        "{{#if now + 2h > now and today + 7d >= today and n * 2 - 1 < 10}}a{{/if}}.",
        "{{#if today > '2026-01-01'}}a{{/if}}{{#if n == 1.5}}b{{/if}}.",
        "<a href=\"https://x.org/{{n}}?q={{user.first_name}}\">{{user.first_name}}</a>",
        "{{\"{{\"}}raw{{'}}'}} &lt;",
        "{{! a note }}text",
    ] {
        let text = text.replace(
            "{{#each kinds}}{{kind2}}{{/each}}",
            "{{#each kinds as k}}{{k.kind | label: 'start.kind'}}{{/each}}",
        );
        fine(&text);
    }
}

#[test]
fn names() {
    one("{{namex}}", "BF0710 «namex» `namex` is not a variable here");
    one(
        "{{user.frist_name}}",
        "BF0712 «frist_name» `user` has no field `frist_name` (did you mean `user.first_name`?)",
    );
    one(
        "x{{#each goods}}{{nam}}{{/each}}",
        "BF0710 «nam» `nam` is neither a variable nor a column here (did you mean `name`?)",
    );
    one(
        "x{{#each goods as g}}{{g.nam}}{{/each}}",
        "BF0712 «nam» `g` has no column `nam` (did you mean `name`?)",
    );
    one(
        "{{goods.name}}",
        "BF0712 «name» `goods` is a list of rows and has no fields",
    );
    one("{{this}}", "BF0721 «this»");
    one("{{@index}}", "BF0721 «@index»");
    one(
        "x{{#each kinds}}{{kind}}{{/each}}",
        "BF0713 «kind» `kind` is both a column here and a variable",
    );
    one(
        "x{{#each goods as n}}{{n.name}}{{/each}}",
        "BF0725 «n» `n` is a variable already",
    );
    fine("x{{#each goods}}{{#each names}}{{@index}} {{name}}{{/each}}{{/each}}");
}

#[test]
fn nulls() {
    one("{{word}}", "BF0714 «word» `word` may be null");
    one("{{one.name}}", "BF0714 «one» `one` may be null");
    one(
        "x{{#each goods}}{{note}}{{/each}}",
        "BF0714 «note» `note` may be null",
    );
    one(
        "{{#if one}}{{one.note}}{{/if}}.",
        "BF0714 «one.note» `one.note` may be null",
    );
    one("{{#if word == 'x'}}a{{/if}}.", "BF0714 «word»");
    one(
        "{{#if word == null}}a{{/if}}.",
        "BF0715 «null» nothing is compared with `null` (write `word is null`)",
    );
    one(
        "{{#if n is null}}a{{/if}}.",
        "BF0720 «n is null» `n` is never null here, so this is always false",
    );
    one("{{n | default: 1}}", "BF0720 «default»");
    one(
        "{{#if not (word is not null)}}{{word}}{{/if}}.",
        "BF0714 «word»",
    );
    // A test in one branch says nothing about another.
    one("{{#if word}}{{word}}{{/if}}{{word}}", "BF0714 «word»");
    // What a loop's row was tested for does not hold for another row's loop.
    one(
        "x{{#each goods as a}}{{#if a.note}}{{#each goods as b}}{{b.note}}{{/each}}{{/if}}{{/each}}",
        "BF0714 «b.note»",
    );
}

#[test]
fn types() {
    one(
        "{{#if word}}x{{else if n}}y{{/if}}.",
        "BF0716 «n» an int is always there",
    );
    one(
        "{{#if n + 1}}x{{/if}}.",
        "BF0716 «n + 1» an int is not a condition",
    );
    one(
        "{{#if n == 'a'}}x{{/if}}.",
        "BF0715 «n == 'a'» an int is compared with a text",
    );
    one(
        "{{#if n == '5'}}x{{/if}}.",
        "a number stands without quotes",
    );
    one(
        "{{#if kind == 'rad'}}x{{/if}}.",
        "BF0719 «'rad'» `rad` is not one of the options (did you mean `red`?)",
    );
    one("{{#if kind in ['red', 'blu']}}x{{/if}}.", "BF0719 «'blu'»");
    one(
        "{{#if today > 'soon'}}x{{/if}}.",
        "BF0719 «'soon'» `soon` is not a date",
    );
    one(
        "{{#if user.first_name < 'a'}}x{{/if}}.",
        "a text has no order",
    );
    one("{{#if goods == names}}x{{/if}}.", "BF0715");
    one(
        "{{#if 'a' in n}}x{{/if}}.",
        "BF0715 «n» `in` needs a list, this is an int",
    );
    one(
        "{{n + user.first_name}}",
        "BF0715 «n + user.first_name» an int `+` a text has no meaning",
    );
    one("{{n / 0}}", "BF0723 «0»");
    one(
        "{{#if n is empty}}x{{/if}}.",
        "BF0715 «n» an int is never empty",
    );
    one("{{flag}}", "BF0722 «flag» a bool cannot be printed");
    one(
        "{{goods}}",
        "BF0722 «goods» a list of rows cannot be printed",
    );
    one(
        "x{{#each goods}}{{this}}{{/each}}",
        "BF0722 «this» a row cannot be printed",
    );
    one("{{2h}}", "BF0722 «2h»");
    one("{{kind}}", "BF0433 «kind» `kind` prints its value");
    one("{{kind | upper}}", "BF0433");
    one(
        "x{{#each n}}{{/each}}",
        "BF0715 «n» `{{#each}}` walks a list, this is an int",
    );
    one("x{{#each one}}{{/each}}", "it is one row");
}

#[test]
fn filters() {
    one(
        "{{n | numbr}}",
        "BF0717 «numbr» `numbr` is not a filter (did you mean `number`?)",
    );
    one(
        "{{n | date}}",
        "BF0718 «n» `date` prints a date or a datetime, this is an int",
    );
    one("{{now | date: 'd MMMM qq'}}", "BF0718 «'d MMMM qq'»");
    one("{{today | date: 'HH:mm'}}", "BF0718 «'HH:mm'»");
    one("{{n | money}}", "BF0718 «money» `money` needs a currency");
    one("{{n | money: 'eur'}}", "(write `'EUR'`)");
    one("{{n | truncate: 0}}", "BF0718 «0»");
    one("{{user.first_name | label}}", "BF0718 «label»");
    one(
        "{{user.first_name | label: 'start.kinds'}}",
        "BF0724 «'start.kinds'» `/start` has no choice `kinds` (did you mean `'start.kind'`?)",
    );
    one(
        "{{user.first_name | label: 'strat.kind'}}",
        "BF0724 «'strat.kind'» there is no command `/strat` (did you mean `'start.kind'`?)",
    );
    one("{{n | join}}", "`join` joins a list, this is an int");
    one("{{names | upper}}", "BF0722");
    one(
        "{{now | upper | date}}",
        "BF0718 «date» `date` comes too late",
    );
    one("{{n | upper: 1}}", "`upper` takes no argument");
    one("{{n | length}}", "did you mean `count`?");
    one("{{word | date}}", "BF0718 «word»");
}

#[test]
fn markup() {
    let two = |text: &str| {
        let said = said(text);
        assert!(
            said.iter().all(|s| s.starts_with("BF0430")) && (1..=2).contains(&said.len()),
            "{said:#?}"
        );
    };
    one("a <b>bold", "BF0430 «<b>»");
    one("a <x>bold</x>", "BF0430");
    one("1 < 2", "BF0430 «<»");
    two("{{#if flag}}<b>x{{/if}}</b>");
    two("<b>{{#if flag}}</b>{{/if}}x");
    one("<pre>{{#if flag}}<b>x</b>{{/if}}</pre>", "BF0430 «<b>»");
    fine("<b>{{#if flag}}<i>x</i>{{/if}}.</b>");
    let said = said_with("*a {{n}}", "parse_mode: MarkdownV2", "");
    assert!(
        said.iter().all(|s| s.starts_with("BF0430 «*»")) && said.len() == 1,
        "{said:?}"
    );
    assert_eq!(
        said_with("*a {{n}}* `{{n}}`", "parse_mode: MarkdownV2", ""),
        Vec::<String>::new()
    );
    assert_eq!(
        said_with("1 < 2 & <b>", "parse_mode: none", ""),
        Vec::<String>::new()
    );
}

#[test]
fn lengths_and_emptiness() {
    fine(&"x".repeat(4096));
    one(&"x".repeat(4097), "BF0601");
    one(
        &format!("{}{{{{n}}}}", "💡".repeat(2049)),
        "4098 characters",
    );
    fine(&format!("<b>{}</b>", "x".repeat(4096)));
    // Only one branch is sent.
    fine(&format!(
        "{{{{#if flag}}}}{0}{{{{else}}}}{0}{{{{/if}}}}",
        "x".repeat(3000)
    ));
    one("{{#if flag}}x{{/if}}", "BF0432");
    one("{{#each goods}}{{name}}{{/each}}", "BF0432");
    fine("{{#each goods}}{{name}}{{else}}none{{/each}}");
    assert_eq!(
        said_with("{{#each goods}}{{name}}{{/each}}", "empty_text: none", ""),
        Vec::<String>::new()
    );
    one("{{! nothing }}", "BF0432");
    one(
        "Hello {nothing} {user.first_name}",
        "BF0435 «{user.first_name}»",
    );
}

#[test]
fn buttons_and_descriptions() {
    let keyboard = |text: &str| {
        let more = format!(
            "keyboard: [{{ text: {text:?}, callback: \"/start {{n=1, flag=true, kind='red'}}\" }}]"
        );
        said_with("x", &more, "bf-back = back")
    };
    assert_eq!(keyboard("{{n}} ok"), Vec::<String>::new());
    assert!(
        keyboard("<b>ok</b>")
            .iter()
            .all(|s| s.contains("BF0431 «<"))
    );
    assert!(
        keyboard(&"x".repeat(65))
            .iter()
            .any(|s| s.starts_with("BF0602"))
    );
    let more = "keyboard: [{ text: \"t:long {x=n}\", url: https://x.org }]";
    let said = said_with("x", more, "long = { $x } <b>");
    assert!(
        said.len() == 1 && said[0].starts_with("BF0431 «<b>»"),
        "{said:?}"
    );
    let yaml = bot("x", "edit: false").replace(
        "      args:",
        "      description: \"hi {{user.first_name}}\"\n      args:",
    );
    let said = findings(&[("bot.yaml", &yaml), ("migrations/0001_init.sql", TABLES)]);
    assert!(
        said.iter()
            .any(|s| s.starts_with("BF0434 «user.first_name»")),
        "{said:?}"
    );
}

/// What marks and values make of each other only when they meet.
#[test]
fn markdown_that_meets() {
    let said = |text: &str| said_with(text, "parse_mode: MarkdownV2", "");
    for (text, wanted) in [
        ("a _{{args}}_", "BF0430"),
        (">*{{args}}*", "BF0430"),
        ("x {{#if flag}}_a_{{/if}}{{#if word}}_b_{{/if}}", "BF0430"),
        ("x {{#each goods}}_{{id}}_{{/each}}", "BF0430"),
    ] {
        let said = said(text);
        assert!(
            said.iter().any(|s| s.starts_with(wanted)),
            "{text}: {said:?}"
        );
    }
    for text in [
        "a *{{args}}* __{{args}}__ `{{args}}` ||{{args}}|| ~{{args}}~ [{{args}}](https://x.y/{{args}})",
        "x {{#if flag}}_a_ {{/if}}{{#if word}}_b_{{/if}}",
        "x {{#each goods}}_{{id}}_\n{{/each}}",
        "a _x{{args}}_",
    ] {
        assert_eq!(said(text), Vec::<String>::new(), "{text}");
    }
}

/// `overflow: error` asks for a proof, and names what stands in its way.
#[test]
fn nothing_may_overflow() {
    let said = |text: &str| said_with(text, "overflow: error", "");
    for (text, wanted) in [
        ("a {{args}}", "BF0605 «args» this message can be 4098"),
        (
            "a {{#if one}}{{one.name}}{{/if}}",
            "BF0605 «one.name» nothing bounds",
        ),
        (
            "a {{#each goods}}{{id}} {{name | truncate: 60}}{{/each}}",
            "BF0605 «goods» this message can be",
        ),
    ] {
        let said = said(text);
        assert!(
            said.len() == 1 && said[0].starts_with(wanted),
            "{text}: {said:?}"
        );
    }
    for text in [
        "a {{args | truncate: 3900}} {{now}} {{n | number}} {{user.first_name}}",
        "a {{#each goods}}{{@index}}. {{name | truncate: 30}}\n{{/each}}",
        "{{kind | label}}",
    ] {
        assert_eq!(said(text), Vec::<String>::new(), "{text}");
    }
}

/// Attributes that Telegram reads itself hold numbers.
#[test]
fn attributes_that_are_read() {
    one(
        "<tg-emoji emoji-id=\"{{args}}\">👍</tg-emoji>",
        "BF0430 «args» `emoji-id` is a number",
    );
    one(
        "<tg-time unix=\"{{args}}\">x</tg-time>",
        "BF0430 «args» `unix` is a number",
    );
    one(
        "<tg-time unix=\"1\" format=\"{{args}}\">x</tg-time>",
        "BF0430 «args» `format` is a fixed word",
    );
    fine("<tg-emoji emoji-id=\"{{n}}\">👍</tg-emoji> <a href=\"{{args}}\">x</a>");
    let said = said_with("![x](tg://emoji?id={{args}})", "parse_mode: MarkdownV2", "");
    assert!(
        said.len() == 1 && said[0].contains("`id` is a number"),
        "{said:?}"
    );
}

/// What is said of a question to the model.
fn of_question(parts: &str) -> Vec<String> {
    let bot = format!(
        r#"botfactory: v1
locale: en
flows:
  - flow.generic.v1:
      entry_cmd: /start
      args: {{ word: {{ type: text, optional: true }} }}
      on_enter:
        - action.sql_query.v1: {{ sql: "SELECT name FROM goods WHERE bot_id = :bot_id AND user_id = :user_id", result_var: goods }}
        - action.llm.v1:
            {parts}
            result_var: words
            fallback: "Hello"
        - action.reply_template.v1: {{ text: "{{{{words}}}} {{{{goods | count}}}}{{{{word | default: ''}}}}" }}
"#
    );
    let files = [("bot.yaml", &*bot), ("migrations/0001_goods.sql", TABLES)];
    let mut said = findings(&files);
    said.retain(|finding| !finding.starts_with("BF056")); // how its rows are read
    said
}

#[test]
fn a_question_to_the_model_is_no_message() {
    let long = "word ".repeat(6_000);
    let rows = "{{#each goods as one}}{{one.name}} {{/each}}";
    let maybe = "{{#if word is not null}}{{word}}{{/if}}";
    let asks = |context: &str| {
        of_question(&format!(
            "prompt: \"Answer.\"\n            input: \"{maybe}\"\n            context: \"{context}\""
        ))
    };
    for context in [long.trim(), rows, "<b>as it stands</b>"] {
        assert_eq!(asks(context), Vec::<String>::new());
    }
    let told = asks(&"x".repeat(32_001));
    assert_eq!(told.len(), 1, "{}", told.len());
    assert!(
        told[0]
            .contains("32001 characters long, a part of a question to the model has at most 32000"),
        "{}",
        told[0].replace('x', "")
    );
}
