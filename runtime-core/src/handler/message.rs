//! What a handler says.

use botfactory_lang::markup::ParseMode;

/// A finished text: its markup and the places where it may best be split.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    pub(crate) markup: String,
    pub(crate) mode: ParseMode,
    /// Byte offsets of ends of rows of an `#each`.
    pub(crate) breaks: Vec<usize>,
}

impl Text {
    /// `write!(text, …)` without a `Result`: printing to memory cannot fail.
    pub fn write_fmt(&mut self, args: std::fmt::Arguments<'_>) {
        let _ = std::fmt::Write::write_fmt(&mut self.markup, args);
    }
    /// Appends the author's words.
    pub fn push(&mut self, words: &str) {
        self.markup.push_str(words);
    }
    /// A row of an `#each` ends here.
    pub fn row(&mut self) {
        self.breaks.push(self.markup.len());
    }
    /// Trims both ends: the finished text.
    #[must_use]
    pub fn end(self) -> Self {
        todo!()
    }
    /// The characters, with markup.
    pub fn as_str(&self) -> &str {
        &self.markup
    }
}

/// A message with its keyboard.
#[derive(Debug, Clone)]
pub struct Message {
    #[allow(dead_code)]
    text: Text,
    #[allow(dead_code)]
    rows: Vec<Vec<Button>>,
    #[allow(dead_code)]
    edit: bool,
}

impl Message {
    /// Of this text.
    pub fn new(text: Text) -> Self {
        Self {
            text,
            rows: Vec::new(),
            edit: false,
        }
    }
    /// Replaces the message whose button was pressed.
    #[must_use]
    pub fn edit(mut self) -> Self {
        self.edit = true;
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
    #[allow(dead_code)]
    text: Text,
    #[allow(dead_code)]
    does: Does,
}

#[derive(Debug, Clone)]
#[allow(dead_code)]
enum Does {
    Callback(String),
    Url(String),
    Toast(u32),
}

impl Button {
    /// Runs a command of this bot.
    pub fn command(text: Text, line: CommandLine) -> Self {
        Self {
            text,
            does: Does::Callback(line.0),
        }
    }
    /// Opens an address.
    pub fn url(text: Text, url: Text) -> Self {
        Self {
            text,
            does: Does::Url(url.markup),
        }
    }
    /// Shows a declared toast.
    pub fn toast(text: Text, hash: u32) -> Self {
        Self {
            text,
            does: Does::Toast(hash),
        }
    }
}

/// A command line for a button, as a person could type it (`botfactory_lang::callback`).
#[derive(Debug, Clone)]
pub struct CommandLine(String);

impl CommandLine {
    /// `/name`.
    pub fn new(name: &'static str) -> Self {
        Self(format!("/{name}"))
    }
    /// Appends an argument: anything printed by [`Arg`].
    #[must_use]
    pub fn arg(self, value: impl Arg) -> Self {
        let _ = value;
        todo!()
    }
    /// Appends the last argument when it is a text: the whole rest of the line.
    #[must_use]
    pub fn last(self, text: &str) -> Self {
        let _ = text;
        todo!()
    }
}

/// A value that can stand in a command line (an absent `Option` is written `~`): i64, `Decimal<N>`, bool, Date, TimeOfDay, Instant, `&str`, a choice's value.
pub trait Arg {
    /// Appends it.
    fn append(&self, line: &mut String);
}
