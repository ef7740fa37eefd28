//! What a handler says.

use std::borrow::Cow;

use botfactory_lang::callback::{Leaf, encode_arg_text};
use botfactory_lang::length::cut;
use botfactory_lang::limits::BUTTON_TEXT;
use botfactory_lang::markup::{ParseMode, Place, escape_into, is_blank, plain_text, says_more};
use botfactory_lang::value::{Date, Decimal, Instant, TimeOfDay};

use crate::store::outbox::OnAmbiguous;

/// A finished text: its markup and the places where it may best be split.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text {
    pub(crate) markup: String,
    pub(crate) mode: ParseMode,
    /// Byte offsets of ends of rows of an `#each`.
    pub(crate) breaks: Vec<usize>,
}

impl std::fmt::Debug for Text {
    /// Without the words: they may hold what a person wrote.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text")
            .field("bytes", &self.markup.len())
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl Text {
    /// Nothing, yet.
    pub(crate) fn of(mode: ParseMode) -> Self {
        Self {
            markup: String::new(),
            mode,
            breaks: Vec::new(),
        }
    }
    /// `write!(text, …)` without a `Result`: printing to memory cannot fail.
    pub fn write_fmt(&mut self, args: std::fmt::Arguments<'_>) {
        let _ = std::fmt::Write::write_fmt(&mut self.markup, args);
    }
    /// Appends the author's words.
    pub fn push(&mut self, words: &str) {
        self.markup.push_str(words);
    }
    /// Appends what is no markup.
    pub(crate) fn push_plain(&mut self, words: &str) {
        escape_into(self.mode, Place::Text, words, &mut self.markup);
    }
    /// A row of an `#each` ends here.
    pub fn row(&mut self) {
        self.breaks.push(self.markup.len());
    }
    /// Trims both ends: the finished text.
    #[must_use]
    pub fn end(mut self) -> Self {
        self.markup.truncate(self.markup.trim_end().len());
        let lead = self.markup.len() - self.markup.trim_start().len();
        if lead > 0 {
            self.markup.drain(..lead);
        }
        let length = self.markup.len();
        for place in &mut self.breaks {
            *place = place.saturating_sub(lead).min(length);
        }
        self.breaks.retain(|place| *place > 0 && *place < length);
        self
    }
    /// The same with lines below it, in the same markup; `below` is plain.
    pub(crate) fn with_below(&self, below: &str) -> Self {
        let mut text = self.clone();
        text.markup.push_str("\n\n");
        escape_into(text.mode, Place::Text, below, &mut text.markup);
        text
    }
    /// The characters, with markup.
    pub fn into_string(self) -> String {
        self.markup
    }
    /// The characters, with markup.
    pub fn as_str(&self) -> &str {
        &self.markup
    }
    /// The characters that a person sees.
    pub(crate) fn plain(&self) -> Cow<'_, str> {
        match self.mode {
            ParseMode::Plain => Cow::Borrowed(&self.markup),
            mode => Cow::Owned(plain_text(mode, &self.markup)),
        }
    }
    /// Whether it holds what its plain words cannot say: a link, hidden words.
    pub(crate) fn says_more(&self) -> bool {
        says_more(self.mode, &self.markup)
    }
    /// The words of a button or toast: seen characters, cut at `max` UTF-16 units, never empty.
    pub(crate) fn label(&self, max: usize) -> String {
        let plain = self.plain();
        if is_blank(ParseMode::Plain, &plain) {
            return "…".to_owned();
        }
        cut(plain.trim(), max).into_owned()
    }
}

/// A message with its keyboard.
#[derive(Debug, Clone)]
pub struct Message {
    pub(crate) text: Text,
    pub(crate) rows: Vec<Vec<Button>>,
    pub(crate) edit: bool,
    pub(crate) truncate: bool,
    pub(crate) on_ambiguous: Option<OnAmbiguous>,
    /// Another chat than the update's.
    pub(crate) to: Option<i64>,
}

impl Message {
    /// Of this text.
    pub fn new(text: Text) -> Self {
        Self {
            text,
            rows: Vec::new(),
            edit: false,
            truncate: false,
            on_ambiguous: None,
            to: None,
        }
    }
    /// Goes to this chat.
    #[must_use]
    pub fn to(mut self, chat: i64) -> Self {
        self.to = Some(chat);
        self
    }
    /// Ends with `…` where it is too long, instead of going on in another message.
    #[must_use]
    pub fn truncate(mut self) -> Self {
        self.truncate = true;
        self
    }
    /// Replaces the message whose button was pressed.
    #[must_use]
    pub fn edit(mut self) -> Self {
        self.edit = true;
        self
    }
    /// What becomes of it when nobody knows whether it arrived, other than the bot's way.
    #[must_use]
    pub fn on_ambiguous(mut self, policy: OnAmbiguous) -> Self {
        self.on_ambiguous = Some(policy);
        self
    }
    /// Adds a row (an empty one is dropped: every button's `when` was false).
    #[must_use]
    pub fn row(mut self, buttons: impl IntoIterator<Item = Button>) -> Self {
        let row: Vec<_> = buttons.into_iter().collect();
        if !row.is_empty() {
            self.rows.push(row);
        }
        self
    }
}

/// An inline button. Its text is cut at 64 units.
#[derive(Debug, Clone)]
pub struct Button {
    pub(crate) text: String,
    pub(crate) does: Does,
}

/// What a press does.
#[derive(Clone)]
pub(crate) enum Does {
    Callback(String),
    Url(String),
    /// Turns the page of a list; signed where it is known whose button it is.
    Page {
        list: u32,
        leaf: Leaf,
        data: Vec<u8>,
    },
}

