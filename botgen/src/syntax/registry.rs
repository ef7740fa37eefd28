//! The one table of blocks. From it come the decoder's dispatch, the reference page, the schema's completeness
//! (tested) and the words of did-you-mean. To add a block: a file in [`super::blocks`] and a line here.

use super::ast::{ActionKind, FlowKind, WidgetStep};
use super::blocks::{
    broadcast, calendar, confirm, generic, i18n, llm, menu, multiselect, number, pagination,
    ratelimit, rating, reply_template, segment, set_locale, sql_exec, sql_query, subscribe, wizard,
};
use super::decode::{Cx, Fields};
use crate::schema::Shape;

/// A block of the language.
pub struct Block {
    /// With its version: `flow.menu.v1`.
    pub name: &'static str,
    /// Its published fields.
    pub shape: fn() -> &'static Shape,
    /// Where it stands and how its own fields are read.
    pub decode: Decode,
    /// A complete use of it, for the reference page.
    pub example: &'static str,
}

/// Where a block stands, and how what only it has is read (common fields are read for all alike).
#[derive(Clone, Copy)]
pub enum Decode {
    /// A key of `bot.yaml`.
    Setting,
    /// An element of `flows:`.
    Flow(fn(&mut Cx<'_>, &mut Fields<'_>) -> Option<FlowKind>),
    /// An element of `steps:`.
    Step(fn(&mut Cx<'_>, &mut Fields<'_>) -> Option<WidgetStep>),
    /// An element of a list of actions.
    Action(fn(&mut Cx<'_>, &mut Fields<'_>) -> Option<ActionKind>),
    /// Either.
    StepOrAction(
        fn(&mut Cx<'_>, &mut Fields<'_>) -> Option<WidgetStep>,
        fn(&mut Cx<'_>, &mut Fields<'_>) -> Option<ActionKind>,
    ),
}

impl Block {
    /// Where it stands, for messages.
    pub fn place(&self) -> &'static str {
        match self.decode {
            Decode::Setting => "at the top of `bot.yaml`",
            Decode::Flow(_) => "under `flows`",
            Decode::Step(_) => "in a wizard's `steps`",
            Decode::Action(_) if self.name == ratelimit::BLOCK.name => {
                "in a list of actions (`on_enter`, `on_step`, `on_complete`), for the whole bot under `policies`"
            }
            Decode::Action(_) => "in a list of actions: `on_enter`, `on_step`, `on_complete`",
            Decode::StepOrAction(..) => "in a wizard's `steps` or in a list of actions",
        }
    }
}

/// Every block, in the order of the reference page.
pub static BLOCKS: [&Block; 20] = [
    &menu::BLOCK,
    &wizard::BLOCK,
    &generic::BLOCK,
    &sql_query::BLOCK,
    &sql_exec::BLOCK,
    &reply_template::BLOCK,
    &llm::BLOCK,
    &set_locale::BLOCK,
    &broadcast::BLOCK,
    &segment::BLOCK,
    &subscribe::SUBSCRIBE,
    &subscribe::UNSUBSCRIBE,
    &ratelimit::BLOCK,
    &calendar::BLOCK,
    &pagination::BLOCK,
    &confirm::BLOCK,
    &rating::BLOCK,
    &number::BLOCK,
    &multiselect::BLOCK,
    &i18n::BLOCK,
];

/// The block of this name.
pub fn find(name: &str) -> Option<&'static Block> {
    BLOCKS.iter().find(|b| b.name == name).copied()
}

/// What to write instead of a key of the old system.
pub fn old_key(name: &str) -> Option<&'static str> {
    Some(match name {
        "type" | "params" => {
            "a block is a key and its parameters the value: `- flow.menu.v1: {…}`; `botgen import` converts old files"
        }
        "policy.ratelimit.v1" => {
            "a limit of the whole bot is an element of a list: `policies:` and below it `- policy.ratelimit.v1: {…}`"
        }
        "model" => "which model answers is the deployment's: `LLM_MODEL` in its environment",
        "locales" | "languages" | "i18n" => {
            "several languages are declared by `i18n.fluent.v1: { default_locale: ru, locales: [ru, en] }`"
        }
        "segment" | "segments" => {
            "one segment is joined and left by `action.segment.v1`: `{ join: vip }`, `{ leave: vip }`"
        }
        "window_s" => "write `window: 60s`",
        "validate_regex" => "write `validate: { regex: '…' }`",
        "callback_data" => "write `callback: /command`",
        "command" | "cmd" | "entry" => "the command of a flow is `entry_cmd`, of an intent `cmd`",
        "ask" => "the question of a widget is `title`",
        "title" | "message" => {
            "the text of a reply is `text`, of a menu `title`, of a step `ask`, of an intent `reply`"
        }
        "buttons" => "buttons stand under `keyboard`, those of a menu under `options`",
        _ => return None,
    })
}
