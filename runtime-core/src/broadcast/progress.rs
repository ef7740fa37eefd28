//! The message that tells how far a broadcast is: it is sent when the broadcast is made, and edits itself.

use botfactory_lang::format::Style;
use botfactory_lang::value::Instant;
use botfactory_lang::words::{Arg, Args};

use crate::handler::printer::Words;
use crate::store::broadcasts::{Counts, State};

/// What is told of a broadcast.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) id: i64,
    pub(crate) state: State,
    pub(crate) counts: Counts,
    /// Seconds that it will take, where that is known.
    pub(crate) left: Option<i64>,
    /// When it begins, in microseconds since 1970.
    pub(crate) starts: i64,
}

impl Told {
    /// As it is made.
    pub(crate) fn first(id: i64, state: State, starts: i64) -> Self {
        Self {
            id,
            state,
            counts: Counts::default(),
            left: None,
            starts,
        }
    }
}

/// What the message says.
pub(crate) fn text(words: &Words, told: Told) -> String {
    let Told {
        id,
        state,
        counts,
        left,
        starts,
    } = told;
    let formats = &words.data().formats;
    let (mut wait, mut at) = (String::new(), String::new());
    if let Some(left) = left {
        formats.duration(left, &mut wait);
    }
    if state == State::Scheduled {
        let starts = Instant::from_unix(starts.div_euclid(1_000_000));
        formats.instant(starts, Style::Short, &mut at);
    }
    let key = match state {
        State::Scheduled => "bf-broadcast-scheduled",
        State::Running if left.is_none() => "bf-broadcast-begins",
        State::Running => "bf-broadcast-running",
        State::Paused => "bf-broadcast-paused",
        State::Completed => "bf-broadcast-completed",
        State::Cancelled => "bf-broadcast-cancelled",
    };
    let args = Args::new()
        .with("id", Arg::Text(id.to_string().into()))
        .with("at", Arg::Text(at.into()))
        .with("done", counts.done())
        .with("total", counts.total)
        .with("sent", counts.sent)
        .with("blocked", counts.blocked)
        .with("failed", counts.failed + counts.ambiguous)
        .with("skipped", counts.skipped)
        .with("left", Arg::Text(wait.into()));
    words.own(key, &args).into_string()
}
