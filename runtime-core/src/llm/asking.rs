//! The calls of one question: as many as its deadline, its retries, the breaker and the budget allow.

use std::time::{Duration, Instant};

use rand::Rng;

use super::ask::{Answer, Ask, Format, Output, Refused, Task};
use super::breaker::Pass;
use super::client::{Failed, Said};
use super::prompt::{self, Prompt};
use super::{Inner, Model, output, tokens};
use crate::limits::{LimitKey, Who};
use crate::store::llm::LlmCounts;
use crate::telemetry::{self, events};

/// First wait before another call, doubled each time; a random part of it is waited.
const FIRST_WAIT: Duration = Duration::from_millis(400);
/// Longest of these.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// What is left of a question's time for counting how its last call has ended.
const BOOKS: Duration = Duration::from_millis(300);
/// A call that would have less time is not made.
const LEAST_TIME: Duration = Duration::from_millis(50);

/// One question.
pub(super) struct Asking<'a> {
    pub(super) inner: &'a Inner,
    pub(super) model: &'a Model,
    /// The bot's place.
    pub(super) at: usize,
    pub(super) bot: &'static str,
    pub(super) user: i64,
    pub(super) ask: &'a Ask,
    pub(super) deadline: tokio::time::Instant,
}

/// What a call comes to.
enum Called {
    Answer(Output, u32),
    /// Not this time; after so long, if at all.
    Again(Refused, Option<Duration>, u32),
    Never(Refused),
}