impl std::fmt::Debug for Does {
    /// Without arguments and addresses: they may hold values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Callback(_) => "Callback",
            Self::Url(_) => "Url",
            Self::Page { .. } => "Page",
        })
    }
}

impl Button {
    pub(crate) fn callback(text: &Text, data: String) -> Self {
        Self {
            text: text.label(BUTTON_TEXT),
            does: Does::Callback(data),
        }
    }
    pub(crate) fn page(label: &str, list: u32, leaf: Leaf, data: Vec<u8>) -> Self {
        Self {
            text: label.to_owned(),
            does: Does::Page { list, leaf, data },
        }
    }
    /// Runs a command of this bot.
    pub fn command(text: Text, line: CommandLine) -> Self {
        Self::callback(&text, line.0)
    }
    /// Opens an address.
    pub fn url(text: Text, url: Text) -> Self {
        Self {
            text: text.label(BUTTON_TEXT),
            does: Does::Url(url.plain().into_owned()),
        }
    }
    /// Shows a declared toast.
    pub fn toast(text: Text, hash: u32) -> Self {
        Self::callback(&text, botfactory_lang::callback::toast(hash))
    }
}

/// A command line for a button, as a person could type it (`botfactory_lang::callback`).
#[derive(Clone)]
pub struct CommandLine(String);

impl std::fmt::Debug for CommandLine {
    /// Without arguments: they may hold values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.split(' ').next().unwrap_or_default())
    }
}

impl CommandLine {
    /// `/name`.
    pub fn new(name: &'static str) -> Self {
        Self(format!("/{name}"))
    }
    /// Appends an argument: anything printed by [`Arg`].
    #[must_use]
    pub fn arg(mut self, value: impl Arg) -> Self {
        value.append(&mut self.0);
        self
    }
    /// Appends the last argument when it is a text: the whole rest of the line.
    #[must_use]
    pub fn last(mut self, text: &str) -> Self {
        encode_arg_text(&mut self.0, text, true);
        self
    }
}

/// A value that can stand in a command line (an absent `Option` is written `~`): i64, `Decimal<N>`, bool, Date, TimeOfDay,
/// Instant, `&str`, a choice's value.
pub trait Arg {
    /// Appends it.
    fn append(&self, line: &mut String);
}

/// How an absent argument is written.
pub(crate) const ABSENT: &str = "~";

/// A word that needs no quotes.
fn word(line: &mut String, word: std::fmt::Arguments<'_>) {
    if !line.is_empty() {
        line.push(' ');
    }
    let _ = std::fmt::Write::write_fmt(line, word);
}

impl Arg for i64 {
    fn append(&self, line: &mut String) {
        word(line, format_args!("{self}"));
    }
}

impl<const N: u8> Arg for Decimal<N> {
    fn append(&self, line: &mut String) {
        word(line, format_args!("{self}"));
    }
}

impl Arg for bool {
    fn append(&self, line: &mut String) {
        word(line, format_args!("{}", i32::from(*self)));
    }
}

impl Arg for Date {
    fn append(&self, line: &mut String) {
        word(line, format_args!("{self}"));
    }
}

impl Arg for TimeOfDay {
    fn append(&self, line: &mut String) {
        word(line, format_args!("{self}"));
    }
}

impl Arg for Instant {
    fn append(&self, line: &mut String) {
        word(line, format_args!("@{}", self.unix()));
    }
}

impl Arg for str {
    fn append(&self, line: &mut String) {
        if self == ABSENT {
            line.push_str(" \"~\""); // the text, not an absent argument
        } else {
            encode_arg_text(line, self, false);
        }
    }
}

impl Arg for String {
    fn append(&self, line: &mut String) {
        self.as_str().append(line);
    }
}

impl<T: Arg> Arg for Option<T> {
    fn append(&self, line: &mut String) {
        match self {
            Some(value) => value.append(line),
            None => word(line, format_args!("{ABSENT}")),
        }
    }
}

impl<T: Arg + ?Sized> Arg for &T {
    fn append(&self, line: &mut String) {
        (**self).append(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use botfactory_lang::callback::next_arg;

    #[test]
    fn trimming_moves_breaks() {
        let mut text = Text::of(ParseMode::Plain);
        text.push("\n a\n");
        text.row();
        text.push("b\n");
        text.row();
        let text = text.end();
        assert_eq!((text.as_str(), &text.breaks[..]), ("a\nb", &[2][..]));
    }

    #[test]
    fn labels_are_cut_and_never_empty() {
        let mut text = Text::of(ParseMode::Html);
        text.push(" <b> </b> ");
        assert_eq!(text.label(64), "…");
        text.push(&"я".repeat(100));
        assert_eq!(text.label(64).encode_utf16().count(), 64);
    }

    #[test]
    fn arguments_are_read_back() {
        let line = CommandLine::new("x")
            .arg(7)
            .arg(Option::<i64>::None)
            .arg("two words")
            .last("the \"rest\" of it");
        let rest = line.0.strip_prefix("/x").unwrap();
        let (seven, rest) = next_arg(rest, false).unwrap();
        let (none, rest) = next_arg(rest, false).unwrap();
        let (two, rest) = next_arg(rest, false).unwrap();
        let (last, _) = next_arg(rest, true).unwrap();
        assert_eq!(
            (&*seven, &*none, &*two, &*last),
            ("7", "~", "two words", "the \"rest\" of it")
        );
    }
}
