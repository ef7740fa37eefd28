//! A broadcast to be stored, and an audience as statements ask for it.

use std::borrow::Cow;

use super::State;
use super::audience::{Audience, NAMED_MOST};
use crate::store::outbox::OnAmbiguous;

/// A broadcast to be stored.
#[derive(Debug, Clone)]
pub(crate) struct Making {
    pub(crate) bot: i64,
    /// As the views have it.
    pub(crate) bot_id: Cow<'static, str>,
    pub(crate) name: &'static str,
    /// The same request makes one broadcast, however often it comes.
    pub(crate) request: Option<String>,
    pub(crate) audience: Audience,
    pub(crate) messages: String,
    pub(crate) per_second: u16,
    pub(crate) on_ambiguous: OnAmbiguous,
    /// Microseconds, as all moments here.
    pub(crate) now: i64,
    pub(crate) starts: i64,
    /// Chat and locale of the message that tells how far it is.
    pub(crate) told: Option<(i64, &'static str)>,
}

impl Making {
    pub(crate) fn state(&self) -> State {
        if self.starts > self.now {
            State::Scheduled
        } else {
            State::Running
        }
    }
    /// When it began, if it does at once.
    pub(crate) fn started(&self) -> Option<i64> {
        (self.state() == State::Running).then_some(self.now)
    }
    pub(crate) fn since(&self) -> Option<i64> {
        self.started().and_then(|now| since(&self.audience, now))
    }
    pub(crate) fn people(&self) -> Option<String> {
        people(&self.audience)
    }
    pub(crate) fn skip(&self) -> bool {
        self.on_ambiguous == OnAmbiguous::Skip
    }
}

/// Whoever was seen since then is active.
pub(crate) fn since(audience: &Audience, now: i64) -> Option<i64> {
    match audience {
        Audience::ActiveDays(days) => {
            Some(now.saturating_sub(i64::from(*days).saturating_mul(86_400_000_000)))
        }
        _ => None,
    }
}

fn people(audience: &Audience) -> Option<String> {
    let Audience::People(people) = audience else {
        return None;
    };
    let most = people.len().min(NAMED_MOST);
    serde_json::to_string(people.get(..most)?).ok()
}

/// An audience as the queries ask for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) since: Option<i64>,
    pub(crate) segment: Option<String>,
    /// JSON.
    pub(crate) people: Option<String>,
}

impl Filter {
    pub(crate) fn new(audience: &Audience, now: i64) -> Self {
        Self {
            since: since(audience, now),
            segment: match audience {
                Audience::Segment(name) => Some(name.as_ref().to_owned()),
                _ => None,
            },
            people: people(audience),
        }
    }

    /// Of a stored broadcast.
    pub(crate) fn stored(audience: &str, since: Option<i64>, people: Option<String>) -> Self {
        Self {
            since,
            segment: audience.strip_prefix("segment:").map(str::to_owned),
            people,
        }
    }
}
