//! Blocks that are a step.

use super::{Choice, Expr, Field, Pages, Statement, StepType, Text};
use crate::source::{Spanned, Str};

/// A block that is a step.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Widget {
    Calendar(Box<Calendar>),
    Confirm(Confirm),
    Multiselect(Multiselect),
    Number(Number),
    Pick(Box<Pick>),
    Pages(Box<Pages>),
    Rating(Rating),
}

/// `options: { from: xs as x, text: …, value: x.id }` of a choice.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Pick {
    pub list: Expr,
    pub alias: Option<Spanned<String>>,
    pub text: Text,
    pub value: Expr,
}

/// `widget.calendar.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Calendar {
    /// `mode: datetime`.
    pub with_time: bool,
    pub min: Option<Moment>,
    pub max: Option<Moment>,
    /// Monday is 0.
    pub closed: Vec<Spanned<u8>>,
    pub disabled: Vec<Moment>,
    pub hours: Option<Str>,
    /// Seconds.
    pub step: Option<Spanned<i64>>,
    pub tz: Option<Field>,
}

/// A date or a datetime, or several.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Moment {
    Value(Field),
    /// Its shape is not written: the place says whether one or several are meant.
    Query(Box<Statement>),
}

/// `widget.confirm.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Confirm {
    pub yes: Option<Text>,
    pub no: Option<Text>,
}

/// `widget.multiselect.v1`. Its options are the step's.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Multiselect {
    pub min: Option<Spanned<i64>>,
    pub max: Option<Spanned<i64>>,
    pub columns: Option<Spanned<i64>>,
}

/// `widget.number.v1`. Its bounds are the step's.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Number {
    pub start: Option<Field>,
    pub step: Option<Field>,
    pub jump: Option<Field>,
}

/// `widget.rating.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Rating {
    pub max: Option<Spanned<i64>>,
    pub symbol: Option<Str>,
}

/// What a widget's block says that a step does not.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct WidgetStep {
    pub widget: Widget,
    /// Of its answer; `None`: could not be read (reported).
    pub ty: Option<Spanned<StepType>>,
    pub options: Vec<Choice>,
    pub min: Option<Field>,
    pub max: Option<Field>,
}
