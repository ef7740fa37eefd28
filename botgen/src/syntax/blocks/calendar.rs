//! `widget.calendar.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostics::codes::shape;
use crate::schema::{
    Bool, CalendarModeName, Duration, Expression, Hours, Literal, Name, ParseModeName, Shape,
    Template, WeekdayName,
};
use crate::source::Spanned;
use crate::syntax::ast::{Calendar, Moment, StepType, Widget, WidgetStep};
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::flow::ActionItem;
use crate::syntax::registry::{Block, Decode};
use crate::syntax::statement::{Params, SqlItem};
use crate::syntax::step::{CaseItem, ValidateItem};
use crate::yaml::{Kind, Node};

/// A day, or a day and a time, from a calendar; it can be typed, too. What is not free cannot be chosen, whatever an
/// older keyboard shows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Calendar")]
pub struct Published {
    /// The question.
    pub title: Template,
    /// The variable that the answer fills: a date, or a datetime.
    pub var: Name,
    /// A day, or a day and a time.
    #[schemars(extend("default" = "date"))]
    pub mode: Option<CalendarModeName>,
    /// The first day, or the earliest time: `2026-01-15`, `today`, `now+2h`, `"{{EXPR}}"` or a query. Where it is today,
    /// times that have passed cannot be chosen.
    pub min: Option<MomentItem>,
    /// The last day, or the latest time, written as `min`.
    pub max: Option<MomentItem>,
    /// Days of the week that cannot be chosen.
    #[schemars(length(min = 1))]
    pub closed: Option<Vec<WeekdayName>>,
    /// What is taken: days, and in `mode: datetime` points in time, each of which takes the step that it lies in.
    pub disabled: Option<DisabledItem>,
    /// From the first time of a day to the last: `"09:00-20:00"`; a day ends at `24:00`.
    #[schemars(extend("default" = "09:00-20:00"))]
    pub hours: Option<Hours>,
    /// From one time to the next; `hours` last a whole number of steps.
    #[schemars(extend("default" = "30m"))]
    pub step: Option<Duration>,
    /// Whose days and hours they are: an IANA name, or `"{{EXPR}}"` for the person's own. A value that is no name means
    /// the bot's zone. The answer is the moment that was chosen there; texts print it in the bot's `tz`.
    #[schemars(extend("x-default" = "the bot's `tz`"))]
    pub tz: Option<Literal>,
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

/// A date or a datetime.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum MomentItem {
    /// Written, or `"{{EXPR}}"`.
    Value(Literal),
    /// From the database.
    Query(MomentQuery),
}

/// One or several.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum DisabledItem {
    /// One day, `"{{a_list}}"`, or a query.
    One(MomentItem),
    /// Several of these.
    Several(Vec<MomentItem>),
}

/// A query for dates or datetimes. It runs anew whenever the calendar is shown, pressed or answered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MomentQuery")]
pub struct MomentQuery {
    /// One SELECT of one column.
    pub sql: SqlItem,
    /// Further values for `:name` parameters.
    pub params: Option<Params>,
    /// Why the query may see rows of other people: it does not name `:bot_id` or `:user_id`.
    pub unscoped: Option<String>,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "widget.calendar.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Step(decode),
    example: r#"flows:
  - flow.wizard.v1:
      entry_cmd: /book
      steps:
        - widget.calendar.v1:
            title: "When shall we expect you?"
            var: slot
            mode: datetime
            min: today
            max: today+60d
            closed: [sun]
            disabled: [2026-12-31, 2027-01-01]
            hours: "09:00-20:00"
            step: 30m
      on_complete:
        - action.reply_template.v1: { text: "See you on {{slot}}." }
"#,
};

/// As they are written, Monday first.
const WEEKDAYS: [(&str, u8); 7] = [
    ("mon", 0),
    ("tue", 1),
    ("wed", 2),
    ("thu", 3),
    ("fri", 4),
    ("sat", 5),
    ("sun", 6),
];

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<WidgetStep> {
    let mode = f.get("mode");
    let modes = [("date", false), ("datetime", true)];
    let mode = match mode {
        Some(_) => cx.one_of(mode, "`mode`", &modes),
        None => Some(Spanned {
            node: false,
            span: f.span,
        }),
    };
    let min = f.get("min").and_then(|node| cx.moment(node, "`min`"));
    let max = f.get("max").and_then(|node| cx.moment(node, "`max`"));
    let closed = cx.each(f.get("closed"), "`closed`", false, |cx, node| {
        cx.one_of(Some(node), "a day in `closed`", &WEEKDAYS)
    });
    let disabled = match f.get("disabled") {
        Some(node) if matches!(node.kind, Kind::List(_)) => {
            cx.each(Some(node), "`disabled`", false, |cx, node| {
                cx.moment(node, "an element of `disabled`")
            })
        }
        Some(node) => cx.moment(node, "`disabled`").into_iter().collect(),
        None => Vec::new(),
    };
    let hours = cx.word(f.get("hours"), "`hours`");
    let step = cx.duration(f.get("step"), "`step`");
    let tz = cx.field(f.get("tz"), "`tz`");
    if mode.as_ref().is_some_and(|mode| !mode.node) {
        for key in ["hours", "step"] {
            if let Some(span) = f.key_span(key) {
                cx.error(
                    &shape::NOT_HERE,
                    span,
                    format!("`{key}` means nothing for a calendar of days"),
                    format!("write `mode: datetime`, or remove `{key}`"),
                );
            }
        }
    }
    Some(WidgetStep {
        ty: mode.as_ref().map(|mode| Spanned {
            node: match mode.node {
                true => StepType::DateTime,
                false => StepType::Date,
            },
            span: mode.span,
        }),
        widget: Widget::Calendar(Box::new(Calendar {
            with_time: mode.is_some_and(|mode| mode.node),
            min,
            max,
            closed,
            disabled,
            hours,
            step,
            tz,
        })),
        options: Vec::new(),
        min: None,
        max: None,
    })
}

/// A statement where a moment was meant to come from one.
fn is_select(written: &str) -> bool {
    let word = written.trim_start_matches(['"', '\'', ' ']);
    let word = word.split_whitespace().next().unwrap_or_default();
    word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with")
}

impl Cx<'_> {
    /// A date or a datetime: written, an expression, or a query.
    fn moment(&mut self, node: &Node, what: &str) -> Option<Moment> {
        // `{{x}}` without quotes is a mapping for YAML, and a trap for authors.
        let is_query =
            matches!(node.kind, Kind::Map(_)) && !self.sources.slice(node.span).starts_with("{{");
        if !is_query && is_select(self.sources.slice(node.span)) {
            self.error(
                &shape::TYPE,
                node.span,
                format!("{what} is a statement, it should be a moment or a query"),
                "write `{ sql: \"SELECT …\" }`",
            );
            return None;
        }
        if !is_query {
            return self.field(Some(node), what).map(Moment::Value);
        }
        let mut f = self.fields::<MomentQuery>(node, what)?;
        let sql = f.get("sql").and_then(|node| self.sql(node));
        let params = f.get("params").map(|node| self.params(node));
        let unscoped = self.value(f.get("unscoped"), "`unscoped`");
        let span = f.span;
        f.finish();
        Some(Moment::Query(Box::new(crate::syntax::ast::Statement {
            sql: sql?,
            result_var: None,
            shape: Spanned {
                node: crate::syntax::ast::Shape::Flatten,
                span,
            },
            params: params.unwrap_or_default(),
            unscoped,
            on_conflict: None,
            conflict_lost: false,
        })))
    }
}
