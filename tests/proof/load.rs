//! People who talk to the bots for as long as they are let, what they have done, and what they must have heard.
//!
//! A person answers one survey (its last step is a statement that runs together with the claim) and then makes one booking
//! after the other (their last step runs in a transaction). Texts and presses go through different queues of Telegram's.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use runtime_core::testing::telegram::{FakeBot, Shown, User};

use crate::deployment::Deployment;
use crate::words::EN;

/// Longest wait for a reply.
const PATIENCE: Duration = Duration::from_secs(90);
/// After so long a person presses again.
const IMPATIENCE: Duration = Duration::from_secs(20);
/// Without its markup.
const ASK_SLOT: &str = "When? Type it like this";
/// The first person.
const FIRST: i64 = 100_000;

/// What one person has done.
#[derive(Debug, Default, Clone)]
pub struct Done {
    /// The survey is answered.
    pub survey: bool,
    /// Bookings: slot and note.
    pub bookings: Vec<(String, String)>,
    /// How long each reply took.
    pub waits: Vec<Duration>,
}

/// The people.
pub struct Load {
    stop: Arc<AtomicBool>,
    /// Replies heard so far by all.
    pub heard: Arc<AtomicUsize>,
    /// People who have made a booking.
    booked: Arc<AtomicUsize>,
    people: Vec<tokio::task::JoinHandle<(i64, Done)>>,
}

impl Load {
    /// So many people begin to talk.
    pub fn start(deployment: &Deployment, people: i64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let heard = Arc::new(AtomicUsize::new(0));
        let booked = Arc::new(AtomicUsize::new(0));
        let people = (0..people)
            .map(|n| {
                let person = Person {
                    user: User {
                        id: FIRST + n,
                        name: "Anna",
                        language: "en",
                    },
                    booking: deployment.booking.clone(),
                    survey: deployment.survey.clone(),
                    stop: stop.clone(),
                    heard: heard.clone(),
                    booked: booked.clone(),
                    done: Done::default(),
                };
                tokio::spawn(person.live())
            })
            .collect();
        Self {
            stop,
            heard,
            booked,
            people,
        }
    }

