//! A person in a chat with a bot, the same in previews, over the webhook and under polling.

use std::sync::{Arc, Mutex};

use botfactory_lang::markup::{ParseMode, plain_text};
use runtime_core::testing::telegram::{Recorded, Shown, User};
use serde_json::{Value, json};

use super::{Channel, World};

/// What is shown in a chat of a preview; in Telegram's chats the server remembers.
pub type Room = Arc<Mutex<Vec<Msg>>>;

/// A message of the bot.
#[derive(Debug, Clone, PartialEq)]
pub struct Msg {
    /// 0 in previews.
    pub id: i64,
    /// Without markup.
    pub text: String,
    pub rows: Vec<Vec<Key>>,
}

/// A button.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub text: String,
    pub callback: Option<String>,
    pub url: Option<String>,
}

impl Msg {
    /// The button with this text.
    pub fn key(&self, text: &str) -> Option<&Key> {
        self.rows.iter().flatten().find(|key| key.text == text)
    }

    /// Texts of its buttons, row by row.
    pub fn labels(&self) -> Vec<Vec<&str>> {
        let row = |row: &Vec<Key>| -> Vec<usize> { (0..row.len()).collect() };
        self.rows
            .iter()
            .map(|keys| row(keys).iter().map(|at| keys[*at].text.as_str()).collect())
            .collect()
    }
}

/// What came of one act.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// New and edited messages, in order.
    pub messages: Vec<Msg>,
    /// How many of them are edits.
    pub edits: usize,
    /// The texts of answers to presses; without a text: empty.
    pub toasts: Vec<String>,
}

impl Seen {
    /// Some message contains this.
    #[track_caller]
    pub fn expect(&self, part: &str) -> &Self {
        let found = self.messages.iter().any(|m| m.text.contains(part));
        assert!(found, "no message with {part:?} in {self:#?}");
        self
    }

    /// There is one message, and it contains this.
    #[track_caller]
    pub fn only(&self, part: &str) -> &Self {
        assert_eq!(self.messages.len(), 1, "wanted {part:?} alone in {self:#?}");
        self.expect(part)
    }

    /// The last message has these rows of buttons.
    #[track_caller]
    pub fn keys(&self, rows: &[&[&str]]) -> &Self {
        let last = self.messages.last().expect("no message");
        assert_eq!(last.labels(), rows, "in {self:#?}");
        self
    }

    /// A press was answered with a toast that contains this.
    #[track_caller]
    pub fn toast(&self, part: &str) -> &Self {
        let found = self.toasts.iter().any(|toast| toast.contains(part));
        assert!(found, "no toast with {part:?} in {self:#?}");
        self
    }

    /// Nothing was said.
    #[track_caller]
    pub fn silent(&self) -> &Self {
        assert!(self.messages.is_empty(), "wanted silence, got {self:#?}");
        self
    }
}

/// A person in a chat.
#[derive(Debug, Clone)]
pub struct Talk {
    world: World,
    bot: &'static str,
    user: User,
    chat: i64,
    room: Room,
}

impl Talk {
    pub(super) fn new(world: World, bot: &'static str, user: User, chat: i64, room: Room) -> Self {
        Self {
            world,
            bot,
            user,
            chat,
            room,
        }
    }

    /// The same person elsewhere.
    pub fn in_chat(&self, chat: i64) -> Self {
        self.world.talk(self.bot, self.user, chat)
    }

    /// The same person with another bot.
    pub fn with_bot(&self, bot: &'static str) -> Self {
        self.world.talk(bot, self.user, self.chat)
    }

    /// The name that the bot sees.
    pub fn name(&self) -> String {
        match self.world.channel() {
            Channel::Preview => format!("Guest {}", self.user.id),
            _ => self.user.name.to_owned(),
        }
    }

    /// Who it is in Telegram.
    pub fn user(&self) -> User {
        self.user
    }

    /// Where.
    pub fn chat(&self) -> i64 {
        self.chat
    }

    /// What the bot shows in this chat, oldest first.
    pub fn messages(&self) -> Vec<Msg> {
        match self.world.channel() {
            Channel::Preview => self.room.lock().unwrap().clone(),
            _ => self.shown().iter().map(message).collect(),
        }
    }

    fn shown(&self) -> Vec<Shown> {
        let mut shown = self.world.bot(self.bot).shown();
        shown.retain(|message| message.chat == self.chat);
        shown
    }

    /// Writes.
    pub async fn say(&self, text: &str) -> Seen {
        match self.world.channel() {
            Channel::Preview => self.preview("text", text, None).await,
            _ => {
                self.telegram(|| {
                    let bot = self.world.bot(self.bot);
                    bot.say(self.user, self.chat, text);
                })
                .await
            }
        }
    }

    /// Sends something that is not a text: the fields of the message.
    pub async fn send(&self, content: Value) -> Seen {
        self.telegram(|| {
            let bot = self.world.bot(self.bot);
            bot.message(self.user, self.chat, content);
        })
        .await
    }

    /// Sends a photo.
    pub async fn photo(&self) -> Seen {
        self.send(json!({ "photo": [
            { "file_id": "small", "file_unique_id": "s", "width": 90, "height": 90 },
            { "file_id": "large", "file_unique_id": "l", "width": 800, "height": 800 },
        ], "caption": "plumbus" }))
            .await
    }

    /// Presses the newest button with this text.
    pub async fn press(&self, label: &str) -> Seen {
        let data = self.payload(label);
        self.press_data(&data).await
    }

