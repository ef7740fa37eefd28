//! `flow.wizard.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::timeout::TimeoutItem;
use crate::schema::{AllowName, Command, Duration, Shape, Template};
use crate::syntax::ast::{FlowKind, Wizard};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::flow::{ActionItem, Args};
use crate::syntax::registry::{self, Block, Decode};
use crate::syntax::step::StepEntry;
use crate::yaml::{Kind, Node};

/// A dialogue: questions in order, then actions with the answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Wizard")]
pub struct Published {
    /// The command that starts it.
    pub entry_cmd: Command,
    /// Lists the command in Telegram's menu with this text.
    pub description: Option<Template>,
    /// Who may use it: `admin`, those of `BOTFACTORY_ADMINS_<BOT>`. Others are refused, and do not see it in Telegram's menu.
    pub allow: Option<AllowName>,
    /// Typed arguments of the command; a step whose `var` is an argument is asked only when it is missing.
    pub args: Option<Args>,
    /// Runs before the first question; what it loads stays available in every later step.
    pub on_enter: Option<Vec<ActionItem>>,
    /// How long it waits for an answer: from `1m` to `30d`.
    #[schemars(extend("default" = "24h"))]
    pub ttl: Option<Duration>,
    /// What happens by itself when nobody has answered for that long. Without it nothing does, and an answer that comes
    /// later is told that the dialogue is over.
    pub on_timeout: Option<TimeoutItem>,
    /// The questions.
    #[schemars(length(min = 1))]
    pub steps: Vec<StepEntry>,
    /// Runs after each answer.
    pub on_step: Option<Vec<ActionItem>>,
    /// Runs after the last answer.
    pub on_complete: Option<Vec<ActionItem>>,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "flow.wizard.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Flow(decode),
    example: r#"flows:
  - flow.wizard.v1:
      entry_cmd: /feedback
      ttl: 2h
      on_timeout: { reply: "No answer is an answer too. Have a good day!" }
      steps:
        - ask: "How was it?"
          var: mood
          type: choice
          options: [{ text: "Good", value: good }, { text: "Bad", value: bad }]
          case: [{ when: mood == 'good', goto: end }, { goto: why }]
        - { ask: "What went wrong?", var: why, max: 300 }
      on_complete:
        - action.reply_template.v1: { text: "Thank you, we will do better." }
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<FlowKind> {
    let ttl = cx.duration(f.get("ttl"), "`ttl`");
    let on_timeout = f.get("on_timeout").map(|node| cx.on_timeout(node));
    let mut steps_lost = f
        .get("steps")
        .is_none_or(|n| !matches!(n.kind, Kind::List(_)));
    let steps = cx.each(f.get("steps"), "`steps`", false, |cx, node| {
        let step = cx.step(node);
        let named = has_id(node);
        steps_lost |= step.as_ref().is_none_or(|s| named && s.id.is_none());
        step
    });
    let on_step = cx.actions(f.get("on_step"), "`on_step`");
    let on_complete = cx.actions(f.get("on_complete"), "`on_complete`");
    Some(FlowKind::Wizard(Wizard {
        ttl,
        steps,
        steps_lost,
        on_step,
        on_complete,
        on_timeout,
    }))
}

/// Whether a step, or the widget that it is, has an `id`.
fn has_id(step: &Node) -> bool {
    let Kind::Map(map) = &step.kind else {
        return false;
    };
    map.entries.iter().any(|e| {
        let widget = matches!(registry::find(&e.key.text.value), Some(b) if matches!(b.decode, Decode::Step(_) | Decode::StepOrAction(..)));
        e.key.text.value == "id" || widget && has_id(&e.value)
    })
}
