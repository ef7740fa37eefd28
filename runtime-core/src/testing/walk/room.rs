//! Telegram's side of a walk: chats, messages, presses; and what it refuses.

use std::collections::HashMap;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::people::{Act, Does};
use crate::telegram::method::Call;
use crate::testing::telegram::rules;
use crate::texts::menus::Menu;

/// Messages that a chat remembers.
const KEPT: usize = 60;

#[derive(Debug)]
struct Message {
    id: i64,
    of_bot: bool,
    text: String,
    markup: Value,
}

impl Message {
    /// Payloads of its buttons.
    fn payloads(&self) -> impl Iterator<Item = &str> {
        self.buttons("inline_keyboard")
            .filter_map(|button| button.get("callback_data")?.as_str())
    }

    fn buttons(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let rows = self.markup.get(kind).and_then(Value::as_array);
        rows.into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
    }
}

/// Everything that was said.
#[derive(Debug, Default)]
pub(super) struct Room {
    chats: HashMap<i64, Vec<Message>>,
    messages: i64,
    /// How often each press was answered.
    presses: HashMap<String, usize>,
    said: usize,
}

impl Room {
    /// Messages of the bot, edited ones too, and toasts with words.
    pub(super) fn said(&self) -> usize {
        self.said
    }

    fn next_id(&mut self) -> i64 {
        self.messages += 1;
        self.messages
    }

    /// What somebody does, as an update.
    pub(super) fn update(&mut self, act: &Act, update_id: i64, now: i64) -> Value {
        let chat = if act.chat > 0 {
            json!({ "id": act.chat, "type": "private", "first_name": act.who.json["first_name"] })
        } else {
            json!({ "id": act.chat, "type": "supergroup", "title": "A group", "is_forum": true })
        };
        let mut head = json!({ "date": now, "chat": chat });
        if let Some(thread) = act.thread {
            head["message_thread_id"] = thread.into();
            head["is_topic_message"] = true.into();
        }
        let (kind, fields) = match &act.does {
            Does::Message(content) => {
                let id = self.next_id();
                self.chats.entry(act.chat).or_default().push(Message {
                    id,
                    of_bot: false,
                    text: String::new(),
                    markup: Value::Null,
                });
                head["message_id"] = id.into();
                head["from"] = act.who.json.clone();
                if let (Value::Object(head), Value::Object(content)) = (&mut head, content) {
                    head.extend(content.clone());
                }
                ("message", head)
            }
            Does::Press(message, data) => {
                let id = format!("query-{update_id}");
                self.presses.insert(id.clone(), 0);
                head["message_id"] = (*message).into();
                let press = json!({ "id": id, "from": act.who.json, "message": head, "data": data, "chat_instance": "1" });
                ("callback_query", press)
            }
            Does::Other(kind) => {
                head["message_id"] = self.messages.into();
                head["from"] = act.who.json.clone();
                head["text"] = "edited <b>".into();
                (*kind, head)
            }
        };
        json!({ "update_id": update_id, kind: fields })
    }

    /// Takes a call of the bot; what was shown, in a line.
    pub(super) fn take(&mut self, call: &Call) -> Result<String, String> {
        let json = serde_json::to_value(call).map_err(|error| error.to_string())?;
        let line: String = json.to_string().chars().take(700).collect();
        let refused = |reason: String| format!("Telegram would refuse a call: {reason}: {line}");
        rules::call(&json).map_err(|(status, words)| refused(format!("{status} {words}")))?;
        match call {
            Call::AnswerCallbackQuery(answer) => {
                let Some(times) = self.presses.get_mut(&answer.callback_query_id) else {
                    return Err(refused(rules::TOO_OLD.to_owned()));
                };
                *times += 1;
                self.said += usize::from(answer.text.is_some());
            }
            Call::SendMessage(message) => {
                let id = self.next_id();
                let Some(chat) = self.chats.get_mut(&message.chat_id) else {
                    return Err(refused("Bad Request: chat not found".to_owned()));
                };
                chat.push(shown(id, &json));
                if chat.len() > KEPT {
                    chat.remove(0);
                }
                self.said += 1;
            }
            Call::EditMessageText(edit) => {
                let chat = self.chats.entry(edit.chat_id).or_default();
                let found = chat
                    .iter()
                    .position(|message| message.id == edit.message_id);
                match found.and_then(|at| chat.get_mut(at)) {
                    Some(message) if message.of_bot => *message = shown(message.id, &json),
                    Some(_) => {
                        return Err(refused("Bad Request: message can't be edited".to_owned()));
                    }
                    None => {
                        return Err(refused("Bad Request: message to edit not found".to_owned()));
                    }
                }
                // What was edited is what people look at.
                if let Some(at) = found {
                    let message = chat.remove(at);
                    chat.push(message);
                }
                self.said += 1;
            }
            // Compiled bots make no others.
            _ => {
                return Err(refused("no such call".to_owned()));
            }
        }
        Ok(line)
    }

