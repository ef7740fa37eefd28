//! Runs generated code: bounded in time, and a panic is an error like others.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::handler::error::Handled;
use crate::handler::error::HandlerError;

/// How a handler ended.
#[derive(Debug)]
pub(crate) enum Ended {
    Well,
    Failed(HandlerError),
    /// Its time was over.
    Expired,
}

/// Runs it for at most `time`.
pub(crate) async fn run(time: Duration, handler: impl Future<Output = Handled>) -> Ended {
    timed(time, handler).await.0
}

/// [`run`], and how long it waited for something: nearly always for the database.
pub(crate) async fn timed(
    time: Duration,
    handler: impl Future<Output = Handled>,
) -> (Ended, Duration) {
    let mut waited = Duration::ZERO;
    let mut since: Option<Instant> = None;
    let mut handler = pin!(handler);
    let caught = poll_fn(|context| {
        if let Some(since) = since.take() {
            waited += since.elapsed();
        }
        // What a panic leaves is rolled back, and the context thrown away.
        match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(context))) {
            Ok(Poll::Pending) => {
                since = Some(Instant::now());
                Poll::Pending
            }
            Ok(Poll::Ready(handled)) => Poll::Ready(handled),
            Err(_) => Poll::Ready(Err(HandlerError::Panicked)),
        }
    });
    let ended = match tokio::time::timeout(time, caught).await {
        Ok(Ok(())) => Ended::Well,
        Ok(Err(HandlerError::Sql(error))) if crate::store::error::is_interrupt(&error) => {
            Ended::Expired
        }
        Ok(Err(error)) => Ended::Failed(error),
        Err(_) => Ended::Expired,
    };
    (ended, waited)
}
