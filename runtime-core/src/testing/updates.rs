//! What holds of whatever is read as an update: for the fuzzers, with coverage and without.

use serde_json::Value;

use crate::incoming::{Event, Person};
use crate::telegram::update as wire;

/// Longest name of a person, in UTF-16 units.
const NAME: usize = 64;

/// Reads bytes as Telegram would post them: whatever is a JSON object is an update, of a known kind, with names of a bounded
/// length.
///
/// # Panics
/// One of these does not hold.
pub fn read(data: &[u8]) {
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
