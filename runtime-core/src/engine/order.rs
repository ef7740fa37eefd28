//! One update of a conversation at a time, in the order of arrival. The line of a conversation is bounded, so that a hot
//! chat is told to come later (503) instead of starving the others. Between instances the store keeps the order.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::store::conversation::Key;

/// Updates of one conversation that may wait behind the one that runs.
pub(crate) const LINE: usize = 32;
/// Locks: an update takes one for as long as it takes to stand in a line.
const SHARDS: usize = 16;

/// Those who wait behind the one that runs.
type Line = VecDeque<oneshot::Sender<Pass>>;
type Lines = HashMap<Key, Line>;

/// The lines of all conversations where something runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    shards: [Mutex<Lines>; SHARDS],
    hasher: RandomState,
}

/// The right to run; dropping it lets the next one run.
#[derive(Debug)]
pub(crate) struct Pass {
    key: Key,
    order: Order,
}

impl Order {
    /// Waits for its turn. `None`: too many wait.
    pub(crate) async fn enter(&self, key: Key) -> Option<Pass> {
        let wait = {
            let mut lines = self.lines(key);
            match lines.entry(key) {
                Entry::Vacant(vacant) => {
                    vacant.insert(Line::new());
                    None
                }
                Entry::Occupied(mut line) => {
                    let line = line.get_mut();
                    if line.len() >= LINE {
                        line.retain(|waiting| !waiting.is_closed()); // their deadline came first
                    }
                    if line.len() >= LINE {
                        return None;
                    }
                    let (tell, told) = oneshot::channel();
                    line.push_back(tell);
                    Some(told)
                }
            }
        };
        match wait {
            None => Some(Pass {
                key,
                order: self.clone(),
            }),
            Some(told) => told.await.ok(),
        }
    }

    fn lines(&self, key: Key) -> MutexGuard<'_, Lines> {
        let hash = self.inner.hasher.hash_one(key);
        let shards = &self.inner.shards;
        #[allow(clippy::cast_possible_truncation)] // any bits do
        let shard = shards.get(hash as usize % SHARDS).unwrap_or(&shards[0]);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        loop {
            let next = {
                let mut lines = self.order.lines(self.key);
                let Entry::Occupied(mut line) = lines.entry(self.key) else {
                    return;
                };
                match line.get_mut().pop_front() {
                    Some(next) => next,
                    None => {
                        line.remove();
                        return;
                    }
                }
            };
            if next.is_closed() {
                continue;
            }
            let pass = Self {
                key: self.key,
                order: self.order.clone(),
            };
            // Whoever goes away right now gives the pass back by dropping it.
            let _ = next.send(pass);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key {
        bot: 1,
        chat: 2,
        person: 3,
        thread: 0,
    };

    #[tokio::test]
    async fn one_after_the_other_in_the_order_of_arrival() {
        let order = Order::default();
        let first = order.enter(KEY).await.unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for n in 0..5 {
            let (order, seen) = (order.clone(), seen.clone());
            tasks.push(tokio::spawn(async move {
                let pass = order.enter(KEY).await.unwrap();
                seen.lock().unwrap().push(n);
                tokio::task::yield_now().await;
                drop(pass);
            }));
            tokio::task::yield_now().await;
        }
        assert!(seen.lock().unwrap().is_empty());
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*seen.lock().unwrap(), [0, 1, 2, 3, 4]);
        assert!(order.lines(KEY).is_empty());
    }

    #[tokio::test]
    async fn a_line_is_bounded_and_others_do_not_wait() {
        let order = Order::default();
        let first = order.enter(KEY).await.unwrap();
        let mut waiting: Vec<_> = (0..LINE)
            .map(|_| {
                let order = order.clone();
                tokio::spawn(async move { order.enter(KEY).await.is_some() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(order.enter(KEY).await.is_none());
        let other = Key { person: 4, ..KEY };
        assert!(order.enter(other).await.is_some());
        // One gives up: there is room again.
        waiting.remove(3).abort();
        tokio::task::yield_now().await;
        let again = tokio::spawn({
            let order = order.clone();
            async move { order.enter(KEY).await.is_some() }
        });
        tokio::task::yield_now().await;
        drop(first);
        for task in waiting {
            assert!(task.await.unwrap());
        }
        assert!(again.await.unwrap());
        assert!(order.lines(KEY).is_empty());
    }

    #[tokio::test]
    async fn whoever_leaves_while_called_passes_it_on() {
        let order = Order::default();
        let first = order.enter(KEY).await.unwrap();
        let mut gone = Box::pin(order.enter(KEY));
        assert!(futures_poll(&mut gone).is_none());
        drop(first); // the pass is in the channel now
        drop(gone);
        assert!(order.enter(KEY).await.is_some());
    }

    fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        match std::pin::Pin::new(future).poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
