//! Questions with a keyboard of their own.

use super::expr::Expr;
use super::sql::QueryId;
use super::text::TextCall;
use super::types::ChoiceId;

/// A widget; its expressions and texts use what is known at the step, like the question.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Widget {
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
            Self::Confirm { .. }
            | Self::Rating { .. }
            | Self::Number(_)
            | Self::Pick(_)
            | Self::Multiselect { .. } => Vec::new(),
        }
    }
    /// Its texts besides the question.
    pub fn texts(&self) -> Vec<&TextCall> {
        match self {
            Self::Confirm { yes, no } => yes.iter().chain(no).collect(),
            Self::Pick(pick) => vec![&pick.text],
            Self::Rating { .. } | Self::Number(_) | Self::Multiselect { .. } => Vec::new(),
        }
    }
    /// Its expressions.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::Number(number) => [&number.min, &number.step]
                .into_iter()
                .chain(&number.max)
                .chain(&number.start)
                .chain(&number.jump)
                .collect(),
            Self::Pick(pick) => vec![&pick.list, &pick.value],
            Self::Confirm { .. } | Self::Rating { .. } | Self::Multiselect { .. } => Vec::new(),
        }
    }
}
