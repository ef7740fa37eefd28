//! Rate limits as handlers meet them.

use botfactory_lang::words::Arg;

use super::error::{Handled, HandlerError};
use super::message::Text;
use super::printer::{Args, Words};
use super::{Cx, Said};
use crate::limits::{LimitKey, LimitSpec, Subject};

/// A text that knows the seconds until it goes on.
pub type Says = fn(&Words, i64) -> Result<Text, HandlerError>;

/// A limit of the whole bot that an update meets.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Policy {
    pub limit: &'static LimitSpec,
    pub key: LimitKey,
    /// What whoever is held back is told, with the seconds until it goes on; `None`: the runtime's words.
    pub says: Option<Says>,
}

impl Policy {
    /// What whoever is held back is told.
    ///
    /// # Errors
    /// The text's arithmetic fails.
    pub(crate) fn text(&self, words: &Words, retry_in: i64) -> Result<Text, HandlerError> {
        match self.says {
            Some(says) => says(words, retry_in),
            None => Ok(slow_down(words, retry_in)),
        }
    }
}

/// The runtime's words for those who are held back.
fn slow_down(words: &Words, retry_in: i64) -> Text {
    let wait = words.plain().duration(retry_in).to_string();
    words.own("bf-slow-down", &Args::new().with("wait", Arg::from(wait)))
}

impl Words {
    /// Whom a limit is about.
    pub(crate) fn subject(&self) -> Subject {
        Subject {
            person: self.user_id(),
            chat: self.chat_id(),
            bot_id: self.bot_id(),
        }
    }
}

impl Cx {
    /// Whether the update passes a limit: `None`, or the seconds until it goes on. Asked again for the same update, also by
    /// another run or another instance, the answer is the same and nothing is counted twice.
    ///
    /// # Errors
    /// The answer can only be had from elsewhere, and the handler holds the database meanwhile: the engine asks for it and
    /// runs the handler again.
    pub async fn pass(
        &mut self,
        limit: &'static LimitSpec,
        key: LimitKey,
    ) -> Result<Option<i64>, HandlerError> {
        let Some(decisions) = self.limits.clone() else {
            return Err(HandlerError::Bug("a limit of a bot without limits"));
        };
        let ask = decisions.ask(limit, &key, self.words.subject(), false);
        if let Some(answer) = decisions.at_once(&ask) {
            return Ok(answer.retry_in());
        }
        if self.connection.is_held() {
            decisions.want(ask);
            return Err(HandlerError::Undecided);
        }
        Ok(decisions.decide(&ask).await.retry_in())
    }
    /// The answer does not count: the person is told (`text`, else the runtime's words), and the question goes on waiting.
    /// What the update has written is undone.
    ///
    /// # Errors
    /// The database fails.
    pub async fn hold_back(&mut self, retry_in: i64, text: Option<Text>) -> Handled {
        if self.wrote {
            self.undo().await?;
            self.wrote = false;
        }
        let text = text.unwrap_or_else(|| slow_down(&self.words, retry_in));
        self.said.push(Said::Refusal(text));
        self.held_back = true;
        Ok(())
    }
    /// [`Cx::hold_back`] where no question waits: the flow is over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn turn_away(&mut self, retry_in: i64, text: Option<Text>) -> Handled {
        self.hold_back(retry_in, text).await?;
        self.done()
    }
}
