//! The rest of a handler that waits for an answer of the model: asked outside of every transaction, run as a turn of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use botfactory_lang::markup::ParseMode;

use super::route::Work;
use super::seat::{self, Seat, Update};
use super::{Engine, Outcome};
use crate::faults;
use crate::handler::error::HandlerError;
use crate::handler::job::Thought;
use crate::handler::message::Text;
use crate::handler::wizard::Caller;
use crate::incoming::{Channel, Event, Person, Place};
use crate::llm::ab::{self, Variant};
use crate::llm::{Answer, Ask, Format, Keep, Llm, Output, Refused, Task};
use crate::store::conversation::Key;
use crate::store::events::ResultTag;
use crate::store::jobs::Job;
use crate::store::outbox::micros;
use crate::telemetry;
use crate::telemetry::events::{JobEnd, JobEnded};
use crate::telemetry::life::Life;
use crate::telemetry::trace;

/// Most bytes of a stored job.
pub(crate) const JOB_BYTES: usize = 256 * 1024;
/// After so long the person is told that it takes longer, where that is declared.
const LONG: Duration = Duration::from_secs(3);
/// Attempts at the end of a job with one answer, and the first pause between them (which doubles).
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(50);
/// A job taken so often is ended without asking: whoever asked may have died of it. And one taken that often is given up.
const NO_MORE_QUESTIONS: i64 = 3;
const GIVEN_UP: i64 = 10;
/// When a job whose end could not be stored is looked at again.
const AGAIN: Duration = Duration::from_secs(5);
/// A preview waits this long for the model: it has to answer within its own deadline.
const PREVIEW: Duration = Duration::from_secs(15);
/// Jobs that one update of a preview may make in a row.
const IN_A_ROW: usize = 16;

/// What answers questions: the model, or a test's words.
pub trait Model: Send + Sync + std::fmt::Debug {
    /// Asks for a person of the bot of this id.
    fn ask<'a>(
        &'a self,
        bot: &'static str,
        user: i64,
        ask: &'a Ask,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Refused>> + Send + 'a>>;
}

impl Model for Llm {
    fn ask<'a>(
        &'a self,
        bot: &'static str,
        user: i64,
        ask: &'a Ask,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Refused>> + Send + 'a>> {
        Box::pin(self.ask(bot, user, ask))
    }
}

/// What a job holds: who asked, what, and what the rest of the handler knows.
#[derive(Serialize, Deserialize)]
pub(crate) struct Body {
    caller: Caller,
    args: String,
    ask: Ask,
    vars: Box<RawValue>,
    /// Trace id of the update that began it; empty: an earlier build stored it.
    #[serde(default)]
    trace: String,
    /// Of a rewritten reply, where that is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    variant: Option<Variant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    long: Option<Words>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    late: Option<Words>,
}

/// A finished text, stored.
#[derive(Clone, Serialize, Deserialize)]
struct Words {
    markup: String,
    mode: u8,
}

impl Words {
    fn of(text: &Text) -> Self {
        Self {
            markup: text.as_str().to_owned(),
            mode: match text.mode {
                ParseMode::Plain => 0,
                ParseMode::Html => 1,
                ParseMode::MarkdownV2 => 2,
            },
        }
    }

    fn text(&self) -> Text {
        let mut text = Text::of(match self.mode {
            1 => ParseMode::Html,
            2 => ParseMode::MarkdownV2,
            _ => ParseMode::Plain,
        });
        text.push(&self.markup);
        text
    }
}

impl Body {
    /// Where nothing of it can be read.
    fn nobody(key: Key) -> Self {
        let person = Person {
            id: key.person,
            first_name: String::new(),
            last_name: None,
            username: None,
            language_code: None,
        };
        let place = Place {
            chat_id: if key.chat == 0 { key.person } else { key.chat },
            private: key.chat == key.person,
            thread_id: key.thread,
        };
        Self {
            caller: Caller::of(&person, place),
            args: String::new(),
            ask: nothing(),
            vars: Box::default(),
            trace: String::new(),
            variant: None,
            long: None,
            late: None,
        }
    }

    /// For the database.
    pub(crate) fn store(
        thought: &Thought,
        person: &Person,
        place: Place,
        args: &str,
        trace: &str,
    ) -> Result<String, HandlerError> {
        let body = Self {
            caller: Caller::of(person, place),
            args: args.to_owned(),
            ask: thought.ask.clone(),
            vars: thought.vars.clone(),
            trace: trace.to_owned(),
            variant: thought.variant,
            long: thought.long.as_ref().map(Words::of),
            late: thought.late.as_ref().map(Words::of),
        };
        let json = serde_json::to_string(&body)
            .map_err(|_| HandlerError::Bug("a job does not serialize"))?;
        if json.len() > JOB_BYTES {
            return Err(HandlerError::TooLarge(JOB_BYTES));
        }
        Ok(json)
    }
}

