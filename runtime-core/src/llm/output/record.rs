//! The fields of a record in what a model said.

use serde_json::{Map, Value, json};

use super::choice::option;
use super::{plain, unfenced};
use crate::llm::ask::{Field, Kind};
use botfactory_lang::length::utf16;

/// Places in an answer where an object may begin that are tried.
const TRIES: usize = 16;
/// Longest answer that is looked at for a record, in bytes.
const RECORD_BYTES: usize = 256 << 10;
/// Digits of a decimal.
const DIGITS: usize = 18;

/// The first object of the form, wherever it stands: models talk before it, and put it into others. One that has none of the
/// fields says that there is nothing to be said, where it is alone and that is an answer.
pub(super) fn read(fields: &[Field], content: &str) -> Option<Map<String, Value>> {
    if content.len() > RECORD_BYTES {
        return None;
    }
    let inside = unfenced(content);
    let mut all = objects(inside);
    if inside.len() < content.len() {
        all.extend(objects(content));
    }
    let has_some = |object: &&Map<String, Value>| {
        let mut names = fields.iter().map(|field| field.name.as_ref());
        names.any(|name| object.contains_key(name))
    };
    if all.iter().any(|object| has_some(&object)) {
        return all
            .iter()
            .filter(has_some)
            .find_map(|object| of_form(fields, object));
    }
    of_form(fields, all.first()?)
}

fn of_form(fields: &[Field], object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut record = Map::new();
    for field in fields {
        let value = match object.get(field.name.as_ref()) {
            None | Some(Value::Null) if field.optional => Value::Null,
            // Small models write an empty string for what they did not find.
            Some(Value::String(s)) if field.optional && s.trim().is_empty() => Value::Null,
            None | Some(Value::Null) => return None,
            Some(value) => self::value(&field.kind, value)?,
        };
        record.insert(field.name.clone().into_owned(), value);
    }
    Some(record)
}

/// The first objects in a text, those within others too.
fn objects(text: &str) -> Vec<Map<String, Value>> {
    let begins = text.match_indices('{').take(TRIES);
    let objects = begins.filter_map(|(at, _)| {
        let rest = serde_json::Deserializer::from_str(text.get(at..)?);
        match rest.into_iter::<Value>().next() {
            Some(Ok(Value::Object(object))) => Some(object),
            _ => None,
        }
    });
    objects.collect()
}

fn value(kind: &Kind, value: &Value) -> Option<Value> {
    Some(match kind {
        Kind::Text { max } => {
            let text = plain(value.as_str()?);
            // As of what people type, the length is in UTF-16 units.
            let long = utf16(&text) > usize::try_from(*max).ok()?;
            if text.is_empty() || long {
                return None;
            }
            Value::String(text)
        }
        Kind::Int { min, max } => {
            let number = match value {
                Value::String(text) => text.trim().parse().ok()?,
                other => other.as_i64().or_else(|| whole(other.as_f64()?))?,
            };
            (*min..=*max).contains(&number).then(|| json!(number))?
        }
        Kind::Decimal { scale } => Value::String(decimal(value, usize::from(*scale))?),
        Kind::Bool => match value {
            Value::Bool(is) => Value::Bool(*is),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Value::Bool(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Value::Bool(false),
            _ => return None,
        },
        Kind::Date => {
            let date: jiff::civil::Date = value.as_str()?.trim().parse().ok()?;
            Value::String(date.to_string())
        }
        Kind::Time => {
            let time: jiff::civil::Time = value.as_str()?.trim().parse().ok()?;
            Value::String(format!("{:02}:{:02}", time.hour(), time.minute()))
        }
        Kind::Datetime => {
            let said = value.as_str()?.trim();
            // Another zone's clocks: what those of the bot's show is not known here.
            if said.parse::<jiff::Timestamp>().is_ok() {
                return None;
            }
            let when: jiff::civil::DateTime = said.parse().ok()?;
            let (date, time) = (when.date(), when.time());
            Value::String(format!("{date} {:02}:{:02}", time.hour(), time.minute()))
        }
        Kind::Choice { options } => Value::String(option(options, value.as_str()?)?),
    })
}

/// A number such as `3.0`.
fn whole(number: f64) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation)] // exact below 2^53
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

