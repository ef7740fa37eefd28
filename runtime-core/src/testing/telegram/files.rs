//! What Telegram accepts of files and albums. Written apart from the client on purpose.

use serde_json::Value;

use super::rules::{self, Refused};

/// A file that may be sent.
#[derive(Debug)]
pub(in crate::testing) struct File {
    pub(in crate::testing) chat: i64,
    /// `[photo NAME] caption`.
    pub(in crate::testing) shown: String,
    pub(in crate::testing) markup: Option<Value>,
}

fn bad(words: &str) -> Refused {
    (400, format!("Bad Request: {words}"))
}

fn known(fields: &serde_json::Map<String, Value>, names: &[&str]) -> Result<(), Refused> {
    match fields.keys().find(|key| !names.contains(&key.as_str())) {
        Some(unknown) => Err(bad(&format!("strict fake: unknown field {unknown}"))),
        None => Ok(()),
    }
}

/// A `file_id` or an address: the server takes http and https only, and ids have no other characters.
fn source(given: Option<&Value>) -> Result<String, Refused> {
    let given = given
        .and_then(Value::as_str)
        .filter(|given| !given.is_empty())
        .ok_or_else(|| bad("there is no file in the request"))?;
    let address = ["http://", "https://"].iter().any(|s| given.starts_with(s));
    let id = given
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !address && !id {
        return Err(bad("wrong file identifier/HTTP URL specified"));
    }
    if id && given == "stale" {
        return Err(bad(
            "wrong remote file identifier specified: can't unserialize it",
        ));
    }
    Ok(given.to_owned())
}

fn caption(fields: &serde_json::Map<String, Value>) -> Result<String, Refused> {
    let caption = fields.get("caption").and_then(Value::as_str).unwrap_or("");
    if caption.is_empty() {
        return Ok(String::new());
    }
    rules::text(caption, fields.get("parse_mode").and_then(Value::as_str))?;
    if caption.encode_utf16().count() > 1024 {
        return Err(bad("message caption is too long"));
    }
    Ok(caption.to_owned())
}

fn chat(fields: &serde_json::Map<String, Value>) -> Result<i64, Refused> {
    fields
        .get("chat_id")
        .and_then(Value::as_i64)
        .filter(|chat| *chat != 0)
        .ok_or_else(|| bad("chat not found"))
}

/// `sendPhoto` and its like.
pub(in crate::testing) fn file(method: &str, body: &Value) -> Result<File, Refused> {
    let kind = method.trim_start_matches("send").to_ascii_lowercase();
    let fields = body.as_object().ok_or_else(|| bad("no object"))?;
    known(
        fields,
        &[
            "chat_id",
            "message_thread_id",
            &kind,
            "caption",
            "parse_mode",
            "reply_markup",
        ],
    )?;
    let chat = chat(fields)?;
    let name = source(fields.get(&kind))?;
    let caption = caption(fields)?;
    let markup = fields.get("reply_markup").cloned();
    rules::keyboard(markup.as_ref(), chat)?;
    Ok(File {
        chat,
        shown: format!("[{kind} {name}] {caption}"),
        markup,
    })
}

/// `sendMediaGroup`.
pub(in crate::testing) fn album(body: &Value) -> Result<Vec<File>, Refused> {
    let fields = body.as_object().ok_or_else(|| bad("no object"))?;
    known(fields, &["chat_id", "message_thread_id", "media"])?;
    let chat = chat(fields)?;
    let media = fields
        .get("media")
        .and_then(Value::as_array)
        .ok_or_else(|| bad("can't parse media JSON object"))?;
    if media.len() < 2 || media.len() > 10 {
        return Err(bad("there must be 2-10 items in the media group"));
    }
    let mut kinds = Vec::new();
    let mut files = Vec::new();
    for item in media {
        let item = item
            .as_object()
            .ok_or_else(|| bad("can't parse InputMedia"))?;
        known(item, &["type", "media", "caption", "parse_mode"])?;
        let kind = item.get("type").and_then(Value::as_str).unwrap_or("");
        if !matches!(kind, "photo" | "video" | "audio" | "document") {
            return Err(bad("type must be one of photo, video, audio or document"));
        }
        kinds.push(kind);
        let (name, caption) = (source(item.get("media"))?, caption(item)?);
        files.push(File {
            chat,
            shown: format!("[{kind} {name}] {caption}"),
            markup: None,
        });
    }
    for alone in ["audio", "document"] {
        let of_it = kinds.iter().filter(|kind| **kind == alone).count();
        if of_it != 0 && of_it != kinds.len() {
            return Err(bad(&format!(
                "{alone} can't be mixed with other media types"
            )));
        }
    }
    Ok(files)
}