    /// A press was answered, once for each delivery; what was answered need not be when it comes `again`.
    pub(super) fn answered(&mut self, press: &str, again: bool) -> Result<(), String> {
        match self.presses.insert(press.to_owned(), 0) {
            Some(1) => Ok(()),
            Some(0) if again => Ok(()),
            Some(0) | None => Err("a press was not answered".to_owned()),
            Some(times) => Err(format!("a press was answered {times} times")),
        }
    }

    /// The words of the bot that a chat shows last.
    pub(super) fn last(&self, chat: i64) -> &str {
        self.of_bot(chat).next().map_or("", |message| &message.text)
    }

    fn of_bot(&self, chat: i64) -> impl Iterator<Item = &Message> {
        let shown = self.chats.get(&chat).into_iter().flatten().rev();
        shown.filter(|message| message.of_bot)
    }

    /// How many buttons the last message has.
    pub(super) fn buttons(&self, chat: i64) -> usize {
        let last = self.of_bot(chat).next();
        last.map_or(0, |message| message.payloads().count())
    }

    /// A button of the last message.
    pub(super) fn button(&self, chat: i64, at: usize) -> Option<(i64, String)> {
        let message = self.of_bot(chat).next()?;
        Some((message.id, message.payloads().nth(at)?.to_owned()))
    }

    /// A button of any message, in any chat now and then.
    pub(super) fn any_button(&self, chat: i64, random: &mut StdRng) -> Option<(i64, String)> {
        let mut chats: Vec<i64> = self.chats.keys().copied().collect();
        chats.sort_unstable();
        let from = if random.random_bool(0.7) {
            chat
        } else {
            *chats.choose(random)?
        };
        let pressed: Vec<(i64, &str)> = self
            .of_bot(from)
            .flat_map(|message| message.payloads().map(|data| (message.id, data)))
            .collect();
        let (id, data) = *pressed.choose(random)?;
        // The client says under which message: one of this chat.
        let here: Vec<i64> = self.of_bot(chat).map(|message| message.id).collect();
        let id = if from == chat {
            id
        } else {
            *here.choose(random)?
        };
        Some((id, data.to_owned()))
    }

    /// The text of a button of the last message.
    pub(super) fn label(&self, chat: i64, random: &mut StdRng) -> Option<String> {
        let message = self.of_bot(chat).next()?;
        let buttons = message
            .buttons("inline_keyboard")
            .chain(message.buttons("keyboard"));
        let labels: Vec<&str> = buttons
            .filter_map(|button| button.get("text")?.as_str())
            .collect();
        labels.choose(random).map(|&label| label.to_owned())
    }
}

fn shown(id: i64, call: &Value) -> Message {
    Message {
        id,
        of_bot: true,
        text: call["text"].as_str().unwrap_or_default().to_owned(),
        markup: call["reply_markup"].clone(),
    }
}

/// Telegram accepts a list of commands.
pub(super) fn menu(menu: Menu) -> Result<(), String> {
    let commands = menu
        .commands
        .into_iter()
        .map(|(command, description)| rules::Command {
            command,
            description,
        });
    rules::commands(&rules::SetCommands {
        commands: commands.collect(),
        language_code: menu.language,
        scope: None,
    })
    .map_err(|(status, words)| format!("Telegram would refuse the commands: {status} {words}"))
}
