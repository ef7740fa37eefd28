//! `widget.number.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostics::codes::shape;
use crate::schema::{
    Bool, Expression, Literal, Name, NumberTypeName, ParseModeName, Shape, Template,
};
use crate::source::Spanned;
use crate::syntax::ast::{Number, StepType, Widget, WidgetStep};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::flow::ActionItem;
use crate::syntax::registry::{Block, Decode};
use crate::syntax::step::{CaseItem, ValidateItem};

/// A number with buttons for less and more; it can be typed, too.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Number")]
pub struct Published {
    /// The question.
    pub title: Template,
    /// The variable that the answer fills: an int or a decimal.
    pub var: Name,
    /// `int` or `decimal(2)`.
    #[serde(rename = "type")]
    #[schemars(extend("default" = "int"))]
    pub ty: Option<NumberTypeName>,
    /// The least value.
    #[schemars(extend("default" = 0))]
    pub min: Option<Literal>,
    /// The greatest value.
    pub max: Option<Literal>,
    /// The value that is shown first.
    #[schemars(extend("x-default" = "the least value"))]
    pub start: Option<Literal>,
    /// By how much one press changes it; a typed number need not be a multiple.
    #[schemars(extend("default" = 1))]
    pub step: Option<Literal>,
    /// By how much a press of the outer buttons changes it; without it there are none.
    pub jump: Option<Literal>,
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
    name: "widget.number.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Step(decode),
    example: r#"flows:
  - flow.wizard.v1:
      entry_cmd: /guests
      steps:
        - widget.number.v1: { title: "How many of you?", var: guests, min: 1, max: 12, start: 2 }
      on_complete:
        - action.reply_template.v1: { text: "A table for {{guests}}." }
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<WidgetStep> {
    let ty = match f.get("type") {
        Some(node) => cx.step_type(Some(node)),
        None => Some(Spanned {
            node: StepType::Int,
            span: f.span,
        }),
    };
    let ty = ty.filter(|ty| {
        let counts = matches!(ty.node, StepType::Int | StepType::Decimal(_));
        if !counts {
            cx.error(
                &shape::WORD,
                ty.span,
                "a stepper counts numbers",
                "write `type: int`, or `type: decimal(2)`",
            );
        }
        counts
    });
    let min = cx.field(f.get("min"), "`min`");
    let max = cx.field(f.get("max"), "`max`");
    let start = cx.field(f.get("start"), "`start`");
    let step = cx.field(f.get("step"), "`step`");
    let jump = cx.field(f.get("jump"), "`jump`");
    Some(WidgetStep {
        widget: Widget::Number(Number { start, step, jump }),
        ty,
        options: Vec::new(),
        min,
        max,
    })
}
