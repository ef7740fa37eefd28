//! People whose updates were seen, and segments of them.
//!
//! An update only notes who acts ([`People::see`]: a lock and a look into a map); what is new is written once a second, many
//! at once. A crash loses the last second of it, and the next update of a person brings it back.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Store;
use super::error::StoreError;
use crate::incoming::Person;

/// Whoever is seen again within this time, and is the same, is not written again (microseconds).
const FRESH: i64 = 60_000_000;
/// People noted till the next write; what does not fit is noted by its next update.
const WAITING: usize = 65_536;
/// People of one statement.
pub(crate) const BATCH: usize = 1_000;
/// People remembered as written: two generations of so many.
const GENERATION: usize = 50_000;
/// Characters of a name that are kept: Telegram's own bounds are less.
const NAME: usize = 128;

/// The bot's name in the views that bots' SQL reads: a preview sees previews there, and whoever talks to the bot does not. No
/// bot's own name has a `:`.
pub(crate) fn in_views(bot: i64, bot_id: &'static str) -> Cow<'static, str> {
    match bot < 0 {
        true => format!("preview:{bot_id}").into(),
        false => bot_id.into(),
    }
}

/// Bot and person.
type Whom = (i64, i64);

/// Somebody seen.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    pub(crate) bot: i64,
    /// As the views have it.
    pub(crate) bot_id: Cow<'static, str>,
    pub(crate) person: i64,
    pub(crate) first_name: String,
    pub(crate) last_name: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) private: bool,
    /// Microseconds.
    pub(crate) at: i64,
}

impl Sight {
    pub(crate) fn new(
        bot: i64,
        bot_id: &'static str,
        person: &Person,
        private: bool,
        at: i64,
    ) -> Self {
        Self {
            bot,
            bot_id: in_views(bot, bot_id),
            person: person.id,
            first_name: clean(&person.first_name),
            last_name: person.last_name.as_deref().map(clean),
            username: person.username.as_deref().map(clean),
            language: person.language_code.as_deref().map(clean),
            private,
            at,
        }
    }
}

/// Postgres takes no NUL, which must not keep the others of a batch out.
fn clean(name: &str) -> String {
    name.chars().filter(|c| *c != '\0').take(NAME).collect()
}

#[derive(Debug, Clone, Copy)]
struct Written {
    looks: u64,
    private: bool,
    at: i64,
}

#[derive(Debug)]
struct Noted {
    bot_id: &'static str,
    person: Arc<Person>,
    private: bool,
    at: i64,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: HashMap<Whom, Noted>,
    young: HashMap<Whom, Written>,
    old: HashMap<Whom, Written>,
}

impl Inner {
    fn written(&self, whom: Whom) -> Option<Written> {
        self.young
            .get(&whom)
            .or_else(|| self.old.get(&whom))
            .copied()
    }

    fn remember(&mut self, whom: Whom, written: Written) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(whom, written);
    }
}

/// Who was seen since the last write, and who was written lately.
#[derive(Debug, Default)]
pub(crate) struct People {
    inner: Mutex<Inner>,
    /// Held while a batch is written, and while a person is erased: they are on their way in none meanwhile.
    pub(crate) writing: tokio::sync::Mutex<()>,
}

fn looks(person: &Person) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&person.first_name, &person.last_name).hash(&mut hasher);
    (&person.username, &person.language_code).hash(&mut hasher);
    hasher.finish()
}

impl People {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An update of this person has arrived; whether it is the one that has them written.
    pub(crate) fn see(
        &self,
        bot: i64,
        bot_id: &'static str,
        person: &Arc<Person>,
        private: bool,
        now: i64,
    ) -> bool {
        let whom = (bot, person.id);
        let looks = looks(person);
        let mut inner = self.lock();
        if let Some(written) = inner.written(whom)
            && written.looks == looks
            && (written.private || !private)
            && now.saturating_sub(written.at) < FRESH
        {
            return false;
        }
        let full = inner.waiting.len() >= WAITING;
        if let Some(noted) = inner.waiting.get_mut(&whom) {
            noted.person = person.clone();
            noted.private |= private;
            noted.at = now;
            return false;
        }
        if !full {
            let noted = Noted {
                bot_id,
                person: person.clone(),
                private,
                at: now,
            };
            inner.waiting.insert(whom, noted);
        }
        !full
    }

    /// The update that had this person noted at `at` was one of before, and nothing has come of them since.
    pub(crate) fn unsee(&self, bot: i64, person: i64, at: i64) {
        let mut inner = self.lock();
        let whom = (bot, person);
        if inner.waiting.get(&whom).is_some_and(|noted| noted.at == at) {
            inner.waiting.remove(&whom);
        }
    }

    /// Nobody is to be reminded of this person: what was noted is forgotten.
    pub(crate) fn forget(&self, bot: i64, person: i64) {
        let mut inner = self.lock();
        inner.waiting.remove(&(bot, person));
        inner.young.remove(&(bot, person));
        inner.old.remove(&(bot, person));
    }

    /// Takes up to [`BATCH`] people, in the order in which whoever writes several takes them.
    fn take(&self) -> Vec<(Whom, Noted)> {
        let mut inner = self.lock();
        let all = std::mem::take(&mut inner.waiting);
        let mut all: Vec<_> = all.into_iter().collect();
        let rest = all.split_off(all.len().min(BATCH));
        inner.waiting = rest.into_iter().collect();
        all.sort_unstable_by_key(|(whom, _)| *whom);
        all
    }

