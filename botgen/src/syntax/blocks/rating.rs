//! `widget.rating.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{Bool, Count, Expression, Name, ParseModeName, Shape, Template};
use crate::source::{Spanned, Str};
use crate::syntax::ast::{Field, Rating, StepType, Widget, WidgetStep};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::flow::ActionItem;
use crate::syntax::registry::{Block, Decode};
use crate::syntax::step::{CaseItem, ValidateItem};

/// Stars: a whole number from 1 to `max`, one button each.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rating")]
pub struct Published {
    /// The question.
    pub title: Template,
    /// The variable that the answer fills: an int.
    pub var: Name,
    /// The best: from 2 to 10.
    #[schemars(extend("default" = 5))]
    pub max: Option<Count>,
    /// What stands behind each number.
    #[schemars(extend("default" = "⭐"))]
    pub symbol: Option<Template>,
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
    name: "widget.rating.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Step(decode),
    example: r#"flows:
  - flow.wizard.v1:
      entry_cmd: /rate
      steps:
        - widget.rating.v1: { title: "How was it?", var: stars }
      on_complete:
        - action.reply_template.v1: { text: "{{stars}} of 5: thank you!" }
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<WidgetStep> {
    let max = cx.count(f.get("max"), "`max`");
    let symbol = cx.value(f.get("symbol"), "`symbol`");
    let literal = |value: i64| {
        let span = max.as_ref().map_or(f.span, |m| m.span);
        let value = value.to_string();
        let map = [(0, span.lo)].into();
        Some(Field::Literal(Str { value, span, map }))
    };
    Some(WidgetStep {
        ty: Some(Spanned {
            node: StepType::Int,
            span: f.span,
        }),
        options: Vec::new(),
        min: literal(1),
        max: literal(max.as_ref().map_or(5, |m| m.node)),
        widget: Widget::Rating(Rating { max, symbol }),
    })
}
