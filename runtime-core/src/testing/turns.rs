//! Compiled bots that take whatever bytes come, for fuzzers: one input is a small scene of a few people who talk, press, forge,
//! and send updates that nobody has seen. After every line the bot must have kept what it promises.
//!
//! A scene is lines. The first byte picks the bot; then a line is
//!
//! | begins with | is |
//! |---|---|
//! | `>` | what the person says |
//! | `#` | a press of that button (its number) of the bot's last message |
//! | `%` | the same button with its payload changed: the bytes that follow are laid over it |
//! | `!` | a press with this payload |
//! | `=` | the last update, delivered again |
//! | `@` | from here on another person acts |
//! | anything else | an update's bytes |

use std::time::Instant;

use serde_json::Value;

use super::process::{Folder, Process, start};
use super::telegram::rules;
use crate::bot::Bot;
use crate::clock::Clock;
use crate::engine::{OfferedRow, Outcome};
use crate::incoming::{CallbackIn, Channel, Content, Event, Incoming, MessageIn, Person, Place};
use crate::telegram::method::Call;
use crate::telegram::update;

/// Most lines of a scene; the rest is not played.
const LINES: usize = 16;
/// The person and the group of the samples of updates: they become those of the scene.
const SAMPLE: i64 = 700;
/// The moment of every scene.
const BEGINS: i64 = 1_800_000_000;

/// The bots, started.
pub struct Turns {
    bots: usize,
    process: Process,
    /// Gone with this.
    _folder: Folder,
    update_id: i64,
    /// The first person of the scene: every scene has people of its own.
    people: i64,
}

/// What was played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Played {
    /// Updates.
    pub updates: usize,
    /// Calls of the bot.
    pub calls: usize,
}

struct Scene {
    bot: usize,
    person: i64,
    last: Option<(i64, Event)>,
    /// Of the bot's last message.
    buttons: Vec<String>,
    played: Played,
}

