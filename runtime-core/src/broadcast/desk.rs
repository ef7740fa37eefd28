//! What an operator writes becomes a broadcast: read, proven, rendered in every locale.

use std::collections::BTreeMap;
use std::fmt;

use botfactory_lang::limits::{
    CALLBACK_DATA_BYTES, CAPTION, KEYBOARD_BUTTONS, MESSAGE_RAW_BYTES, MESSAGE_TEXT, ROW_BUTTONS,
};
use botfactory_lang::markup::{self, ParseMode, Place, is_blank};
use botfactory_lang::words::{Arg, Args};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::letter::{Bulletin, Letter, Letters, MediaKind, growth};
use crate::bot::Bot;
use crate::handler::marks::Recipient;
use crate::handler::message::{Button, Does, Message, Text};
use crate::handler::printer::Words;
use crate::store::broadcasts::sending::Fields;

/// Variables of a template.
const VARIABLES: usize = 50;
/// Longest value of a variable, in characters.
const VALUE: usize = 2_000;
/// Longest `file_id` or address.
const FILE: usize = 2_048;

/// What is said: a text (`t:key` is one of the bot's), or the parts of a message.
#[derive(Debug, Clone)]
pub enum Said {
    /// Plain text, or `t:key`.
    Text(String),
    /// Its parts.
    Parts(Box<Parts>),
}

/// [`Said`] as the description has it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = BroadcastMessage)]
#[allow(dead_code)]
pub(crate) enum SaidForm {
    /// Plain text, or `t:key`.
    Text(String),
    /// Its parts.
    Parts(Box<Parts>),
}

/// Derived code would say of a wrong part only that neither form fits.
impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Said;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or an object with `text` or `template`")
            }

            fn visit_str<E>(self, text: &str) -> Result<Said, E> {
                Ok(Said::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, parts: A) -> Result<Said, A::Error> {
                let parts = Parts::deserialize(MapAccessDeserializer::new(parts))?;
                Ok(Said::Parts(Box::new(parts)))
            }
        }
        deserializer.deserialize_any(Form)
    }
}

/// The parts of a message: a text or a template, and a file, a keyboard.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BroadcastMessageParts)]
pub struct Parts {
    /// The words as they are.
    text: Option<String>,
    /// `t:key`: the bot's text in each recipient's locale.
    template: Option<String>,
    /// Values of the template's variables.
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    /// How `text` is marked up; without it, it is plain. A template is HTML.
    parse_mode: Option<Mode>,
    /// Rows of buttons.
    #[serde(default)]
    keyboard: Vec<Vec<Key>>,
    /// A file that goes with it; the text is its caption.
    media: Option<File>,
}

/// Markup.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[schema(as = BroadcastParseMode)]
pub enum Mode {
    /// Telegram's HTML.
    #[serde(rename = "HTML")]
    Html,
    /// Telegram's MarkdownV2.
    MarkdownV2,
}

/// A value, or a field of whoever gets the message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "it should be a number, a text, or `{\"recipient\": \"first_name\"}`"
)]
#[schema(as = BroadcastVariable)]
pub enum Variable {
    /// A whole number.
    Int(i64),
    /// A number.
    Number(f64),
    /// Words.
    Text(String),
    /// `{"recipient": "first_name"}`.
    #[schema(value_type = Object)]
    Field(Field),
}

/// A field of whoever gets the message.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    recipient: Recipient,
}

/// A button: what it says (`t:key` too), and a command of the bot or an address.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BroadcastButton)]
pub struct Key {
    /// Its label.
    text: String,
    /// A command with its arguments, as a person could type it.
    callback: Option<String>,
    /// `https://…`, `http://…` or `tg://…`.
    url: Option<String>,
}

/// A file.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BroadcastMedia)]
pub struct File {
    /// What it is.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: MediaKind,
    /// Telegram's `file_id`, or an `https` address.
    file: String,
}

/// Why it cannot be sent, in words for whoever wrote it. Never holds values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong(pub String);

fn wrong<T>(words: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong(words.into()))
}

