//! A bot whose handlers wait for the model, written by hand the way the compiler writes it; and models of tests.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use runtime_core::engine::jobs::Model;
use runtime_core::llm::{Answer, Ask, Output, Refused};
use runtime_core::prelude::*;

use super::bot::{SPEC_OF, command, html};

#[derive(Debug)]
pub struct Thinker;

pub static THINKER: Thinker = Thinker;

static SPEC: BotSpec = BotSpec {
    commands: &[
        CommandSpec {
            reads: Reads::Many,
            writes: Writes::Many,
            ..command("think", Effect::Write, false)
        },
        CommandSpec {
            reads: Reads::Many,
            writes: Writes::Many,
            ..command("talk", Effect::Write, true)
        },
        CommandSpec {
            reads: Reads::Many,
            writes: Writes::Many,
            ..command("polish", Effect::Write, false)
        },
    ],
    wizards: &[&TALK],
    lists: &[],
    ..SPEC_OF
};

pub static TALK: WizardSpec = WizardSpec {
    command: "talk",
    ttl: 3600,
    on_timeout: false,
    steps: &[StepSpec {
        id: "word",
        optional: false,
        options: &[],
        wanted: Wanted::Text,
        effect: Effect::Write,
        reads: Reads::Many,
        writes: Writes::Many,
    }],
};

static THINK: Segment = Segment {
    flow: "think",
    name: "enter.1",
    wizard: None,
    timeout: 30,
};
static POLISH: Segment = Segment {
    flow: "polish",
    name: "enter.1",
    wizard: None,
    timeout: 30,
};
static ENTERED: Segment = Segment {
    flow: "talk",
    name: "enter.1",
    wizard: Some(&TALK),
    timeout: 30,
};
static SAID: Segment = Segment {
    flow: "talk",
    name: "after_word.1",
    wizard: Some(&TALK),
    timeout: 30,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(crate = "runtime_core::prelude::serde")]
struct Vars {
    word: String,
}

fn question(place: &'static str, word: &str) -> Ask {
    Ask {
        place: place.into(),
        task: asking::Task::Plain,
        locale: "en".into(),
        system: "Say something.".into(),
        given: None,
        text: word.to_owned(),
        keep: asking::Keep::Start,
        format: asking::Format::Text { max: 100 },
        max_tokens: 10,
        temperature: 0,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "runtime_core::prelude::serde")]
pub enum State {
    #[serde(rename = "word")]
    Word,
}

fn ask(cx: &mut Cx) -> Handled {
    let text = html(cx, "A word?");
    cx.ask(&TALK, 0, text, Vec::new());
    Ok(())
}

fn wait(cx: &mut Cx) -> Handled {
    ask(cx)?;
    cx.wait(&TALK, 0, &(), &State::Word)
}

impl Bot for Thinker {
    fn spec(&self) -> &'static BotSpec {
        &SPEC
    }
    fn command(&self, name: &str) -> Option<usize> {
        SPEC.commands.iter().position(|c| c.name == name)
    }
    fn enter<'a>(&'a self, cx: &'a mut Cx, command: usize, args: &'a str) -> Handling<'a> {
        Box::pin(async move {
            let vars = Vars {
                word: args.to_owned(),
            };
            if command == 1 {
                if !args.is_empty() {
                    // Before the first question.
                    let asked = question("talk", args);
                    return cx.think(&ENTERED, &vars, (asked, None, None));
                }
                cx.begin(&TALK);
                return wait(cx);
            }
            if command == 2 {
                // Compared, or always.
                let compare = args.starts_with("ab ");
                let text = html(cx, args);
                let ask = cx.improves("polish", "neutral", None, compare, &text);
                let Some(ask) = ask else {
                    cx.reply(Message::new(text));
                    return cx.done();
                };
                return cx.think(&POLISH, &vars, (ask, None, None));
            }
            let long = html(cx, "A moment.");
            cx.think(&THINK, &vars, (question("think", args), Some(long), None))
        })
    }
    fn answer<'a>(&'a self, cx: &'a mut Cx, _: Waiting, given: Given<'a>) -> Handling<'a> {
        Box::pin(async move {
            let rule = TextRule { min: 1, max: 100 };
            let word = match given.text(&rule) {
                Ok(word) => word,
                Err(refusal) => {
                    cx.refuse(&TALK, 0, &refusal, None);
                    return Ok(());
                }
            };
            let asked = question("talk", &word);
            cx.think(&SAID, &Vars { word }, (asked, None, None))
        })
    }
    fn ask<'a>(&'a self, cx: &'a mut Cx, _: &'a Waiting) -> Handling<'a> {
        Box::pin(async move { ask(cx) })
    }
    fn slow(&self) -> bool {
        true
    }
    fn resume<'a>(&'a self, cx: &'a mut Cx, answer: Resumed<'a>) -> Handling<'a> {
        Box::pin(async move {
            let vars: Vars = answer.vars()?;
            if answer.flow() == "polish" {
                let text = html(cx, &vars.word);
                let text = cx.reworded(text, answer.text());
                cx.reply(Message::new(text));
                return cx.done();
            }
            if answer.segment() == ENTERED.name && answer.flow() == ENTERED.flow {
                return wait(cx);
            }
            let words = answer.text().unwrap_or_else(|| "nothing".to_owned());
            if words == "fail" {
                return Err(HandlerError::Arithmetic);
            }
            let text = html(cx, &format!("{}: {words}", vars.word));
            cx.reply(Message::new(text));
            if words == "again" {
                return wait(cx);
            }
            cx.done()
        })
    }
    fn fallback(&self, _: &Words) -> Option<Text> {
        None
    }
    fn toast(&self, _: u32, _: &Words) -> Option<Text> {
        None
    }
}

/// Answers all questions alike, each after some time.
#[derive(Debug)]
pub struct Alike {
    pub words: Mutex<&'static str>,
    pub takes: Duration,
    pub asked: AtomicUsize,
    /// How many at one moment, and the most that there were.
    pub now: AtomicUsize,
    pub most: AtomicUsize,
}

impl Alike {
    pub fn new(words: &'static str, takes: Duration) -> Self {
        Self {
            words: Mutex::new(words),
            takes,
            asked: AtomicUsize::new(0),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }
    }
}

impl Model for Alike {
    fn ask<'a>(
        &'a self,
        _: &'static str,
        _: i64,
        _: &'a Ask,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Refused>> + Send + 'a>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(self.takes).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            let words = *self.words.lock().unwrap();
            Ok(Answer {
                output: Output::Text(words.to_owned()),
                tokens: 1,
                cached: false,
            })
        })
    }
}
