//! `widget.confirm.v1`: yes or no, in the author's words.

use botfactory_lang::answer::{self, Refusal, Wanted};

use super::{Drawn, Turned, Widget};
use crate::handler::given::{NO, YES};
use crate::handler::message::Text;
use crate::handler::printer::Words;

/// Two buttons.
#[derive(Debug)]
pub struct Confirm {
    /// `None`: the runtime's word.
    pub yes: Option<Text>,
    /// `None`: the runtime's word.
    pub no: Option<Text>,
}

impl Confirm {
    fn labels(&self, words: &Words) -> (Text, Text) {
        let or = |text: &Option<Text>, key| text.clone().unwrap_or_else(|| words.own_plain(key));
        (or(&self.yes, "bf-yes"), or(&self.no, "bf-no"))
    }
}

impl Widget for Confirm {
    const KIND: &'static str = "confirm";
    type Value = bool;

    fn wanted(&self) -> Wanted {
        Wanted::Bool
    }
    fn draw(&self, words: &Words, _view: &str) -> Drawn {
        let (yes, no) = self.labels(words);
        Drawn {
            rows: vec![vec![(yes, YES.to_owned()), (no, NO.to_owned())]],
            below: None,
        }
    }
    fn pressed(&self, _words: &Words, _view: &str, key: &str) -> Result<Turned<bool>, Refusal> {
        match key {
            YES => Ok(Turned::Value(true)),
            NO => Ok(Turned::Value(false)),
            _ => Err(Refusal::NotAnOption),
        }
    }
    fn typed(&self, words: &Words, _view: &str, text: &str) -> Result<Turned<bool>, Refusal> {
        let (yes, no) = self.labels(words);
        answer::boolean(text, &yes.plain(), &no.plain()).map(Turned::Value)
    }
}
