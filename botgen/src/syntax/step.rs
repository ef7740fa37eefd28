//! A wizard's questions, choices and branches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ast::{Case, Choice, Pick, Step, StepType, Validate, Widget};
use super::blocks::{calendar, confirm, multiselect, number, pagination, rating};
use super::decode::{Cx, Fields};
use super::flow::{ActionItem, Holds};
use super::registry::{self, Decode};
use super::text;
use crate::diagnostics::codes::shape;
use crate::schema::{
    Bool, Expression, Literal, Name, ParseModeName, Regex, StepTypeName, Template, Value,
};
use crate::source::Spanned;
use crate::yaml::{Entry, Kind, Node};

/// A question, or a widget that asks it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StepEntry {
    /// A message that waits for another one.
    Question(Box<StepItem>),
    /// A keyboard of its own.
    Widget(Box<WidgetItem>),
}

/// A step that is a block: one key, the widget's name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "WidgetStep")]
pub enum WidgetItem {
    /// A day, or a day and a time.
    #[serde(rename = "widget.calendar.v1")]
    Calendar(Box<calendar::Published>),
    /// Yes or no.
    #[serde(rename = "widget.confirm.v1")]
    Confirm(Box<confirm::Published>),
    /// Stars.
    #[serde(rename = "widget.rating.v1")]
    Rating(Box<rating::Published>),
    /// A number with buttons for less and more.
    #[serde(rename = "widget.number.v1")]
    Number(Box<number::Published>),
    /// A list with a button for each row, a page at a time.
    #[serde(rename = "widget.pagination.v1")]
    Pagination(Box<pagination::Published>),
    /// Several options of a choice.
    #[serde(rename = "widget.multiselect.v1")]
    Multiselect(Box<multiselect::Published>),
}

/// One question and the variable that its answer fills.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Step")]
pub struct StepItem {
    /// The question.
    pub ask: Template,
    /// The variable that the answer fills.
    pub var: Name,
    /// What `goto` calls this step.
    #[schemars(extend("x-default" = "the name in `var`"))]
    pub id: Option<Name>,
    /// What an answer is.
    #[serde(rename = "type")]
    #[schemars(extend("default" = "text"))]
    pub ty: Option<StepTypeName>,
    /// May be skipped.
    #[schemars(extend("default" = false))]
    pub optional: Option<Bool>,
    /// The answers of a `choice`.
    pub options: Option<OptionsItem>,
    /// The least value, for a text its least length.
    pub min: Option<Literal>,
    /// The greatest value, for a text its greatest length (default 1000).
    pub max: Option<Literal>,
    /// Further rules for the answer.
    pub validate: Option<ValidateItem>,
    /// Asked only when this holds.
    pub when: Option<Expression>,
    /// Where to go after the answer; the first that holds, the last without `when`.
    #[schemars(length(min = 1))]
    pub case: Option<Vec<CaseItem>>,
    /// Runs after the answer.
    pub on_step: Option<Vec<ActionItem>>,
    /// The markup of `ask`.
    #[schemars(extend("default" = "HTML"))]
    pub parse_mode: Option<ParseModeName>,
}

/// Rules for an answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Validate")]
pub struct ValidateItem {
    /// Must match all of the answer as it was typed.
    pub regex: Option<Regex>,
    /// Said instead of the runtime's words whenever an answer is refused.
    pub msg: Option<Template>,
}

/// One answer of a choice.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Choice")]
pub struct ChoiceItem {
    /// What stands on its button.
    pub text: Template,
    /// What is stored.
    pub value: Value,
    /// Offered only when this holds.
    pub when: Option<Expression>,
}

