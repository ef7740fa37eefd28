//! Widgets: questions with a keyboard of their own that can be turned before an answer is given.
//!
//! A widget is built anew for every update by generated code, from the author's parameters and whatever its bounds and
//! queries come to by now. What it shows is its *view*, a short text that is kept with the conversation: empty as it is
//! first shown. Its buttons carry a *key* each. A press either turns the view or is an answer; turning keeps the
//! question's run number, so that every button of every view counts until there is an answer.

mod calendar;
mod confirm;
mod multiselect;
mod number;
mod paged;
mod pick;
mod rating;
#[cfg(test)]
mod tests;

pub use calendar::{Calendar, CalendarRules, Chosen, Moment};
pub use confirm::Confirm;
pub use multiselect::Multiselect;
pub use number::{Number, Stepped};
pub use paged::{Paged, RowId, Seek};
pub use pick::{Pick, Picked};
pub use rating::Rating;

use botfactory_lang::answer::{Refusal, Wanted};

use super::message::{Button, Text};
use super::printer::Words;

/// Most bytes of a view.
pub const VIEW_BYTES: usize = 2048;
/// The key of a button that does nothing but stand there.
pub const INERT: &str = "-";

/// What a step's question shows besides its text, and how it is answered.
pub trait Widget {
    /// Its name in metrics.
    const KIND: &'static str;
    /// Of an answer.
    type Value;
    /// What an answer is, for refusals of other kinds of messages.
    fn wanted(&self) -> Wanted;
    /// The keyboard of a view. A view that this build does not know is shown as the first one.
    fn draw(&self, words: &Words, view: &str) -> Drawn;
    /// The view that is shown first, where more of it is to be remembered than that.
    fn begun(&self) -> String {
        String::new()
    }
    /// Ordinary buttons below its keyboard.
    fn extra(&self) -> Vec<Vec<Button>> {
        Vec::new()
    }
    /// What a press comes to. The key was written by some build of this step, not always by this one.
    ///
    /// # Errors
    /// It cannot be chosen (any more).
    fn pressed(&self, words: &Words, view: &str, key: &str)
    -> Result<Turned<Self::Value>, Refusal>;
    /// What a typed answer comes to.
    ///
    /// # Errors
    /// It is none.
    fn typed(&self, words: &Words, view: &str, text: &str) -> Result<Turned<Self::Value>, Refusal>;
}

/// A widget as it is shown.
#[derive(Debug, Default)]
pub struct Drawn {
    /// Rows of buttons: label (cut at 64 units) and key (at most [`botfactory_lang::callback::Key::BYTES`]).
    pub rows: Vec<Vec<(Text, String)>>,
    /// Plain lines below the question.
    pub below: Option<String>,
}

/// What a press or a text comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Turned<V> {
    /// An answer.
    Value(V),
    /// Another view.
    View(String),
    /// Nothing: a button that only stands there.
    Nothing,
}

/// A plain label.
fn label(text: impl Into<String>) -> Text {
    Text {
        markup: text.into(),
        ..Text::default()
    }
}
