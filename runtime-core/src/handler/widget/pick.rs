//! A choice whose options are the rows of a list: `options: { from: xs, text: …, value: id }`.

use botfactory_lang::answer::{Refusal, Wanted, same};
use botfactory_lang::callback::hash32;

use super::{Drawn, Turned, Widget};
use crate::handler::message::Text;
use crate::handler::printer::Words;

/// Values that can be picked.
pub trait Picked: Clone + PartialEq {
    /// As a person could type it; the same in every build.
    fn name(&self) -> String;
}

impl Picked for i64 {
    fn name(&self) -> String {
        self.to_string()
    }
}

impl Picked for String {
    fn name(&self) -> String {
        self.clone()
    }
}

/// One button for each row. Keys are hashes of the values: they do not depend on the order of the rows.
#[derive(Debug)]
pub struct Pick<T> {
    offered: Vec<(T, Text)>,
}

impl<T: Picked> Pick<T> {
    /// Of the value and the label of each row; of rows with one value only the first is offered.
    pub fn new(rows: Vec<(T, Text)>) -> Self {
        let mut seen = std::collections::HashSet::new();
        let offered = rows
            .into_iter()
            .filter(|(value, _)| seen.insert(key(value)));
        Self {
            offered: offered.collect(),
        }
    }
}

fn key<T: Picked>(value: &T) -> String {
    format!("{:08x}", hash32(&value.name()))
}

impl<T: Picked> Widget for Pick<T> {
    const KIND: &'static str = "pick";
    type Value = T;

    fn wanted(&self) -> Wanted {
        Wanted::Choice
    }
    fn draw(&self, _words: &Words, _view: &str) -> Drawn {
        let button = |(value, text): &(T, Text)| vec![(text.clone(), key(value))];
        Drawn {
            rows: self.offered.iter().map(button).collect(),
            below: None,
        }
    }
    fn pressed(&self, _words: &Words, _view: &str, press: &str) -> Result<Turned<T>, Refusal> {
        let mut offered = self.offered.iter();
        let found = offered.find(|(value, _)| key(value) == press);
        found
            .map(|(value, _)| Turned::Value(value.clone()))
            .ok_or(Refusal::NotAnOption)
    }
    fn typed(&self, _words: &Words, _view: &str, text: &str) -> Result<Turned<T>, Refusal> {
        let named =
            |(value, label): &&(T, Text)| same(text, &label.plain()) || same(text, &value.name());
        let found = self.offered.iter().find(named);
        found
            .map(|(value, _)| Turned::Value(value.clone()))
            .ok_or(Refusal::NotAnOption)
    }
}
