//! Texts that are overridden at run time: stored per bot and locale, proven by the compiler's own checks
//! ([`botfactory_lang::overrides`]), spoken by every instance within a second.
//!
//! | module | holds |
//! |---|---|
//! | this | what this process speaks: it follows the table and swaps a bot's texts as a whole |
//! | [`desk`] | listing, overriding, reverting, exporting: for the admin routes and the command line |
//! | [`told`] | findings as clients see them |
//! | [`menus`] | the bots' command menus in every locale |
//!
//! A stored text that does not suit this build (any more) is set aside when it is read: the bot says what its files say
//! there, the log has a line, and the list shows it as stale.

pub mod desk;
pub mod menus;
pub mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use botfactory_lang::locale::LocaleIndex;
use botfactory_lang::overrides::{Fault, Given, Handed, Key, Written, settle, spliced};
use tokio::sync::{Mutex as Turn, Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::bot::BotSpec;
use crate::engine::Engine;
use crate::i18n::own_source;
use crate::store::texts::TextRow;
use crate::store::{Store, StoreError};
use crate::telemetry::{self, events};

/// How often the table is asked whether texts have changed: without Redis (and when a notice was lost) they are late by
/// this much, and what reading them takes.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What a bot's files say, with what the compiler handed over.
#[derive(Debug)]
pub(crate) struct Sources {
    /// Tag and `.ftl` source of each locale.
    locales: Vec<(&'static str, &'static str)>,
    default: usize,
    handed: Handed,
}

impl Sources {
    pub(crate) fn of(spec: &'static BotSpec) -> Self {
        Self {
            locales: spec.locales.iter().map(|l| (l.tag, l.ftl)).collect(),
            default: spec.default_locale,
            handed: Handed::decode(spec.texts),
        }
    }

    pub(crate) fn written(&self) -> Written<'_> {
        Written {
            locales: &self.locales,
            default: self.default,
            handed: &self.handed,
        }
    }

    pub(crate) fn locale(&self, tag: &str) -> Option<LocaleIndex> {
        self.locales.iter().position(|(known, _)| *known == tag)
    }

    /// The `.ftl` source of a locale.
    pub(crate) fn ftl(&self, locale: LocaleIndex) -> &'static str {
        self.locales.get(locale).map_or("", |(_, ftl)| ftl)
    }

    /// The runtime's own words in a locale.
    pub(crate) fn own(&self, locale: LocaleIndex) -> &'static str {
        self.locales
            .get(locale)
            .map_or("", |(tag, _)| own_source(tag))
    }
}

/// Stored texts against this build.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Indices of the rows that are used.
    pub(crate) active: Vec<usize>,
    /// Those that are not, and why; `None`: their locale is gone.
    pub(crate) stale: Vec<(usize, Option<Fault>)>,
}

/// Which of the stored texts suit this build.
pub(crate) fn suit(sources: &Sources, rows: &[TextRow]) -> Settled {
    let mut settled = Settled::default();
    let (mut given, mut indices) = (Vec::new(), Vec::new());
    for (i, row) in rows.iter().enumerate() {
        match sources.locale(&row.locale) {
            None => settled.stale.push((i, None)),
            Some(locale) => {
                indices.push(i);
                given.push(Given {
                    locale,
                    key: &row.key,
                    words: &row.words,
                    lines: &[],
                });
            }
        }
    }
    let (active, stale) = settle(&sources.written(), &given);
    let at = |i: usize| indices.get(i).copied();
    settled.active = active.into_iter().filter_map(at).collect();
    let stale = stale
        .into_iter()
        .filter_map(|(i, fault)| Some((at(i)?, Some(fault))));
    settled.stale.extend(stale);
    settled.stale.sort_by_key(|(i, _)| *i);
    settled
}

/// The `.ftl` source of a locale with the overridden texts in their places.
pub(crate) fn source<'r>(
    sources: &Sources,
    locale: LocaleIndex,
    rows: impl IntoIterator<Item = &'r TextRow>,
) -> String {
    let tag = sources.locales.get(locale).map_or("", |(tag, _)| *tag);
    let rows = rows.into_iter().filter(|row| row.locale == tag);
    let words: BTreeMap<Key, &str> = rows
        .filter_map(|row| Some((Key::parse(&row.key)?, row.words.as_str())))
        .collect();
    spliced(sources.ftl(locale), &words)
}

/// What this process speaks.
#[derive(Debug)]
pub struct Overrides {
    store: Arc<Store>,
    engine: Arc<Engine>,
    /// The version of each bot's texts that is spoken; held while they are read.
    spoken: Vec<Turn<i64>>,
    /// Bots whose menus are to be told to Telegram again.
    renew: Mutex<BTreeSet<usize>>,
    woken: Notify,
}

