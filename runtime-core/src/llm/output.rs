//! What a model's words come to: of the form that was asked for, bounded, or nothing.

use serde_json::{Map, Value, json};

use super::ask::{Choice, Field, Format, Kind, Output};
use super::fences;
use botfactory_lang::length::utf16;

/// Places in an answer where an object may begin that are tried.
const TRIES: usize = 16;
/// Longest answer that is looked at for a choice, in characters.
const CHOICE_CHARS: usize = 400;
/// Digits of a decimal.
const DIGITS: usize = 18;

/// Reads the model's words; `None`: they do not have the form, or show one of the `marks` of the question's fences.
pub(super) fn read(format: &Format, content: &str, marks: &[String]) -> Option<Output> {
    let content = plain(content);
    let output = match format {
        Format::Text { max } => Output::Text(text(&content, usize::try_from(*max).ok()?)?),
        Format::Choice { options } => Output::Choice(choice(options, &content)?),
        Format::Record { fields } => Output::Record(record(fields, &content)?),
    };
    (!fences::shown(&output, marks)).then_some(output)
}

/// Without what a model thought aloud, without our fences and without control characters.
fn plain(content: &str) -> String {
    let spoken = match content.rsplit_once("</think>") {
        Some((_, spoken)) => spoken,
        None if content.trim_start().starts_with("<think>") => "",
        None => content,
    };
    let kept = spoken
        .chars()
        .filter(|c| !c.is_control() || *c == '\n' || *c == '\t');
    fences::without(kept.collect::<String>().trim())
}

/// What stands between the first pair of ``` lines, or all of it.
fn unfenced(content: &str) -> &str {
    let Some((_, rest)) = content.split_once("```") else {
        return content;
    };
    let body = rest.split_once('\n').map_or(rest, |(_, body)| body);
    body.split_once("```").map_or(body, |(body, _)| body).trim()
}

fn text(content: &str, max: usize) -> Option<String> {
    if content.is_empty() || max == 0 {
        return None;
    }
    let Some((end, _)) = content.char_indices().nth(max) else {
        return Some(content.to_owned());
    };
    // One character for the dots.
    let head = content.get(..end)?;
    let head = head.char_indices().next_back().map(|(at, _)| at)?;
    let head = content.get(..head)?;
    let word = head.rfind(char::is_whitespace).unwrap_or(0);
    let head = if word * 5 > head.len() * 4 {
        head.get(..word)?
    } else {
        head
    };
    Some(format!("{}…", head.trim_end()))
}

fn choice(options: &[Choice], content: &str) -> Option<String> {
    if content.chars().nth(CHOICE_CHARS).is_some() {
        return None;
    }
    let content = unfenced(content);
    // `{"choice": "bug"}`, or just `"bug"`.
    let said = match serde_json::from_str::<Value>(content) {
        Ok(Value::String(said)) => said,
        Ok(Value::Object(map)) if map.len() == 1 => map.values().next()?.as_str()?.to_owned(),
        _ => content.to_owned(),
    };
    let bare = said.trim_matches(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
    if let Some(found) = option(options, said.trim()).or_else(|| option(options, bare)) {
        return Some(found);
    }
    // Exactly one of them among the words.
    let lower = said.to_lowercase();
    let mut named = options
        .iter()
        .filter(|o| has_word(&lower, &o.value.to_lowercase()));
    let found = named.next()?;
    named
        .next()
        .is_none()
        .then(|| found.value.clone().into_owned())
}

fn option(options: &[Choice], said: &str) -> Option<String> {
    let exact = options.iter().find(|o| o.value == said);
    let alike = || {
        let lower = said.to_lowercase();
        options.iter().find(|o| o.value.to_lowercase() == lower)
    };
    exact.or_else(alike).map(|o| o.value.clone().into_owned())
}

/// Whether `word` stands in `text`, and is not a part of another word there.
fn has_word(text: &str, word: &str) -> bool {
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, found)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|t| t.chars().next());
        !found.is_empty() && !before.is_some_and(of_word) && !after.is_some_and(of_word)
    })
}