    fn put_back(&self, batch: Vec<(Whom, Noted)>) {
        let mut inner = self.lock();
        for (whom, noted) in batch {
            if inner.waiting.len() < WAITING {
                inner.waiting.entry(whom).or_insert(noted);
            }
        }
    }

    fn done(&self, batch: &[(Whom, Noted)]) {
        let mut inner = self.lock();
        for (whom, noted) in batch {
            let before = inner.written(*whom);
            let written = Written {
                looks: looks(&noted.person),
                private: noted.private || before.is_some_and(|before| before.private),
                at: noted.at,
            };
            inner.remember(*whom, written);
        }
    }
}

/// A page of a segment.
pub(crate) const PAGE: i64 = 1_000;

impl Store {
    /// Writes who was seen; how many people were written.
    ///
    /// # Errors
    /// The database fails; they are written by the next call.
    pub async fn write_people(&self) -> Result<usize, StoreError> {
        let mut count = 0;
        let _writing = self.people.writing.lock().await;
        loop {
            let batch = self.people.take();
            if batch.is_empty() {
                return Ok(count);
            }
            let sights = batch.iter().map(|((bot, _), noted)| {
                Sight::new(*bot, noted.bot_id, &noted.person, noted.private, noted.at)
            });
            let sights = sights.collect();
            if let Err(error) = backend!(self, backend => backend.write_people(sights).await) {
                self.people.put_back(batch);
                return Err(error);
            }
            self.people.done(&batch);
            count += batch.len();
        }
    }

    /// How many people of a bot there are: known from a private chat, those of them who can be reached and have not opted
    /// out.
    pub(crate) async fn count_people(&self, bot: i64) -> Result<(i64, i64), StoreError> {
        backend!(self, backend => backend.count_people(bot).await)
    }

    /// A bot's segments with the number of their people.
    pub(crate) async fn segments(&self, bot: i64) -> Result<Vec<(String, i64)>, StoreError> {
        backend!(self, backend => backend.segments(bot).await)
    }

    /// People of a segment with greater ids than `after`, at most [`PAGE`].
    pub(crate) async fn segment(
        &self,
        bot: i64,
        segment: &str,
        after: i64,
    ) -> Result<Vec<i64>, StoreError> {
        backend!(self, backend => backend.segment(bot, segment, after, PAGE).await)
    }

    /// Puts people into a segment, or takes them out; how many rows have changed.
    pub(crate) async fn change_segment(
        &self,
        (bot, bot_id): (i64, &'static str),
        segment: &str,
        people: Vec<i64>,
        join: bool,
    ) -> Result<u64, StoreError> {
        let now = self.clock.micros();
        let segment = segment.to_owned();
        backend!(
            self,
            backend => backend.change_segment((bot, bot_id), segment, people, join, now).await
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anna(name: &str) -> Arc<Person> {
        Arc::new(Person {
            id: 7,
            first_name: name.to_owned(),
            last_name: None,
            username: None,
            language_code: Some("en".to_owned()),
        })
    }

    #[test]
    fn who_is_the_same_is_not_written_again_for_a_minute() {
        let people = People::default();
        let see = |name: &str, private, at| people.see(1, "bot", &anna(name), private, at);
        see("Anna", false, 0);
        see("Anna", true, 1);
        let batch = people.take();
        assert_eq!(batch.len(), 1);
        assert!(
            batch
                .first()
                .is_some_and(|(_, noted)| noted.private && noted.at == 1)
        );
        people.done(&batch);
        see("Anna", false, 2);
        see("Anna", true, FRESH);
        assert!(people.take().is_empty());
        see("Anna", true, FRESH + 1);
        assert_eq!(people.take().len(), 1);
        see("Ann", true, 3);
        assert_eq!(people.take().len(), 1);
    }

    #[test]
    fn an_update_of_before_notes_nobody() {
        let people = People::default();
        let see = |at| people.see(1, "bot", &anna("Anna"), true, at);
        assert!(see(1));
        people.unsee(1, 7, 1);
        assert!(people.take().is_empty());
        // Something new of hers has come meanwhile.
        assert!(see(2) && !see(3));
        people.unsee(1, 7, 2);
        assert_eq!(people.take().len(), 1);
    }

    #[test]
    fn what_could_not_be_written_waits_but_not_over_what_is_newer() {
        let people = People::default();
        people.see(1, "bot", &anna("old"), true, 0);
        let batch = people.take();
        people.see(1, "bot", &anna("new"), true, 1);
        people.put_back(batch);
        let batch = people.take();
        assert!(
            batch
                .first()
                .is_some_and(|(_, noted)| noted.person.first_name == "new")
        );
    }

    #[test]
    fn names_are_bounded_and_have_no_nul() {
        let person = Person {
            first_name: format!("a\0{}", "ж".repeat(500)),
            ..(*anna("")).clone()
        };
        let sight = Sight::new(1, "bot", &person, true, 0);
        assert_eq!(sight.first_name.chars().count(), NAME);
        assert!(!sight.first_name.contains('\0'));
    }
}
