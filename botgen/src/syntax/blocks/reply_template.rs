//! `action.reply_template.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{
    Bool, Expression, Name, OnAmbiguousName, OverflowName, ParseModeName, Shape, Template,
};
use crate::syntax::ast::{ActionKind, ExprKind, Reply, To};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::keyboard::KeyboardRow;
use crate::syntax::registry::{Block, Decode};

/// Sends one message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReplyTemplate")]
pub struct Published {
    /// What it says.
    pub text: Template,
    /// Said instead when every list that `text` walks is empty.
    pub empty_text: Option<Template>,
    /// Buttons below it; a list inside the list is one row.
    #[schemars(length(min = 1))]
    pub keyboard: Option<Vec<KeyboardRow>>,
    /// The markup of the texts.
    #[schemars(extend("default" = "HTML"))]
    pub parse_mode: Option<ParseModeName>,
    /// What happens when values make the text longer than a message takes: several messages (`split`), an end with
    /// `…` (`truncate`), or no bot: it must be proven that it fits (`error`).
    #[schemars(extend("default" = "split"))]
    pub overflow: Option<OverflowName>,
    /// Replaces the message whose button was pressed instead of sending a new one.
    #[schemars(extend("default" = false))]
    pub edit: Option<Bool>,
    /// To whom, if not to whoever caused it: `admins`, or a chat's id (of a person it is their `user_id`). It speaks the
    /// language that was chosen there, else the bot's default.
    pub to: Option<Expression>,
    /// What becomes of this message when Telegram did not answer, so that nobody knows whether it arrived: it is sent again
    /// and may be seen twice (`resend`), or never again and may be missing (`skip`). Edits and answers to buttons are
    /// always repeated: that changes nothing.
    #[schemars(extend("x-default" = "the bot's"))]
    pub on_ambiguous: Option<OnAmbiguousName>,
    /// Sent only when this holds.
    pub when: Option<Expression>,
    /// Where to go afterwards: a step of this wizard, or `end`.
    pub goto: Option<Name>,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "action.reply_template.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Action(decode),
    example: r#"on_enter:
  - action.reply_template.v1:
      text: "Good evening, <b>{{user.first_name}}</b>!"
      keyboard:
        - { text: "Help", callback: /help }
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<ActionKind> {
    let text = cx.text(f.get("text"), "`text`");
    let empty_text = cx.text(f.get("empty_text"), "`empty_text`");
    let keyboard = cx.keyboard(f.get("keyboard"), "`keyboard`");
    let parse_mode = cx.parse_mode(f.get("parse_mode"));
    let overflow = cx.overflow(f.get("overflow"));
    let edit = cx.bool(f.get("edit"), "`edit`");
    let to = cx.expr(f.get("to"), "`to`").map(|to| match &to.kind {
        ExprKind::Path(path) if matches!(&path[..], [name] if name.node == "admins") => {
            To::Admins(to.span)
        }
        _ => To::Chat(to),
    });
    let on_ambiguous = cx.on_ambiguous(f.get("on_ambiguous"));
    Some(ActionKind::Reply(Reply {
        text: text?,
        empty_text,
        keyboard,
        parse_mode,
        overflow,
        to,
        edit,
        on_ambiguous,
    }))
}
