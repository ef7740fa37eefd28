//! Where the calls that have begun wait for their moments. One passes at each, or a little later, as long as Telegram
//! surely counts no more of them within a second than a little more than have their moments in it: whatever was held up, on
//! the way too, neither becomes a burst nor slows the pace. A moment that nobody could use in time is lost; it counts as
//! missed, and the pace makes up for it slowly.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use crate::clock::Clock;
use crate::telemetry;
use crate::telemetry::events::MomentsLost;

/// A call may begin so long after its moment (microseconds): by then the next moments may be another instance's.
const TOLERANCE: i64 = 200_000;
/// What Telegram counts (microseconds). It counts a call at some moment between the call and its answer: until a second after
/// the answer the call is one of those that it may count together with the next.
const SECOND: i64 = 1_000_000;
/// So many may be, in percent of the moments of a second.
const ALLOWED: usize = 117;
/// The part by which the quickest answer known comes closer to the newest one: no way stays as short as it was.
const FORGET: i64 = 50;

/// The calls of one broadcast on this instance.
#[derive(Debug)]
pub(super) struct Turnstile {
    bot: &'static str,
    clock: Clock,
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Debug)]
struct Inner {
    moments: VecDeque<i64>,
    /// Moments of the last second and later ones, used or not.
    given: VecDeque<i64>,
    /// When calls were answered in the last second; less what the quickest answer needs, which none can do without.
    answered: VecDeque<i64>,
    /// Microseconds.
    quickest: Option<i64>,
    waiting: VecDeque<Waiting>,
    under_way: usize,
    lost: i64,
}

#[derive(Debug)]
struct Waiting {
    /// The moment that was to be its own.
    expected: i64,
    passes: oneshot::Sender<Result<Pass, Duration>>,
}

/// A place in the line.
#[derive(Debug)]
pub(super) struct Ticket(oneshot::Receiver<Result<Pass, Duration>>);

/// A call that may be made now, until it is dropped.
#[derive(Debug)]
pub(super) struct Pass {
    turnstile: Arc<Turnstile>,
    /// Microseconds after the moment that was to be its own.
    pub(super) late: i64,
    began: Instant,
}

