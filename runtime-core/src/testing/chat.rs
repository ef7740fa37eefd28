//! A chat as its people see it: messages, buttons, toasts, and what nobody has looked at yet.

use botfactory_lang::limits::{CALLBACK_DATA_BYTES, CAPTION, MESSAGE_TEXT, TOAST};
use botfactory_lang::markup::{ParseMode, check, plain_text, visible_length};

use crate::telegram::method::{Call, ReplyMarkup};

/// A message of the bot.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) id: i64,
    /// Without markup.
    pub(super) words: String,
    pub(super) buttons: Vec<Key>,
    /// Looked at by an `expect`.
    pub(super) seen: bool,
}

/// A button.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) label: String,
    pub(super) does: KeyDoes,
}

/// What a button does.
#[derive(Debug, Clone)]
pub(super) enum KeyDoes {
    Callback(String),
    Url,
    /// A reply keyboard's: sends its label.
    Types,
    SharesContact,
    SharesLocation,
}

/// A chat.
#[derive(Debug, Default)]
pub(super) struct Chat {
    shown: Vec<Shown>,
    last_id: i64,
}

impl Chat {
    /// A person's message takes a number too.
    pub(super) fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    /// Shows a message or an edit. `Err`: what Telegram would say.
    pub(super) fn show(&mut self, call: &Call) -> Result<(), String> {
        match call {
            Call::SendMessage(message) => {
                let words = words(&message.text, message.parse_mode.as_deref(), MESSAGE_TEXT)?;
                self.add(words, keys(message.reply_markup.as_ref())?);
            }
            Call::EditMessageText(edit) => {
                let words = words(&edit.text, edit.parse_mode.as_deref(), MESSAGE_TEXT)?;
                let buttons = keys(edit.reply_markup.as_ref())?;
                let at = self
                    .shown
                    .iter()
                    .position(|shown| shown.id == edit.message_id);
                let Some(at) = at else {
                    return Err("message to edit not found".to_owned());
                };
                let mut shown = self.shown.remove(at);
                shown.words = words;
                shown.buttons = buttons;
                shown.seen = false;
                self.shown.push(shown); // news, though not new
            }
            file => {
                let Some((caption, parse_mode, markup)) = file.caption() else {
                    return Ok(());
                };
                let words = match caption {
                    // As people see what stands alone: a picture, a document.
                    "" => format!(
                        "[{}]",
                        file.name().trim_start_matches("send").to_lowercase()
                    ),
                    _ => words(caption, parse_mode, CAPTION)?,
                };
                self.add(words, keys(markup)?);
            }
        }
        Ok(())
    }

    /// A further message.
    fn add(&mut self, words: String, buttons: Vec<Key>) {
        let id = self.next_id();
        self.shown.push(Shown {
            id,
            words,
            buttons,
            seen: false,
        });
    }

    /// The oldest message that nobody has looked at; it is looked at now.
    pub(super) fn next(&mut self) -> Option<&Shown> {
        let next = self.shown.iter_mut().find(|shown| !shown.seen)?;
        next.seen = true;
        Some(next)
    }

    /// The newest button with this label, else with one that contains it; and its message.
    pub(super) fn button(&self, label: &str) -> Option<(i64, Key)> {
        self.shown.iter().rev().find_map(|shown| {
            let label = as_typed(label);
            let mut keys = shown.buttons.iter();
            let exact = keys.find(|key| as_typed(&key.label) == label);
            let mut keys = shown.buttons.iter();
            let key = exact.or_else(|| keys.find(|key| as_typed(&key.label).contains(&label)));
            key.map(|key| (shown.id, key.clone()))
        })
    }

    /// The last message shown.
    pub(super) fn newest(&self) -> Option<&Shown> {
        self.shown.last()
    }

    /// All labels, newest message first.
    pub(super) fn labels(&self) -> Vec<&str> {
        let newest_first = self.shown.iter().rev();
        newest_first
            .flat_map(|shown| shown.buttons.iter().map(|key| key.label.as_str()))
            .collect()
    }
}

/// With the spaces that a keyboard has: CLDR's formats hold others, which nobody sees in a file.
pub(super) fn as_typed(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}', '\u{2009}'], " ")
}

fn words(text: &str, parse_mode: Option<&str>, most: usize) -> Result<String, String> {
    let mode = match parse_mode {
        None => ParseMode::Plain,
        Some("HTML") => ParseMode::Html,
        Some("MarkdownV2") => ParseMode::MarkdownV2,
        Some(_) => return Err("unsupported parse_mode".to_owned()),
    };
    if let Some(fault) = check(mode, text, &[]).0.first() {
        return Err(format!("can't parse entities: {}", fault.message));
    }
    match visible_length(mode, text) {
        0 => Err("message text is empty".to_owned()),
        length if length > most => Err("message is too long".to_owned()),
        _ => Ok(plain_text(mode, text)),
    }
}

fn keys(markup: Option<&ReplyMarkup>) -> Result<Vec<Key>, String> {
    let mut keys = Vec::new();
    match markup {
        None | Some(ReplyMarkup::Remove { .. }) => {}
        Some(ReplyMarkup::Inline { inline_keyboard }) => {
            for button in inline_keyboard.iter().flatten() {
                let does = match (&button.callback_data, &button.url) {
                    (Some(data), None) if data.len() <= CALLBACK_DATA_BYTES => {
                        KeyDoes::Callback(data.clone())
                    }
                    (None, Some(_)) => KeyDoes::Url,
                    _ => return Err("BUTTON_DATA_INVALID".to_owned()),
                };
                keys.push(Key {
                    label: button.text.clone(),
                    does,
                });
            }
        }
        Some(ReplyMarkup::Reply { keyboard, .. }) => {
            for button in keyboard.iter().flatten() {
                let does = match (button.request_contact, button.request_location) {
                    (true, false) => KeyDoes::SharesContact,
                    (false, true) => KeyDoes::SharesLocation,
                    _ => KeyDoes::Types,
                };
                keys.push(Key {
                    label: button.text.clone(),
                    does,
                });
            }
        }
    }
    if keys.iter().any(|key| key.label.trim().is_empty()) {
        return Err("inline keyboard button text is empty".to_owned());
    }
    Ok(keys)
}

/// A toast's words. `Err`: what Telegram would say.
pub(super) fn toast(call: &Call) -> Result<Option<String>, String> {
    let Call::AnswerCallbackQuery(answer) = call else {
        return Ok(None);
    };
    match &answer.text {
        Some(text) if visible_length(ParseMode::Plain, text) > TOAST => {
            Err("MESSAGE_TOO_LONG".to_owned())
        }
        text => Ok(Some(text.clone().unwrap_or_default())),
    }
}