/// The message in every locale of the bot.
///
/// # Errors
/// Telegram would refuse it, or the bot has no such text or command.
pub(crate) fn compose(bot: &dyn Bot, words: &[Words], said: &Said) -> Result<Letters, Wrong> {
    let parts = match said {
        Said::Text(text) if text.starts_with("t:") => Parts {
            template: Some(text.clone()),
            ..Parts::default()
        },
        Said::Text(text) => Parts {
            text: Some(text.clone()),
            ..Parts::default()
        },
        Said::Parts(parts) => (**parts).clone(),
    };
    if parts.variables.len() > VARIABLES {
        return wrong(format!("a template has at most {VARIABLES} variables"));
    }
    let mut letters = Vec::with_capacity(words.len());
    for words in words {
        let bulletin = bulletin(bot, words, &parts)?;
        let letter = Letter::new(&bulletin).map_err(|error| Wrong(error.to_string()))?;
        if letter.says_nothing(&named()) {
            return wrong("the message says nothing to people who have only a first name");
        }
        letters.push((words.locale().to_owned(), letter));
    }
    let spec = bot.spec();
    let default = spec.locales.get(spec.default_locale);
    Ok(Letters::new(
        letters,
        default.map_or("", |locale| locale.tag),
    ))
}

/// Somebody who has no more than everybody has.
fn named() -> Fields {
    Fields {
        first_name: "A".to_owned(),
        ..Fields::default()
    }
}

fn bulletin(bot: &dyn Bot, words: &Words, parts: &Parts) -> Result<Bulletin, Wrong> {
    let text = text(words, parts)?;
    let limit = match &parts.media {
        Some(_) => CAPTION,
        None => MESSAGE_TEXT,
    };
    proven(&text, limit)?;
    let blank = is_blank(text.mode, text.as_str());
    if blank && parts.media.is_none() {
        return wrong("the message says nothing");
    }
    let mut message = Message::new(text);
    let count: usize = parts.keyboard.iter().map(Vec::len).sum();
    if count > KEYBOARD_BUTTONS || parts.keyboard.iter().any(|row| row.len() > ROW_BUTTONS) {
        return wrong(format!(
            "a keyboard has at most {KEYBOARD_BUTTONS} buttons, {ROW_BUTTONS} in a row"
        ));
    }
    for row in &parts.keyboard {
        let row = row.iter().map(|key| button(bot, words, key));
        message = message.row(row.collect::<Result<Vec<_>, _>>()?);
    }
    let bulletin = Bulletin::new(message);
    match &parts.media {
        None => Ok(bulletin),
        Some(file) => Ok(bulletin.media(file.kind, address(&file.file)?)),
    }
}

fn text(words: &Words, parts: &Parts) -> Result<Text, Wrong> {
    match (&parts.text, &parts.template) {
        (Some(_), Some(_)) => wrong("a message has a `text` or a `template`, not both"),
        (Some(_), None) if !parts.variables.is_empty() => {
            wrong("`variables` are those of a `template`")
        }
        (Some(text), None) => {
            let mut out = Text::of(match parts.parse_mode {
                None => ParseMode::Plain,
                Some(Mode::Html) => ParseMode::Html,
                Some(Mode::MarkdownV2) => ParseMode::MarkdownV2,
            });
            out.push(text);
            Ok(out.end())
        }
        (None, Some(_)) if parts.parse_mode.is_some() => {
            wrong("`parse_mode` is that of a `text`; a template is HTML")
        }
        (None, Some(template)) => {
            let mut args = Args::new();
            for (name, value) in &parts.variables {
                args = args.with(name, value.arg()?);
            }
            spoken(words, template, &args, ParseMode::Html)
        }
        (None, None) if parts.media.is_some() => Ok(Text::of(ParseMode::Plain)),
        (None, None) => wrong("a message has a `text`, a `template` or `media`"),
    }
}

impl Variable {
    fn arg(&self) -> Result<Arg<'_>, Wrong> {
        Ok(match self {
            Self::Int(number) => Arg::Int(*number),
            Self::Number(number) => Arg::Number(*number),
            Self::Text(text) if text.chars().count() > VALUE => {
                return wrong(format!("a variable has at most {VALUE} characters"));
            }
            Self::Text(text) => Arg::Text(text.as_str().into()),
            Self::Field(field) => Arg::Text(field.recipient.mark().into()),
        })
    }
}