impl Turnstile {
    pub(super) fn new(bot: &'static str, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            bot,
            clock,
            inner: Mutex::new(Inner {
                moments: VecDeque::new(),
                given: VecDeque::new(),
                answered: VecDeque::new(),
                quickest: None,
                waiting: VecDeque::new(),
                under_way: 0,
                lost: 0,
            }),
            changed: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Further moments, in their order.
    pub(super) fn add(&self, moments: &[i64]) {
        let mut inner = self.lock();
        inner.moments.extend(moments);
        inner.given.extend(moments);
        drop(inner);
        self.changed.notify_one();
    }

    /// Moments that are still ahead.
    pub(super) fn ahead(&self) -> usize {
        let mut inner = self.lock();
        self.lose(&mut inner);
        inner.moments.len()
    }

    /// Calls that wait here.
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Moments up to then for which nobody waits.
    pub(super) fn unclaimed(&self, until: i64) -> usize {
        let inner = self.lock();
        let due = inner.moments.partition_point(|at| *at <= until);
        due.saturating_sub(inner.waiting.len())
    }

    /// The first moment for which nobody waits.
    pub(super) fn next_unclaimed(&self) -> Option<i64> {
        let inner = self.lock();
        inner.moments.get(inner.waiting.len()).copied()
    }

    /// Moments that were lost since this was asked.
    pub(super) fn lost(&self) -> i64 {
        let mut inner = self.lock();
        self.lose(&mut inner);
        std::mem::take(&mut inner.lost)
    }

    /// Nobody passes for so long: who waits is sent away, and moments within it are void.
    pub(super) fn turn_away(&self, pause: Duration) {
        let until = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
        let until = self.clock.micros().saturating_add(until);
        let mut inner = self.lock();
        let void = inner.moments.partition_point(|at| *at < until);
        inner.moments.drain(..void);
        inner.given.retain(|at| *at >= until);
        inner.lost = inner
            .lost
            .saturating_add(i64::try_from(void).unwrap_or(i64::MAX));
        let away = std::mem::take(&mut inner.waiting);
        drop(inner);
        for waiting in away {
            let _ = waiting.passes.send(Err(pause));
        }
    }

    /// A place in the line.
    pub(super) fn enter(&self) -> Ticket {
        let (passes, ticket) = oneshot::channel();
        let mut inner = self.lock();
        let now = self.clock.micros();
        let expected = inner.moments.get(inner.waiting.len()).copied();
        let expected = expected.map_or(now, |at| at.max(now));
        inner.waiting.push_back(Waiting { expected, passes });
        drop(inner);
        self.changed.notify_one();
        Ticket(ticket)
    }

    /// Lets them pass, each at its moment. Does not end.
    pub(super) async fn attend(self: Arc<Self>) {
        loop {
            let next = self.let_pass();
            let wait = next.map_or(i64::MAX, |at| at.saturating_sub(self.clock.micros()).max(0));
            let wait = Duration::from_micros(u64::try_from(wait).unwrap_or(0));
            let _ = tokio::time::timeout(wait, self.changed.notified()).await;
        }
    }

    /// Lets pass who may; when it has to be looked again, unless something changes before.
    fn let_pass(self: &Arc<Self>) -> Option<i64> {
        loop {
            let mut inner = self.lock();
            self.lose(&mut inner);
            // Whoever has gone needs no moment.
            inner.waiting.retain(|waiting| !waiting.passes.is_closed());
            let now = self.clock.micros();
            let at = inner.moments.front().copied()?;
            if inner.waiting.is_empty() {
                return None;
            }
            if at > now {
                return Some(at);
            }
            if let Some(wait) = inner.full(now) {
                return Some(wait);
            }
            inner.moments.pop_front();
            let waiting = inner.waiting.pop_front()?;
            inner.under_way += 1;
            drop(inner);
            let pass = Pass {
                turnstile: self.clone(),
                late: now.saturating_sub(waiting.expected).max(0),
                began: Instant::now(),
            };
            let _ = waiting.passes.send(Ok(pass));
        }
    }

    /// Moments that have passed are lost.
    fn lose(&self, inner: &mut Inner) {
        let gone = self.clock.micros().saturating_sub(TOLERANCE);
        let moments = inner.moments.partition_point(|at| *at < gone);
        if moments == 0 {
            return;
        }
        let reason = if inner.waiting.is_empty() {
            "begin"
        } else if inner.full(self.clock.micros()).is_some() {
            "answers"
        } else {
            "late"
        };
        inner.moments.drain(..moments);
        let moments = i64::try_from(moments).unwrap_or(i64::MAX);
        inner.lost = inner.lost.saturating_add(moments);
        telemetry::emit(MomentsLost {
            bot: self.bot,
            reason,
            moments,
        });
    }
}

impl Inner {
    /// Telegram may count too many already: when to look again, unless something changes before.
    fn full(&mut self, now: i64) -> Option<i64> {
        let since = now.saturating_sub(SECOND);
        while self.given.front().is_some_and(|at| *at <= since) {
            self.given.pop_front();
        }
        while self.answered.front().is_some_and(|at| *at <= since) {
            self.answered.pop_front();
        }
        let given = self.given.partition_point(|at| *at <= now);
        let most = given.saturating_mul(ALLOWED).div_ceil(100);
        if self.under_way + self.answered.len() < most {
            return None;
        }
        let answered = self.answered.front();
        let oldest = answered.map(|at| at.saturating_add(SECOND + 1));
        let next = self.given.get(given).copied();
        let look = oldest.into_iter().chain(next).min();
        Some(look.unwrap_or(now.saturating_add(SECOND)))
    }

    /// A call had its answer.
    fn answer(&mut self, now: i64, took: i64) {
        let quickest = self.quickest.map_or(took, |known| {
            took.min(known.saturating_add((took - known) / FORGET))
        });
        self.quickest = Some(quickest);
        // In their order, whatever the way back has become.
        let at = now.saturating_sub(quickest);
        let at = self.answered.back().map_or(at, |last| at.max(*last));
        self.answered.push_back(at);
    }
}

impl Ticket {
    /// Waits for a moment.
    ///
    /// # Errors
    /// How long nobody passes: the call is not to be made.
    pub(super) async fn pass(self) -> Result<Pass, Duration> {
        self.0.await.unwrap_or(Err(Duration::ZERO))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let took = i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX);
        let now = self.turnstile.clock.micros();
        let mut inner = self.turnstile.lock();
        inner.under_way = inner.under_way.saturating_sub(1);
        inner.answer(now, took);
        drop(inner);
        self.turnstile.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const MICROS: i64 = NOW * 1_000_000;

    fn turnstile(moments: &[i64]) -> (Clock, Arc<Turnstile>) {
        let clock = Clock::fixed(NOW);
        let turnstile = Turnstile::new("herald", clock.clone());
        let moments: Vec<i64> = moments.iter().map(|at| MICROS + at).collect();
        turnstile.add(&moments);
        (clock, turnstile)
    }

