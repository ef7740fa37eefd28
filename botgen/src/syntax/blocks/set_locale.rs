//! `action.set_locale.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{Expression, Literal, Name, Shape};
use crate::syntax::ast::{ActionKind, SetLocale};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::registry::{Block, Decode};

/// Stores the language that a person has chosen, or asks for it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SetLocale")]
pub struct Published {
    /// The locale to store; without it the person sees a keyboard of the bot's locales.
    pub locale: Option<Literal>,
    /// Runs only when this holds.
    pub when: Option<Expression>,
    /// Where to go afterwards: a step of this wizard, or `end`.
    pub goto: Option<Name>,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "action.set_locale.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Action(decode),
    example: r#"flows:
  - flow.generic.v1:
      entry_cmd: /lang
      description: "Language"
      on_enter:
        - action.set_locale.v1: {}
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<ActionKind> {
    let locale = cx.field(f.get("locale"), "`locale`");
    Some(ActionKind::SetLocale(SetLocale { locale }))
}
