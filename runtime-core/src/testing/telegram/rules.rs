//! What Telegram accepts, and its words for what it does not. Written apart from the client on purpose.

use botfactory_lang::markup::{self, ParseMode};
use serde::Deserialize;
use serde_json::Value;

/// A refusal: status and description.
pub(in crate::testing) type Refused = (u16, String);

fn bad(words: &str) -> Refused {
    (400, format!("Bad Request: {words}"))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::testing) struct Send {
    pub(in crate::testing) chat_id: i64,
    #[serde(default)]
    pub(in crate::testing) message_thread_id: Option<i64>,
    pub(in crate::testing) text: String,
    #[serde(default)]
    pub(in crate::testing) parse_mode: Option<String>,
    #[serde(default)]
    pub(in crate::testing) reply_markup: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::testing) struct Edit {
    pub(in crate::testing) chat_id: i64,
    pub(in crate::testing) message_id: i64,
    pub(in crate::testing) text: String,
    #[serde(default)]
    pub(in crate::testing) parse_mode: Option<String>,
    #[serde(default)]
    pub(in crate::testing) reply_markup: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::testing) struct Delete {
    pub(in crate::testing) chat_id: i64,
    pub(in crate::testing) message_id: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::testing) struct Answer {
    pub(in crate::testing) callback_query_id: String,
    #[serde(default)]
    pub(in crate::testing) text: Option<String>,
    #[serde(default)]
    #[allow(dead_code)]
    pub(in crate::testing) show_alert: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::testing) struct SetWebhook {
    pub(in crate::testing) url: String,
    #[serde(default)]
    pub(in crate::testing) secret_token: Option<String>,
    #[serde(default)]
    pub(in crate::testing) allowed_updates: Option<Vec<String>>,
    #[serde(default)]
    pub(in crate::testing) drop_pending_updates: bool,
    #[serde(default)]
    #[allow(dead_code)]
    pub(in crate::testing) max_connections: Option<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::testing) struct DeleteWebhook {
    #[serde(default)]
    pub(in crate::testing) drop_pending_updates: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::testing) struct GetUpdates {
    #[serde(default)]
    pub(in crate::testing) offset: Option<i64>,
    #[serde(default)]
    pub(in crate::testing) limit: Option<usize>,
    #[serde(default)]
    pub(in crate::testing) timeout: Option<u64>,
    #[serde(default)]
    pub(in crate::testing) allowed_updates: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::testing) struct Nothing {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::testing) struct SetCommands {
    pub(in crate::testing) commands: Vec<Command>,
    #[serde(default)]
    pub(in crate::testing) language_code: Option<String>,
    #[serde(default)]
    #[allow(dead_code)]
    pub(in crate::testing) scope: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::testing) struct Command {
    pub(in crate::testing) command: String,
    pub(in crate::testing) description: String,
}

/// Parses strictly: a missing, mistyped or unknown field is a refusal.
pub(in crate::testing) fn read<T: serde::de::DeserializeOwned>(body: &Value) -> Result<T, Refused> {
    serde_json::from_value(body.clone()).map_err(|error| bad(&format!("strict fake: {error}")))
}

/// A call that writes or answers, alone.
pub(in crate::testing) fn call(call: &Value) -> Result<(), Refused> {
    let mut body = call.clone();
    let method = body
        .as_object_mut()
        .and_then(|fields| fields.remove("method"));
    match method.as_ref().and_then(Value::as_str) {
        Some("sendMessage") => {
            let send: Send = read(&body)?;
            text(&send.text, send.parse_mode.as_deref())?;
            keyboard(send.reply_markup.as_ref(), send.chat_id)
        }
        Some("editMessageText") => {
            let edit: Edit = read(&body)?;
            text(&edit.text, edit.parse_mode.as_deref())?;
            edited(edit.reply_markup.as_ref(), edit.chat_id)
        }
        Some("answerCallbackQuery") => {
            let answer: Answer = read(&body)?;
            toast(answer.text.as_deref())
        }
        _ => Err((404, "Not Found: method not found".to_owned())),
    }
}

/// A keyboard of a message that was sent already.
pub(in crate::testing) fn edited(markup: Option<&Value>, chat: i64) -> Result<(), Refused> {
    if markup.is_some_and(|markup| markup.get("inline_keyboard").is_none()) {
        return Err(bad("inline keyboard expected"));
    }
    keyboard(markup, chat)
}

