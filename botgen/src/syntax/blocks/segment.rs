//! `action.segment.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostics::codes::{broadcasts, shape};
use crate::diagnostics::{Diagnostic, Edit};
use crate::schema::{Expression, Literal, Name, Shape};
use crate::syntax::ast::{ActionKind, Field, SegmentChange};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::registry::{Block, Decode};
use crate::yaml::{Kind, Node};

/// Puts the person into a segment of `segments`, or takes them out. Doing it again changes nothing.
///
/// Who belongs to which tells the view `bf_segments`: `SELECT segment FROM bf_segments WHERE bot_id = :bot_id AND user_id =
/// :user_id`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SegmentChange")]
pub struct Published {
    /// The segment that they join: a name, or `"{{EXPR}}"` for a choice each of whose values is one, or several of a
    /// `widget.multiselect.v1`.
    pub join: Option<Literal>,
    /// The segment that they leave, written as `join`.
    pub leave: Option<Literal>,
    /// Who, if not whoever caused it: a `user_id`. In flows for admins only.
    pub user: Option<Expression>,
    /// Runs only when this holds.
    pub when: Option<Expression>,
    /// Where to go afterwards: a step of this wizard, or `end`.
    pub goto: Option<Name>,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "action.segment.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Action(decode),
    example: r#"botfactory: v1
segments: [sport, music]
flows:
  - flow.wizard.v1:
      entry_cmd: /topics
      steps:
        - ask: "What do you want to read about?"
          var: topic
          type: choice
          options: [{ text: "⚽ Sport", value: sport }, { text: "🎵 Music", value: music }]
      on_complete:
        - action.segment.v1: { join: "{{topic}}" }
        - action.reply_template.v1: { text: "You will hear of it." }
"#,
};

/// The name of one segment.
fn segment(cx: &mut Cx<'_>, node: Option<&Node>, key: &str) -> Option<Field> {
    const PREFIX: &str = "segment:";
    match &node?.kind {
        Kind::List(_) => {
            let help = format!(
                "write an action for each, `{key}: vip`; or ask for several with `widget.multiselect.v1`: `{key}: \"{{{{topics}}}}\"`"
            );
            let message = format!("`{key}` names one segment, and this is a list");
            cx.error(&shape::TYPE, node?.span, message, help);
            None
        }
        Kind::Scalar(name) if name.text.value.starts_with(PREFIX) => {
            let written = &name.text;
            let right = written.value.trim_start_matches(PREFIX).to_owned();
            let title = format!("write `{right}`");
            let edit = Edit::replace(written.span_of(0..written.value.len()), right);
            let message = "here the name of a segment stands alone";
            let d = Diagnostic::new(&broadcasts::SEGMENT, written.span, message);
            cx.report(d.help(title.clone()).fix(title, [edit]));
            None
        }
        _ => cx.field(node, &format!("`{key}`")),
    }
}

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<ActionKind> {
    let join = segment(cx, f.get("join"), "join");
    let leave = segment(cx, f.get("leave"), "leave");
    let user = cx.expr(f.get("user"), "`user`");
    let lost = f.key_span("user").is_some() && user.is_none();
    match (f.key_span("join"), f.key_span("leave")) {
        (Some(_), Some(second)) => {
            cx.error(
                &shape::EXCLUSIVE,
                second,
                "`join` and `leave` exclude each other",
                "write two actions",
            );
            return None;
        }
        // What stands in their place was reported.
        (None, None) if f.any_unknown() => return None,
        (None, None) => {
            cx.error(
                &shape::MISSING_KEY,
                f.span,
                "this says neither `join` nor `leave`",
                "write `{ join: vip }` or `{ leave: vip }`",
            );
            return None;
        }
        _ => {}
    }
    let joins = join.is_some();
    let segment = join.or(leave)?;
    (!lost).then_some(ActionKind::Segment(SegmentChange {
        join: joins,
        segment,
        user,
    }))
}
