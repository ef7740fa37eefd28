//! Listing, overriding, reverting and exporting texts of a bot.

use std::collections::{BTreeMap, BTreeSet};

use botfactory_lang::diagnostics::Severity;
use botfactory_lang::locale::LocaleIndex;
use botfactory_lang::overrides::{Fault, Given, Key, Located, check, located, syntax};
use botfactory_lang::proof::shape;
use serde::Serialize;
use utoipa::ToSchema;

use super::told::Finding;
use super::{Settled, Sources, source, suit};
use crate::bot::BotSpec;
use crate::store::texts::{TextChange, TextRow, moment};
use crate::store::{Store, StoreError};
use crate::telemetry::{self, events};

/// Longest words of one text, in bytes.
pub const WORDS_BYTES: usize = 32 << 10;
/// Most overridden texts of a bot.
pub const TEXTS: usize = 5_000;
/// Longest name of an author, in characters.
pub const AUTHOR: usize = 64;
/// How often a change that lost a race is tried.
const TRIES: usize = 5;
/// What an `.ftl` source is called in findings.
const SENT: &str = "texts.ftl";

/// A text of a bot in one locale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TextEntry {
    /// Tag.
    pub locale: String,
    /// `menu-title`, `menu.hint`, `-brand`.
    pub key: String,
    /// What the bot's files say (or the runtime, where they say nothing): Fluent, as it stands after the `=`.
    pub original: String,
    /// `bot`, or `runtime` for the runtime's own words.
    pub source: &'static str,
    /// What people are told; null: the original.
    #[serde(rename = "override")]
    pub overridden: Option<Overridden>,
    /// Where the bot uses it: `message`, `button`, `toast`, `description`, `url`.
    pub used: Vec<&'static str>,
    /// What the bot gives it.
    pub variables: Vec<String>,
}

/// What stands in the place of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Overridden {
    /// Fluent, as it would stand after the `=`.
    pub words: String,
    /// Who.
    pub author: String,
    /// When: RFC 3339.
    pub at: String,
    /// The original is not what it was when it was overridden.
    pub original_changed: bool,
    /// It does not suit this build and is set aside.
    pub stale: bool,
    /// Why it is set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TextsDone)]
pub struct Done {
    /// Overridden now.
    pub set: Vec<String>,
    /// Like the original again.
    pub reverted: Vec<String>,
    /// They said that already.
    pub unchanged: Vec<String>,
    /// Advice.
    pub diagnostics: Vec<Finding>,
}

/// Why nothing was done.
#[derive(Debug)]
pub enum Refused {
    /// The bot has no such locale.
    Locale,
    /// The texts are at fault: every finding.
    Faults(Vec<Finding>),
    /// A bound: in words.
    Bound(String),
    /// Others change the same texts again and again.
    Race,
    /// The database fails.
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A text that somebody wants to say something else.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The text.
    pub key: String,
    /// Fluent, as it would stand after the `=`.
    pub words: String,
    /// Where its lines stand in what was sent; empty: by themselves.
    lines: Vec<(u32, u32)>,
}

impl Wanted {
    /// Words by themselves.
    pub fn new(key: String, words: String) -> Self {
        Self {
            key,
            words,
            lines: Vec::new(),
        }
    }
}

/// The desk of a bot.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'d> {
    store: &'d Store,
    spec: &'static BotSpec,
}

impl<'d> Desk<'d> {
    /// Over a database.
    pub fn new(store: &'d Store, spec: &'static BotSpec) -> Self {
        Self { store, spec }
    }

    /// The texts of a bot, of one locale or of all; the overridden ones alone, or all.
    ///
    /// # Errors
    /// No such locale, or the database fails.
    pub async fn list(
        &self,
        locale: Option<&str>,
        overridden: bool,
    ) -> Result<Vec<TextEntry>, Refused> {
        let (_, rows) = self.store.texts(self.spec.id).await?;
        let spec = self.spec;
        let locale = locale.map(str::to_owned);
        work(move || {
            let sources = Sources::of(spec);
            let only = match &locale {
                Some(tag) => Some(sources.locale(tag).ok_or(Refused::Locale)?),
                None => None,
            };
            Ok(listed(spec, &sources, &rows, only, overridden))
        })
        .await?
    }