/// A message's text.
pub(in crate::testing) fn text(text: &str, parse_mode: Option<&str>) -> Result<(), Refused> {
    if text.len() > 32_768 {
        return Err(bad("text is too long"));
    }
    let mode = match parse_mode {
        None => ParseMode::Plain,
        Some("HTML") => ParseMode::Html,
        Some("MarkdownV2") => ParseMode::MarkdownV2,
        Some(_) => return Err(bad("unsupported parse_mode")),
    };
    if mode != ParseMode::Plain {
        let (errors, _) = markup::check(mode, text, &[]);
        if let Some(error) = errors.first() {
            return Err(bad(&format!(
                "can't parse entities: {} at byte offset {}",
                error.message, error.range.start
            )));
        }
    }
    let visible = match mode {
        ParseMode::Html => visible_html(text),
        _ => text.to_owned(),
    };
    if nothing(&visible) {
        return Err(bad("message text is empty"));
    }
    let length = match mode {
        ParseMode::MarkdownV2 => markup::visible_length(mode, text),
        _ => visible.encode_utf16().count(),
    };
    if length > 4096 {
        return Err(bad("message is too long"));
    }
    Ok(())
}

/// What tdlib strips from a text that would show nothing. Written apart from the house's own on purpose.
fn nothing(text: &str) -> bool {
    const MARKS: &str = "\u{1680}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2800}\u{feff}\u{fffc}";
    text.chars()
        .all(|c| c <= ' ' || c.is_whitespace() || MARKS.contains(c))
}

/// What people see of HTML, found without the house's own parser.
fn visible_html(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.find(if from.starts_with('<') { '>' } else { ';' });
        let Some(end) = end else {
            out.push_str(from);
            return out;
        };
        let (thing, after) = from.split_at(end + 1);
        match thing {
            "&lt;" => out.push('<'),
            "&gt;" => out.push('>'),
            "&amp;" => out.push('&'),
            "&quot;" => out.push('"'),
            _ if thing.starts_with("&#") => out.push('?'),
            _ if thing.starts_with('&') => out.push_str(thing),
            _ => {}
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A keyboard.
pub(in crate::testing) fn keyboard(markup: Option<&Value>, chat: i64) -> Result<(), Refused> {
    let Some(markup) = markup else { return Ok(()) };
    let Some(rows) = markup.get("inline_keyboard") else {
        return match (markup.get("keyboard"), markup.get("remove_keyboard")) {
            (Some(rows), _) => reply_keyboard(rows, chat > 0),
            (None, Some(_)) => Ok(()),
            (None, None) => Err(bad("object expected as reply markup")),
        };
    };
    let rows = rows
        .as_array()
        .ok_or_else(|| bad("field \"inline_keyboard\" must be of type Array"))?;
    let mut count = 0;
    for row in rows {
        let row = row
            .as_array()
            .ok_or_else(|| bad("can't parse inline keyboard: array of arrays expected"))?;
        if row.len() > 8 {
            return Err(bad("reply markup is too long"));
        }
        for button in row {
            count += 1;
            inline_button(button)?;
        }
    }
    if count > 100 {
        return Err(bad("reply markup is too long"));
    }
    Ok(())
}

fn inline_button(button: &Value) -> Result<(), Refused> {
    let fields = button
        .as_object()
        .ok_or_else(|| bad("can't parse inline keyboard button: expected an Object"))?;
    if let Some(unknown) = fields
        .keys()
        .find(|key| !matches!(key.as_str(), "text" | "callback_data" | "url"))
    {
        return Err(bad(&format!("strict fake: unknown button field {unknown}")));
    }
    let text = fields.get("text").and_then(Value::as_str).unwrap_or("");
    if nothing(text) {
        return Err(bad(
            "can't parse inline keyboard button: field \"text\" must be non-empty",
        ));
    }
    let data = fields.get("callback_data").and_then(Value::as_str);
    let url = fields.get("url").and_then(Value::as_str);
    match (data, url) {
        (Some(""), None) => Err(bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        )),
        (Some(data), None) if data.len() > 64 => Err(bad("BUTTON_DATA_INVALID")),
        (Some(_), None) => Ok(()),
        (None, Some(url)) => address(url),
        (None, None) => Err(bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        )),
        (Some(_), Some(_)) => Err(bad("strict fake: a button has exactly one action")),
    }
}

/// What a button may open (tdlib, `LinkManager::check_link`): no host without a dot.
fn address(url: &str) -> Result<(), Refused> {
    let invalid = |why: &str| {
        Err(bad(&format!(
            "inline keyboard button URL is invalid: {why}"
        )))
    };
    if url
        .chars()
        .any(|c| c <= ' ' || c == '<' || c == '>' || c == '"')
    {
        return invalid("URL must not contain such characters");
    }
    if url.starts_with("tg://") && url.len() > 5 {
        return Ok(());
    }
    let Some(rest) = ["http://", "https://"]
        .iter()
        .find_map(|s| url.strip_prefix(s))
    else {
        return invalid("Unsupported URL protocol");
    };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or("");
    if host.contains('.') && !host.starts_with('.') {
        Ok(())
    } else {
        invalid("Wrong HTTP URL")
    }
}

