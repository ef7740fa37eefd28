//! Questions with a keyboard of their own.

use super::expr::Expr;
use super::pages::{Chosen, PagesStep, Rows};
use super::sql::QueryId;
use super::text::TextCall;
use super::types::ChoiceId;
use super::{Button, ButtonDoes};

/// A widget; its expressions and texts use what is known at the step, like the question.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Widget {
    Calendar(Box<Calendar>),
    Confirm {
        /// `None`: the runtime's words.
        yes: Option<TextCall>,
        no: Option<TextCall>,
    },
    Rating {
        /// From 2 to 10.
        max: i64,
        symbol: String,
    },
    Number(Box<Number>),
    Pick(Box<Pick>),
    Pages(Box<PagesStep>),
    Multiselect {
        choice: ChoiceId,
        min: usize,
        max: usize,
        columns: usize,
    },
}

/// The rows of a list as options.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Pick {
    /// Not null.
    pub list: Expr,
    /// Rust name of the row, known in `text` and `value`.
    pub item: String,
    pub text: TextCall,
    /// An int or a text, not null.
    pub value: Expr,
}

/// A calendar.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Of a calendar with times: minutes after midnight of the first and the last, and between them.
    pub times: Option<(u16, u16, u16)>,
    /// The earliest.
    pub min: Option<Limit>,
    /// The latest.
    pub max: Option<Limit>,
    /// Weekdays that are never free, Monday the lowest bit.
    pub closed: u8,
    /// What is taken.
    pub disabled: Vec<Taken>,
    /// Whose days; `None`: the bot's.
    pub tz: Option<Zone>,
}

/// A calendar's bound.
#[derive(Debug, Clone)]
pub enum Limit {
    /// So many days after today in the calendar's zone.
    Today(i64),
    /// A date or a datetime.
    Value(Expr),
    /// A scalar of these.
    Query(QueryId),
}

/// What is taken in a calendar.
#[derive(Debug, Clone)]
pub enum Taken {
    /// The day so many days after today in the calendar's zone.
    Today(i64),
    /// A date or a datetime.
    One(Expr),
    /// A list of these; an element may be null.
    List(Expr),
    /// The same.
    Query(QueryId),
}

/// A calendar's zone.
#[derive(Debug, Clone)]
pub enum Zone {
    /// An IANA name, proven to exist.
    Name(String),
    /// A text.
    Value(Expr),
}

impl Calendar {
    fn queries(&self) -> Vec<QueryId> {
        let limits = self
            .min
            .iter()
            .chain(&self.max)
            .filter_map(|limit| match limit {
                Limit::Query(query) => Some(*query),
                Limit::Today(_) | Limit::Value(_) => None,
            });
        let taken = self.disabled.iter().filter_map(|taken| match taken {
            Taken::Query(query) => Some(*query),
            Taken::Today(_) | Taken::One(_) | Taken::List(_) => None,
        });
        limits.chain(taken).collect()
    }
    fn exprs(&self) -> Vec<&Expr> {
        let limits = self
            .min
            .iter()
            .chain(&self.max)
            .filter_map(|limit| match limit {
                Limit::Value(value) => Some(value),
                Limit::Today(_) | Limit::Query(_) => None,
            });
        let taken = self.disabled.iter().filter_map(|taken| match taken {
            Taken::One(value) | Taken::List(value) => Some(value),
            Taken::Today(_) | Taken::Query(_) => None,
        });
        let zone = self.tz.iter().filter_map(|zone| match zone {
            Zone::Value(value) => Some(value),
            Zone::Name(_) => None,
        });
        limits.chain(taken).chain(zone).collect()
    }
}

/// A stepper; all of one type, an int or a decimal of this scale.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Number {
    pub scale: Option<u8>,
    pub min: Expr,
    pub max: Option<Expr>,
    /// `None`: the least value.
    pub start: Option<Expr>,
    /// Proven positive, as far as it is known.
    pub step: Expr,
    pub jump: Option<Expr>,
}

impl Widget {
    /// The queries that must run before it can be shown or read.
    pub fn queries(&self) -> Vec<QueryId> {
        match self {
            Self::Calendar(calendar) => calendar.queries(),
            Self::Confirm { .. }
            | Self::Rating { .. }
            | Self::Number(_)
            | Self::Pick(_)
            | Self::Multiselect { .. } => Vec::new(),
            Self::Pages(list) => {
                let mut queries = list.pages.rows.queries();
                if let Chosen::Counted(query) | Chosen::Among(query) = list.chosen {
                    queries.push(query);
                }
                queries
            }
        }
    }
    /// Its texts besides the question.
    pub fn texts(&self) -> Vec<&TextCall> {
        match self {
            Self::Confirm { yes, no } => yes.iter().chain(no).collect(),
            Self::Pick(pick) => vec![&pick.text],
            Self::Calendar(_)
            | Self::Rating { .. }
            | Self::Number(_)
            | Self::Multiselect { .. } => Vec::new(),
            Self::Pages(list) => {
                let buttons = list.pages.extra.iter().flatten();
                list.pages.texts().chain(buttons.flat_map(words)).collect()
            }
        }
    }
    /// Its expressions.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::Calendar(calendar) => calendar.exprs(),
            Self::Number(number) => [&number.min, &number.step]
                .into_iter()
                .chain(&number.max)
                .chain(&number.start)
                .chain(&number.jump)
                .collect(),
            Self::Pick(pick) => vec![&pick.list, &pick.value],
            Self::Confirm { .. } | Self::Rating { .. } | Self::Multiselect { .. } => Vec::new(),
            Self::Pages(list) => {
                let mut exprs = Vec::new();
                if let Rows::List { list, .. } = &list.pages.rows {
                    exprs.push(list);
                }
                for button in list.pages.extra.iter().flatten() {
                    exprs.extend(&button.when);
                    if let ButtonDoes::Command { args, .. } = &button.does {
                        exprs.extend(args);
                    }
                }
                exprs
            }
        }
    }
}

fn words(button: &Button) -> Vec<&TextCall> {
    match &button.does {
        ButtonDoes::Url(url) => vec![&button.text, url],
        _ => vec![&button.text],
    }
}
