//! `widget.confirm.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{Bool, Expression, Name, ParseModeName, Shape, Template};
use crate::source::Spanned;
use crate::syntax::ast::{Confirm, StepType, Widget, WidgetStep};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::flow::ActionItem;
use crate::syntax::registry::{Block, Decode};
use crate::syntax::step::{CaseItem, ValidateItem};

/// Yes or no, with the words on the buttons.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Confirm")]
pub struct Published {
    /// The question.
    pub title: Template,
    /// The variable that the answer fills: a bool.
    pub var: Name,
    /// What stands on the button for yes.
    #[schemars(extend("x-default" = "`bf-yes`"))]
    pub yes: Option<Template>,
    /// What stands on the button for no.
    #[schemars(extend("x-default" = "`bf-no`"))]
    pub no: Option<Template>,
    /// What `goto` calls this step.
    #[schemars(extend("x-default" = "the name in `var`"))]
    pub id: Option<Name>,
    /// May be skipped.
    #[schemars(extend("default" = false))]
    pub optional: Option<Bool>,
    /// Said instead of the runtime's words whenever an answer is refused: `{ msg: … }`.
    pub validate: Option<ValidateItem>,
    /// Asked only when this holds.
    pub when: Option<Expression>,
    /// Where to go after the answer; the first that holds, the last without `when`.
    #[schemars(length(min = 1))]
    pub case: Option<Vec<CaseItem>>,
    /// Runs after the answer.
    pub on_step: Option<Vec<ActionItem>>,
    /// The markup of `title`.
    #[schemars(extend("default" = "HTML"))]
    pub parse_mode: Option<ParseModeName>,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "widget.confirm.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Step(decode),
    example: r#"flows:
  - flow.wizard.v1:
      entry_cmd: /delete
      steps:
        - widget.confirm.v1:
            title: "Delete all your data? This cannot be undone."
            var: sure
            yes: "🗑 Delete"
            no: "Keep it"
            case: [{ when: sure, goto: reason }, { goto: end }]
        - { ask: "Why?", var: reason, optional: true }
      on_complete:
        - action.reply_template.v1: { text: "Done. {{reason | default: 'No reason given'}}." }
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<WidgetStep> {
    let yes = cx.text(f.get("yes"), "`yes`");
    let no = cx.text(f.get("no"), "`no`");
    Some(WidgetStep {
        widget: Widget::Confirm(Confirm { yes, no }),
        ty: Some(Spanned {
            node: StepType::Bool,
            span: f.span,
        }),
        options: Vec::new(),
        min: None,
        max: None,
    })
}
