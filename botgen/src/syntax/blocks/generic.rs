//! `flow.generic.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{AllowName, Command, Shape, Template};
use crate::syntax::ast::FlowKind;
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::flow::{ActionItem, Args};
use crate::syntax::registry::{Block, Decode};

/// A command that runs actions and asks nothing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Generic")]
pub struct Published {
    /// The command that runs it.
    pub entry_cmd: Command,
    /// Lists the command in Telegram's menu with this text.
    pub description: Option<Template>,
    /// Who may use it: `admin`, those of `BOTFACTORY_ADMINS_<BOT>`. Others are refused, and do not see it in Telegram's menu.
    pub allow: Option<AllowName>,
    /// Typed arguments of the command.
    pub args: Option<Args>,
    /// What it does, in order.
    #[schemars(length(min = 1))]
    pub on_enter: Vec<ActionItem>,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "flow.generic.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Flow(decode),
    example: r#"flows:
  - flow.generic.v1:
      entry_cmd: /hello
      args: { name: { type: text, optional: true } }
      on_enter:
        - action.reply_template.v1: { when: name is null, text: "Hello!", goto: end }
        - action.reply_template.v1: { text: "Hello, {{name}}!" }
"#,
};

fn decode(_: &mut Cx<'_>, _: &mut Fields<'_>) -> Option<FlowKind> {
    Some(FlowKind::Generic)
}
