//! Questions alike that are asked at the same moment are asked once: one leads, the others wait for what comes of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::ask::{Output, Refused};

/// Names a question: a MAC of everything that its answer depends on.
pub(super) type Key = [u8; 32];
type Result = std::result::Result<Output, Refused>;

/// The questions under way; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Flights(Arc<Mutex<UnderWay>>);

type UnderWay = HashMap<Key, watch::Receiver<Option<Result>>>;

/// A place among those that ask the same.
#[derive(Debug)]
pub(super) enum Seat {
    Lead(Lead),
    Follow(Follow),
}

/// Asks for everybody. Dropped without a result, somebody else leads; until it is dropped its result is everybody's.
#[derive(Debug)]
pub(super) struct Lead {
    flights: Flights,
    key: Key,
    tell: watch::Sender<Option<Result>>,
}

/// Waits.
#[derive(Debug)]
pub(super) struct Follow(watch::Receiver<Option<Result>>);

impl Flights {
    /// Takes a place.
    pub(super) fn seat(&self, key: Key) -> Seat {
        let mut under_way = self.under_way();
        if let Some(told) = under_way.get(&key) {
            return Seat::Follow(Follow(told.clone()));
        }
        let (tell, told) = watch::channel(None);
        under_way.insert(key, told);
        drop(under_way);
        Seat::Lead(Lead {
            flights: self.clone(),
            key,
            tell,
        })
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead {
    /// Tells those that wait.
    pub(super) fn tell(&self, result: Result) {
        let _ = self.tell.send(Some(result));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.flights.under_way().remove(&self.key);
    }
}

impl Follow {
    /// What came of it; `None`: nothing, somebody else is to lead.
    pub(super) async fn result(mut self) -> Option<Result> {
        let told = self.0.wait_for(Option::is_some).await.ok()?;
        told.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_leads_and_the_others_get_its_answer() {
        let flights = Flights::default();
        let Seat::Lead(lead) = flights.seat([1; 32]) else {
            panic!("nobody leads");
        };
        let Seat::Follow(follow) = flights.seat([1; 32]) else {
            panic!("two lead");
        };
        assert!(matches!(flights.seat([2; 32]), Seat::Lead(_)));
        lead.tell(Err(Refused::Failed));
        assert_eq!(follow.result().await, Some(Err(Refused::Failed)));
        let Seat::Follow(late) = flights.seat([1; 32]) else {
            panic!("two lead");
        };
        assert_eq!(late.result().await, Some(Err(Refused::Failed)));
        drop(lead);
        assert!(matches!(flights.seat([1; 32]), Seat::Lead(_)));
    }

    #[tokio::test]
    async fn who_leads_may_go() {
        let flights = Flights::default();
        let lead = flights.seat([1; 32]);
        let Seat::Follow(follow) = flights.seat([1; 32]) else {
            panic!("two lead");
        };
        drop(lead);
        assert_eq!(follow.result().await, None);
        assert!(matches!(flights.seat([1; 32]), Seat::Lead(_)));
    }
}
