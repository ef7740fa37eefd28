//! What one process remembers: in bounded memory, what ends soonest is forgotten first.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

use super::{Answer, Ask, Counter, window};

/// Counters that one process keeps.
pub(super) const COUNTERS: usize = 65_536;
/// Moments in all of them together.
pub(super) const MOMENTS: usize = 1_048_576;
/// Decisions about updates.
pub(super) const DECISIONS: usize = 65_536;
/// People who were told.
pub(super) const TOLD: usize = 65_536;

/// See the module.
#[derive(Debug)]
pub(super) struct Local {
    passed: Kept<Counter, VecDeque<i64>>,
    /// How many moments are in `passed`.
    moments: usize,
    decisions: Kept<(i64, i64, Counter), Answer>,
    told: Kept<Counter, ()>,
}

impl Default for Local {
    fn default() -> Self {
        Self {
            passed: Kept::new(COUNTERS),
            moments: 0,
            decisions: Kept::new(DECISIONS),
            told: Kept::new(TOLD),
        }
    }
}

impl Local {
    /// What was decided about the update before.
    pub fn decided(&mut self, ask: &Ask) -> Option<Answer> {
        self.decisions.get(&ask.key(), ask.now).copied()
    }

    /// Remembers it.
    pub fn decide(&mut self, ask: &Ask, answer: Answer) {
        let until = after(ask.now, ask.life(answer));
        self.decisions.put(ask.key(), answer, until, ask.now);
    }

    /// Counts, and decides.
    pub fn take(&mut self, ask: &Ask) -> Answer {
        let taken = self.with(ask, |moments| {
            window::take(moments, ask.now, ask.window(), ask.allowance())
        });
        match taken {
            Ok(()) => Answer::Pass,
            Err(wait) => self.wait(ask, wait),
        }
    }

    /// Remembers that it has passed, as decided elsewhere.
    pub fn passed(&mut self, ask: &Ask) {
        self.with(ask, |moments| {
            // Those that are a window ago go; the caller has asked [`Self::full`].
            let _ = window::take(moments, ask.now, ask.window(), ask.allowance());
        });
    }

    /// The answer, if what this process has let pass is enough to refuse.
    pub fn full(&mut self, ask: &Ask) -> Option<Answer> {
        self.passed.get(&ask.counter, ask.now)?;
        let wait = self
            .with(ask, |moments| {
                window::free(moments, ask.now, ask.window(), ask.allowance())
            })
            .err()?;
        Some(self.wait(ask, wait))
    }

    fn wait(&mut self, ask: &Ask, micros: i64) -> Answer {
        Answer::Wait {
            millis: micros.saturating_add(999) / 1000,
            tell: self.tell(ask),
        }
    }

    /// Whether the person is to be told, and remembers that they were.
    pub fn tell(&mut self, ask: &Ask) -> bool {
        let Some(told) = ask.told else { return true };
        if self.told.get(&told, ask.now).is_some() {
            return false;
        }
        let until = ask.now.saturating_add(ask.window());
        self.told.put(told, (), until, ask.now);
        true
    }

    /// Works on a counter's moments, and keeps the sums right.
    fn with<T>(&mut self, ask: &Ask, work: impl FnOnce(&mut VecDeque<i64>) -> T) -> T {
        let mut moments = self.passed.remove(&ask.counter).unwrap_or_default();
        self.moments -= moments.len().min(self.moments);
        let done = work(&mut moments);
        if let Some(last) = moments.back() {
            let until = last.saturating_add(ask.window());
            self.moments += moments.len();
            let gone = self.passed.put(ask.counter, moments, until, ask.now);
            self.forgotten(&gone);
            while self.moments > MOMENTS {
                let Some(gone) = self.passed.pop() else { break };
                self.forgotten(&[gone]);
            }
        }
        done
    }

    fn forgotten(&mut self, gone: &[VecDeque<i64>]) {
        let moments: usize = gone.iter().map(VecDeque::len).sum();
        self.moments -= moments.min(self.moments);
    }

    #[cfg(test)]
    pub fn sizes(&self) -> (usize, usize, usize, usize) {
        let moments = self.passed.map.values().map(|(_, m)| m.len()).sum();
        assert_eq!(self.moments, moments);
        (
            self.passed.map.len(),
            moments,
            self.decisions.map.len(),
            self.told.map.len(),
        )
    }
}

fn after(now: i64, life: Duration) -> i64 {
    now.saturating_add(i64::try_from(life.as_micros()).unwrap_or(i64::MAX))
}

/// Values with an end, a bounded number of them.
#[derive(Debug)]
struct Kept<K, V> {
    map: HashMap<K, (i64, V)>,
    ends: BTreeSet<(i64, K)>,
    most: usize,
}

impl<K: Hash + Ord + Copy, V> Kept<K, V> {
    fn new(most: usize) -> Self {
        Self {
            map: HashMap::new(),
            ends: BTreeSet::new(),
            most,
        }
    }

    fn get(&self, key: &K, now: i64) -> Option<&V> {
        let (until, value) = self.map.get(key)?;
        (*until > now).then_some(value)
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        let (until, value) = self.map.remove(key)?;
        self.ends.remove(&(until, *key));
        Some(value)
    }

    /// Keeps a value; gives those that had to go, because they have ended or nothing else fits.
    fn put(&mut self, key: K, value: V, until: i64, now: i64) -> Vec<V> {
        self.remove(&key);
        let mut gone = Vec::new();
        while let Some((end, _)) = self.ends.first()
            && (*end <= now || self.map.len() >= self.most)
        {
            gone.extend(self.pop());
        }
        self.map.insert(key, (until, value));
        self.ends.insert((until, key));
        gone
    }

    /// Forgets the one that ends soonest.
    fn pop(&mut self) -> Option<V> {
        let (_, key) = self.ends.pop_first()?;
        self.map.remove(&key).map(|(_, value)| value)
    }
}
