//! People's stored locales, and a bounded cache of them in this process.
//!
//! A choice stored by this process is seen at once; one stored by another instance at most [`STALE`] later: who asks after
//! that long first reads what has changed, so that a busy process pays one read a second for all people together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::Store;
use super::error::StoreError;
use crate::redis::Redis;
use crate::redis::notices::Notice;
use crate::telemetry;
use crate::telemetry::events::LocaleLooked;

/// How long a choice made on another instance may go unnoticed.
const STALE: Duration = Duration::from_secs(1);
/// Entries of one generation; the cache holds two.
const GENERATION: usize = 50_000;

/// Bot and person (or chat).
pub(crate) type Subject = (i64, i64);
type Tag = Option<Arc<str>>;

/// The cache: two generations, the older one is dropped when the younger is full.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    inner: Mutex<Inner>,
    others: OnceLock<Redis>,
}

#[derive(Debug, Default)]
struct Inner {
    young: HashMap<Subject, Tag>,
    old: HashMap<Subject, Tag>,
    /// Greatest `changed` that was read.
    seen: i64,
    fresh: Option<Instant>,
    /// Counts changes, so that a read that one of them overtook is not kept.
    changes: u64,
}

impl Inner {
    fn put(&mut self, subject: Subject, tag: Tag) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(subject, tag);
    }
}

enum Look {
    Known(Tag),
    /// What has changed since `seen` must be read; `first`: nothing was read yet.
    Stale {
        seen: i64,
        first: bool,
    },
    Missing(u64),
}

impl Cache {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, subject: Subject) -> Look {
        let mut inner = self.lock();
        if inner.fresh.is_none_or(|fresh| fresh.elapsed() >= STALE) {
            return Look::Stale {
                seen: inner.seen,
                first: inner.fresh.is_none(),
            };
        }
        if let Some(tag) = inner.young.get(&subject) {
            return Look::Known(tag.clone());
        }
        match inner.old.remove(&subject) {
            Some(tag) => {
                inner.put(subject, tag.clone());
                Look::Known(tag)
            }
            None => Look::Missing(inner.changes),
        }
    }

    /// A choice that was committed by this process.
    pub(crate) fn chosen(&self, bot: i64, subject: i64, tag: &str) {
        {
            let mut inner = self.lock();
            inner.changes += 1;
            inner.put((bot, subject), Some(tag.into()));
        }
        self.tell(Notice::Locale { bot, subject });
    }

    /// Tells the other instances.
    pub(crate) fn tell(&self, notice: Notice) {
        if let Some(redis) = self.others.get() {
            redis.tell(notice);
        }
    }

    /// Other instances are told of choices through this.
    pub(crate) fn share(&self, redis: Redis) {
        let _ = self.others.set(redis); // once, at start
    }

    /// Another instance says that somebody has chosen: who is asked about next is read anew.
    pub(crate) fn stale(&self, bot: i64, subject: i64) {
        let mut inner = self.lock();
        inner.changes += 1;
        inner.young.remove(&(bot, subject));
        inner.old.remove(&(bot, subject));
    }
}

impl Store {
    /// The stored choice of a person or chat.
    pub(crate) async fn locale(&self, bot: i64, subject: i64) -> Result<Tag, StoreError> {
        let subject = (bot, subject);
        for _ in 0..2 {
            match self.locales.look(subject) {
                Look::Known(tag) => {
                    telemetry::emit(LocaleLooked { hit: true });
                    return Ok(tag);
                }
                Look::Stale { seen, first } => self.refresh(seen, first).await?,
                Look::Missing(changes) => {
                    telemetry::emit(LocaleLooked { hit: false });
                    let tag = backend!(self, backend => backend.locale(subject).await)?;
                    let tag: Tag = tag.map(Into::into);
                    let mut inner = self.locales.lock();
                    if inner.changes == changes {
                        inner.put(subject, tag.clone());
                    }
                    return Ok(tag);
                }
            }
        }
        Ok(None) // unreachable: a refresh makes the cache fresh
    }

    async fn refresh(&self, seen: i64, first: bool) -> Result<(), StoreError> {
        let (rows, newest) = backend!(self, backend => backend.locales(seen, first).await)?;
        let mut inner = self.locales.lock();
        for (subject, tag) in rows {
            inner.changes += 1;
            inner.put(subject, Some(tag));
        }
        inner.seen = inner.seen.max(newest);
        inner.fresh = Some(Instant::now());
        Ok(())
    }
}
