//! `flow.menu.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{AllowName, Bool, Command, OverflowName, ParseModeName, Shape, Template};
use crate::syntax::ast::{FlowKind, Menu};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::flow::{ActionItem, Args};
use crate::syntax::keyboard::KeyboardRow;
use crate::syntax::registry::{Block, Decode};

/// A text with buttons: the bot's entrance.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Menu")]
pub struct Published {
    /// The command that shows the menu.
    pub entry_cmd: Command,
    /// Lists the command in Telegram's menu with this text.
    pub description: Option<Template>,
    /// Who may use it: `admin`, those of `BOTFACTORY_ADMINS_<BOT>`. Others are refused, and do not see it in Telegram's menu.
    pub allow: Option<AllowName>,
    /// Typed arguments of the command.
    pub args: Option<Args>,
    /// Runs before the menu is shown; what it loads may stand in the texts.
    pub on_enter: Option<Vec<ActionItem>>,
    /// The text above the buttons.
    pub title: Template,
    /// The buttons; a list inside the list is one row.
    #[schemars(length(min = 1))]
    pub options: Vec<KeyboardRow>,
    /// The markup of `title`.
    #[schemars(extend("default" = "HTML"))]
    pub parse_mode: Option<ParseModeName>,
    /// What happens when values make `title` longer than a message takes: several messages (`split`), an end with `…`
    /// (`truncate`), or no bot: it must be proven that it fits (`error`).
    #[schemars(extend("default" = "split"))]
    pub overflow: Option<OverflowName>,
    /// Replaces the message whose button was pressed instead of sending a new one.
    #[schemars(extend("default" = true))]
    pub edit: Option<Bool>,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "flow.menu.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Flow(decode),
    example: r#"flows:
  - flow.menu.v1:
      entry_cmd: /start
      description: "Main menu"
      title: "What can I do for you?"
      options:
        - { text: "Book", callback: /book }
        - [{ text: "My bookings", callback: /my }, { text: "Our site", url: "https://example.com" }]
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<FlowKind> {
    let title = cx.text(f.get("title"), "`title`");
    let options = cx.keyboard(f.get("options"), "`options`");
    let parse_mode = cx.parse_mode(f.get("parse_mode"));
    let overflow = cx.overflow(f.get("overflow"));
    let edit = cx.bool(f.get("edit"), "`edit`");
    Some(FlowKind::Menu(Menu {
        title: title?,
        options,
        parse_mode,
        overflow,
        edit,
    }))
}