/// A job with its answer.
pub(crate) struct Finished {
    pub(crate) id: i64,
    /// Of the conversation that waits for it; 0: none does.
    pub(crate) version: i64,
    pub(crate) flow: String,
    pub(crate) segment: String,
    pub(crate) args: String,
    /// `None`: it cannot be read, another build stored it.
    pub(crate) vars: Option<Box<RawValue>>,
    /// `None`: the fallback holds.
    pub(crate) output: Option<Output>,
    /// Who has written the reply, where one was to be rewritten.
    pub(crate) tag: Option<ResultTag>,
    /// Said where the person has moved on.
    pub(crate) late: Option<Text>,
}

impl std::fmt::Debug for Finished {
    /// Without what people and the model said.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finished")
            .field("id", &self.id)
            .field("flow", &self.flow)
            .field("segment", &self.segment)
            .field("answered", &self.output.is_some())
            .finish_non_exhaustive()
    }
}

/// What is said while a job still runs.
#[derive(Debug)]
pub(crate) struct Longer {
    pub(crate) version: i64,
    pub(crate) text: Text,
}

impl Engine {
    /// What answers questions from now on; the first call counts.
    pub fn set_model(&self, model: Arc<dyn Model>) {
        let _ = self.shared.model.set(model);
    }

    /// Told when a job was stored here.
    pub(crate) fn jobs(&self) -> &tokio::sync::Notify {
        &self.shared.jobs
    }

    /// The bots that are connected here and have handlers that wait: Telegram's id and the folder's name.
    pub(crate) fn slow_bots(&self) -> Vec<(i64, &'static str)> {
        self.seats
            .iter()
            .filter(|seat| seat.bot.slow() && seat.is_connected())
            .map(|seat| (seat.id(false), seat.spec.id))
            .collect()
    }

    /// Asks what a job asks, and runs the rest of its handler.
    pub(crate) async fn finish(&self, job: Job) {
        let Some(seat) = self.seats.iter().find(|seat| seat.id(false) == job.key.bot) else {
            return; // its lease ends
        };
        let id = job.id;
        if !matches!(
            self.settle(seat, job, Channel::Polling, None).await,
            Outcome::Done { .. }
        ) {
            // If even this fails, its lease ends.
            let _ = self.shared.store.put_off_job(id, AGAIN).await;
        }
    }

    /// Runs the jobs that an update of a preview has made: nobody else does, and their words go to who waits here.
    pub(crate) async fn think_aloud(&self, bot: usize, key: Key, outcome: Outcome) -> Outcome {
        let Some(seat) = self.seats.get(bot).filter(|seat| seat.bot.slow()) else {
            return outcome;
        };
        let Outcome::Done {
            response,
            mut calls,
        } = outcome
        else {
            return outcome;
        };
        for _ in 0..IN_A_ROW {
            let Ok(Some(job)) = self.shared.store.take_job_of(key).await else {
                break;
            };
            match self
                .settle(seat, job, Channel::Preview, Some(PREVIEW))
                .await
            {
                Outcome::Done { calls: more, .. } => calls.extend(more),
                Outcome::Busy { .. } => break,
            }
        }
        Outcome::Done { response, calls }
    }

    /// The conversation of an update.
    pub(crate) fn key_of(&self, bot: usize, channel: Channel, event: &Event) -> Option<Key> {
        let seat = self.seats.get(bot)?;
        let (person, place) = match event {
            Event::Message(message) => (&message.from, message.place),
            Event::Callback(callback) => (&callback.from, callback.place),
            Event::Other(_) => return None,
        };
        Some(Update::key(seat, channel, person, place))
    }

    async fn settle(
        &self,
        seat: &Arc<Seat>,
        job: Job,
        channel: Channel,
        at_most: Option<Duration>,
    ) -> Outcome {
        let body = serde_json::from_str::<Body>(&job.body).ok();
        let readable = body.filter(|_| job.attempts <= GIVEN_UP);
        let known = readable.is_some();
        // Nobody is known whom it could tell: only what it leaves is recorded.
        let mut body = readable.unwrap_or_else(|| Body::nobody(job.key));
        if body.trace.is_empty() {
            body.trace = trace::new_id();
        }
        let life = Life::of(&body.trace, seat.spec.id, body.caller.id());
        let settled = async {
            match known {
                true => self.answer_job(seat, &job, &body, channel, at_most).await,
                false => self.end(seat, &job, &body, channel, None).await,
            }
        };
        life.during(settled).await
    }

    async fn answer_job(
        &self,
        seat: &Arc<Seat>,
        job: &Job,
        body: &Body,
        channel: Channel,
        at_most: Option<Duration>,
    ) -> Outcome {
        let began = Instant::now();
        faults::point("jobs.before_ask");
        let now = self.shared.store.clock().micros();
        let left = u64::try_from(job.deadline.saturating_sub(now)).unwrap_or(0);
        let left = Duration::from_micros(left);
        let left = at_most.map_or(left, |most| left.min(most));
        let asked = self.ask(seat, job, body, channel, left).await;
        faults::point("jobs.after_ask");
        let end = match &asked {
            Ok(_) => JobEnd::Answered,
            Err(refused) => JobEnd::Refused(refused.code()),
        };
        let outcome = self.end(seat, job, body, channel, Some(asked)).await;
        if matches!(outcome, Outcome::Done { .. }) {
            let waited = self.shared.store.clock().micros().saturating_sub(job.at);
            telemetry::emit(JobEnded {
                bot: seat.spec.id,
                end,
                waited: Duration::from_micros(u64::try_from(waited).unwrap_or(0)),
                took: began.elapsed(),
            });
            faults::point("jobs.after_end");
        }
        outcome
    }

