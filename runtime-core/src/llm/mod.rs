//! The model that bots ask: one OpenAI-compatible server for all bots of a deployment.
//!
//! A question passes, in this order: the switches, moderation, whoever asks the same at this moment ([`flight`]), answers
//! that are known ([`cache`]), the circuit breaker, the limits of the person and the bot, the day's budget, and only then a
//! call ([`client`]). Each call of one question is reserved, let pass and settled by itself. Everything ends within one
//! deadline; nothing waits for the database of a handler meanwhile, since no handler runs.
//!
//! | module | holds |
//! |---|---|
//! | [`ask`] | a question, an answer, and why there is none |
//! | [`prompt`], [`tokens`] | what is sent, and how much fits |
//! | [`output`], [`fences`] | what a model's words come to, and never our marks |
//! | [`client`] | one call |
//! | [`asking`] | the calls of one question |
//! | [`breaker`] | a server that fails is left alone |
//! | [`budget`] | tokens of a day |
//! | [`moderation`] | what may be asked and answered |
//! | [`presets`], [`ab`] | rewritten replies, and who gets them |
//! | [`settings`] | what an operator says of all this |
//! | [`desk`] | what operators see and set |

pub mod ab;
pub mod ask;
mod asking;
pub mod breaker;
mod budget;
mod cache;
mod client;
pub mod desk;
mod fences;
mod flight;
pub mod moderation;
mod output;
pub mod presets;
mod prompt;
pub mod settings;
mod tokens;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::sync::Semaphore;

pub use ask::{Answer, Ask, Choice, Field, Format, Keep, Kind, Output, Refused, Task};

use crate::limits::{LimitScope, LimitSpec, Limits, OnError};
use crate::redis::Redis;
use crate::store::Store;
use crate::store::llm::{LlmBot, LlmCounts};
use crate::telegram::client::NoClient;
use crate::telemetry::{self, events};
use breaker::{Breakers, Monotonic, Rules};
use budget::Budget;
use cache::{Cache, Look};
use client::Client;
use flight::{Flights, Key, Seat};
use moderation::{Moderator, Verdict};
use settings::LlmConfig;

/// How long what operators have set for a bot is believed.
const SETTINGS_LIVE: Duration = Duration::from_secs(1);
/// How often an instance looks whether another has the answer.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The way to the model, or to none; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Llm {
    inner: Option<Arc<Inner>>,
}

#[derive(Debug)]
struct Inner {
    bots: Vec<Facts>,
    config: LlmConfig,
    store: Arc<Store>,
    budget: Budget,
    settings: Mutex<HashMap<usize, (Instant, LlmBot)>>,
    model: Option<Model>,
}

/// What is known of a bot.
#[derive(Debug)]
struct Facts {
    id: &'static str,
    zone: jiff::tz::TimeZone,
}

/// The server and everything that stands before it.
#[derive(Debug)]
struct Model {
    client: Client,
    breakers: Breakers,
    cache: Arc<Cache>,
    flights: Flights,
    limits: Limits,
    per_user: Option<&'static LimitSpec>,
    per_bot: Option<&'static LimitSpec>,
    /// Calls at one moment.
    slots: Semaphore,
    moderators: Vec<Box<dyn Moderator>>,
    key: MacKey,
}

/// Names questions and marks texts. Never printed.
struct MacKey([u8; 32]);

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey")
    }
}

/// What [`Llm::open`] stands on.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Parts {
    /// Their ids and zones.
    pub bots: Vec<(&'static str, &'static str)>,
    pub config: LlmConfig,
    pub store: Arc<Store>,
    pub redis: Redis,
    /// The deployment's: all instances have the same.
    pub key: [u8; 32],
    /// Asked beside the rules of ours and of the configuration.
    pub moderators: Vec<Box<dyn Moderator>>,
    pub rules: Rules,
    pub time: Monotonic,
}

impl Llm {
    /// There is no model and nothing to set: every question is refused.
    pub fn off() -> Self {
        Self::default()
    }

