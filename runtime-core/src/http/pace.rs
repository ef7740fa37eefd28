//! How long a peer may take: no connection is held by one that sends or reads too slowly, or not at all.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// Until the first byte of a fresh connection, and from the first byte of a request to the end of its head.
pub const HEAD: Duration = Duration::from_secs(10);
/// Between two requests of one connection. Longer than the 60 s after which proxies close idle ones themselves: who closes
/// first loses no request.
pub const IDLE: Duration = Duration::from_secs(75);
/// For a whole body, from when it had to be waited for.
pub const BODY: Duration = Duration::from_secs(15);
/// For a peer to read a response.
pub const RESPONSE: Duration = Duration::from_secs(60);
/// How often a connection whose request is at work looks again.
const LOOK: Duration = Duration::from_secs(10);

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A request's first byte, since then.
    Idle(Instant),
    /// The rest of its head, since then.
    Head(Instant),
    /// Its handler.
    Serving,
    /// Its response to leave.
    Answered,
}

/// Where a connection stands; shared by its stream and its requests.
#[derive(Debug, Clone)]
pub struct Pace(Arc<Mutex<Stand>>);

#[derive(Debug)]
struct Stand {
    phase: Phase,
    /// Patience of [`Phase::Idle`].
    idle: Duration,
    /// The same, once it has asked for something.
    later: Duration,
    /// Patience of [`Phase::Head`].
    head: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new(HEAD, IDLE)
    }
}

impl Pace {
    fn new(head: Duration, later: Duration) -> Self {
        Self(Arc::new(Mutex::new(Stand {
            phase: Phase::Idle(Instant::now()),
            idle: head,
            later,
            head,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Stand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes have come.
    pub(super) fn read(&self) {
        let mut stand = self.lock();
        if matches!(stand.phase, Phase::Idle(_)) {
            stand.phase = Phase::Head(Instant::now());
        }
    }

    /// A head is complete.
    pub(super) fn serving(&self) {
        self.lock().phase = Phase::Serving;
    }

    /// Its response has been made.
    pub(super) fn answered(&self) {
        self.lock().phase = Phase::Answered;
    }

    /// What was written has left.
    pub(super) fn flushed(&self) {
        let mut stand = self.lock();
        if stand.phase == Phase::Answered {
            stand.phase = Phase::Idle(Instant::now());
            stand.idle = stand.later;
        }
    }

    /// When patience ends; `None`: it is not the peer that we wait for.
    fn ends(&self) -> Option<Instant> {
        let stand = self.lock();
        match stand.phase {
            Phase::Idle(since) => Some(since + stand.idle),
            Phase::Head(since) => Some(since + stand.head),
            Phase::Serving | Phase::Answered => None,
        }
    }
}

fn late() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

/// Ends reads for which nothing comes. One timer for a connection, which looks at the [`Pace`] whenever it fires.
#[derive(Debug, Default)]
pub(super) struct Reading(Option<Pin<Box<Sleep>>>);

impl Reading {
    /// To be asked whenever a read has to wait.
    pub(super) fn wait<T>(&mut self, pace: &Pace, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let next = || pace.ends().unwrap_or_else(|| Instant::now() + LOOK);
        let timer = self
            .0
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next())));
        // A deadline that has moved to an earlier moment does not wait for a later look.
        if let Some(ends) = pace.ends().filter(|ends| *ends < timer.deadline()) {
            timer.as_mut().reset(ends);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if pace.ends().is_some_and(|ends| ends <= Instant::now()) {
                return Poll::Ready(Err(late()));
            }
            timer.as_mut().reset(next());
        }
    }
}

/// Ends writes that the peer does not read.
#[derive(Debug, Default)]
pub(super) struct Writing(Option<Pin<Box<Sleep>>>);

impl Writing {
    /// To be asked whenever a write has to wait.
    pub(super) fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let timer = self
            .0
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(RESPONSE)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(late()))
    }

    /// Everything has left.
    pub(super) fn done(&mut self) {
        self.0 = None;
    }
}

/// A body that must be there within [`BODY`].
#[derive(Debug)]
pub(super) struct Timely<B> {
    body: B,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> Timely<B> {
    pub(super) fn new(body: B) -> Self {
        Self { body, timer: None }
    }
}

impl<B> HttpBody for Timely<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let timer = this
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(BODY)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(late().into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn patience_is_counted_from_the_right_moment() {
        let ms = Duration::from_millis;
        let pace = Pace::new(ms(60), ms(200));
        let wait = async |pace: &Pace| {
            let mut reading = Reading::default();
            std::future::poll_fn(|cx| reading.wait::<()>(pace, cx)).await
        };
        let began = Instant::now();
        assert!(wait(&pace).await.is_err());
        assert!(began.elapsed() >= ms(60));
        pace.read();
        let ends = pace.ends();
        assert!(ends.is_some_and(|ends| ends >= began + ms(120)));
        // More bytes of the same head are no new patience.
        tokio::time::sleep(ms(30)).await;
        pace.read();
        assert_eq!(pace.ends(), ends);
        assert!(wait(&pace).await.is_err());
        pace.serving();
        pace.flushed(); // a 100 Continue
        assert!(tokio::time::timeout(ms(300), wait(&pace)).await.is_err());
        pace.answered();
        pace.flushed();
        let began = Instant::now();
        assert!(wait(&pace).await.is_err());
        assert!(began.elapsed() >= ms(200));
    }
}