    /// Waits until everybody has made a booking.
    pub async fn everybody(&self) {
        let began = Instant::now();
        while self.booked.load(Ordering::SeqCst) < self.people.len() {
            assert!(began.elapsed() < PATIENCE, "people wait in vain");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Lets everybody finish what they are at.
    pub async fn finish(self) -> BTreeMap<i64, Done> {
        self.stop.store(true, Ordering::SeqCst);
        let mut all = BTreeMap::new();
        for person in self.people {
            let (id, done) = person.await.expect("a person waits in vain");
            all.insert(id, done);
        }
        all
    }
}

struct Person {
    user: User,
    booking: FakeBot,
    survey: FakeBot,
    stop: Arc<AtomicBool>,
    heard: Arc<AtomicUsize>,
    booked: Arc<AtomicUsize>,
    done: Done,
}

impl Person {
    async fn live(mut self) -> (i64, Done) {
        // Not everybody at once.
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..500))).await;
        self.answer_the_survey().await;
        let mut round = 0;
        while !self.stop.load(Ordering::SeqCst) {
            self.book(round).await;
            if round == 0 {
                self.booked.fetch_add(1, Ordering::SeqCst);
            }
            round += 1;
        }
        (self.user.id, self.done)
    }

    async fn answer_the_survey(&mut self) {
        let (bot, id) = (self.survey.clone(), self.user.id);
        let mut seen = 0;
        bot.say(self.user, id, "/survey");
        let asked = self.hear(&bot, &mut seen, "Have you visited", None).await;
        self.press(&bot, &mut seen, asked, "No", "What should we")
            .await;
        bot.say(self.user, id, "plumbus");
        let asked = self.hear(&bot, &mut seen, "write back", None).await;
        self.press(&bot, &mut seen, asked, "✉️ Yes, please", "Your e-mail")
            .await;
        bot.say(self.user, id, &format!("p{id}@example.org"));
        self.hear(&bot, &mut seen, "Thank you", None).await;
        self.done.survey = true;
    }

    async fn book(&mut self, round: usize) {
        let (bot, id) = (self.booking.clone(), self.user.id);
        let mut seen = bot.shown_in(id, 0).len();
        let slot = slot(id, round);
        let note = format!("note {id} {round}");
        bot.say(self.user, id, "/quick");
        let asked = self.hear(&bot, &mut seen, EN.ask_service, None).await;
        self.press(&bot, &mut seen, asked, EN.spa, ASK_SLOT).await;
        bot.say(self.user, id, &slot);
        self.hear(&bot, &mut seen, EN.ask_note, None).await;
        bot.say(self.user, id, &note);
        self.hear(&bot, &mut seen, &note, None).await;
        self.done.bookings.push((slot, note));
    }

    async fn press(
        &mut self,
        bot: &FakeBot,
        seen: &mut usize,
        asked: Shown,
        button: &str,
        then: &str,
    ) {
        bot.press(self.user, &asked, button)
            .expect("the button is there");
        self.hear(bot, seen, then, Some((asked, button))).await;
    }

    /// Waits for a message with these words; who has pressed presses again after a while, under the newest question.
    async fn hear(
        &mut self,
        bot: &FakeBot,
        seen: &mut usize,
        words: &str,
        mut pressed: Option<(Shown, &str)>,
    ) -> Shown {
        let began = Instant::now();
        let mut patience = IMPATIENCE;
        loop {
            let shown = bot.shown_in(self.user.id, 0);
            let new = |message: &Shown| message.text.contains(words);
            if let Some(at) = newest(&shown, *seen, new) {
                *seen = at + 1;
                self.done.waits.push(began.elapsed());
                self.heard.fetch_add(1, Ordering::Relaxed);
                return shown[at].clone();
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{} never hears {words:?}, only {:#?}",
                self.user.id,
                &shown[*seen..]
            );
            if began.elapsed() > patience
                && let Some((asked, button)) = &mut pressed
            {
                patience += IMPATIENCE;
                let same = |message: &Shown| message.text == asked.text;
                if let Some(at) = newest(&shown, *seen, same) {
                    *asked = shown[at].clone();
                }
                bot.press(self.user, asked, button);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The newest message of such a kind from a place on. What was said before may be said once more, and late (the buttons of a
/// question are its own, so that such a one is known): that asks nothing.
fn newest(shown: &[Shown], from: usize, kind: impl Fn(&Shown) -> bool) -> Option<usize> {
    let same = |one: &Shown, other: &Shown| one.text == other.text && one.markup == other.markup;
    (from..shown.len())
        .rev()
        .filter(|at| kind(&shown[*at]))
        .find(|at| !shown[..*at].iter().any(|before| same(before, &shown[*at])))
}

/// A slot that nobody else has: minutes from 2031 on.
fn slot(person: i64, round: usize) -> String {
    let minutes = (person - FIRST) * 500 + i64::try_from(round).unwrap();
    let (day, minute) = (minutes / 1440, minutes % 1440);
    // Months of 28 days are enough.
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}",
        2031 + day / 336,
        day % 336 / 28 + 1,
        day % 28 + 1,
        minute / 60,
        minute % 60
    )
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    pub people: usize,
    pub bookings: usize,
    pub kills: usize,
    pub messages: usize,
    /// Messages that people have seen more than once.
    pub doubled: usize,
    /// The replies' times, sorted.
    pub waits: Vec<Duration>,
}

impl Report {
    /// The share of replies that were at most so slow.
    pub fn at(&self, share: f64) -> Duration {
        let last = self.waits.len().saturating_sub(1);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss
        )]
        let at = (last as f64 * share) as usize;
        self.waits.get(at).copied().unwrap_or_default()
    }
}

/// Compares what is stored and what was said with what people did. To be called when everything is settled and stopped.
pub async fn judge(deployment: &Deployment, done: &BTreeMap<i64, Done>) -> Report {
    let mut report = Report {
        people: done.len(),
        kills: deployment.kills(),
        ..Report::default()
    };
    // Exactly one row for each booking, and no other.
    let mut rows: HashMap<(i64, String), usize> = HashMap::new();
    for row in deployment.pairs("SELECT user_id, note FROM bookings").await {
        *rows.entry(row).or_default() += 1;
    }
    for (person, done) in done {
        for (_, note) in &done.bookings {
            let count = rows.remove(&(*person, note.clone()));
            assert_eq!(count, Some(1), "{person}: {note}");
            report.bookings += 1;
        }
        report.waits.extend(&done.waits);
    }
    assert!(rows.is_empty(), "bookings that nobody made: {rows:?}");
    report.waits.sort_unstable();
    let surveys = deployment.pairs("SELECT user_id, email FROM answers").await;
    let answered = done.values().filter(|done| done.survey).count();
    assert_eq!(surveys.len(), answered, "one answer each");
    for (count, what) in [
        ("SELECT count(*) FROM bf_dead_letters", "dead letters"),
        (
            "SELECT count(*) FROM bf_outbox WHERE state IN (1, 2)",
            "unsent calls",
        ),
        (
            "SELECT count(*) FROM bf_conversations WHERE waiting IS NOT NULL",
            "people stuck in a dialogue",
        ),
    ] {
        assert_eq!(deployment.number(count).await, 0, "{what}");
    }
    let refused: Vec<_> = deployment
        .telegram
        .calls()
        .into_iter()
        .filter(|call| call.status == 400 && !call.description.contains("query is too old"))
        .collect();
    assert!(refused.is_empty(), "Telegram refused {refused:#?}");
    said(deployment, done, &mut report);
    report
}

/// Every reply was sent; what was sent twice was sent by a process that was killed before it could note the first.
fn said(deployment: &Deployment, done: &BTreeMap<i64, Done>, report: &mut Report) {
    let mut sent: HashMap<(i64, String), Vec<Instant>> = HashMap::new();
    for call in deployment.telegram.accepted("sendMessage") {
        let chat = call.body["chat_id"].as_i64().unwrap_or(0);
        let text = call.body["text"].as_str().unwrap_or_default().to_owned();
        sent.entry((chat, text)).or_default().push(call.at);
        report.messages += 1;
    }
    for (person, done) in done {
        let rounds = done.bookings.len();
        let times = |words: &str| -> usize {
            let of = |((chat, text), times): (&(i64, String), &Vec<Instant>)| {
                (chat == person && text.contains(words)).then_some(times.len())
            };
            sent.iter().filter_map(of).sum()
        };
        for words in [EN.ask_service, ASK_SLOT, EN.ask_note] {
            let times = times(words);
            assert!(
                times >= rounds,
                "{person} missed {words:?}: {times} of {rounds}"
            );
            report.doubled += times - rounds;
        }
        for (_, note) in &done.bookings {
            let mut at: Vec<Instant> = sent
                .iter()
                .filter(|((chat, text), _)| {
                    chat == person && text.ends_with(&format!("<i>{note}</i>"))
                })
                .flat_map(|(_, at)| at.clone())
                .collect();
            at.sort_unstable();
            assert!(!at.is_empty(), "{person} never heard of {note}");
            report.doubled += at.len() - 1;
            for pair in at.windows(2) {
                assert!(
                    deployment.broke_between(pair[0], pair[1]),
                    "{note} was said twice, {:?} apart, though nobody was killed in between",
                    pair[1] - pair[0]
                );
            }
        }
    }
}