    /// The model of a configuration; without one what operators set is kept all the same. To be called inside a runtime.
    ///
    /// # Errors
    /// No trusted certificates on this machine.
    pub fn open(parts: Parts) -> Result<Self, NoClient> {
        let Parts {
            bots,
            config,
            store,
            redis,
            key,
            mut moderators,
            rules,
            time,
        } = parts;
        let names: Vec<&'static str> = bots.iter().map(|(id, _)| *id).collect();
        let model = match &config.upstream {
            None => None,
            Some(upstream) => {
                moderators.insert(0, Box::new(moderation::Rules::new(config.rules.clone())));
                let limits = Limits::new(key);
                limits.share(redis.clone());
                let named = format!("{} {}", upstream.base, upstream.model);
                for bot in &names {
                    telemetry::metrics::begin_llm(
                        bot,
                        Refused::ALL.iter().map(|refused| refused.code()),
                    );
                    telemetry::metrics::begin_limits(bot, [PER_USER, PER_BOT].into_iter());
                }
                Some(Model {
                    client: Client::new(upstream.clone(), config.moderation.clone())?,
                    breakers: Breakers::new(redis.clone(), rules, time, &names, &named),
                    // Whoever asks for others and is gone holds them up for one call.
                    cache: Arc::new(Cache::new(
                        redis,
                        config.cache,
                        upstream.timeout.min(config.deadline) + Duration::from_secs(1),
                    )),
                    flights: Flights::default(),
                    limits,
                    per_user: limit(PER_USER, LimitScope::User, config.user_per_minute),
                    per_bot: limit(PER_BOT, LimitScope::Bot, config.bot_per_minute),
                    slots: Semaphore::new(config.parallel.max(1)),
                    moderators,
                    key: MacKey(key),
                })
            }
        };
        let facts = bots.iter().map(|(id, zone)| Facts {
            id,
            // The compiler has checked the zone's name.
            zone: jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC),
        });
        Ok(Self {
            inner: Some(Arc::new(Inner {
                bots: facts.collect(),
                budget: Budget::start(store.clone(), config.daily_budget),
                config,
                store,
                settings: Mutex::default(),
                model,
            })),
        })
    }

    /// Whether a model is configured.
    pub fn configured(&self) -> bool {
        self.inner.as_ref().is_some_and(|i| i.model.is_some())
    }

    /// Asks for a person of the bot of this id. Ends within the configured deadline. Dropped earlier it counts what it may
    /// have used.
    ///
    /// # Errors
    /// There is no answer: the author's fallback holds.
    pub async fn ask(&self, bot: &'static str, user: i64, ask: &Ask) -> Result<Answer, Refused> {
        let Some(inner) = &self.inner else {
            return Err(Refused::Disabled);
        };
        let began = Instant::now();
        let result = inner.ask(bot, user, ask).await;
        let outcome = match &result {
            Ok(answer) if answer.cached => "cached",
            Ok(_) => "ok",
            Err(refused) => refused.code(),
        };
        telemetry::emit(events::LlmAsked {
            bot,
            outcome,
            took: began.elapsed(),
        });
        if let Some(at) = inner.find(bot).filter(|_| outcome != "disabled") {
            let counts = LlmCounts {
                asked: 1,
                cached: i64::from(outcome == "cached"),
                ..LlmCounts::default()
            };
            inner.budget.count(inner.today(at), counts);
        }
        result
    }

    /// Waits until what was used is stored.
    pub async fn flush(&self) {
        if let Some(inner) = &self.inner {
            inner.budget.flush().await;
        }
    }
}

const PER_USER: &str = "llm_user";
const PER_BOT: &str = "llm_bot";

