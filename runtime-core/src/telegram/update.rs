//! Inbound updates: our own narrow types. Telegram adds kinds and fields every month, so an unknown kind or an odd
//! field never fails an update; only what is not a JSON object at all is refused.

use botfactory_lang::length::cut;
use botfactory_lang::value::{Contact, File, Location};
use serde::Deserialize;
use serde_json::Value;

use crate::incoming::{CallbackIn, Content, Event, MessageIn, Person, Place};

/// An update as read.
#[derive(Debug, Clone)]
pub struct Update {
    /// `None`: it has none, so nothing can claim it; it is acknowledged and forgotten.
    pub id: Option<i64>,
    /// What it is.
    pub event: Event,
}

/// Not a JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON object")]
pub struct Malformed;

/// Reads an update.
pub fn read(json: &[u8]) -> Result<Update, Malformed> {
    // Nearly every update fits the narrow types at once.
    if let Ok(update) = serde_json::from_slice::<Wire>(json)
        && let Some(event) = update.message.map_or_else(
            || update.callback_query.and_then(Callback::event),
            Message::event,
        )
    {
        return Ok(Update {
            id: Some(update.update_id),
            event,
        });
    }
    // The rest is looked at field by field.
    let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(json) else {
        return Err(Malformed);
    };
    let id = fields.get("update_id").and_then(Value::as_i64);
    let event = if let Some(message) = fields.get("message") {
        lenient_message(message)
    } else if let Some(press) = fields.get("callback_query") {
        serde_json::from_value::<Callback>(press.clone())
            .ok()
            .and_then(Callback::event)
            .unwrap_or(Event::Other("callback_query"))
    } else {
        Event::Other(kind(&fields))
    };
    Ok(Update { id, event })
}

/// Longest name of a person, in UTF-16 units.
const NAME: usize = 64;

/// Every kind of update (of the Bot API's of autumn 2026), for the metric's label: a closed set.
const KINDS: &[&str] = &[
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "guest_message",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
    "subscription",
    "stopped_message_generation",
];

fn kind(fields: &serde_json::Map<String, Value>) -> &'static str {
    KINDS
        .iter()
        .find(|kind| fields.contains_key(**kind))
        .copied()
        .unwrap_or("unknown")
}

#[derive(Deserialize)]
struct Wire {
    update_id: i64,
    #[serde(default)]
    message: Option<Message>,
    #[serde(default)]
    callback_query: Option<Callback>,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    language_code: Option<String>,
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        // What the compiler has proven of texts holds for names that Telegram allows.
        let last = |name: String| match name.len() <= NAME {
            true => name,
            false => cut(&name, NAME).into_owned(),
        };
        Self {
            id: user.id,
            first_name: last(user.first_name),
            last_name: user.last_name.map(last),
            username: user.username.map(last),
            language_code: user.language_code.map(last),
        }
    }
}

#[derive(Deserialize)]
struct Chat {
    id: i64,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Message {
    message_id: i64,
    #[serde(default)]
    from: Option<User>,
    chat: Chat,
    #[serde(default)]
    message_thread_id: Option<i64>,
    #[serde(default)]
    is_topic_message: bool,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    contact: Option<WireContact>,
    #[serde(default)]
    location: Option<WireLocation>,
    #[serde(default)]
    photo: Vec<WireFile>,
    #[serde(default)]
    document: Option<WireFile>,
}

#[derive(Deserialize)]
struct WireContact {
    phone_number: String,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    user_id: Option<i64>,
}

#[derive(Deserialize)]
struct WireLocation {
    latitude: f64,
    longitude: f64,
}

#[derive(Deserialize)]
struct WireFile {
    file_id: String,
    #[serde(default)]
    file_unique_id: String,
    #[serde(default)]
    file_name: Option<String>,
    #[serde(default)]
    file_size: Option<i64>,
}

impl From<WireFile> for File {
    fn from(file: WireFile) -> Self {
        Self {
            file_id: file.file_id,
            unique_id: file.file_unique_id,
            name: file.file_name,
            size: file.file_size,
        }
    }
}

impl Message {
    fn place(&self) -> Place {
        Place {
            chat_id: self.chat.id,
            private: self.chat.kind == "private",
            // Replies in ordinary groups carry a thread id too; only topics are threads.
            thread_id: match self.message_thread_id {
                Some(thread) if self.is_topic_message => thread,
                _ => 0,
            },
        }
    }