impl Turns {
    /// Starts the bots on a file of their own.
    ///
    /// # Errors
    /// They do not start.
    pub async fn open(bots: &[&'static dyn Bot]) -> Result<Self, String> {
        let folder = Folder::new(false);
        let process = start(bots, &folder, &Clock::fixed(BEGINS)).await?;
        Ok(Self {
            bots: bots.len(),
            process,
            _folder: folder,
            update_id: 1_000,
            people: 10_000,
        })
    }

    /// Ends.
    pub async fn close(self) {
        self.process.store.close().await;
    }

    /// Plays a scene.
    ///
    /// # Errors
    /// A promise is broken: which one.
    pub async fn play(&mut self, scene: &[u8]) -> Result<Played, String> {
        let Some((first, rest)) = scene.split_first() else {
            return Ok(Played::default());
        };
        self.people += 10;
        let mut scene = Scene {
            bot: usize::from(*first) % self.bots.max(1),
            person: self.people,
            last: None,
            buttons: Vec::new(),
            played: Played::default(),
        };
        for line in rest.split(|byte| *byte == b'\n').take(LINES) {
            let again = line.first() == Some(&b'=');
            if let Some((update_id, event)) = self.update(&mut scene, line) {
                self.take(&mut scene, update_id, event, again).await?;
            }
        }
        Ok(scene.played)
    }

    /// What a line means; `None`: no update.
    fn update(&mut self, scene: &mut Scene, line: &[u8]) -> Option<(i64, Event)> {
        let (head, rest) = line.split_first()?;
        let text = String::from_utf8_lossy(rest).into_owned();
        let event = match head {
            b'@' => {
                scene.person = self.people + i64::from(rest.first().copied().unwrap_or(1) % 4);
                return None;
            }
            b'=' => return scene.last.clone(),
            b'>' => said(scene.person, Content::Text(text)),
            b'!' => pressed(scene.person, self.update_id, text),
            b'#' | b'%' => {
                let (at, over) = rest.split_first()?;
                let at = usize::from(*at) % scene.buttons.len().max(1);
                let mut data = scene.buttons.get(at)?.clone().into_bytes();
                if *head == b'%' {
                    for (byte, over) in data.iter_mut().zip(over) {
                        *byte ^= *over;
                    }
                }
                let data = String::from_utf8_lossy(&data).into_owned();
                pressed(scene.person, self.update_id, data)
            }
            _ => {
                let update = update::read(line).ok()?;
                update.id?;
                of(scene.person, update.event)
            }
        };
        self.update_id += 1;
        scene.last = Some((self.update_id, event.clone()));
        Some((self.update_id, event))
    }

    async fn take(
        &mut self,
        scene: &mut Scene,
        update_id: i64,
        event: Event,
        again: bool,
    ) -> Result<(), String> {
        let query = match &event {
            Event::Callback(press) => Some(press.id.clone()),
            _ => None,
        };
        let incoming = Incoming {
            bot: scene.bot,
            update_id,
            channel: Channel::Webhook,
            trace_id: format!("{update_id:032x}"),
            arrived: Instant::now(),
            event,
        };
        let Outcome::Done { response, calls } = self.process.engine.handle(incoming).await else {
            return Err("an update was not handled in time".to_owned());
        };
        let mut marks = Vec::new();
        let mut all = Vec::new();
        if let Some((call, offered)) = response {
            marks.extend(offered.map(OfferedRow::key));
            all.push(call);
        }
        all.extend(calls.into_iter().map(|outgoing| outgoing.call));
        while let Ok(rows) = self.process.rows.try_recv() {
            for row in rows {
                marks.push(row.key);
                all.push(row.call);
            }
        }
        let store = &self.process.store;
        let words = |error: crate::store::StoreError| error.to_string();
        store.mark_sent(marks).await.map_err(words)?;
        if let Some(letter) = store.newest_letter().await.map_err(words)? {
            return Err(format!("a handler failed: {letter}"));
        }
        scene.played.updates += 1;
        scene.played.calls += all.len();
        let mut answers = 0;
        for call in &all {
            let json = serde_json::to_value(call).map_err(|error| error.to_string())?;
            rules::call(&json).map_err(|(status, words)| {
                format!("Telegram would refuse a call: {status} {words}: {json}")
            })?;
            match call {
                Call::AnswerCallbackQuery(answer)
                    if Some(&answer.callback_query_id) == query.as_ref() =>
                {
                    answers += 1;
                }
                Call::AnswerCallbackQuery(_) => {
                    return Err("somebody else's press was answered".to_owned());
                }
                _ => {
                    let found = payloads(&json);
                    if !found.is_empty() {
                        scene.buttons = found;
                    }
                }
            }
        }
        match (query, answers) {
            (Some(_), 1) | (None, 0) => Ok(()),
            (Some(_), 0) if again => Ok(()),
            (_, answers) => Err(format!("a press was answered {answers} times")),
        }
    }
}

/// Payloads under a message.
fn payloads(call: &Value) -> Vec<String> {
    let rows = call.pointer("/reply_markup/inline_keyboard");
    let buttons = rows.and_then(Value::as_array).into_iter().flatten();
    let buttons = buttons.filter_map(Value::as_array).flatten();
    buttons
        .filter_map(|button| Some(button.get("callback_data")?.as_str()?.to_owned()))
        .collect()
}

fn who(person: i64) -> Person {
    Person {
        id: person,
        first_name: "Ann <b>".to_owned(),
        last_name: None,
        username: Some("ann_b".to_owned()),
        language_code: Some(if person % 2 == 0 { "en" } else { "ru" }.to_owned()),
    }
}

fn private(person: i64) -> Place {
    Place {
        chat_id: person,
        private: true,
        thread_id: 0,
    }
}

fn said(person: i64, content: Content) -> Event {
    Event::Message(MessageIn {
        from: who(person),
        place: private(person),
        message_id: 5,
        content,
    })
}

fn pressed(person: i64, update_id: i64, data: String) -> Event {
    Event::Callback(CallbackIn {
        id: format!("query-{update_id}"),
        from: who(person),
        place: private(person),
        message_id: 5,
        data,
    })
}

/// The same update, of the scene's person.
fn of(person: i64, mut event: Event) -> Event {
    let own = |id: &mut i64| {
        if *id == SAMPLE {
            *id = person;
        }
    };
    match &mut event {
        Event::Message(message) => {
            own(&mut message.from.id);
            own(&mut message.place.chat_id);
        }
        Event::Callback(press) => {
            own(&mut press.from.id);
            own(&mut press.place.chat_id);
        }
        Event::Other(_) => {}
    }
    event
}