/// One of the bot's texts: `t:key` or `t:key.attribute`.
fn spoken(words: &Words, template: &str, args: &Args<'_>, mode: ParseMode) -> Result<Text, Wrong> {
    let Some(key) = template.strip_prefix("t:") else {
        return wrong("a template is `t:key`");
    };
    let (key, attribute) = match key.split_once('.') {
        Some((key, attribute)) => (key, Some(attribute)),
        None => (key, None),
    };
    let of_a_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !key.chars().all(of_a_key) {
        return wrong("a text of the bot is `t:key` alone: values stand in `variables`");
    }
    let catalogue = &words.data().catalogue;
    // The runtime's own words are for the runtime.
    if key.starts_with("bf-") || !catalogue.has(key, attribute) {
        return wrong(format!(
            "the bot has no text `{}` in `{}`",
            shortened(key),
            words.locale()
        ));
    }
    let mut out = Text::of(mode);
    let whole = catalogue.try_print(key, attribute, args, mode, Place::Text, &mut out.markup);
    if !whole {
        return wrong(format!(
            "a variable of `{}` is missing, or does not suit it, in `{}`",
            shortened(key),
            words.locale()
        ));
    }
    Ok(out.end())
}

/// A key as a message shows it: it may be no key at all.
fn shortened(key: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    key.chars().take_while(plain).take(60).collect()
}

/// What Telegram would refuse, whoever gets it.
fn proven(text: &Text, limit: usize) -> Result<(), Wrong> {
    let length = markup::visible_length(text.mode, text.as_str());
    if text.as_str().len() > MESSAGE_RAW_BYTES || length > limit {
        return wrong(format!("the text is longer than {limit} characters"));
    }
    let growth = growth(text.as_str());
    if length + growth > limit {
        return wrong(format!(
            "the text is longer than {limit} characters for people with long names"
        ));
    }
    let (errors, _) = markup::check(text.mode, text.as_str(), &[]);
    match errors.first() {
        None => Ok(()),
        // The checker's words quote what stands there.
        Some(error) => wrong(format!(
            "the markup is not Telegram's, at byte {}",
            error.range.start
        )),
    }
}

fn button(bot: &dyn Bot, words: &Words, key: &Key) -> Result<Button, Wrong> {
    let label = if key.text.starts_with("t:") {
        spoken(words, &key.text, &Args::new(), ParseMode::Plain)?
    } else {
        let mut label = Text::of(ParseMode::Plain);
        label.push(&key.text);
        label.end()
    };
    if is_blank(ParseMode::Plain, label.as_str()) {
        return wrong("a button says nothing");
    }
    match (&key.callback, &key.url) {
        (Some(line), None) => {
            pressable(bot, line)?;
            if line.len() > CALLBACK_DATA_BYTES {
                return wrong(format!(
                    "a button's `callback` has at most {CALLBACK_DATA_BYTES} bytes"
                ));
            }
            Ok(Button::callback(&label, line.clone()))
        }
        (None, Some(url)) => {
            let known = ["https://", "http://", "tg://"];
            if !known.iter().any(|scheme| is_address(url, scheme)) {
                return wrong("a button's `url` is an address: `https://example.org`");
            }
            let mut button = Button::callback(&label, String::new());
            button.does = Does::Url(url.clone());
            Ok(button)
        }
        _ => wrong("a button has a `callback` or a `url`"),
    }
}

/// A command that whoever gets the button may use.
fn pressable(bot: &dyn Bot, line: &str) -> Result<(), Wrong> {
    let name = line
        .strip_prefix('/')
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap_or_default();
    let command = bot.command(name).and_then(|at| bot.spec().commands.get(at));
    match command {
        None => wrong("a button's `callback` is `/command` of this bot"),
        Some(command) if command.admins => wrong(format!(
            "`/{}` is for admins only: nobody else could use the button",
            command.name
        )),
        Some(_) => Ok(()),
    }
}

