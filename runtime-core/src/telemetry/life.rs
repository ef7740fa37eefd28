//! Which update a task works on, so that every line of an update's life says which one it is about, and every request that
//! it causes carries its trace. A few words in the task; nothing is formatted before something is written.

use std::future::Future;

use tokio::task_local;

use super::trace::Trace;

/// An update (or an operator's request) on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Its trace.
    pub trace: Trace,
    /// The bot's folder name; empty: none is known (yet).
    pub bot: &'static str,
    /// Telegram's id of whoever acts; 0: nobody is known. Only its pseudonym is ever written.
    pub person: i64,
}

task_local! {
    static LIFE: Life;
}

impl Life {
    /// Of a trace, with nothing else known yet.
    pub fn traced(trace: Trace) -> Self {
        Self {
            trace,
            bot: "",
            person: 0,
        }
    }

    /// What this task works on.
    pub fn current() -> Option<Self> {
        LIFE.try_with(|life| *life).ok()
    }

    /// The update with this trace id: this task's, if it is that, else made anew.
    pub fn of(trace_id: &str, bot: &'static str, person: i64) -> Self {
        let trace = match Self::current() {
            Some(life) if life.trace.id() == trace_id => life.trace,
            _ => Trace::named(trace_id),
        };
        Self { trace, bot, person }
    }

    /// Runs `work` as a part of it.
    pub fn during<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        LIFE.scope(self, work)
    }

    /// [`Life::during`] for what does not wait.
    pub fn within<T>(self, work: impl FnOnce() -> T) -> T {
        LIFE.sync_scope(self, work)
    }
}

/// Runs `work` as a part of `life`, if there is one.
pub async fn during<F: Future>(life: Option<Life>, work: F) -> F::Output {
    match life {
        Some(life) => life.during(work).await,
        None => work.await,
    }
}
