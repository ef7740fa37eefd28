//! The model that bots ask: one OpenAI-compatible server for all bots of a deployment.
//!
//! | module | holds |
//! |---|---|
//! | [`ask`] | a question, an answer, and why there is none |

pub mod ask;

pub use ask::{Answer, Ask, Choice, Field, Format, Keep, Kind, Output, Refused, Task};

/// The way to the model, or to none.
#[derive(Debug, Default)]
pub struct Llm {}

impl Llm {
    /// There is no model: every question is refused.
    pub fn off() -> Self {
        Self::default()
    }

    /// Asks for a person of the bot of this id. Ends within the configured deadline; does nothing when it is dropped.
    ///
    /// # Errors
    /// There is no answer: the author's fallback holds.
    #[allow(clippy::unused_async)]
    pub async fn ask(&self, bot: &'static str, user: i64, ask: &Ask) -> Result<Answer, Refused> {
        let _ = (bot, user, ask);
        Err(Refused::Disabled)
    }
}
