//! The reference page, generated from the registry of blocks and the published types.

use std::fmt::Write;

use schemars::JsonSchema;

use super::Shape;
use crate::syntax::blocks::{broadcast, calendar, llm, pagination, timeout};
use crate::syntax::registry::{BLOCKS, Block, Decode};
use crate::syntax::{bot, chat, flow, keyboard, statement, step};

const HEAD: &str = "\
# The language: reference

<!-- Written by `botgen schema reference > docs/dsl.md`; a test holds it against the registry of blocks. -->

A bot is a folder: `bot.yaml`, `flows/*.yaml`, `locales/<lang>.ftl`, `migrations/NNNN_name.sql`, `chats/*.yaml`. This
page lists every key of its YAML. Every mapping is closed: an unknown key is an error. `botgen explain CODE` explains
an error; `schema/bot.schema.json` makes an editor complete and check these keys.

What the types mean:

| type | what it is |
|---|---|
| text | what people read: `t:KEY {name=EXPR}` or a template with `{{EXPR}}`, `{{#each}}`, `{{#if}}` |
| expression | `gone is null`, `total > 100 and city in ['Riga', 'Tallinn']` |
| value | a literal, or `\"{{EXPR}}\"` for a typed value |
| name | a Latin letter, then letters, digits and `_`, at most 64 |
| command | `/` and small letters, digits and `_`, at most 32 |
| duration | `30s`, `15m`, `24h`, `7d` |
| SQL | one statement; `:name` is a variable, bound and typed |
| type | `text` `int` `decimal(2)` `bool` `date` `time` `datetime` `choice` `phone` `email` `contact` `location` `photo` `file` |
";

/// What no published type says.
const WORDS: &str = include_str!("words.md");

/// `docs/dsl.md`.
pub fn reference() -> String {
    let mut out = String::from(HEAD);
    section(&mut out, 2, "`bot.yaml`", Shape::of::<bot::BotFile>(), None);
    section(
        &mut out,
        2,
        "`flows/*.yaml`",
        Shape::of::<bot::FlowsFile>(),
        None,
    );
    part::<bot::IntentItem>(&mut out, 3, "Intent");
    for title in ["Flows", "Actions", "Widgets", "Settings"] {
        let _ = write!(out, "\n## {title}\n");
        for block in BLOCKS.iter().filter(|b| group(&b.decode) == title) {
            of_block(&mut out, block);
        }
    }
    out.push_str("\n## Parts\n");
    part::<step::StepItem>(&mut out, 3, "Step");
    part::<step::ChoiceItem>(&mut out, 3, "Choice");
    part::<step::ListedItem>(&mut out, 3, "OptionsOfList");
    part::<step::ValidateItem>(&mut out, 3, "Validate");
    part::<step::CaseItem>(&mut out, 3, "Case");
    part::<calendar::MomentQuery>(&mut out, 3, "MomentQuery");
    out.push_str(
        "\nWhere a calendar takes a `Moment`, it is a date or a datetime as it is written, `\"{{EXPR}}\"`, or such a query.\n",
    );
    part::<pagination::SourceItem>(&mut out, 3, "PaginationSource");
    part::<keyboard::ButtonItem>(&mut out, 3, "Button");
    out.push_str(
        "\nA `KeyboardRow` is a button, alone in its row, or a list of buttons that is one row.\n",
    );
    part::<flow::ArgFields>(&mut out, 3, "Arg");
    out.push_str("\nAn argument of which only the type is said is `id: int`.\n");
    part::<statement::ConflictItem>(&mut out, 3, "OnConflict");
    part::<timeout::TimeoutItem>(&mut out, 3, "OnTimeout");
    part::<timeout::TimeoutMessage>(&mut out, 3, "TimeoutMessage");
    part::<statement::EngineSql>(&mut out, 3, "SqlByEngine");
    part::<llm::OutputFields>(&mut out, 3, "LlmOutput");
    part::<llm::OptionFields>(&mut out, 3, "LlmOption");
    part::<llm::FieldFields>(&mut out, 3, "LlmField");
    out.push_str(
        "\nA record: `output: { record: { city: text, people: { type: int, min: 1, max: 20 }, day: { type: date, optional: true } } }`; \
         its `fallback` has a value for each field that is not optional: `{ city: \"\", people: 1 }`.\n",
    );
    part::<broadcast::MessageFields>(&mut out, 3, "BroadcastMessage");
    part::<broadcast::AudienceQuery>(&mut out, 3, "AudienceQuery");
    out.push_str(
        "\nAn audience's query gives one column, `user_id`, at most 100,000 rows; of a table that belongs to people only `:bot_id` \
         constrains it.\n",
    );
    part::<broadcast::ThrottleItem>(&mut out, 3, "Throttle");
    out.push_str("\n## `chats/*.yaml`\n\nA list of conversations, which `botgen test` and `cargo test` run through the compiled bot.\n");
    part::<chat::ConversationItem>(&mut out, 3, "Conversation");
    part::<chat::ChatStepItem>(&mut out, 3, "ChatStep");
    part::<chat::ExpectMore>(&mut out, 3, "Expect");
    out.push_str("\nA text alone is `text`, a list of texts is that each of them is contained.\n");
    part::<chat::RowsItem>(&mut out, 3, "RowsExpected");
    let _ = write!(out, "\n{WORDS}");
    out
}

fn group(decode: &Decode) -> &'static str {
    match decode {
        Decode::Flow(_) => "Flows",
        Decode::Step(_) | Decode::StepOrAction(..) => "Widgets",
        Decode::Action(_) => "Actions",
        Decode::Setting => "Settings",
    }
}

fn of_block(out: &mut String, block: &Block) {
    let title = format!("`{}`", block.name);
    section(out, 3, &title, (block.shape)(), Some(block.example));
}

fn part<T: JsonSchema + 'static>(out: &mut String, level: usize, title: &str) {
    section(out, level, title, Shape::of::<T>(), None);
}

fn section(out: &mut String, level: usize, title: &str, shape: &Shape, example: Option<&str>) {
    let _ = write!(
        out,
        "\n{} {title}\n\n{}\n\n",
        "#".repeat(level),
        shape.doc.trim()
    );
    if let Some(example) = example {
        let _ = write!(out, "```yaml\n{}\n```\n\n", example.trim_end());
    }
    out.push_str("| key | type | | what it does |\n|---|---|---|---|\n");
    for field in &shape.fields {
        let need = match (&field.default, field.required) {
            (_, true) => "required".to_owned(),
            (Some(default), _) if default.contains(' ') => format!("default: {default}"),
            (Some(default), _) => format!("default `{default}`"),
            (None, false) => String::new(),
        };
        let doc = field.doc.replace('\n', " ");
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            field.name,
            cell(&field.ty),
            cell(&need),
            cell(&doc)
        );
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
