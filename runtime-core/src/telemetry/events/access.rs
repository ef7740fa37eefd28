//! The observable facts of who came in, and who did not.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use tracing::{error, info, warn};

use crate::telemetry::Fact;
use crate::telemetry::metrics::Metrics;

/// True at most once a second: the counters tell how many, the log that there are.
fn once_a_second(last: &AtomicU64) -> bool {
    let now = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    last.swap(now, Ordering::Relaxed) != now
}

/// A connection was closed before it asked for anything.
#[derive(Debug)]
pub struct ConnectionRefused {
    /// `too_many` or `too_many_of_peer`.
    pub reason: &'static str,
}

impl Fact for ConnectionRefused {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.connections_refused
                .with_label_values(&[self.reason])
                .inc();
        }
        static LAST: AtomicU64 = AtomicU64::new(0);
        if once_a_second(&LAST) {
            warn!(reason = self.reason, "connection refused");
        }
    }
}

/// Somebody was not let in to an admin route.
#[derive(Debug)]
pub struct AdminRefused {
    /// `not_local`, `no_token` or `wrong_token`.
    pub reason: &'static str,
}

impl Fact for AdminRefused {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.admin_refused.with_label_values(&[self.reason]).inc();
        }
        static LAST: AtomicU64 = AtomicU64::new(0);
        if once_a_second(&LAST) {
            warn!(reason = self.reason, "admin request refused");
        }
    }
}

/// An operator has asked for a change: the record of who did what. Whom it was about is not in it.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct AdminActed<'a> {
    pub method: &'a str,
    /// The route's pattern, never the path.
    pub route: &'a str,
    pub status: u16,
    /// The bot that the route names; empty: none, or none of this deployment.
    pub bot: &'static str,
    /// The operator's address.
    pub client: Option<IpAddr>,
}

impl Fact for AdminActed<'_> {
    fn observe(&self, _: Option<&Metrics>) {
        info!(
            bot_id = self.bot,
            method = self.method,
            route = self.route,
            status = self.status,
            client = self.client.map(tracing::field::display),
            "admin action"
        );
    }
}

/// What is stored about a person was handed out or erased.
#[derive(Debug)]
pub struct PersonHandled {
    /// The bot.
    pub bot: &'static str,
    /// `export`, `export_cut` (not to its end: the database failed, or nobody read on) or `erase`.
    pub what: &'static str,
    /// Rows.
    pub rows: u64,
}

impl Fact for PersonHandled {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.people_handled
                .with_label_values(&[self.bot, self.what])
                .inc();
        }
        info!(
            bot_id = self.bot,
            what = self.what,
            rows = self.rows,
            "person's data"
        );
    }
}

/// A task has panicked: a mistake of this program's.
#[derive(Debug)]
pub struct Panicked<'a> {
    /// Source file.
    pub file: &'a str,
    /// Line.
    pub line: u32,
    /// Its message, where that is a constant of the source: others may quote values.
    pub said: Option<&'static str>,
}

impl Fact for Panicked<'_> {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.panics.inc();
        }
        error!(
            file = self.file,
            line = self.line,
            said = self.said,
            "a task has panicked"
        );
    }
}