    /// Overrides texts of a locale: all or none.
    ///
    /// # Errors
    /// No such locale, faults (all of them), a bound, or the database fails: nothing is stored.
    pub async fn set(
        &self,
        locale: &str,
        author: &str,
        wanted: Vec<Wanted>,
    ) -> Result<Done, Refused> {
        self.change(locale, author, wanted, Vec::new()).await
    }

    /// Overrides the texts of an `.ftl` source, as [`Desk::set`] does. Texts that it does not hold stay as they are.
    ///
    /// # Errors
    /// As [`Desk::set`].
    pub async fn set_ftl(&self, locale: &str, author: &str, ftl: String) -> Result<Done, Refused> {
        let (wanted, faults) = work(move || {
            let wanted = located(&ftl)
                .into_iter()
                .map(|Located { key, words, lines }| Wanted {
                    key: key.to_string(),
                    words,
                    lines,
                });
            (wanted.collect::<Vec<_>>(), syntax(SENT, &ftl))
        })
        .await?;
        self.change(locale, author, wanted, faults).await
    }

    async fn change(
        &self,
        locale: &str,
        author: &str,
        wanted: Vec<Wanted>,
        faults: Vec<Fault>,
    ) -> Result<Done, Refused> {
        let refused = |refused: Refused| {
            if matches!(refused, Refused::Faults(_) | Refused::Bound(_)) {
                telemetry::emit(events::TextsRefused { bot: self.spec.id });
            }
            refused
        };
        bounds(author, &wanted).map_err(refused)?;
        let tags = self.spec.locales.iter();
        let tag = tags
            .map(|l| l.tag)
            .find(|tag| *tag == locale)
            .ok_or(Refused::Locale)?;
        for _ in 0..TRIES {
            let (version, rows) = self.store.texts(self.spec.id).await?;
            let (spec, wanted, faults) = (self.spec, wanted.clone(), faults.clone());
            let planned = work(move || plan(spec, tag, &rows, &wanted, &faults)).await?;
            let (done, changes) = planned.map_err(refused)?;
            if changes.is_empty() {
                return Ok(done);
            }
            let changed = self
                .store
                .change_texts(spec.id, version, author, changes)
                .await?;
            if changed.is_some() {
                telemetry::emit(events::TextsChanged {
                    bot: spec.id,
                    locale: tag,
                    set: done.set.len(),
                    reverted: done.reverted.len(),
                });
                return Ok(done);
            }
        }
        Err(Refused::Race)
    }

    /// Reverts texts: those with these keys (`None`: all) of a locale (`None`: of all). Those that are not overridden are left
    /// out of the answer.
    ///
    /// # Errors
    /// The database fails, or others change the same texts again and again.
    pub async fn revert(
        &self,
        locale: Option<&str>,
        keys: Option<&[String]>,
        author: &str,
    ) -> Result<Done, Refused> {
        bounds(author, &[])?;
        for _ in 0..TRIES {
            let (version, rows) = self.store.texts(self.spec.id).await?;
            // Also those of a locale that this build does not have.
            let meant = rows.into_iter().filter(|row| {
                locale.is_none_or(|tag| row.locale == tag)
                    && keys.is_none_or(|keys| keys.contains(&row.key))
            });
            let changes: Vec<TextChange> = meant
                .map(|row| TextChange {
                    locale: row.locale,
                    key: row.key,
                    words: None,
                    original: row.original,
                })
                .collect();
            let done = Done {
                reverted: changes.iter().map(|c| c.key.clone()).collect(),
                ..Done::default()
            };
            if changes.is_empty() {
                return Ok(done);
            }
            let id = self.spec.id;
            let changed = self
                .store
                .change_texts(id, version, author, changes)
                .await?;
            if changed.is_some() {
                let tags = self.spec.locales.iter().map(|l| l.tag);
                telemetry::emit(events::TextsChanged {
                    bot: id,
                    locale: tags
                        .into_iter()
                        .find(|tag| Some(*tag) == locale)
                        .unwrap_or(""),
                    set: 0,
                    reverted: done.reverted.len(),
                });
                return Ok(done);
            }
        }
        Err(Refused::Race)
    }

    /// The `.ftl` file of a locale as it is in the bot's `locales/`, with the overridden texts in their places: it can be put
    /// back there. What is set aside stays out.
    ///
    /// # Errors
    /// No such locale, or the database fails.
    pub async fn export(&self, locale: &str) -> Result<String, Refused> {
        let (_, rows) = self.store.texts(self.spec.id).await?;
        let (spec, tag) = (self.spec, locale.to_owned());
        work(move || {
            let sources = Sources::of(spec);
            let locale = sources.locale(&tag).ok_or(Refused::Locale)?;
            let settled = suit(&sources, &rows);
            let used = settled.active.iter().filter_map(|i| rows.get(*i));
            Ok(source(&sources, locale, used))
        })
        .await?
    }
}

