//! `action.subscribe.v1` and `action.unsubscribe.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{Expression, Name, Shape};
use crate::syntax::ast::ActionKind;
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::registry::{Block, Decode};

/// The person wants broadcasts again. Who never said anything does.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Subscribe")]
pub struct Subscribe {
    /// Runs only when this holds.
    pub when: Option<Expression>,
    /// Where to go afterwards: a step of this wizard, or `end`.
    pub goto: Option<Name>,
}

/// The person gets no broadcasts of this bot any more, whatever their audience; not even the rest of one that is under way.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Unsubscribe")]
pub struct Unsubscribe {
    /// Runs only when this holds.
    pub when: Option<Expression>,
    /// Where to go afterwards: a step of this wizard, or `end`.
    pub goto: Option<Name>,
}

/// The registry's line.
pub static SUBSCRIBE: Block = Block {
    name: "action.subscribe.v1",
    shape: Shape::of::<Subscribe>,
    decode: Decode::Action(subscribe),
    example: r#"flows:
  - flow.generic.v1:
      entry_cmd: /subscribe
      on_enter:
        - action.subscribe.v1: {}
        - action.reply_template.v1: { text: "Welcome back!" }
"#,
};

/// The registry's line.
pub static UNSUBSCRIBE: Block = Block {
    name: "action.unsubscribe.v1",
    shape: Shape::of::<Unsubscribe>,
    decode: Decode::Action(unsubscribe),
    example: r#"flows:
  - flow.generic.v1:
      entry_cmd: /stop
      on_enter:
        - action.unsubscribe.v1: {}
        - action.reply_template.v1: { text: "We are silent from now on." }
"#,
};

fn subscribe(_: &mut Cx<'_>, _: &mut Fields<'_>) -> Option<ActionKind> {
    Some(ActionKind::Subscribe(true))
}

fn unsubscribe(_: &mut Cx<'_>, _: &mut Fields<'_>) -> Option<ActionKind> {
    Some(ActionKind::Subscribe(false))
}