/// The answers of a choice: written down, or the rows of a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Options")]
pub enum OptionsItem {
    /// One by one.
    Written(#[schemars(length(min = 1))] Vec<ChoiceItem>),
    /// One for each row.
    Listed(ListedItem),
}

/// Answers that are the rows of a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OptionsOfList")]
pub struct ListedItem {
    /// The list: `xs`, or `xs as x`.
    pub from: Expression,
    /// What stands on a row's button.
    pub text: Template,
    /// The column whose value is the answer, an int or a text that is never null: `id`, `x.id`, `this`.
    pub value: Expression,
}

/// One branch after an answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Case")]
pub struct CaseItem {
    /// Taken when this holds; the last branch has none.
    pub when: Option<Expression>,
    /// A step of this wizard, or `end`.
    pub goto: Name,
}

impl Cx<'_> {
    pub(in crate::syntax) fn step(&mut self, node: &Node) -> Option<Step> {
        if let Some(step) = self.widget(node) {
            return step;
        }
        let mut f = self.fields::<StepItem>(node, "this step")?;
        let ask = self.text(f.get("ask"), "`ask`");
        let var = self.name(f.get("var"), "`var`");
        let id = self.name(f.get("id"), "`id`");
        let bad_type = self.faults();
        let ty = self.step_type(f.get("type"));
        let bad_type = self.faults() != bad_type;
        // Options show that a choice was meant.
        let meant = match bad_type && f.key_span("options").is_some() {
            true => StepType::Choice,
            false => StepType::Text,
        };
        let ty = ty.unwrap_or(Spanned {
            node: meant,
            span: f.span,
        });
        let optional = self.bool(f.get("optional"), "`optional`");
        let listed = f.get("options").filter(|n| matches!(n.kind, Kind::Map(_)));
        let pick = listed.map(|node| self.pick(node));
        let options = match &pick {
            Some(_) => Vec::new(),
            None => self.choices(&mut f),
        };
        let min = self.field(f.get("min"), "`min`");
        let max = self.field(f.get("max"), "`max`");
        let validate = f.get("validate").and_then(|n| self.validate(n));
        let when = self.expr(f.get("when"), "`when`");
        let case = self.each(f.get("case"), "`case`", false, Cx::case);
        let on_step = self.actions(f.get("on_step"), "`on_step`");
        let parse_mode = self.parse_mode(f.get("parse_mode"));
        if !bad_type {
            self.fields_of_type(&f, ty.node, node);
        }
        if let Some(case) = f.get("case") {
            self.case_order(case);
        }
        let span = f.span;
        f.finish();
        Some(Step {
            span,
            ask: ask?,
            var: var?,
            id,
            ty,
            bad_type: bad_type || matches!(pick, Some(None)),
            widget: pick.flatten(),
            optional,
            options,
            min,
            max,
            validate,
            when,
            case,
            on_step,
            parse_mode,
        })
    }

    /// A step that is a block. The outer `None`: it is a plain question; the inner: reported.
    #[allow(clippy::option_option)]
    fn widget(&mut self, node: &Node) -> Option<Option<Step>> {
        let Kind::Map(map) = &node.kind else {
            return None;
        };
        let is_block = |e: &&Entry| {
            let key = e.key.text.value.as_str();
            registry::find(key).is_some() || key.starts_with("widget.")
        };
        map.entries.iter().find(is_block)?;
        Some(self.widget_step(node))
    }

    fn widget_step(&mut self, node: &Node) -> Option<Step> {
        let (block, name, mut f) = self.block(node, Holds::Steps)?;
        let (Decode::Step(decode) | Decode::StepOrAction(decode, _)) = block.decode else {
            return None;
        };
        let title = self.text(f.get("title"), "`title`");
        let var = self.name(f.get("var"), "`var`");
        let id = self.name(f.get("id"), "`id`");
        let optional = self.bool(f.get("optional"), "`optional`");
        let before = self.faults();
        let decoded = decode(self, &mut f);
        let bad = self.faults() != before;
        let validate = f.get("validate").and_then(|n| self.validate(n));
        let when = self.expr(f.get("when"), "`when`");
        let case = self.each(f.get("case"), "`case`", false, Cx::case);
        let on_step = self.actions(f.get("on_step"), "`on_step`");
        let parse_mode = self.parse_mode(f.get("parse_mode"));
        if let Some(case) = f.get("case") {
            self.case_order(case);
        }
        let span = f.span;
        f.finish();
        let decoded = decoded?;
        let ty = decoded.ty.clone().unwrap_or(Spanned {
            node: StepType::Text,
            span,
        });
        Some(Step {
            span,
            ask: title?,
            var: var?,
            id,
            bad_type: decoded.ty.is_none() || bad,
            ty,
            widget: Some(Spanned {
                node: decoded.widget,
                span: name.span,
            }),
            optional,
            options: decoded.options,
            min: decoded.min,
            max: decoded.max,
            validate,
            when,
            case,
            on_step,
            parse_mode,
        })
    }

    /// `options:` of a step or an argument.
    pub(in crate::syntax) fn choices(&mut self, f: &mut Fields<'_>) -> Vec<Choice> {
        self.each(f.get("options"), "`options`", false, Cx::choice)
    }

