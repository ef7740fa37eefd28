//! Conversation tests: `chats/*.yaml` as they run under `cargo test`.

/// One conversation.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// The bot's id.
    pub bot: String,
    /// What it shows.
    pub name: String,
    /// Rust function name, unique in the bot.
    pub ident: String,
    /// Its file, as people see it.
    pub file: String,
    /// Line of its beginning.
    pub line: u32,
    /// Telegram's language of every person.
    pub locale: String,
    /// All people talk in one group.
    pub group: bool,
    /// Names of the bot's admins.
    pub admins: Vec<String>,
    /// UTC, `YYYY-MM-DD HH:MM:SS`.
    pub begins: String,
    /// In order, with their lines.
    pub steps: Vec<(u32, Step)>,
}

/// What happens, or what must have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Step {
    As(String),
    Say(String),
    Press(String),
    Send(Kind),
    Expect {
        contains: Vec<String>,
        exact: Option<String>,
        buttons: Vec<String>,
    },
    Toast(String),
    Silence,
    /// Seconds.
    Clock(i64),
    Locale(String),
    Redeliver,
    Restart,
    /// JSON of a text, or of texts by name.
    Model(String),
    ModelFails,
    ModelWaits,
    Rows {
        sql: String,
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