fn decimal(value: &Value, scale: usize) -> Option<String> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    let after = after.trim_end_matches('0');
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let fits = !before.is_empty()
        && all_digits(before)
        && all_digits(after)
        && after.len() <= scale
        && before.len() + scale <= DIGITS;
    if !fits {
        return None;
    }
    let sign = if digits.len() < text.len() { "-" } else { "" };
    let point = if after.is_empty() { "" } else { "." };
    Some(format!("{sign}{before}{point}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::ask::{Format, Output};
    use crate::llm::output::read;
    use crate::llm::output::samples::{field, options};

    #[test]
    fn records() {
        let format = Format::Record {
            fields: vec![
                field("name", Kind::Text { max: 10 }, false),
                field("guests", Kind::Int { min: 1, max: 8 }, false),
                field("price", Kind::Decimal { scale: 2 }, true),
                field("vip", Kind::Bool, true),
                field("day", Kind::Date, true),
                field("at", Kind::Datetime, true),
                field(
                    "room",
                    Kind::Choice {
                        options: options(&["small", "large"]),
                    },
                    true,
                ),
            ],
        };
        let read = |content: &str| match read(&format, content, &[]) {
            Some(Output::Record(record)) => Some(Value::Object(record)),
            _ => None,
        };
        let whole = json!({"name": "Ann", "guests": 2, "price": "12.5", "vip": true, "day": "2026-03-01",
                           "at": "2026-03-01 19:30", "room": "large"});
        let said = r#"{"name":"Ann","guests":2.0,"price":12.50,"vip":"true","day":"2026-03-01",
                       "at":"2026-03-01T19:30:00","room":"Large","more":1}"#;
        for said in [
            said.to_owned(),
            format!("Sure! Here it is:\n```json\n{said}\n```\nAnything else?"),
            format!("Here {{you}} go: {said} — done"),
            format!("\u{feff}{said}"),
            format!("[{said}]"),
            format!("{{\"record\": {said}}}"),
            format!("{{\"thoughts\": \"two guests\"}}\n{said}"),
            format!("{{}} {said}"),
        ] {
            assert_eq!(read(&said), Some(whole.clone()), "{said}");
        }
        let least = read(r#"{"name":"Ann","guests":"3","price":null,"room":""}"#).unwrap();
        assert_eq!(least["guests"], json!(3));
        assert_eq!(least["room"], Value::Null);
        assert_eq!(least["vip"], Value::Null);
        for said in [
            "",
            "[]",
            "{",
            "{}",
            r#"{"name":"Ann"}"#,
            r#"{"name":"Ann","guests":9}"#,
            r#"{"name":"Ann","guests":"many"}"#,
            r#"{"name":"Ann","guests":1e300}"#,
            r#"{"name":"Annabelle the 7th","guests":1}"#,
            r#"{"name":"","guests":1}"#,
            r#"{"name":{},"guests":1}"#,
            r#"{"name":"Ann","guests":1,"price":"1.234"}"#,
            r#"{"name":"Ann","guests":1,"price":"NaN"}"#,
            r#"{"name":"Ann","guests":1,"day":"2026-02-30"}"#,
            r#"{"name":"Ann","guests":1,"room":"huge"}"#,
            r#"{"name":"Ann","guests":1,"at":"2026-03-01T19:30:00Z"}"#,
            r#"{"name":"Ann","guests":1,"at":"2026-03-01T19:30:00+05:00"}"#,
            r#"{"name":"Ann","guests":1,"at":"2026-03-01 19:30+05:00[Asia/Yekaterinburg]"}"#,
            &"{".repeat(100_000),
            &"{\"a\":".repeat(100_000),
        ] {
            assert_eq!(read(said), None, "{}", said.get(..60).unwrap_or(said));
        }
    }

    #[test]
    fn nothing_to_be_found_is_an_answer_where_all_may_be_missing() {
        let format = Format::Record {
            fields: vec![field("city", Kind::Text { max: 20 }, true)],
        };
        let city = |content: &str| match read(&format, content, &[]) {
            Some(Output::Record(record)) => Some(record["city"].clone()),
            _ => None,
        };
        assert_eq!(city("{}"), Some(Value::Null));
        assert_eq!(city(r#"{"city": null}"#), Some(Value::Null));
        assert_eq!(city(r#"{"result": {"city": "Rome"}}"#), Some(json!("Rome")));
        assert_eq!(city("I found no city."), None);
    }
}
