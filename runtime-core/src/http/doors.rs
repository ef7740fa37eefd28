//! How many connections there may be: of all together, and of one peer, so that a few machines that hold theirs open
//! cannot shut out the rest.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::access::Proxies;
use crate::telemetry::{self, events};

/// Most connections at one moment, where the system allows as many files.
pub const CONNECTIONS: usize = 4096;
/// Of those, of one address (IPv6: of one /64). Telegram opens at most 100 for a bot.
pub const OF_ONE_PEER: usize = 512;
/// Files that are not connections of clients: databases, logs, calls to Telegram.
const OTHER_FILES: u64 = 128;
/// However few files there may be.
const FEWEST: usize = 64;

/// Counts the connections of all listeners; cheap to clone.
#[derive(Debug, Clone)]
pub struct Doors(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    of_one: usize,
    proxies: Proxies,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    peers: HashMap<IpAddr, usize>,
}

impl Doors {
    /// At most so many, and so many of one peer. Proxies and this machine itself stand for many people: only the first
    /// bound is theirs.
    pub fn new(most: usize, of_one: usize, proxies: Proxies) -> Self {
        Self(Arc::new(Inner {
            most,
            of_one,
            proxies,
            open: Mutex::default(),
        }))
    }

    /// As many as this process may have, after it has asked the system for as many as it gives.
    pub fn of_process(proxies: Proxies) -> Self {
        let files = open_files().saturating_sub(OTHER_FILES);
        let most = usize::try_from(files).unwrap_or(CONNECTIONS);
        Self::new(most.clamp(FEWEST, CONNECTIONS), OF_ONE_PEER, proxies)
    }

    /// Lets a connection in, or says that it must go.
    pub fn enter(&self, peer: IpAddr) -> Option<Ticket> {
        let group =
            (!peer.to_canonical().is_loopback() && !self.0.proxies.has(peer)).then(|| group(peer));
        let refused = self.0.count(group).err();
        if let Some(reason) = refused {
            telemetry::emit(events::ConnectionRefused { reason });
            return None;
        }
        Some(Ticket {
            doors: self.clone(),
            group,
        })
    }
}

impl Inner {
    fn count(&self, group: Option<IpAddr>) -> Result<(), &'static str> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.most {
            return Err("too_many");
        }
        if let Some(group) = group {
            let peers = open.peers.entry(group).or_default();
            if *peers >= self.of_one {
                return Err("too_many_of_peer");
            }
            *peers += 1;
        }
        open.all += 1;
        Ok(())
    }

    fn leave(&self, group: Option<IpAddr>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        let Some(group) = group else { return };
        if let Some(peers) = open.peers.get_mut(&group) {
            *peers = peers.saturating_sub(1);
            if *peers == 0 {
                open.peers.remove(&group);
            }
        }
    }
}

/// A connection that was let in, until it is dropped.
#[derive(Debug)]
pub struct Ticket {
    doors: Doors,
    group: Option<IpAddr>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.doors.0.leave(self.group);
    }
}

/// Who counts as one: a machine has a whole /64 of IPv6 to itself.
fn group(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        v4 => v4,
    }
}

/// How many files this process may open. The usual soft limit (1024) is there for programs that use `select`.
#[cfg(unix)]
fn open_files() -> u64 {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = CONNECTIONS as u64 + OTHER_FILES;
    let hard = limit.maximum.unwrap_or(u64::MAX);
    if limit.current.is_some_and(|soft| soft < wanted) {
        let before = limit.current;
        limit.current = Some(wanted.min(hard));
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit.current = before;
        }
    }
    limit.current.unwrap_or(u64::MAX)
}

#[cfg(not(unix))]
fn open_files() -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_peer_does_not_shut_out_the_rest() {
        let doors = Doors::new(4, 2, Proxies::parse("10.0.0.0/8").unwrap());
        let first = doors.enter(address("192.0.2.1")).unwrap();
        let second = doors.enter(address("::ffff:192.0.2.1")).unwrap();
        assert!(doors.enter(address("192.0.2.1")).is_none());
        let other = doors.enter(address("192.0.2.2")).unwrap();
        drop(first);
        let again = doors.enter(address("192.0.2.1")).unwrap();
        let last = doors.enter(address("2001:db8::1")).unwrap();
        // All together.
        assert!(doors.enter(address("192.0.2.3")).is_none());
        assert!(doors.enter(address("127.0.0.1")).is_none());
        // `http_connections_refused_total` says how many, and why.
        let counters = &crate::telemetry::metrics::metrics()
            .unwrap()
            .connections_refused;
        let refused = |reason| counters.with_label_values(&[reason]).get();
        assert!(refused("too_many_of_peer") >= 1 && refused("too_many") >= 2);
        drop((second, other, again, last));
        assert_eq!(doors.0.open.lock().unwrap().all, 0);
        assert!(doors.0.open.lock().unwrap().peers.is_empty());
    }

    #[test]
    fn proxies_and_this_machine_stand_for_many() {
        let doors = Doors::new(100, 1, Proxies::parse("10.0.0.0/8").unwrap());
        for peer in ["10.0.0.1", "127.0.0.1", "::1"] {
            let all: Vec<_> = (0..5).map(|_| doors.enter(address(peer))).collect();
            assert!(all.iter().all(Option::is_some), "{peer}");
        }
        let held = doors.enter(address("2001:db8::1"));
        assert!(held.is_some());
        assert!(doors.enter(address("2001:db8::ffff:1")).is_none());
        assert!(doors.enter(address("2001:db8:0:1::1")).is_some());
    }
}