    /// What the newest button with this text would send.
    pub fn payload(&self, label: &str) -> String {
        let messages = self.messages();
        let key = messages.iter().rev().find_map(|message| message.key(label));
        key.and_then(|key| key.callback.clone())
            .unwrap_or_else(|| panic!("no button {label:?} in {messages:#?}"))
    }

    /// Presses a button with this payload: under the newest message that has it, else under the newest of all.
    pub async fn press_data(&self, data: &str) -> Seen {
        match self.world.channel() {
            Channel::Preview => {
                let at = self.room.lock().unwrap().iter().rposition(|m| has(m, data));
                self.preview("callback", data, at).await
            }
            _ => {
                self.telegram(|| {
                    let shown = self.shown();
                    let under = shown.iter().rev().find(|m| has(&message(m), data));
                    let under = under.or(shown.last()).expect("nothing is shown");
                    let bot = self.world.bot(self.bot);
                    bot.press_data(self.user, under, data);
                })
                .await
            }
        }
    }

    async fn preview(&self, what: &str, given: &str, pressed: Option<usize>) -> Seen {
        let mut body = json!({
            "bot_id": self.bot, "user_id": self.user.id, "locale": self.user.language, what: given,
        });
        if self.chat != self.user.id {
            body["chat_id"] = self.chat.into();
        }
        let reply = self.world.preview(body).await.ok();
        let mut seen = Seen::default();
        let mut room = self.room.lock().unwrap();
        for value in reply["messages"].as_array().unwrap() {
            let shown = from_preview(value);
            match (value["method"].as_str().unwrap(), pressed) {
                ("editMessageText", Some(at)) => {
                    room[at] = shown.clone();
                    seen.edits += 1;
                }
                ("sendMessage", _) => room.push(shown.clone()),
                (method, _) => panic!("{method} without a pressed message"),
            }
            seen.messages.push(shown);
        }
        if what == "callback" {
            let toast = reply["toast"].as_str().unwrap_or_default();
            seen.toasts.push(toast.to_owned());
        } else {
            assert!(reply.get("toast").is_none(), "a toast for a text: {reply}");
        }
        seen
    }

    /// Acts, waits until the update is acknowledged and everything is sent, and collects what came to this chat.
    async fn telegram(&self, act: impl FnOnce()) -> Seen {
        let before = self.world.telegram().calls().len();
        act();
        self.collect(before).await
    }

    /// What came to this chat since there were `before` calls, once everything is done.
    pub async fn collect(&self, before: usize) -> Seen {
        let bot = self.world.bot(self.bot);
        assert!(bot.wait_until_idle().await, "an update is not acknowledged");
        self.world.db().settled().await;
        let mut seen = Seen::default();
        for call in self.world.telegram().calls().iter().skip(before) {
            self.see(call, &mut seen);
        }
        seen
    }

    fn see(&self, call: &Recorded, seen: &mut Seen) {
        if call.status != 200 {
            return;
        }
        if call.method == "answerCallbackQuery" {
            let text = call.body["text"].as_str().unwrap_or_default();
            seen.toasts.push(text.to_owned());
        }
        if call.body["chat_id"] != self.chat {
            return;
        }
        match call.method.as_str() {
            "sendMessage" => {}
            "editMessageText" => seen.edits += 1,
            _ => return,
        }
        let text = call.body["text"].as_str().unwrap_or_default();
        let mode = call.body["parse_mode"].as_str();
        seen.messages.push(Msg {
            id: call.body["message_id"].as_i64().unwrap_or(0),
            text: plain_text(parse_mode(mode), text),
            rows: rows(call.body.get("reply_markup"), "callback_data"),
        });
    }
}

fn has(message: &Msg, data: &str) -> bool {
    let mut keys = message.rows.iter().flatten();
    keys.any(|key| key.callback.as_deref() == Some(data))
}

fn parse_mode(name: Option<&str>) -> ParseMode {
    match name {
        None => ParseMode::Plain,
        Some("HTML") => ParseMode::Html,
        Some("MarkdownV2") => ParseMode::MarkdownV2,
        Some(other) => panic!("parse mode {other}"),
    }
}

fn message(shown: &Shown) -> Msg {
    Msg {
        id: shown.message_id,
        text: plain_text(parse_mode(shown.parse_mode.as_deref()), &shown.text),
        rows: rows(shown.markup.as_ref(), "callback_data"),
    }
}

fn from_preview(value: &Value) -> Msg {
    let mode = parse_mode(value.get("parse_mode").and_then(Value::as_str));
    Msg {
        id: 0,
        text: plain_text(mode, value["text"].as_str().unwrap()),
        rows: keys(value.get("buttons"), "callback"),
    }
}

fn rows(markup: Option<&Value>, callback: &str) -> Vec<Vec<Key>> {
    let Some(markup) = markup else {
        return Vec::new();
    };
    let inline = markup.get("inline_keyboard");
    keys(inline.or(markup.get("keyboard")), callback)
}

fn keys(rows: Option<&Value>, callback: &str) -> Vec<Vec<Key>> {
    let key = |key: &Value| Key {
        text: key["text"].as_str().unwrap().to_owned(),
        callback: key.get(callback).and_then(Value::as_str).map(str::to_owned),
        url: key.get("url").and_then(Value::as_str).map(str::to_owned),
    };
    let row = |row: &Value| row.as_array().unwrap().iter().map(key).collect();
    let rows = rows.and_then(Value::as_array);
    rows.into_iter().flatten().map(row).collect()
}
