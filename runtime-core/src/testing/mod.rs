//! Conversation tests: people talk to the compiled handlers on a temporary SQLite file, with a clock of their own.
//!
//! The compiler makes a `#[test]` of every conversation in `chats/*.yaml`, which calls [`run`]. What differs panics with
//! the line of the script and the conversation so far. Everything that the bot sends is held against Telegram's rules too.

mod broadcasts;
mod chat;
pub mod llm;
mod model;
#[cfg(feature = "postgres")]
pub mod postgres;
mod process;
#[cfg(feature = "postgres")]
pub mod proxy;
pub mod redis;
mod stage;
pub mod telegram;
pub mod turns;
pub mod updates;
pub mod walk;

use crate::bot::Bot;
use stage::Stage;

/// A conversation.
#[derive(Debug)]
pub struct Script {
    /// What it shows.
    pub name: &'static str,
    /// Its file, for messages.
    pub file: &'static str,
    /// The language of everybody's Telegram.
    pub locale: &'static str,
    /// Everybody talks in one group.
    pub group: bool,
    /// Names of the people who are the bot's admins.
    pub admins: &'static [&'static str],
    /// When it begins: UTC, `YYYY-MM-DD HH:MM:SS`.
    pub begins: &'static str,
    /// What happens, in order.
    pub steps: &'static [Step],
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Line in the file.
    pub line: u32,
    /// What it does.
    pub does: Does,
}

/// What a step does.
#[derive(Debug)]
pub enum Does {
    /// Another person acts from here on; the first is `anna`.
    As(&'static str),
    /// They send a text.
    Say(&'static str),
    /// They press the newest button with this text, or with a text that contains it.
    Press(&'static str),
    /// They send something that is not a text.
    Send(Kind),
    /// The next message holds all of this: words it contains, its exact words (without markup), labels of buttons.
    Expect {
        /// Words it contains.
        contains: &'static [&'static str],
        /// All its words.
        exact: Option<&'static str>,
        /// Labels (or parts of them) that buttons have.
        buttons: &'static [&'static str],
    },
    /// The last press was answered by a toast that contains this.
    Toast(&'static str),
    /// No further message came.
    Silence,
    /// The clock goes on by so many seconds.
    Clock(i64),
    /// The person's Telegram speaks this language from here on.
    Locale(&'static str),
    /// The last update is delivered once more.
    Redeliver,
    /// The process stops and starts again on the same database.
    Restart,
    /// What the model answers to the next question: JSON of a text, or of texts by name.
    Model(&'static str),
    /// The next question gets no answer.
    ModelFails,
    /// The next question waits until one of those comes.
    ModelWaits,
    /// A query gives so many rows.
    Rows {
        /// The query.
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

/// Runs a conversation with the bot `bot` of `bots`.
///
/// # Panics
/// When something differs from the script: this is the inside of a test.
pub fn run(bots: &'static [&'static dyn Bot], bot: &str, script: &Script) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => panic!("the test's runtime does not start: {error}"),
    };
    let ended = runtime.block_on(async {
        let mut stage = Stage::open(bots, bot, script).await?;
        let ended = stage.play(script).await;
        stage.close().await;
        ended
    });
    if let Err(failure) = ended {
        panic!("{failure}");
    }
}

#[cfg(test)]
mod tests;