/// A reply keyboard: in private chats alone may it ask for a phone number or a place.
fn reply_keyboard(rows: &Value, private: bool) -> Result<(), Refused> {
    let rows = rows.as_array().filter(|rows| !rows.is_empty());
    let rows = rows.ok_or_else(|| bad("reply keyboard is empty"))?;
    for button in rows.iter().filter_map(Value::as_array).flatten() {
        let text = button.get("text").and_then(Value::as_str).unwrap_or("");
        if nothing(text) {
            return Err(bad("keyboard button text must be non-empty"));
        }
        let asks = |what: &str| button.get(what) == Some(&Value::Bool(true));
        if !private && asks("request_contact") {
            return Err(bad("phone number can be requested in private chats only"));
        }
        if !private && asks("request_location") {
            return Err(bad("location can be requested in private chats only"));
        }
    }
    Ok(())
}

/// An answer to a press.
pub(in crate::testing) fn toast(text: Option<&str>) -> Result<(), Refused> {
    if text.is_some_and(|text| text.encode_utf16().count() > 200) {
        return Err(bad("MESSAGE_TOO_LONG"));
    }
    Ok(())
}

/// A menu.
pub(in crate::testing) fn commands(set: &SetCommands) -> Result<(), Refused> {
    if set.commands.len() > 100 {
        return Err(bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for Command {
        command,
        description,
    } in &set.commands
    {
        let fits = (1..=32).contains(&command.len())
            && command
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !fits {
            return Err(bad("BOT_COMMAND_INVALID"));
        }
        if !(1..=256).contains(&description.encode_utf16().count()) {
            return Err(bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    match set.language_code.as_deref() {
        None | Some("") => Ok(()),
        Some(code) if code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase()) => Ok(()),
        Some(_) => Err(bad("language code invalid")),
    }
}

/// A webhook. Plain http is allowed here: the tests' servers have no certificates.
pub(in crate::testing) fn webhook(set: &SetWebhook) -> Result<(), Refused> {
    if !set.url.starts_with("http://") && !set.url.starts_with("https://") {
        return Err(bad(
            "bad webhook: An HTTPS URL must be provided for webhook",
        ));
    }
    if let Some(secret) = &set.secret_token {
        if secret.len() > 256 {
            return Err(bad("secret token is too long"));
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !secret.bytes().all(allowed) {
            return Err(bad("secret token contains unallowed characters"));
        }
    }
    Ok(())
}

pub(in crate::testing) const NOT_MODIFIED: &str = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";
pub(in crate::testing) const TOO_OLD: &str =
    "Bad Request: query is too old and response timeout expired or query ID is invalid";
pub(in crate::testing) const WEBHOOK_ACTIVE: &str = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lengths_are_counted_after_entities() {
        assert_eq!(visible_html("<b>a</b>&lt;&#33;x"), "a<?x");
        assert!(text(&"x".repeat(4096), None).is_ok());
        assert!(text(&"x".repeat(4097), None).is_err());
        assert!(text(&format!("<b>{}</b>", "x".repeat(4096)), Some("HTML")).is_ok());
        assert!(text(&"😀".repeat(2049), None).is_err());
        assert_eq!(
            text("<b> </b>", Some("HTML")),
            Err((400, "Bad Request: message text is empty".to_owned()))
        );
        assert!(
            text("<nope>x</nope>", Some("HTML"))
                .is_err_and(|e| e.1.contains("can't parse entities"))
        );
        assert!(text("a < b", None).is_ok());
    }

    #[test]
    fn buttons() {
        let one = |button: Value| keyboard(Some(&json!({"inline_keyboard": [[button]]})), 1);
        assert!(one(json!({"text": "a", "callback_data": "x"})).is_ok());
        assert!(one(json!({"text": "a", "callback_data": "ы".repeat(33)})).is_err());
        assert!(one(json!({"text": "a"})).is_err());
        assert!(one(json!({"text": "", "callback_data": "x"})).is_err());
        assert!(one(json!({"text": "a", "url": "javascript:x"})).is_err());
        assert!(one(json!({"text": "a", "url": "https://x.y/?q=1"})).is_ok());
        assert!(one(json!({"text": "a", "url": "https://localhost/x.y"})).is_err());
        assert!(one(json!({"text": "\u{200b}", "callback_data": "x"})).is_err());
        assert!(one(json!({"text": "a", "callback_data": "x", "pay": true})).is_err());
    }
}