/// Work that takes its time, beside the threads that serve updates.
async fn work<T: Send + 'static>(does: impl FnOnce() -> T + Send + 'static) -> Result<T, Refused> {
    let done = tokio::task::spawn_blocking(does).await;
    done.map_err(|_| Refused::Store(StoreError::Busy))
}

fn bounds(author: &str, wanted: &[Wanted]) -> Result<(), Refused> {
    let length = author.chars().count();
    if length == 0 || length > AUTHOR || author.chars().any(char::is_control) {
        let words = format!("an author is 1 to {AUTHOR} characters, without controls");
        return Err(Refused::Bound(words));
    }
    if let Some(long) = wanted.iter().find(|w| w.words.len() > WORDS_BYTES) {
        let words = format!("`{}` has more than {WORDS_BYTES} bytes", long.key);
        return Err(Refused::Bound(words));
    }
    // As in the bot's files: BF0004.
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}');
    if let Some(text) = wanted.iter().find(|w| w.words.contains(odd)) {
        let words = format!("`{}` holds control characters", text.key);
        return Err(Refused::Bound(words));
    }
    let mut keys = BTreeSet::new();
    if let Some(twice) = wanted.iter().find(|w| !keys.insert(&w.key)) {
        return Err(Refused::Bound(format!("`{}` is given twice", twice.key)));
    }
    Ok(())
}

/// What the files of the bot (or the runtime) say, by key.
fn originals(sources: &Sources, locale: LocaleIndex) -> BTreeMap<Key, (String, &'static str)> {
    let mut all = BTreeMap::new();
    let of = |ftl: &str| located(ftl).into_iter().map(|l| (l.key, l.words));
    all.extend(of(sources.own(locale)).map(|(key, words)| (key, (words, "runtime"))));
    all.extend(of(sources.ftl(locale)).map(|(key, words)| (key, (words, "bot"))));
    all
}

type Planned = Result<(Done, Vec<TextChange>), Refused>;

/// What is to be changed so that the wanted texts are said.
fn plan(
    spec: &'static BotSpec,
    tag: &'static str,
    rows: &[TextRow],
    wanted: &[Wanted],
    faults: &[Fault],
) -> Planned {
    let sources = Sources::of(spec);
    let locale = sources.locale(tag).ok_or(Refused::Locale)?;
    let originals = originals(&sources, locale);
    let original = |key: &str| Key::parse(key).and_then(|key| originals.get(&key));
    // What stays as it is, as far as it is used; then what is wanted.
    let replaced: BTreeSet<&str> = wanted.iter().map(|w| w.key.as_str()).collect();
    let stays = |row: &&TextRow| row.locale != tag || !replaced.contains(row.key.as_str());
    let others: Vec<TextRow> = rows.iter().filter(stays).cloned().collect();
    let Settled { active, .. } = suit(&sources, &others);
    let others = active.iter().filter_map(|i| others.get(*i));
    let mut given: Vec<Given<'_>> = others
        .filter_map(|row| {
            Some(Given {
                locale: sources.locale(&row.locale)?,
                key: &row.key,
                words: &row.words,
                lines: &[],
            })
        })
        .collect();
    let same = |w: &&Wanted| original(&w.key).is_some_and(|(words, _)| *words == trimmed(&w.words));
    let news = wanted.iter().filter(|w| !same(w));
    given.extend(news.map(|w| Given {
        locale,
        key: &w.key,
        words: &w.words,
        lines: &w.lines,
    }));
    let checked = check(&sources.written(), &given);
    let all: Vec<&Fault> = faults.iter().chain(&checked.faults).collect();
    if all.iter().any(|fault| fault.severity == Severity::Error) {
        return Err(Refused::Faults(
            all.into_iter().map(Finding::from).collect(),
        ));
    }
    let mut done = Done::default();
    let mut changes = Vec::new();
    for w in wanted {
        let (said, _) = original(&w.key).cloned().unwrap_or_default();
        let words = trimmed(&w.words);
        let stored = rows
            .iter()
            .find(|row| row.locale == tag && row.key == w.key);
        let change = |words: Option<String>| TextChange {
            locale: tag.to_owned(),
            key: w.key.clone(),
            words,
            original: said.clone(),
        };
        match stored {
            None if said == words => done.unchanged.push(w.key.clone()),
            Some(_) if said == words => {
                done.reverted.push(w.key.clone());
                changes.push(change(None));
            }
            Some(row) if row.words == words && row.original == said => {
                done.unchanged.push(w.key.clone());
            }
            _ => {
                done.set.push(w.key.clone());
                changes.push(change(Some(words)));
            }
        }
    }
    let fresh = changes.iter().filter(|c| c.words.is_some()).count();
    if fresh > 0 && rows.iter().filter(stays).count() + fresh > TEXTS {
        return Err(Refused::Bound(format!(
            "a bot has at most {TEXTS} overridden texts"
        )));
    }
    let news: BTreeSet<&str> = done.set.iter().map(String::as_str).collect();
    let about = |fault: &&&Fault| {
        fault
            .at
            .key
            .as_deref()
            .is_some_and(|key| news.contains(key))
    };
    done.diagnostics = all
        .iter()
        .filter(about)
        .map(|fault| Finding::from(*fault))
        .collect();
    Ok((done, changes))
}