    fn content(self) -> Option<Content> {
        if let Some(text) = self.text {
            return Some(Content::Text(text));
        }
        if let Some(contact) = self.contact {
            return Some(Content::Contact(Contact {
                phone: contact.phone_number,
                first_name: contact.first_name,
                last_name: contact.last_name,
                user_id: contact.user_id,
            }));
        }
        if let Some(WireLocation {
            latitude,
            longitude,
        }) = self.location
        {
            return Some(Content::Location(Location {
                latitude,
                longitude,
            }));
        }
        // Sizes come in ascending order: the last is the largest.
        if let Some(size) = self.photo.into_iter().next_back() {
            return Some(Content::Photo(size.into()));
        }
        self.document.map(|file| Content::File(file.into()))
    }

    /// `None`: needs a closer look.
    fn event(mut self) -> Option<Event> {
        let place = self.place();
        let message_id = self.message_id;
        let from = self.from.take()?;
        if from.is_bot {
            // Other bots, and anonymous admins, who cannot hold a conversation.
            return Some(Event::Other("message"));
        }
        let content = self.content()?;
        Some(Event::Message(MessageIn {
            from: from.into(),
            place,
            message_id,
            content,
        }))
    }
}

#[derive(Deserialize)]
struct Callback {
    id: String,
    from: User,
    #[serde(default)]
    message: Option<PressedMessage>,
    #[serde(default)]
    data: Option<String>,
}

#[derive(Deserialize)]
struct PressedMessage {
    message_id: i64,
    chat: Chat,
    #[serde(default)]
    message_thread_id: Option<i64>,
    #[serde(default)]
    is_topic_message: bool,
}

impl Callback {
    /// `None`: a game or an inline message, which no bot of ours can have sent.
    fn event(self) -> Option<Event> {
        let data = self.data?;
        let (place, message_id) = match self.message {
            Some(message) => (
                Place {
                    chat_id: message.chat.id,
                    private: message.chat.kind == "private",
                    thread_id: match message.message_thread_id {
                        Some(thread) if message.is_topic_message => thread,
                        _ => 0,
                    },
                },
                message.message_id,
            ),
            None => return None,
        };
        Some(Event::Callback(CallbackIn {
            id: self.id,
            from: self.from.into(),
            place,
            message_id,
            data,
        }))
    }
}

/// What a person can send that is none of our typed contents, but that a waiting question must refuse.
const OTHER_CONTENT: &[&str] = &[
    "animation",
    "audio",
    "checklist",
    "contact",
    "dice",
    "document",
    "game",
    "live_photo",
    "location",
    "paid_media",
    "photo",
    "poll",
    "rich_message",
    "sticker",
    "story",
    "text",
    "venue",
    "video",
    "video_note",
    "voice",
];

/// A message that does not fit the narrow types: everything but who, where and which is dropped.
fn lenient_message(message: &Value) -> Event {
    const OTHER: Event = Event::Other("message");
    let Some(fields) = message.as_object() else {
        return OTHER;
    };
    let mut narrow = serde_json::Map::new();
    for key in [
        "message_id",
        "from",
        "chat",
        "message_thread_id",
        "is_topic_message",
    ] {
        if let Some(value) = fields.get(key) {
            narrow.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(text @ Value::String(_)) = fields.get("text") {
        narrow.insert("text".to_owned(), text.clone());
    }
    let Ok(mut read) = serde_json::from_value::<Message>(Value::Object(narrow)) else {
        return OTHER;
    };
    let place = read.place();
    let message_id = read.message_id;
    let Some(from) = read.from.take().filter(|user| !user.is_bot) else {
        return OTHER;
    };
    let content = match read.content() {
        Some(content) => content,
        None if OTHER_CONTENT.iter().any(|kind| fields.contains_key(*kind)) => Content::Other,
        // Somebody joined, the title changed, …: nobody said anything.
        None => return OTHER,
    };
    Event::Message(MessageIn {
        from: from.into(),
        place,
        message_id,
        content,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        read(json.as_bytes()).unwrap().event
    }

    #[test]
    fn names_are_as_long_as_telegram_allows() {
        let long = "я".repeat(5000);
        let json = format!(
            r#"{{"update_id":7,"message":{{"message_id":5,"from":{{"id":42,"first_name":"{long}","username":"{long}"}},
            "chat":{{"id":42,"type":"private"}},"text":"hi"}}}}"#
        );
        let Event::Message(message) = event(&json) else {
            panic!("message expected")
        };
        assert_eq!(message.from.first_name.chars().count(), NAME);
        assert_eq!(message.from.username.unwrap().chars().count(), NAME);
    }