/// A limit of a minute; `None`: any number.
fn limit(rule: &'static str, scope: LimitScope, allowance: u32) -> Option<&'static LimitSpec> {
    let spec = LimitSpec {
        rule,
        command: "",
        scope,
        window: 60,
        allowance: allowance.into(),
        on_error: OnError::Allow,
    };
    // Two of them for a process's whole life: limits are compiled in everywhere else.
    (allowance > 0).then(|| &*Box::leak(Box::new(spec)))
}

impl Inner {
    fn find(&self, bot: &str) -> Option<usize> {
        self.bots.iter().position(|facts| facts.id == bot)
    }

    /// The day that it is for a bot.
    fn today(&self, bot: usize) -> budget::Line {
        let now = self.store.clock().micros();
        match self.bots.get(bot) {
            Some(facts) => (facts.id, day(&facts.zone, now)),
            None => ("", String::new()),
        }
    }

    async fn ask(&self, bot: &'static str, user: i64, ask: &Ask) -> Result<Answer, Refused> {
        let (Some(model), Some(at)) = (&self.model, self.find(bot)) else {
            return Err(Refused::Disabled);
        };
        let deadline = tokio::time::Instant::now() + self.config.deadline;
        let asked = async {
            let set = self.settings(at).await;
            if set.enabled == Some(false) {
                return Err(Refused::Disabled);
            }
            let decided = presets::Preset::of(&set).decides(ask);
            let ask = &*decided;
            model.permitted(bot, "question", &ask.text)?;
            let asking = asking::Asking {
                inner: self,
                model,
                at,
                bot,
                user,
                ask,
                deadline,
            };
            self.shared(&asking).await
        };
        match tokio::time::timeout_at(deadline, asked).await {
            Ok(result) => result,
            Err(_) => Err(Refused::TimedOut),
        }
    }

    /// Asks together with whoever asks the same.
    async fn shared(&self, asking: &asking::Asking<'_>) -> Result<Answer, Refused> {
        let model = asking.model;
        let key = model.name(asking.bot, asking.ask);
        let known = |output| Answer {
            output,
            tokens: 0,
            cached: true,
        };
        loop {
            let lead = match model.flights.seat(key) {
                Seat::Lead(lead) => lead,
                Seat::Follow(follow) => match follow.result().await {
                    Some(Ok(output)) => return Ok(known(output)),
                    // Whose limit it is decides who is refused.
                    Some(Err(Refused::Limited)) | None => continue,
                    Some(Err(refused)) => return Err(refused),
                },
            };
            let right = loop {
                match model.cache.look(asking.bot, &key).await {
                    Look::Known(output) => {
                        lead.tell(Ok(output.clone()));
                        return Ok(known(output));
                    }
                    Look::Ask(right) => break right,
                    Look::Wait => tokio::time::sleep(LOOK_AGAIN).await,
                }
            };
            let result = asking.run().await;
            let output = result.as_ref().ok().map(|answer| answer.output.clone());
            lead.tell(result.as_ref().map(|a| a.output.clone()).map_err(|r| *r));
            let (cache, bot) = (model.cache.clone(), asking.bot);
            let keep = async move {
                cache.done(bot, &key, right, output.as_ref()).await;
                drop(lead); // whoever asked the same meanwhile has the answer
            };
            if model.cache.is_far() {
                tokio::spawn(keep); // nobody waits for it
            } else {
                keep.await;
            }
            return result;
        }
    }
}

impl Model {
    /// Whether rules let a text pass.
    fn permitted(&self, bot: &'static str, what: &'static str, text: &str) -> Result<(), Refused> {
        for moderator in &self.moderators {
            let verdict = match what {
                "question" => moderator.question(text),
                _ => moderator.answer(text),
            };
            if let Verdict::Refused(why) = verdict {
                telemetry::emit(events::LlmModerated { bot, what, why });
                return Err(Refused::Moderated);
            }
        }
        Ok(())
    }

    /// A name for a question: a MAC of everything that its answer depends on.
    fn name(&self, bot: &str, ask: &Ask) -> Key {
        let upstream = self.client.upstream();
        let place = Ask {
            place: "".into(),
            ..ask.clone()
        };
        let whole = (bot, &upstream.base, &upstream.model, upstream.top_p, place);
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key.0) else {
            return [0; 32]; // a MAC of SHA-256 takes a key of any length
        };
        mac.update(b"llm question");
        // It consists of texts and numbers: it can be written.
        mac.update(&serde_json::to_vec(&whole).unwrap_or_default());
        mac.finalize().into_bytes().into()
    }
}

/// `YYYY-MM-DD` in a zone.
fn day(zone: &jiff::tz::TimeZone, micros: i64) -> String {
    let now = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    now.to_zoned(zone.clone()).date().to_string()
}