    /// Lets pass who may now, one who has just come included.
    async fn passes(turnstile: &Arc<Turnstile>) -> Option<Result<Pass, Duration>> {
        let ticket = turnstile.enter();
        turnstile.let_pass();
        let told = tokio::time::timeout(Duration::from_millis(5), ticket.pass()).await;
        if told.is_err() {
            turnstile.lock().waiting.clear();
        }
        told.ok()
    }

    #[tokio::test]
    async fn one_passes_at_each_moment_and_not_before() {
        let (clock, turnstile) = turnstile(&[0, 10_000, 3_000_000]);
        assert!(passes(&turnstile).await.unwrap().is_ok());
        assert!(passes(&turnstile).await.is_none());
        assert_eq!(turnstile.unclaimed(MICROS + 20_000), 1);
        let ticket = turnstile.enter();
        assert_eq!(turnstile.unclaimed(MICROS + 20_000), 0);
        assert_eq!(turnstile.next_unclaimed(), Some(MICROS + 3_000_000));
        // Somebody who has gone uses none.
        drop(ticket);
        clock.advance(3);
        // The one that has passed meanwhile is lost, not made up for.
        assert!(passes(&turnstile).await.unwrap().is_ok());
        assert!(passes(&turnstile).await.is_none());
        assert_eq!((turnstile.lost(), turnstile.lost()), (1, 0));
        let metrics = String::from_utf8(telemetry::metrics::text()).unwrap();
        let late = "broadcast_moments_lost_total{bot_id=\"herald\",reason=\"late\"} ";
        assert!(metrics.contains(late), "{metrics}");
        assert!(!metrics.contains(&format!("{late}0\n")), "{metrics}");
        assert_eq!(turnstile.waiting(), 0);
    }

    #[tokio::test]
    async fn what_was_held_up_is_no_burst() {
        // 50 a second for three seconds, and nobody is there in the first half of the second one.
        let moments: Vec<i64> = (0..150).map(|n| n * 20_000).collect();
        let (_, turnstile) = turnstile(&moments);
        let mut inner = turnstile.lock();
        let mut begun = Vec::new();
        for now in (0..3_000).map(|ms| ms * 1_000) {
            let at = MICROS + now;
            let held_up = (1_000_000..1_500_000).contains(&now);
            while !held_up && inner.moments.front().is_some_and(|moment| *moment <= at) {
                if inner.full(at).is_some() {
                    break;
                }
                inner.moments.pop_front();
                inner.answered.push_back(at);
                begun.push(now);
            }
        }
        let most = begun
            .iter()
            .map(|from| {
                begun
                    .iter()
                    .filter(|at| (*from..from + 1_000_000).contains(at))
                    .count()
            })
            .max();
        assert!(most <= Some(59), "{most:?} within a second");
        assert!(begun.len() > 140, "{} of 150", begun.len());
    }

    #[tokio::test]
    async fn who_waits_is_sent_away_and_who_comes_later_passes_afterwards() {
        let (clock, turnstile) = turnstile(&[500_000, 2_000_000, 3_000_000]);
        let early = turnstile.enter();
        turnstile.turn_away(Duration::from_secs(2));
        assert_eq!(early.pass().await.err(), Some(Duration::from_secs(2)));
        assert_eq!((turnstile.ahead(), turnstile.lost()), (2, 1));
        clock.advance(2);
        assert!(passes(&turnstile).await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_telegram_that_stands_still_is_not_given_more_than_it_counts() {
        let moments: Vec<i64> = (-100..900).map(|n| n * 1_000).collect();
        let (_, turnstile) = turnstile(&moments);
        let mut under_way = Vec::new();
        while let Some(pass) = passes(&turnstile).await {
            under_way.push(pass.unwrap());
        }
        assert_eq!(under_way.len(), 101);
        // Their answers come late: until a second later they may be counted with the next.
        let mut inner = turnstile.lock();
        inner.under_way = 0;
        inner.quickest = Some(10_000);
        for _ in 0..60 {
            inner.answer(MICROS + 300_000, 400_000);
        }
        let later = |ms: i64| MICROS + ms * 1_000;
        assert!(inner.full(later(800)).is_none());
        inner.answered.extend(vec![MICROS + 290_000; 1_100]);
        assert!(inner.full(later(800)).is_some());
        assert!(inner.full(later(1_400)).is_none());
        inner.under_way = under_way.len();
        drop(inner);
    }
}