    #[test]
    fn a_text() {
        let update = read(
            br#"{"update_id":7,"message":{"message_id":5,"date":1,"from":{"id":42,"is_bot":false,"first_name":"Ann","language_code":"ru"},
            "chat":{"id":-100,"type":"supergroup","title":"x"},"message_thread_id":3,"is_topic_message":true,"text":"hi","new_field":{"a":[1]}}}"#,
        )
        .unwrap();
        assert_eq!(update.id, Some(7));
        let Event::Message(message) = update.event else {
            panic!("message expected")
        };
        assert_eq!(message.from.id, 42);
        assert_eq!(message.from.language_code.as_deref(), Some("ru"));
        assert_eq!(
            message.place,
            Place {
                chat_id: -100,
                private: false,
                thread_id: 3
            }
        );
        assert!(matches!(message.content, Content::Text(ref t) if t == "hi"));
    }

    #[test]
    fn a_reply_in_a_group_is_no_topic() {
        let Event::Message(message) = event(
            r#"{"update_id":7,"message":{"message_id":5,"from":{"id":42,"first_name":"A"},"chat":{"id":-1,"type":"group"},"message_thread_id":3,"text":"hi"}}"#,
        ) else {
            panic!("message expected")
        };
        assert_eq!(message.place.thread_id, 0);
    }

    #[test]
    fn a_press_on_an_old_message() {
        let Event::Callback(press) = event(
            r#"{"update_id":8,"callback_query":{"id":"9","from":{"id":42,"first_name":"A"},"chat_instance":"1","data":"/x",
            "message":{"message_id":5,"date":0,"chat":{"id":42,"type":"private"}}}}"#,
        ) else {
            panic!("callback expected")
        };
        assert_eq!((press.message_id, press.data.as_str()), (5, "/x"));
        assert!(press.place.private);
    }

    #[test]
    fn the_largest_photo_and_other_contents() {
        let base =
            r#""message_id":5,"from":{"id":42,"first_name":"A"},"chat":{"id":42,"type":"private"}"#;
        let content = |rest: &str| match event(&format!(
            r#"{{"update_id":1,"message":{{{base},{rest}}}}}"#
        )) {
            Event::Message(m) => Some(m.content),
            _ => None,
        };
        assert!(
            matches!(content(r#""photo":[{"file_id":"s","file_unique_id":"1"},{"file_id":"l","file_unique_id":"2"}]"#), Some(Content::Photo(f)) if f.file_id == "l")
        );
        assert!(matches!(
            content(r#""sticker":{"file_id":"s"}"#),
            Some(Content::Other)
        ));
        // An odd field does not take the text away.
        assert!(
            matches!(content(r#""photo":"odd","text":"hi""#), Some(Content::Text(t)) if t == "hi")
        );
        assert!(content(r#""new_chat_members":[]"#).is_none());
    }

    #[test]
    fn never_fails_on_an_object() {
        for (json, expected) in [
            ("{}", "unknown"),
            (r#"{"update_id":1,"brand_new":{}}"#, "unknown"),
            (r#"{"update_id":1,"edited_message":{}}"#, "edited_message"),
            (r#"{"update_id":1,"message":null}"#, "message"),
            (r#"{"update_id":1,"message":{"chat":7}}"#, "message"),
            (r#"{"update_id":"x","callback_query":[]}"#, "callback_query"),
            (
                r#"{"update_id":1,"message":{"message_id":1,"from":{"id":1,"is_bot":true},"chat":{"id":1},"text":"x"}}"#,
                "message",
            ),
        ] {
            let Event::Other(kind) = event(json) else {
                panic!("{json}")
            };
            assert_eq!(kind, expected, "{json}");
        }
        for bad in ["", "[]", "{", "null", "\"x\""] {
            assert_eq!(read(bad.as_bytes()).err(), Some(Malformed), "{bad}");
        }
    }
}
