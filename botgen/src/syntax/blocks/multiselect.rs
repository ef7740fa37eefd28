//! `widget.multiselect.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{Bool, Count, Expression, Name, ParseModeName, Shape, Template};
use crate::source::Spanned;
use crate::syntax::ast::{Multiselect, StepType, Widget, WidgetStep};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::flow::ActionItem;
use crate::syntax::registry::{Block, Decode};
use crate::syntax::step::{CaseItem, ChoiceItem, ValidateItem};

/// Several options of a choice, ticked and then taken.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Multiselect")]
pub struct Published {
    /// The question.
    pub title: Template,
    /// The variable that the answer fills: a list of choices.
    pub var: Name,
    /// What can be ticked.
    #[schemars(length(min = 1))]
    pub options: Vec<ChoiceItem>,
    /// The fewest that may be taken; 0 lets a person take none.
    #[schemars(extend("default" = 1))]
    pub min: Option<Count>,
    /// The most.
    #[schemars(extend("x-default" = "all"))]
    pub max: Option<Count>,
    /// Options in a row: from 1 to 8.
    #[schemars(extend("default" = 1))]
    pub columns: Option<Count>,
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
    name: "widget.multiselect.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Step(decode),
    example: r#"flows:
  - flow.wizard.v1:
      entry_cmd: /toppings
      steps:
        - widget.multiselect.v1:
            title: "What shall be on it?"
            var: toppings
            max: 2
            options: [{ text: "Olives", value: olives }, { text: "Basil", value: basil }, { text: "Chili", value: chili }]
      on_complete:
        - action.reply_template.v1: { text: "With {{toppings | join: ', '}}." }
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<WidgetStep> {
    let options = cx.choices(f);
    let min = cx.count(f.get("min"), "`min`");
    let max = cx.count(f.get("max"), "`max`");
    let columns = cx.count(f.get("columns"), "`columns`");
    Some(WidgetStep {
        widget: Widget::Multiselect(Multiselect { min, max, columns }),
        ty: Some(Spanned {
            node: StepType::Choices,
            span: f.span,
        }),
        options,
        min: None,
        max: None,
    })
}
