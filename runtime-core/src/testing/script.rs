//! A conversation test as `botgen` compiles it from `chats/*.yaml`: plain constants.

/// One conversation, on a fresh database with a clock of its own.
#[derive(Debug)]
pub struct Script {
    /// What it shows.
    pub name: &'static str,
    /// `bots/booking/chats/booking.yaml`.
    pub file: &'static str,
    /// Telegram's `language_code` of every person, until a step changes it.
    pub locale: &'static str,
    /// All people talk in one group; else each in a private chat.
    pub group: bool,
    /// When it begins, UTC `YYYY-MM-DD HH:MM:SS`.
    pub begins: &'static str,
    /// In order.
    pub steps: &'static [Step],
}

/// One step and its line in the file.
#[derive(Debug)]
pub struct Step {
    /// 1-based.
    pub line: u32,
    /// What happens, or what must have happened.
    pub does: Does,
}

/// See [`Step`]. Texts are compared without markup.
#[derive(Debug)]
pub enum Does {
    /// The person of this name acts from now on; the first step's person is `anna` by default.
    As(&'static str),
    /// They send a text.
    Say(&'static str),
    /// They press the newest button with this text (whole text, or a unique part of it).
    Press(&'static str),
    /// They send something that is not a text.
    Send(Kind),
    /// The next message to them (in a group: to the chat) contains this.
    Expect {
        /// Every one of these, in any order.
        contains: &'static [&'static str],
        /// The whole text.
        exact: Option<&'static str>,
        /// The texts of its buttons, row by row, joined: every one of these is there.
        buttons: &'static [&'static str],
    },
    /// The last press was answered with a toast that contains this.
    Toast(&'static str),
    /// No further message came.
    Silence,
    /// The clock goes on by so many seconds.
    Clock(i64),
    /// The person's Telegram speaks this language from now on.
    Locale(&'static str),
    /// The last update is delivered once more.
    Redeliver,
    /// The process stops and starts again on the same database.
    Restart,
    /// A query on the bot's tables gives so many rows.
    Rows {
        /// SQL.
        sql: &'static str,
        /// How many.
        count: usize,
    },
}

/// What a person can send besides texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Photo,
    File,
    Contact,
    Location,
    Sticker,
}
