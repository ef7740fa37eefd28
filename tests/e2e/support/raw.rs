//! Updates as Telegram would post them, one by one and with any id: for what the server in this process would never do.

use serde_json::{Value, json};

use super::{Answer, WEBHOOK_SECRET, World, http};

/// Where Telegram repeats the webhook's secret.
pub const SECRET: &str = "X-Telegram-Bot-Api-Secret-Token";

/// A text to the bot. A negative chat is a group.
pub fn text(update_id: i64, user: i64, chat: i64, text: &str) -> Value {
    message(update_id, user, chat, json!({ "text": text }))
}

/// A message with these fields.
pub fn message(update_id: i64, user: i64, chat: i64, content: Value) -> Value {
    let mut message = json!({
        "message_id": update_id, "date": 1_700_000_000, "from": person(user), "chat": place(chat),
    });
    let fields = message.as_object_mut().unwrap();
    fields.extend(content.as_object().unwrap().clone());
    json!({ "update_id": update_id, "message": message })
}

/// A press.
pub fn press(update_id: i64, user: i64, chat: i64, data: &str) -> Value {
    json!({ "update_id": update_id, "callback_query": {
        "id": update_id.to_string(), "from": person(user), "chat_instance": "1", "data": data,
        "message": { "message_id": 5, "date": 1_700_000_000, "chat": place(chat), "text": "…" },
    }})
}

fn person(id: i64) -> Value {
    json!({ "id": id, "is_bot": false, "first_name": "Anna", "language_code": "en" })
}

fn place(id: i64) -> Value {
    if id < 0 {
        json!({ "id": id, "type": "supergroup", "title": "group" })
    } else {
        json!({ "id": id, "type": "private", "first_name": "Anna" })
    }
}

impl World {
    /// Posts an update to the booking bot's webhook.
    pub async fn hook(&self, update: &Value) -> Answer {
        let headers = [(SECRET, WEBHOOK_SECRET)];
        let body = update.to_string();
        http::post(self.address(), "/tg/booking", &headers, body.as_bytes()).await
    }
}

/// The call in a webhook's response; panics where there is none.
#[track_caller]
pub fn call(answer: &Answer) -> Value {
    let json = answer.ok();
    assert!(
        json["method"].is_string(),
        "no call in the response: {json}"
    );
    json
}

/// The payload of a button of a call's keyboard.
#[track_caller]
pub fn payload(call: &Value, label: &str) -> String {
    let rows = call["reply_markup"]["inline_keyboard"].as_array();
    rows.into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .find(|button| button["text"] == label)
        .and_then(|button| button["callback_data"].as_str())
        .unwrap_or_else(|| panic!("no button {label:?} in {call}"))
        .to_owned()
}
