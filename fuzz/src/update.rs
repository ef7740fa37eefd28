//! Whatever is a JSON object is an update, of a known kind, with names of a bounded length.

use runtime_core::ingress::{Event, Person};
use runtime_core::telegram::update as wire;
use serde_json::Value;

/// Longest name of a person, in UTF-16 units.
const NAME: usize = 64;

/// Bytes as Telegram would post them.
pub fn update(data: &[u8]) {
    let json = serde_json::from_slice::<Value>(data);
    let read = wire::read(data);
    // The other way round: fields that nobody reads may be anything.
    assert!(read.is_ok() || !matches!(json, Ok(Value::Object(_))));
    let starts = data.iter().find(|byte| !byte.is_ascii_whitespace());
    assert!(read.is_err() || starts == Some(&b'{'));
    let (Ok(update), Ok(json)) = (read, json) else {
        return;
    };
    if let Some(id) = update.id {
        assert_eq!(json["update_id"].as_i64(), Some(id));
    }
    match &update.event {
        Event::Message(message) => named(&message.from),
        Event::Callback(press) => named(&press.from),
        Event::Other(kind) => assert!(!kind.is_empty()),
    }
}

fn named(person: &Person) {
    let names = [
        Some(&person.first_name),
        person.last_name.as_ref(),
        person.username.as_ref(),
        person.language_code.as_ref(),
    ];
    for name in names.into_iter().flatten() {
        assert!(name.encode_utf16().count() <= NAME, "{name}");
    }
}
