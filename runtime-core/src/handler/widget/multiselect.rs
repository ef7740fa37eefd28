//! `widget.multiselect.v1`: several options of a choice.

use botfactory_lang::answer::{Refusal, Wanted, same};
use botfactory_lang::callback::hash32;

use super::{Drawn, Turned, Widget, label};
use crate::handler::given::Choice;
use crate::handler::message::Text;
use crate::handler::printer::Words;

/// Takes what is chosen.
const TAKE: &str = "ok";

/// Options with a tick each. The view is the hashes of the chosen values, in hex.
#[derive(Debug)]
pub struct Multiselect<C> {
    /// Those whose `when` holds, with their labels.
    pub offered: Vec<(C, Text)>,
    /// Fewest that may be taken.
    pub min: usize,
    /// Most.
    pub max: usize,
    /// Options in a row.
    pub columns: usize,
}

pub(super) fn key(option: impl Choice) -> String {
    format!("{:08x}", hash32(option.value()))
}

impl<C: Choice> Multiselect<C> {
    fn chosen(&self, view: &str) -> Vec<C> {
        let is_in = |option: &C| {
            let key = key(*option);
            view.as_bytes().chunks(8).any(|hash| hash == key.as_bytes())
        };
        let offered = self.offered.iter().map(|(option, _)| *option);
        offered.filter(is_in).collect()
    }
    fn toggle(&self, view: &str, option: C) -> Result<Turned<Vec<C>>, Refusal> {
        let mut chosen = self.chosen(view);
        match chosen.iter().position(|other| *other == option) {
            Some(at) => {
                chosen.remove(at);
            }
            None if chosen.len() >= self.max => return Err(Refusal::TooMany(self.max)),
            None => chosen.push(option),
        }
        Ok(Turned::View(chosen.into_iter().map(key).collect()))
    }
    fn take(&self, view: &str) -> Result<Turned<Vec<C>>, Refusal> {
        let chosen = self.chosen(view);
        // Where `when` has left fewer, all of them are enough: nobody is held for ever.
        let min = self.min.min(self.offered.len());
        if chosen.len() < min {
            return Err(Refusal::TooFew(min));
        }
        if chosen.len() > self.max {
            return Err(Refusal::TooMany(self.max));
        }
        Ok(Turned::Value(chosen))
    }
}

impl<C: Choice> Widget for Multiselect<C> {
    const KIND: &'static str = "multiselect";
    type Value = Vec<C>;

    fn wanted(&self) -> Wanted {
        Wanted::Choice
    }
    fn draw(&self, words: &Words, view: &str) -> Drawn {
        let chosen = self.chosen(view);
        let button = |(option, text): &(C, Text)| {
            let tick = if chosen.contains(option) {
                "✅"
            } else {
                "▫️"
            };
            (
                label(format!("{tick} {}", text.plain().trim())),
                key(*option),
            )
        };
        let mut rows: Vec<Vec<_>> = self
            .offered
            .chunks(self.columns.max(1))
            .map(|row| row.iter().map(button).collect())
            .collect();
        let take = words.own_plain("bf-take");
        let take = match chosen.len() {
            0 => take,
            n => label(format!("{} ({n})", take.as_str().trim())),
        };
        rows.push(vec![(take, TAKE.to_owned())]);
        Drawn { rows, below: None }
    }
    fn pressed(&self, _words: &Words, view: &str, press: &str) -> Result<Turned<Vec<C>>, Refusal> {
        if press == TAKE {
            return self.take(view);
        }
        let mut offered = self.offered.iter().map(|(option, _)| *option);
        match offered.find(|option| key(*option) == press) {
            Some(option) => self.toggle(view, option),
            None => Err(Refusal::NotAnOption),
        }
    }
    fn typed(&self, words: &Words, view: &str, text: &str) -> Result<Turned<Vec<C>>, Refusal> {
        let named =
            |(option, label): &&(C, Text)| same(text, &label.plain()) || same(text, option.value());
        match self.offered.iter().find(named) {
            Some((option, _)) => self.toggle(view, *option),
            None if same(text, &words.own_plain("bf-take").plain()) => self.take(view),
            None => Err(Refusal::NotAnOption),
        }
    }
}