    async fn ask(
        &self,
        seat: &Arc<Seat>,
        job: &Job,
        body: &Body,
        channel: Channel,
        left: Duration,
    ) -> Result<Answer, Refused> {
        if left.is_zero() || job.attempts > NO_MORE_QUESTIONS {
            return Err(Refused::TimedOut);
        }
        let Some(model) = self.shared.model.get() else {
            return Err(Refused::Disabled);
        };
        let asking = model.ask(seat.spec.id, body.caller.id(), &body.ask);
        let mut asking = std::pin::pin!(tokio::time::timeout(left, asking));
        if let Some(long) = body.long.as_ref().filter(|_| channel != Channel::Preview) {
            match tokio::time::timeout(LONG, &mut asking).await {
                Ok(asked) => return asked.unwrap_or(Err(Refused::TimedOut)),
                Err(_) => self.take_longer(seat, job, body, channel, long).await,
            }
        }
        asking.await.unwrap_or(Err(Refused::TimedOut))
    }

    /// The person is told that it takes longer: at most once.
    async fn take_longer(
        &self,
        seat: &Arc<Seat>,
        job: &Job,
        body: &Body,
        channel: Channel,
        long: &Words,
    ) {
        let work = || {
            Work::Longer(Box::new(Longer {
                version: job.version,
                text: long.text(),
            }))
        };
        // If it cannot be said now, the answer soon says more.
        let _ = self
            .turn(seat, job, body, channel, job.longer_claim(), work)
            .await;
    }

    /// Runs the rest of the handler: with one answer, until it is stored or time is over. `asked`: `None` where what is
    /// stored cannot be read.
    async fn end(
        &self,
        seat: &Arc<Seat>,
        job: &Job,
        body: &Body,
        channel: Channel,
        asked: Option<Result<Answer, Refused>>,
    ) -> Outcome {
        let readable = asked.is_some();
        let came = asked.as_ref().map(|asked| match asked {
            Ok(_) => Ok(()),
            Err(refused) => Err(*refused),
        });
        let improved = body.ask.task == Task::Improve && readable;
        let tag = improved.then(|| ab::tag(body.variant, came));
        let output = asked.and_then(Result::ok).map(|answer| answer.output);
        let work = || {
            Work::Resume(Box::new(Finished {
                id: job.id,
                version: job.version,
                flow: job.flow.clone(),
                segment: job.segment.clone(),
                args: body.args.clone(),
                vars: readable.then(|| body.vars.clone()),
                output: output.clone(),
                tag,
                late: body.late.as_ref().map(Words::text),
            }))
        };
        let mut pause = PAUSE;
        for attempt in 1.. {
            let outcome = self.turn(seat, job, body, channel, job.claim(), work).await;
            if matches!(outcome, Outcome::Done { .. }) || attempt >= ATTEMPTS {
                return outcome;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Outcome::BUSY
    }

    async fn turn(
        &self,
        seat: &Arc<Seat>,
        job: &Job,
        body: &Body,
        channel: Channel,
        update_id: i64,
        work: impl Fn() -> Work,
    ) -> Outcome {
        let (person, mut place) = body.caller.parts();
        if job.key.chat != 0 {
            place.chat_id = job.key.chat; // a group may have become a supergroup meanwhile
        }
        let Ok(words) = self
            .words_of(seat, job.key.bot, Arc::new(person), place)
            .await
        else {
            return Outcome::BUSY;
        };
        let update = Update {
            seat: seat.clone(),
            update_id,
            channel,
            trace_id: body.trace.clone(),
            arrived: Instant::now(),
            place,
            pressed: None,
            key: job.key,
            words,
            limits: self.decisions(seat, job.key.bot, update_id),
            noted: None,
        };
        tokio::time::timeout(seat::DEADLINE, self.write(update, work()))
            .await
            .unwrap_or(Outcome::BUSY)
    }
}

/// A question that nobody asks.
fn nothing() -> Ask {
    Ask {
        place: "".into(),
        task: Task::Plain,
        locale: "en".into(),
        system: String::new(),
        given: None,
        text: String::new(),
        keep: Keep::Start,
        format: Format::Text { max: 1 },
        max_tokens: 1,
        temperature: 0,
    }
}

/// When the fallback of a job that is stored now holds.
pub(crate) fn deadline(now: i64, seconds: u32) -> i64 {
    now.saturating_add(micros(Duration::from_secs(u64::from(seconds))))
}