/// An address with a host that Telegram opens: on the net it has a dot.
fn is_address(text: &str, scheme: &str) -> bool {
    let Some(rest) = text.strip_prefix(scheme) else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = host.rsplit('@').next().unwrap_or_default();
    let (name, port) = match place.rsplit_once(':') {
        Some((name, port)) if !place.ends_with(']') => (name, Some(port)),
        _ => (place, None),
    };
    let named = match scheme {
        "tg://" => !host.is_empty(),
        _ => name.starts_with('[') || (name.contains('.') && !name.split('.').any(str::is_empty)),
    };
    let port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let odd = |c: char| c.is_whitespace() || c.is_control();
    named && port && text.len() <= FILE && !text.contains(odd)
}

fn address(file: &str) -> Result<String, Wrong> {
    let id = !file.is_empty()
        && file
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if (file.len() <= FILE && id) || is_address(file, "https://") {
        Ok(file.to_owned())
    } else {
        wrong("a `file` is Telegram's `file_id` or an `https` address")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::Handling;
    use crate::bot::{BotSpec, CommandSpec};
    use crate::handler::Cx;
    use crate::handler::given::Given;
    use crate::handler::wizard::Waiting;
    use crate::http::tests::{Facts, SPEC};

    #[derive(Debug)]
    struct Closed;

    static CLOSED: BotSpec = BotSpec {
        commands: &[CommandSpec {
            admins: true,
            ..SPEC.commands[0]
        }],
        ..SPEC
    };

    impl Bot for Closed {
        fn spec(&self) -> &'static BotSpec {
            &CLOSED
        }
        fn command(&self, name: &str) -> Option<usize> {
            Facts.command(name)
        }
        fn enter<'a>(&'a self, cx: &'a mut Cx, at: usize, args: &'a str) -> Handling<'a> {
            Facts.enter(cx, at, args)
        }
        fn answer<'a>(&'a self, cx: &'a mut Cx, at: Waiting, given: Given<'a>) -> Handling<'a> {
            Facts.answer(cx, at, given)
        }
        fn ask<'a>(&'a self, cx: &'a mut Cx, at: &'a Waiting) -> Handling<'a> {
            Facts.ask(cx, at)
        }
        fn fallback(&self, words: &Words) -> Option<Text> {
            Facts.fallback(words)
        }
        fn toast(&self, hash: u32, words: &Words) -> Option<Text> {
            Facts.toast(hash, words)
        }
    }

    #[test]
    fn a_button_leads_to_what_its_reader_may_use() {
        assert_eq!(pressable(&Facts, "/start now"), Ok(()));
        for line in ["start", "/stop", "/", ""] {
            assert!(pressable(&Facts, line).is_err(), "{line:?}");
        }
        let Err(Wrong(words)) = pressable(&Closed, "/start") else {
            panic!("only admins may start");
        };
        assert!(words.contains("admins only"), "{words}");
    }

    #[test]
    fn a_text_that_long_names_would_cut_is_refused() {
        let text = |length: usize| {
            let mut text = Text::of(ParseMode::Html);
            text.push(Recipient::FirstName.mark());
            text.push(&"x".repeat(length));
            text.end()
        };
        assert_eq!(proven(&text(MESSAGE_TEXT - 64), MESSAGE_TEXT), Ok(()));
        let Err(Wrong(words)) = proven(&text(MESSAGE_TEXT - 63), MESSAGE_TEXT) else {
            panic!("it would be cut");
        };
        assert!(words.contains("long names"), "{words}");
    }

    #[test]
    fn an_address_has_a_host() {
        for fine in [
            "https://example.org",
            "https://example.org:8443/a?b#c",
            "https://[::1]/a",
        ] {
            assert!(is_address(fine, "https://"), "{fine}");
        }
        for wrong in [
            "https://",
            "https://?a",
            "https://example",
            "https://.org",
            "https://a b.org",
            "https://example.org:0",
            "https://example.org:x",
            "http://example.org",
        ] {
            assert!(!is_address(wrong, "https://"), "{wrong}");
        }
        assert!(is_address("tg://user?id=1", "tg://"));
        assert!(!is_address("tg://", "tg://"));
    }

    #[test]
    fn what_is_no_key_is_not_repeated() {
        assert_eq!(shortened("wel-come_1"), "wel-come_1");
        assert_eq!(shortened("Anna's number 5"), "Anna");
        assert_eq!(shortened(&"x".repeat(500)).len(), 60);
    }
}
