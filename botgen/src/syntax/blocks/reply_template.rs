//! `action.reply_template.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostics::codes::{models, roles, shape};
use crate::schema::{
    Bool, Count, Expression, Name, OnAmbiguousName, OverflowName, ParseModeName, Shape, Template,
};
use crate::syntax::ast::{ActionKind, Expr, ExprKind, Improve, Reply, To};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::keyboard::KeyboardRow;
use crate::syntax::registry::{Block, Decode};
use crate::yaml::{Kind, Node};

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
    /// language that was chosen there, else that of the person's Telegram, else the bot's default.
    pub to: Option<Expression>,
    /// What becomes of this message when Telegram did not answer, so that nobody knows whether it arrived: it is sent again
    /// and may be seen twice (`resend`), or never again and may be missing (`skip`). Edits and answers to buttons are
    /// always repeated: that changes nothing.
    #[schemars(extend("x-default" = "the bot's"))]
    pub on_ambiguous: Option<OnAmbiguousName>,
    /// The model rewrites the words before they are sent, without adding facts: for everybody, or for half of the people
    /// (`ab`). What does not come in time or as a whole, is too short or too long for it (10 to 500 characters), or holds a link
    /// or hidden words, is sent as it is written. Not with `edit` or `to`, nor as the last words of a timer: those are sent at
    /// once or not at all.
    #[schemars(extend("default" = false))]
    pub llm_improve: Option<ImproveItem>,
    /// How it rewrites them.
    #[schemars(extend("default" = "neutral"))]
    pub llm_style: Option<StyleName>,
    /// Longest rewritten text in tokens; the style has a bound of its own.
    #[schemars(extend("x-default" = "the style's"))]
    pub max_tokens: Option<Count>,
    /// Sent only when this holds.
    pub when: Option<Expression>,
    /// Where to go afterwards: a step of this wizard, or `end`.
    pub goto: Option<Name>,
}

/// `true`, `false` or `ab`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum ImproveItem {
    /// For everybody, or for nobody.
    All(Bool),
    /// For half of the people.
    Half(HalfWord),
}

/// `ab`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum HalfWord {
    Ab,
}

/// How a reply is rewritten.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum StyleName {
    Short,
    Neutral,
    Detailed,
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
    let to = recipient(cx, f.get("to")).map(|to| match &to.kind {
        ExprKind::Path(path) if matches!(&path[..], [name] if name.node == "admins") => {
            To::Admins(to.span)
        }
        _ => To::Chat(to),
    });
    let on_ambiguous = cx.on_ambiguous(f.get("on_ambiguous"));
    let improve = improve(cx, f);
    Some(ActionKind::Reply(Reply {
        text: text?,
        empty_text,
        keyboard,
        parse_mode,
        overflow,
        to,
        edit,
        on_ambiguous,
        improve,
    }))
}

/// One chat: what many get is a broadcast, and usernames are no chats.
fn recipient(cx: &mut Cx<'_>, node: Option<&Node>) -> Option<Expr> {
    let (message, help) = match &node?.kind {
        Kind::List(_) => (
            "`to` is one chat, and this is a list".to_owned(),
            "write an action for each, `to: admins`; many people are reached by `ops.broadcast.v1`",
        ),
        Kind::Scalar(to) if to.text.value.starts_with('@') => (
            "a username is no chat: a bot can write to people only by their number".to_owned(),
            "write `to: admins`, or a number that is known: `to: ticket.user_id`",
        ),
        Kind::Scalar(to) if to.text.value == "all" || to.text.value.starts_with("segment:") => (
            format!("`{}` is many people, and `to` is one chat", to.text.value),
            "many people are reached by `ops.broadcast.v1`",
        ),
        _ => return cx.expr(node, "`to`"),
    };
    cx.error(&roles::RECIPIENT, node?.span, message, help);
    None
}

fn improve(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<Improve> {
    let styles = ["short", "neutral", "detailed"].map(|word| (word, word));
    let style = cx.one_of(f.get("llm_style"), "`llm_style`", &styles);
    let max_tokens = cx.count(f.get("max_tokens"), "`max_tokens`");
    let written = f.get("llm_improve");
    let half = written.is_some_and(
        |node| matches!(&node.kind, Kind::Scalar(scalar) if scalar.text.value == "ab"),
    );
    let all = match written {
        _ if half => None,
        Some(node) if cx.other_than_bool(node) => {
            let message = "`llm_improve` says for whom the text is rewritten";
            let help = "write `true` for everybody, `ab` for half of the people, so that both can be compared, or `false`";
            cx.error(&shape::TYPE, node.span, message, help);
            None
        }
        _ => cx.bool(written, "`llm_improve`"),
    };
    if half || all.is_some_and(|all| all.node) {
        return Some(Improve {
            span: f.key_span("llm_improve")?,
            compare: half,
            style,
            max_tokens,
        });
    }
    if f.any_of(&["llm_improve"]).is_none()
        && let Some(idle) = f.any_of(&["llm_style", "max_tokens"])
        && let Some(span) = f.key_span(idle)
    {
        cx.error(
            &models::IMPROVE_IDLE,
            span,
            format!("`{idle}` says how the model rewrites the text, and it does not"),
            "add `llm_improve: true`, or remove the key",
        );
    }
    None
}