fn record(fields: &[Field], content: &str) -> Option<Map<String, Value>> {
    let object = object(unfenced(content)).or_else(|| object(content))?;
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

/// The first object in a text.
fn object(text: &str) -> Option<Map<String, Value>> {
    for (at, _) in text.match_indices('{').take(TRIES) {
        let rest = text.get(at..)?;
        let first = serde_json::Deserializer::from_str(rest)
            .into_iter::<Value>()
            .next();
        if let Some(Ok(Value::Object(object))) = first {
            return Some(object);
        }
    }
    None
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
            let when: jiff::civil::DateTime = value.as_str()?.trim().parse().ok()?;
            let (date, time) = (when.date(), when.time());
            Value::String(format!("{date} {:02}:{:02}", time.hour(), time.minute()))
        }
        Kind::Choice { options } => Value::String(option(options, value.as_str()?.trim())?),
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

/// What servers that can are told about the form; `None`: it is a text.
pub(super) fn response_format(format: &Format) -> Option<Value> {
    let Format::Record { fields } = format else {
        return None;
    };
    Some(json!({
        "type": "json_schema",
        "json_schema": { "name": "record", "strict": true, "schema": schema(fields) },
    }))
}

/// The JSON schema of a record.
pub(super) fn schema(fields: &[Field]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.clone().into_owned(), property(field)))
        .collect();
    let required: Vec<&str> = fields.iter().map(|field| field.name.as_ref()).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(field: &Field) -> Value {
    let (kind, mut more) = match &field.kind {
        Kind::Text { .. } | Kind::Date | Kind::Time | Kind::Datetime => ("string", Map::new()),
        Kind::Int { .. } => ("integer", Map::new()),
        Kind::Decimal { .. } => ("number", Map::new()),
        Kind::Bool => ("boolean", Map::new()),
        Kind::Choice { options } => {
            let mut values: Vec<Value> = options.iter().map(|o| json!(o.value)).collect();
            if field.optional {
                values.push(Value::Null);
            }
            (
                "string",
                Map::from_iter([("enum".to_owned(), values.into())]),
            )
        }
    };
    let kind = if field.optional {
        json!([kind, "null"])
    } else {
        json!(kind)
    };
    more.insert("type".to_owned(), kind);
    if !field.about.is_empty() {
        more.insert("description".to_owned(), json!(field.about));
    }
    Value::Object(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(values: &[&'static str]) -> Vec<Choice> {
        let option = |value: &&'static str| Choice {
            value: (*value).into(),
            about: "".into(),
        };
        values.iter().map(option).collect()
    }

    fn field(name: &'static str, kind: Kind, optional: bool) -> Field {
        Field {
            name: name.into(),
            kind,
            optional,
            about: "".into(),
        }
    }

    #[test]
    fn choices() {
        let format = Format::Choice {
            options: options(&["bug", "billing", "other_thing"]),
        };
        let read = |content: &str| match read(&format, content, &[]) {
            Some(Output::Choice(value)) => Some(value),
            _ => None,
        };
        for said in [
            "bug",
            " Bug.\n",
            "\"bug\"",
            "**BUG**",
            "{\"choice\": \"bug\"}",
            "```\nbug\n```",
            "```json\n{\"answer\":\"bug\"}\n```",
            "The message is a bug report.",
            "<think>billing or bug?</think>\nbug",
        ] {
            assert_eq!(read(said).as_deref(), Some("bug"), "{said}");
        }
        assert_eq!(read("other_thing").as_deref(), Some("other_thing"));
        for said in [
            "",
            "bugs",
            "debug",
            "bug or billing",
            "neither",
            "<think>bug",
            "{\"a\":\"bug\",\"b\":\"billing\"}",
            "{\"choice\":[\"bug\"]}",
            &"bug ".repeat(200),
        ] {
            assert_eq!(read(said), None, "{said}");
        }
    }

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
            &"{".repeat(100_000),
            &"{\"a\":".repeat(100_000),
        ] {
            assert_eq!(read(said), None, "{}", said.get(..60).unwrap_or(said));
        }
    }

    #[test]
    fn texts_are_bounded() {
        let read = |content: &str| match read(&Format::Text { max: 20 }, content, &[]) {
            Some(Output::Text(text)) => Some(text),
            _ => None,
        };
        assert_eq!(read(" hello\u{0} "), Some("hello".to_owned()));
        assert_eq!(read(" \n "), None);
        let long = read("one two three four five six").unwrap();
        assert_eq!(long, "one two three four…");
        assert_eq!(read(&"я".repeat(100)).unwrap().chars().count(), 20);
        assert_eq!(
            read("exactly twenty chars").unwrap(),
            "exactly twenty chars"
        );
    }

    #[test]
    fn a_schema_is_what_strict_servers_take() {
        let schema = schema(&[
            field("name", Kind::Text { max: 10 }, false),
            field(
                "room",
                Kind::Choice {
                    options: options(&["a"]),
                },
                true,
            ),
        ]);
        assert_eq!(
            schema,
            json!({"type": "object", "additionalProperties": false, "required": ["name", "room"], "properties": {
                "name": {"type": "string"},
                "room": {"type": ["string", "null"], "enum": ["a", null]},
            }})
        );
    }
}