impl Asking<'_> {
    /// Asks.
    pub(super) async fn run(&self) -> Result<Answer, Refused> {
        let upstream = self.model.client.upstream();
        let prompt = prompt::compose(self.ask, &self.model.key.0, upstream.context)?;
        // What cannot be asked now shall not use up anybody's allowance.
        if self.model.breakers.shut(self.at).await {
            return Err(Refused::Open);
        }
        // Together, for each may be a round trip; nothing else is waited for in between.
        let early = async {
            let soon = !self.model.client.moderates();
            match soon {
                true => self.model.breakers.enter(self.at).await.map(Some),
                false => Some(None),
            }
        };
        let (limited, early) = tokio::join!(self.limited(), early);
        limited?;
        let mut early = early.ok_or(Refused::Open)?;
        if !self.model.client.moderate(&self.ask.text).await {
            return self.moderated("question");
        }
        let began = Instant::now();
        let mut elsewhere = Duration::ZERO;
        let mut spent = 0_u32;
        let mut attempt = 0;
        loop {
            let called = self.once(&prompt, &mut elsewhere, early.take()).await;
            let (refused, wait) = match called {
                Called::Answer(output, tokens) => {
                    telemetry::emit(events::LlmOverhead {
                        bot: self.bot,
                        took: began.elapsed().saturating_sub(elsewhere),
                    });
                    return self.answered(output, spent.saturating_add(tokens)).await;
                }
                Called::Never(refused) => return Err(refused),
                Called::Again(refused, wait, tokens) => {
                    spent = spent.saturating_add(tokens);
                    (refused, wait)
                }
            };
            attempt += 1;
            if attempt > self.inner.config.retries {
                return Err(refused);
            }
            let wait = wait.unwrap_or_else(|| jittered(attempt));
            if self.left() <= wait + BOOKS + LEAST_TIME {
                return Err(refused);
            }
            tokio::time::sleep(wait).await;
            elsewhere += wait;
        }
    }

    /// Makes one call, reserved before and settled after it. `early`: the breaker's permit, where it was asked just now.
    async fn once(
        &self,
        prompt: &Prompt,
        elsewhere: &mut Duration,
        early: Option<Pass<'_>>,
    ) -> Called {
        let line = self.inner.today(self.at);
        let waits = Instant::now();
        let reserved = self.inner.budget.reserve(line, prompt.cost).await;
        let mut reservation = match reserved {
            Ok(reservation) => reservation,
            Err(refused) => return Called::Never(refused),
        };
        let Ok(_slot) = self.model.slots.acquire().await else {
            return Called::Never(Refused::Failed); // it is never closed
        };
        let pass = match early {
            Some(pass) if waits.elapsed() < LEAST_TIME => Some(pass),
            early => {
                // What it said has become old while others were waited for.
                if let Some(pass) = early {
                    pass.unknown().await;
                }
                self.model.breakers.enter(self.at).await
            }
        };
        let Some(pass) = pass else {
            reservation.settle(0, LlmCounts::default()).await;
            return Called::Never(Refused::Open);
        };
        let left = self.left().saturating_sub(BOOKS);
        if left < LEAST_TIME {
            tokio::join!(pass.unknown(), reservation.settle(0, LlmCounts::default()));
            return Called::Never(Refused::TimedOut);
        }
        let limit = self.model.client.upstream().timeout.min(left);
        let began = Instant::now();
        // Waiting for others is not our work either; a call alone never does.
        if began.duration_since(waits) > LEAST_TIME {
            *elsewhere += began.duration_since(waits);
        }
        reservation.sent();
        let called = self.model.client.call(self.ask, prompt, limit).await;
        let took = began.elapsed();
        *elsewhere += took;
        telemetry::emit(events::LlmCalled {
            bot: self.bot,
            class: called.as_ref().err().map_or("ok", |failed| failed.code()),
            took,
            tokens: called
                .as_ref()
                .ok()
                .and_then(|said| said.tokens)
                .map(|tokens| (tokens.question, tokens.answer)),
        });
        let counts = LlmCounts {
            calls: 1,
            failed: i64::from(called.is_err()),
            millis: match called {
                Ok(_) => i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
                Err(_) => 0,
            },
            ..LlmCounts::default()
        };
        match called {
            Ok(said) => {
                let spent = self.cost(prompt, &said);
                tokio::join!(pass.succeeded(), reservation.settle(spent, counts));
                self.read(prompt, &said, spent)
            }
            Err(failed) => {
                if failed.counts() {
                    pass.failed().await;
                } else {
                    pass.unknown().await;
                }
                if failed.may_have_cost() {
                    reservation.settle_all(counts).await;
                } else {
                    reservation.settle(0, counts).await;
                }
                failed_call(failed)
            }
        }
    }

    fn left(&self) -> Duration {
        self.deadline
            .saturating_duration_since(tokio::time::Instant::now())
    }

    /// Tokens of a call: as the server says, within what was reserved, which no honest count exceeds; where it does not say,
    /// as they are likely.
    fn cost(&self, prompt: &Prompt, said: &Said) -> u32 {
        match said.tokens {
            Some(tokens) => {
                let all = tokens.question.saturating_add(tokens.answer);
                all.min(prompt.cost)
            }
            None => {
                let texts = [&prompt.system, &prompt.user, &said.content];
                let likely = texts.iter().map(|text| tokens::likely(text)).sum::<usize>();
                u32::try_from(likely).unwrap_or(u32::MAX).min(prompt.cost)
            }
        }
    }

    fn read(&self, prompt: &Prompt, said: &Said, spent: u32) -> Called {
        let read = output::read(&self.ask.format, &said.content, &prompt.marks);
        let read = match (read, &self.ask.format) {
            // Half of a reply is less than the author's words.
            (Some(Output::Text(_)), _) if said.cut && self.ask.task == Task::Improve => None,
            (Some(Output::Text(text)), Format::Text { max }) if said.cut => {
                Some(Output::Text(output::broken_off(text, *max)))
            }
            (read, _) => read,
        };
        telemetry::emit(events::LlmRead {
            bot: self.bot,
            form: match self.ask.format {
                Format::Text { .. } => "text",
                Format::Choice { .. } => "choice",
                Format::Record { .. } => "record",
            },
            valid: read.is_some(),
        });
        match read {
            Some(output) => Called::Answer(output, spent),
            // It would have no more tokens the next time.
            None if said.cut => Called::Never(Refused::Invalid),
            // Another try may go better, and at once.
            None => Called::Again(Refused::Invalid, Some(Duration::ZERO), spent),
        }
    }

    /// The last look at an answer.
    async fn answered(&self, output: Output, tokens: u32) -> Result<Answer, Refused> {
        let text = match &output {
            Output::Text(text) => Some(text.clone()),
            Output::Choice(_) => None, // the author's own word
            Output::Record(record) => serde_json::to_string(record).ok(),
        };
        if let Some(text) = text {
            self.model.permitted(self.bot, "answer", &text)?;
            if !self.model.client.moderate(&text).await {
                return self.moderated("answer");
            }
        }
        Ok(Answer {
            output,
            tokens,
            cached: false,
        })
    }

    fn moderated(&self, what: &'static str) -> Result<Answer, Refused> {
        telemetry::emit(events::LlmModerated {
            bot: self.bot,
            what,
            why: "endpoint",
        });
        Err(Refused::Moderated)
    }

    /// Counts for the person and for the bot; for the bot only what the person may ask.
    async fn limited(&self) -> Result<(), Refused> {
        let now = self.inner.store.clock().micros();
        let limits = &self.model.limits;
        let who = Who {
            bot: i64::from(botfactory_lang::callback::hash32(self.bot)),
            update_id: rand::random::<i64>(), // each question counts for itself
            person: self.user,
            chat: self.user,
        };
        let rules = [self.model.per_user, self.model.per_bot];
        let rules = rules.into_iter().flatten();
        let asks: Vec<_> = rules
            .map(|limit| limits.ask(limit, &LimitKey::new(), who, self.bot, now, false))
            .collect();
        match limits.decide_all(&asks).await.retry_in() {
            None => Ok(()),
            Some(_) => Err(Refused::Limited),
        }
    }
}

fn failed_call(failed: Failed) -> Called {
    let refused = match failed {
        Failed::TimedOut => Refused::TimedOut,
        Failed::Filtered => Refused::Moderated,
        _ => Refused::Failed,
    };
    if !failed.again() {
        return Called::Never(refused);
    }
    let wait = match failed {
        Failed::Busy(_, wait) => wait.map(|wait| wait + jittered(1)),
        _ => None,
    };
    Called::Again(refused, wait, 0)
}

/// Before the n-th further call: some part of a time that doubles.
fn jittered(attempt: u32) -> Duration {
    let most = FIRST_WAIT
        .saturating_mul(1 << attempt.saturating_sub(1).min(8))
        .min(LONGEST_WAIT);
    let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(rand::rng().random_range(most / 4..=most))
}

#[cfg(test)]
mod waits {
    use super::*;

    #[test]
    fn waits_grow_and_differ() {
        for attempt in 1..20 {
            let most = FIRST_WAIT * (1 << (attempt - 1).min(8));
            for _ in 0..50 {
                let wait = jittered(attempt);
                assert!(wait >= FIRST_WAIT / 4 && wait <= most.min(LONGEST_WAIT));
            }
        }
    }
}
