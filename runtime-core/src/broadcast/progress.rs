//! The message that tells how far a broadcast is: it is sent when the broadcast is made, and edits itself.

use botfactory_lang::words::{Arg, Args};

use crate::handler::printer::Words;
use crate::store::broadcasts::{Counts, State};

/// As it is sent first.
pub(crate) fn first(words: &Words, id: i64, state: State) -> String {
    text(words, id, state, Counts::default(), None)
}

/// What it says; `left`: seconds that it will take, where that is known.
pub(crate) fn text(
    words: &Words,
    id: i64,
    state: State,
    counts: Counts,
    left: Option<i64>,
) -> String {
    let mut wait = String::new();
    if let Some(left) = left {
        words.data().formats.duration(left, &mut wait);
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
        .with("done", counts.done())
        .with("total", counts.total)
        .with("sent", counts.sent)
        .with("blocked", counts.blocked)
        .with("failed", counts.failed + counts.ambiguous)
        .with("skipped", counts.skipped)
        .with("left", Arg::Text(wait.into()));
    words.own(key, &args).into_string()
}
