//! `widget.number.v1`: a number with buttons for less and more.

use botfactory_lang::answer::{self, Bounds, Refusal, Wanted};
use botfactory_lang::value::Decimal;

use super::{Drawn, INERT, Turned, Widget, label};
use crate::handler::printer::Words;

/// Takes the number that is shown.
const TAKE: &str = "ok";

/// Numbers that a stepper counts.
pub trait Stepped: Copy + Ord + std::fmt::Display + std::fmt::Debug {
    /// What an answer is.
    const WANTED: Wanted;
    /// Of units of the last digit.
    fn of(units: i64) -> Self;
    /// Units of the last digit.
    fn units(self) -> i64;
    /// As a person types it.
    ///
    /// # Errors
    /// It is none, or out of bounds.
    fn typed(text: &str, bounds: Bounds<Self>) -> Result<Self, Refusal>;
}

impl Stepped for i64 {
    const WANTED: Wanted = Wanted::Int;
    fn of(units: i64) -> Self {
        units
    }
    fn units(self) -> i64 {
        self
    }
    fn typed(text: &str, bounds: Bounds<Self>) -> Result<Self, Refusal> {
        answer::int(text, bounds)
    }
}

impl<const N: u8> Stepped for Decimal<N> {
    const WANTED: Wanted = Wanted::Decimal;
    fn of(units: i64) -> Self {
        Decimal(units)
    }
    fn units(self) -> i64 {
        self.0
    }
    fn typed(text: &str, bounds: Bounds<Self>) -> Result<Self, Refusal> {
        answer::decimal(text, bounds)
    }
}

/// A stepper. The view is the number shown, in units.
#[derive(Debug)]
pub struct Number<T> {
    /// Least.
    pub min: T,
    /// Greatest; where it is below `min`, `min` counts.
    pub max: T,
    /// Shown first, moved into the bounds.
    pub start: T,
    /// By what a press of `−` and `+` changes it.
    pub step: T,
    /// By what the outer buttons change it, where there are any.
    pub jump: Option<T>,
}

impl<T: Stepped> Number<T> {
    fn max(&self) -> T {
        self.max.max(self.min)
    }
    /// The number that a view shows: what another build left may be out of bounds.
    fn shown(&self, view: &str) -> T {
        let units = view.parse().unwrap_or(self.start.units());
        T::of(units).clamp(self.min, self.max())
    }
    /// One press further: to the bound where it would go beyond it.
    fn moved(&self, from: T, by: T, more: bool) -> Result<T, Refusal> {
        let units = if more {
            from.units().saturating_add(by.units())
        } else {
            from.units().saturating_sub(by.units())
        };
        let to = T::of(units).clamp(self.min, self.max());
        if to != from {
            return Ok(to);
        }
        let length = false;
        Err(if more {
            let max = from.to_string();
            Refusal::TooGreat { max, length }
        } else {
            let min = from.to_string();
            Refusal::TooSmall { min, length }
        })
    }
}

impl<T: Stepped> Widget for Number<T> {
    const KIND: &'static str = "number";
    type Value = T;

    fn wanted(&self) -> Wanted {
        T::WANTED
    }
    fn draw(&self, words: &Words, view: &str) -> Drawn {
        let shown = self.shown(view);
        let mut row = vec![
            (label("−"), "-1".to_owned()),
            (label(shown.to_string()), INERT.to_owned()),
            (label("+"), "+1".to_owned()),
        ];
        if let Some(jump) = self.jump {
            row.insert(0, (label(format!("−{jump}")), "-2".to_owned()));
            row.push((label(format!("+{jump}")), "+2".to_owned()));
        }
        let take = words.own_plain("bf-take");
        Drawn {
            rows: vec![row, vec![(take, TAKE.to_owned())]],
            below: None,
        }
    }
    fn pressed(&self, _words: &Words, view: &str, key: &str) -> Result<Turned<T>, Refusal> {
        let shown = self.shown(view);
        let (by, more) = match (key, self.jump) {
            (TAKE, _) => return Ok(Turned::Value(shown)),
            (INERT, _) => return Ok(Turned::Nothing),
            ("-1", _) => (self.step, false),
            ("+1", _) => (self.step, true),
            ("-2", Some(jump)) => (jump, false),
            ("+2", Some(jump)) => (jump, true),
            _ => return Err(Refusal::NotAnOption),
        };
        let to = self.moved(shown, by, more)?;
        Ok(Turned::View(to.units().to_string()))
    }
    fn typed(&self, _words: &Words, _view: &str, text: &str) -> Result<Turned<T>, Refusal> {
        let bounds = Bounds {
            min: Some(self.min),
            max: Some(self.max()),
        };
        T::typed(text, bounds).map(Turned::Value)
    }
}