/// Words as they are compared and stored.
fn trimmed(words: &str) -> String {
    words
        .replace("\r\n", "\n")
        .trim_end_matches([' ', '\n'])
        .to_owned()
}

fn listed(
    spec: &'static BotSpec,
    sources: &Sources,
    rows: &[TextRow],
    only: Option<LocaleIndex>,
    overridden: bool,
) -> Vec<TextEntry> {
    let settled = suit(sources, rows);
    let uses = uses(sources);
    let mut all = Vec::new();
    for (index, locale) in spec.locales.iter().enumerate() {
        if only.is_some_and(|only| only != index) {
            continue;
        }
        let originals = originals(sources, index);
        let stored: BTreeMap<&str, usize> = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.locale == locale.tag)
            .map(|(i, row)| (row.key.as_str(), i))
            .collect();
        let mut keys: BTreeSet<String> = originals.keys().map(Key::to_string).collect();
        keys.extend(stored.keys().map(|key| (*key).to_owned()));
        for key in keys {
            let at = stored.get(key.as_str()).copied();
            let row = at.and_then(|i| rows.get(i));
            if overridden && row.is_none() {
                continue;
            }
            let known = Key::parse(&key).and_then(|key| originals.get(&key));
            let (original, source) = known.cloned().unwrap_or((String::new(), "bot"));
            let stale = settled.stale.iter().find(|(i, _)| Some(*i) == at);
            let (used, variables) = uses.get(&key).cloned().unwrap_or_default();
            all.push(TextEntry {
                locale: locale.tag.to_owned(),
                overridden: row.map(|row| Overridden {
                    words: row.words.clone(),
                    author: row.author.clone(),
                    at: moment(row.at),
                    original_changed: row.original != original,
                    stale: stale.is_some(),
                    finding: stale.and_then(|(_, fault)| fault.as_ref().map(Finding::from)),
                }),
                key,
                original,
                source,
                used: used.into_iter().collect(),
                variables: variables.into_iter().collect(),
            });
        }
    }
    // Of locales that this build does not have.
    if only.is_none() {
        let gone = rows
            .iter()
            .filter(|row| sources.locale(&row.locale).is_none());
        all.extend(gone.map(|row| TextEntry {
            locale: row.locale.clone(),
            key: row.key.clone(),
            original: String::new(),
            source: "bot",
            overridden: Some(Overridden {
                words: row.words.clone(),
                author: row.author.clone(),
                at: moment(row.at),
                original_changed: true,
                stale: true,
                finding: None,
            }),
            used: Vec::new(),
            variables: Vec::new(),
        }));
    }
    all
}

type Uses = BTreeMap<String, (BTreeSet<&'static str>, BTreeSet<String>)>;

/// Where the bot uses which message, and what it gives.
fn uses(sources: &Sources) -> Uses {
    let mut uses = Uses::new();
    for text in &sources.handed.texts {
        shape::each_message(&text.nodes, &mut |message| {
            let key = Key {
                term: false,
                id: message.key.clone(),
                attribute: message.attribute.clone(),
            };
            let (used, variables) = uses.entry(key.to_string()).or_default();
            used.insert(text.slot.name());
            variables.extend(message.given.iter().map(|g| g.name.clone()));
        });
    }
    uses
}