impl Overrides {
    /// Of the engine's bots, as they were compiled.
    pub fn new(store: Arc<Store>, engine: Arc<Engine>) -> Self {
        Self {
            store,
            spoken: (0..engine.bots()).map(|_| Turn::new(0)).collect(),
            engine,
            renew: Mutex::default(),
            woken: Notify::new(),
        }
    }

    /// Reads every bot's texts that have changed since they were read.
    ///
    /// # Errors
    /// The database fails; what was spoken goes on being spoken.
    pub async fn load(&self) -> Result<(), StoreError> {
        let versions = self.store.text_versions().await?;
        let mut first = None;
        for (bot, spoken) in self.spoken.iter().enumerate() {
            let Some((compiled, _)) = self.engine.texts(bot) else {
                continue;
            };
            let version = versions.iter().find(|(id, _)| id == compiled.languages.bot);
            let version = version.map_or(0, |(_, version)| *version);
            let known = *spoken.lock().await;
            if known != version
                && let Err(error) = self.refresh(bot).await
            {
                first.get_or_insert(error);
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// Reads a bot's texts, and speaks them from the next update on.
    ///
    /// # Errors
    /// The database fails; what was spoken goes on being spoken.
    pub async fn refresh(&self, bot: usize) -> Result<(), StoreError> {
        let (Some(spoken), Some(spec), Some((compiled, before))) = (
            self.spoken.get(bot),
            self.engine.spec(bot),
            self.engine.texts(bot),
        ) else {
            return Ok(());
        };
        let mut spoken = spoken.lock().await;
        let (version, rows) = self.store.texts(spec.id).await?;
        if version == *spoken {
            return Ok(());
        }
        // Proving takes its time: not on a thread that serves updates.
        let made = tokio::task::spawn_blocking(move || {
            let sources = Sources::of(spec);
            let settled = suit(&sources, &rows);
            let used: Vec<&TextRow> = settled.active.iter().filter_map(|i| rows.get(*i)).collect();
            let touched: BTreeSet<LocaleIndex> = used
                .iter()
                .filter_map(|row| sources.locale(&row.locale))
                .collect();
            let changed: Vec<(LocaleIndex, String)> = touched
                .into_iter()
                .map(|locale| (locale, source(&sources, locale, used.iter().copied())))
                .collect();
            let texts = compiled.with(&changed);
            (texts, rows, settled)
        });
        let Ok((Ok(texts), rows, settled)) = made.await else {
            // What was proven is Fluent; whatever it was, nothing changes.
            telemetry::emit(events::TextsUnread { bot: spec.id });
            *spoken = version;
            return Ok(());
        };
        let texts = Arc::new(texts);
        self.engine.speak(bot, texts.clone());
        *spoken = version;
        for (i, fault) in &settled.stale {
            if let Some(row) = rows.get(*i) {
                telemetry::emit(events::TextStale {
                    bot: spec.id,
                    locale: &row.locale,
                    key: &row.key,
                    code: fault.as_ref().map_or("", |fault| fault.code),
                });
            }
        }
        telemetry::emit(events::TextsSpoken {
            bot: spec.id,
            version,
            active: settled.active.len(),
            stale: settled.stale.len(),
        });
        let clock = self.store.clock();
        let menus = |texts| menus::of(spec, texts, clock, &[1]);
        if menus(&before) != menus(&texts) {
            self.renew
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(bot);
            self.woken.notify_one();
        }
        Ok(())
    }

    /// Follows the table until the stop signal. What `renew` gives for a bot tells Telegram about its menus, which have changed.
    pub async fn run<R>(
        self: Arc<Self>,
        renew: impl Fn(usize) -> Option<R> + Send + Sync,
        mut stopped: watch::Receiver<bool>,
    ) where
        R: Future<Output = ()> + Send + 'static,
    {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut renewing: BTreeMap<usize, JoinHandle<()>> = BTreeMap::new();
        let mut failed = false;
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => break,
                _ = tick.tick() => {}
                () = self.store.told_of_texts() => {}
                () = self.woken.notified() => {}
            }
            let loaded = self.load().await;
            if loaded.is_err() && !failed {
                telemetry::emit(events::StoreFailed { task: "texts" });
            }
            failed = loaded.is_err();
            let due =
                std::mem::take(&mut *self.renew.lock().unwrap_or_else(PoisonError::into_inner));
            for bot in due {
                let Some(renewal) = renew(bot) else {
                    continue;
                };
                if let Some(older) = renewing.insert(bot, tokio::spawn(renewal)) {
                    older.abort(); // it would say what is out of date
                }
            }
        }
        renewing.into_values().for_each(|renewal| renewal.abort());
    }
}