    /// `options:` that are the rows of a list.
    fn pick(&mut self, node: &Node) -> Option<Spanned<Widget>> {
        let mut f = self.fields::<ListedItem>(node, "`options`")?;
        let from = self.word(f.get("from"), "`from`");
        let list = from.and_then(|source| text::parse_each(&source, self.sink));
        let label = self.text(f.get("text"), "`text`");
        let value = self.expr(f.get("value"), "`value`");
        let span = f.span;
        f.finish();
        let (list, alias) = list?;
        Some(Spanned {
            node: Widget::Pick(Box::new(Pick {
                list,
                alias,
                text: label?,
                value: value?,
            })),
            span,
        })
    }

    fn choice(&mut self, node: &Node) -> Option<Choice> {
        let mut f = self.fields::<ChoiceItem>(node, "this option")?;
        let text = self.text(f.get("text"), "`text`");
        let value = self.value(f.get("value"), "`value`");
        let when = self.expr(f.get("when"), "`when`");
        let span = f.span;
        f.finish();
        Some(Choice {
            span,
            text: text?,
            value: value?,
            when,
        })
    }

    /// `options` go with a choice; bounds with what has an order.
    pub(in crate::syntax) fn fields_of_type(&mut self, f: &Fields<'_>, ty: StepType, node: &Node) {
        let name = type_name(ty);
        let truncated = matches!(&node.kind, Kind::Map(map) if map.truncated);
        match f.key_span("options") {
            Some(span) if ty != StepType::Choice => self.error(
                &shape::NOT_HERE,
                span,
                format!("`options` belong to `type: choice`, this is a {name}"),
                "write `type: choice`, or remove `options`",
            ),
            None if ty == StepType::Choice && !truncated => self.error(
                &shape::MISSING_KEY,
                f.key_span("type").unwrap_or(f.span),
                "a choice has no `options`",
                "add `options: [{ text: \"…\", value: … }, …]`",
            ),
            _ => {}
        }
        let ordered = matches!(
            ty,
            StepType::Text
                | StepType::Int
                | StepType::Decimal(_)
                | StepType::Date
                | StepType::Time
                | StepType::DateTime
        );
        for key in ["min", "max"] {
            if let Some(span) = f.key_span(key).filter(|_| !ordered) {
                self.error(
                    &shape::NOT_HERE,
                    span,
                    format!("`{key}` means nothing for a {name}"),
                    "it bounds text, int, decimal, date, time and datetime",
                );
            }
        }
    }

    fn validate(&mut self, node: &Node) -> Option<Validate> {
        let mut f = self.fields::<ValidateItem>(node, "`validate`")?;
        let regex = self.regex(f.get("regex"), "`regex`");
        let msg = self.text(f.get("msg"), "`msg`");
        let span = f.span;
        f.finish();
        Some(Validate { span, regex, msg })
    }

    fn case(&mut self, node: &Node) -> Option<Case> {
        let mut f = self.fields::<CaseItem>(node, "this branch")?;
        let when = self.expr(f.get("when"), "`when`");
        let goto = self.goto(f.get("goto"));
        let span = f.span;
        f.finish();
        Some(Case {
            span,
            when,
            goto: goto?,
        })
    }

    /// Every branch but the last has a `when`, the last has none.
    fn case_order(&mut self, node: &Node) {
        let Kind::List(list) = &node.kind else { return };
        let count = list.items.len();
        for (i, item) in list.items.iter().enumerate() {
            let Kind::Map(map) = &item.kind else { continue };
            let has_when = map.entries.iter().any(|e| e.key.text.value == "when");
            let last = i + 1 == count;
            if map.truncated || list.truncated || has_when != last {
                continue;
            }
            let (message, help) = if last {
                (
                    "the last branch has a `when`: nothing is said for all other answers",
                    "end `case` with a branch that is only `goto`",
                )
            } else {
                (
                    "a branch without `when` is always taken, those after it never",
                    "give it a `when`, or put it last",
                )
            };
            self.error(&shape::CASE, item.span, message, help);
        }
    }
}

fn type_name(ty: StepType) -> &'static str {
    match ty {
        StepType::Text => "text",
        StepType::Int => "int",
        StepType::Decimal(_) => "decimal",
        StepType::Bool => "bool",
        StepType::Date => "date",
        StepType::Time => "time",
        StepType::DateTime => "datetime",
        StepType::Choice => "choice",
        StepType::Choices => "list of choices",
        StepType::Column => "column",
        StepType::Phone => "phone",
        StepType::Email => "email",
        StepType::Contact => "contact",
        StepType::Location => "location",
        StepType::Photo => "photo",
        StepType::File => "file",
    }
}
