//! `widget.rating.v1`: a number of stars.

use botfactory_lang::answer::{self, Bounds, Refusal, Wanted};

use super::{Drawn, Turned, Widget, label};
use crate::handler::printer::Words;

/// Most buttons in a row: with a number and a sign each, five stay readable on a telephone.
const ROW: i64 = 5;

/// From 1 to `max`.
#[derive(Debug)]
pub struct Rating {
    /// From 2 to 10.
    pub max: i64,
    /// What stands behind each number.
    pub symbol: &'static str,
}

impl Widget for Rating {
    const KIND: &'static str = "rating";
    type Value = i64;

    fn wanted(&self) -> Wanted {
        Wanted::Int
    }
    fn draw(&self, _words: &Words, _view: &str) -> Drawn {
        let values: Vec<i64> = (1..=self.max).collect();
        // Two rows of one length instead of a full one and a rest.
        let rows = self.max.div_euclid(ROW) + i64::from(self.max.rem_euclid(ROW) != 0);
        let width = usize::try_from((self.max + rows - 1) / rows.max(1)).unwrap_or(1);
        let button = |n: &i64| (label(format!("{n} {}", self.symbol)), n.to_string());
        Drawn {
            rows: values
                .chunks(width.max(1))
                .map(|row| row.iter().map(button).collect())
                .collect(),
            below: None,
        }
    }
    fn pressed(&self, words: &Words, view: &str, key: &str) -> Result<Turned<i64>, Refusal> {
        self.typed(words, view, key)
    }
    fn typed(&self, _words: &Words, _view: &str, text: &str) -> Result<Turned<i64>, Refusal> {
        let bounds = Bounds {
            min: Some(1),
            max: Some(self.max),
        };
        // As it stands on the button, too.
        let number = text.trim().trim_end_matches(self.symbol);
        answer::int(number, bounds).map(Turned::Value)
    }
}
