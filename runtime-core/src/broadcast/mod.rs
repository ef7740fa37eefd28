//! Broadcasts: one message to many people, once each, at a declared pace.
//!
//! | module | holds |
//! |---|---|
//! | [`letter`] | what they get: rendered when the broadcast is made, once per locale; the recipient's own fields are filled in when it is sent |
//! | `verbs` | broadcasts, segments and subscriptions as a handler has them |
//! | [`desk`] | what an operator writes becomes a broadcast |
//! | `progress` | the message that tells how far it is |
//! | [`worker`] | what every instance does about broadcasts |
//! | `runner` | one broadcast as an instance sends it |
//! | `turnstile` | where calls wait for their moments |
//! | `verdict` | what the end of a call means |
//!
//! A broadcast is a row; its recipients are rows that are written once it begins (`store::broadcasts`, which also knows who is in an audience). Whoever makes it
//! commits it with everything else that the update does.

pub mod desk;
pub mod letter;
pub(crate) mod progress;
mod runner;
mod turnstile;
mod verbs;
mod verdict;
pub mod worker;

use botfactory_lang::value::Instant;
use serde::{Deserialize, Serialize};

use crate::store::broadcasts::audience::Audience;
use crate::store::outbox::OnAmbiguous;

pub use letter::{Bulletin, MediaKind};
pub use worker::Broadcasts;

/// Messages a second that a broadcast may ask for. What Telegram takes is the ceiling ([`crate::config::Config::bulk_per_second`]).
pub const PER_SECOND: std::ops::RangeInclusive<u16> = 1..=100;
/// Messages a second where nobody says how many.
pub const DEFAULT_PER_SECOND: u16 = 25;

/// Messages a second that are sent of so many wanted, where a bot has so many (`ceiling`).
pub(crate) fn pace(wanted: i64, ceiling: u32) -> i64 {
    let (least, most) = (i64::from(*PER_SECOND.start()), i64::from(*PER_SECOND.end()));
    wanted.clamp(least, most).min(i64::from(ceiling)).max(least)
}

/// What a handler knows of a broadcast that it has made, or of one that it has only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its number; 0 of one that was only counted.
    pub id: i64,
    /// How many people it reaches, as of now.
    pub total: i64,
    /// Seconds that it takes.
    pub eta: i64,
}

impl Made {
    /// Of so many people at so many messages a second, as [`crate::handler::Cx::pace`] has them.
    pub fn of(id: i64, total: i64, pace: i64) -> Self {
        let pace = pace.max(1);
        let eta = total.saturating_add(pace - 1) / pace;
        Self { id, total, eta }
    }
}

/// A broadcast to be made.
#[derive(Debug, Clone)]
pub struct NewBroadcast {
    pub(crate) name: &'static str,
    pub(crate) audience: Audience,
    /// One for each locale of the bot, in its order.
    pub(crate) messages: Vec<Bulletin>,
    pub(crate) per_second: u16,
    pub(crate) starts: Option<Instant>,
    pub(crate) on_ambiguous: OnAmbiguous,
    pub(crate) progress: Option<i64>,
}

impl NewBroadcast {
    /// To `audience`; `messages` as the bot's locales come (`Words::every_locale`). `name` is the block's, for people and
    /// metrics. It begins at once, at [`DEFAULT_PER_SECOND`], and gives up what is ambiguous.
    pub fn new(name: &'static str, audience: Audience, messages: Vec<Bulletin>) -> Self {
        Self {
            name,
            audience,
            messages,
            per_second: DEFAULT_PER_SECOND,
            starts: None,
            on_ambiguous: OnAmbiguous::Skip,
            progress: None,
        }
    }
    /// Messages a second, held within [`PER_SECOND`].
    #[must_use]
    pub fn per_second(mut self, messages: i64) -> Self {
        let (least, most) = (i64::from(*PER_SECOND.start()), i64::from(*PER_SECOND.end()));
        self.per_second = u16::try_from(messages.clamp(least, most)).unwrap_or(DEFAULT_PER_SECOND);
        self
    }
    /// Not before this moment.
    #[must_use]
    pub fn starts(mut self, at: Instant) -> Self {
        self.starts = Some(at);
        self
    }
    /// What becomes of a message of which nobody knows whether it arrived.
    #[must_use]
    pub fn on_ambiguous(mut self, policy: OnAmbiguous) -> Self {
        self.on_ambiguous = policy;
        self
    }
    /// A message in this chat tells how far it is, and edits itself.
    #[must_use]
    pub fn progress(mut self, chat: i64) -> Self {
        self.progress = Some(chat);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_deployment_allows_is_what_it_takes() {
        for (wanted, ceiling, is) in [
            (1, 25, 1),
            (20, 25, 20),
            (100, 25, 25),
            (100, 200, 100),
            (900, 200, 100),
            (-3, 25, 1),
            (25, 0, 1),
        ] {
            assert_eq!(pace(wanted, ceiling), is, "{wanted} of {ceiling}");
        }
        assert_eq!(Made::of(0, 101, pace(100, 25)).eta, 5);
        assert_eq!(Made::of(0, 0, pace(100, 25)).eta, 0);
    }
}
