//! Reading a JSON object field by field: paths for messages, values of a wrong type as what they mean (or left out
//! with a line), and what nobody read.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::report::Notes;

/// Most items of one list; far above any spec a person writes, and it bounds the work per flow.
const ITEMS: usize = 1000;
/// Most characters of a value that a line quotes.
const QUOTED: usize = 1000;

/// A value with its path.
pub(super) type At<'a> = (String, &'a Value);

/// What stands there, for a fault.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The value as a line quotes it.
pub(super) fn quote(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// Says that a value is of no use.
fn refuse(path: &str, expected: &str, found: &Value, notes: &mut Notes) {
    notes.person(
        path,
        format!(
            "must be {expected}, found {}; left out: {}",
            kind(found),
            quote(found)
        ),
    );
}

/// `path.key`, or `path["key"]` where the key has a dot.
pub(super) fn join(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_');
    match (path.is_empty(), plain) {
        (true, true) => key.to_owned(),
        (_, false) => format!("{path}[{key:?}]"),
        (false, true) => format!("{path}.{key}"),
    }
}

/// One or two JSON objects read as one: a typed block's `params` before the block's own fields.
pub(super) struct Object<'a> {
    layers: Vec<(String, &'a Map<String, Value>)>,
    read: RefCell<BTreeSet<String>>,
}

impl<'a> Object<'a> {
    /// The object at a place; anything else is said to be left out. A null is a hole that says nothing.
    pub(super) fn new((path, value): At<'a>, notes: &mut Notes) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self {
                layers: vec![(path, map)],
                read: RefCell::default(),
            }),
            Value::Null => None,
            other => {
                refuse(&path, "an object", other, notes);
                None
            }
        }
    }

    /// Puts the object under `key`, when it is there, before this one's own fields.
    pub(super) fn with_params(mut self, key: &str, notes: &mut Notes) -> Self {
        match self.any(key) {
            None => {}
            Some((path, Value::Object(map))) => self.layers.insert(0, (path, map)),
            Some((path, other)) => refuse(&path, "an object", other, notes),
        }
        self
    }

    /// Its path.
    pub(super) fn path(&self) -> &str {
        self.layers.last().map_or("", |(path, _)| path)
    }

    /// Path of a field, whether it is there or not.
    pub(super) fn path_of(&self, key: &str) -> String {
        let layer = self.layers.iter().find(|(_, map)| map.contains_key(key));
        join(
            layer
                .or(self.layers.first())
                .map_or("", |(path, _)| path.as_str()),
            key,
        )
    }

    /// Names of all fields.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.layers
            .iter()
            .flat_map(|(_, map)| map.keys().map(String::as_str))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// A field of any type; null counts as absent.
    pub(super) fn any(&self, key: &str) -> Option<At<'a>> {
        self.read.borrow_mut().insert(key.to_owned());
        self.layers
            .iter()
            .find_map(|(path, map)| map.get(key).map(|v| (join(path, key), v)))
            .filter(|(_, v)| !v.is_null())
    }

    /// A text. A number or a boolean is its text.
    pub(super) fn string(&self, key: &str, notes: &mut Notes) -> Option<Cow<'a, str>> {
        let (path, value) = self.any(key)?;
        let text = match value {
            Value::String(text) => return Some(Cow::Borrowed(text)),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            other => {
                refuse(&path, "a string", other, notes);
                return None;
            }
        };
        notes.changed(&path, format!("{} is read as a text", kind(value)));
        Some(Cow::Owned(text))
    }

    /// A list, empty when absent. A single value is a list of it.
    pub(super) fn list(&self, key: &str, notes: &mut Notes) -> Vec<At<'a>> {
        match self.any(key) {
            None => Vec::new(),
            Some((path, Value::Array(items))) => {
                if items.len() > ITEMS {
                    notes.person(
                        &path,
                        format!(
                            "{} items; those after the first {ITEMS} are left out",
                            items.len()
                        ),
                    );
                }
                items
                    .iter()
                    .take(ITEMS)
                    .enumerate()
                    .map(|(i, v)| (format!("{path}[{i}]"), v))
                    .collect()
            }
            Some((path, value @ Value::Object(_))) => {
                notes.changed(
                    &path,
                    "an object where a list belongs; read as its only item",
                );
                vec![(path, value)]
            }
            Some((path, other)) => {
                refuse(&path, "a list", other, notes);
                Vec::new()
            }
        }
    }

    /// An object.
    pub(super) fn object(&self, key: &str, notes: &mut Notes) -> Option<Object<'a>> {
        Object::new(self.any(key)?, notes)
    }

    /// A boolean, false when absent.
    pub(super) fn boolean(&self, key: &str, notes: &mut Notes) -> bool {
        let Some((path, value)) = self.any(key) else {
            return false;
        };
        let flag = match value {
            Value::Bool(flag) => return *flag,
            Value::String(text) => match text.trim().to_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Some(true),
                "false" | "no" | "off" | "0" | "" => Some(false),
                _ => None,
            },
            Value::Number(number) => number.as_f64().map(|n| n != 0.0),
            _ => None,
        };
        match flag {
            Some(flag) => notes.changed(&path, format!("{} is read as {flag}", quote(value))),
            None => refuse(&path, "true or false", value, notes),
        }
        flag.unwrap_or_default()
    }

    /// A whole number.
    pub(super) fn integer(&self, key: &str, notes: &mut Notes) -> Option<i64> {
        let (path, value) = self.any(key)?;
        if let Some(number) = value.as_i64() {
            return Some(number);
        }
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            // Only numbers that an i64 holds exactly.
            Value::Number(number) => number
                .as_f64()
                .filter(|n| n.fract() == 0.0 && n.abs() < 9e15)
                .and_then(|n| format!("{n:.0}").parse().ok()),
            _ => None,
        };
        match number {
            Some(number) => notes.changed(&path, format!("{} is read as {number}", quote(value))),
            None => refuse(&path, "a whole number", value, notes),
        }
        number
    }

    /// Reports every field that nobody asked for.
    pub(super) fn rest(&self, notes: &mut Notes) {
        let read = self.read.borrow();
        for (path, map) in &self.layers {
            for (key, value) in map.iter().filter(|(k, _)| !read.contains(*k)) {
                notes.changed(
                    &join(path, key),
                    format!(
                        "the old system did not read this field; left out: {}",
                        quote(value)
                    ),
                );
            }
        }
    }
}

/// The tree without the values at `paths`: null stands there, so that the paths of the rest stay.
pub(super) fn without(value: &mut Value, path: &str, paths: &BTreeSet<String>) {
    if paths.contains(path) {
        *value = Value::Null;
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                without(value, &join(path, key), paths);
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter_mut().enumerate() {
                without(value, &format!("{path}[{i}]"), paths);
            }
        }
        _ => {}
    }
}

/// The value at a path as this module writes them.
pub(super) fn at<'a>(value: &'a Value, path: &str, wanted: &str) -> Option<&'a Value> {
    if path == wanted {
        return Some(value);
    }
    // A path goes on behind the paths of what is around it.
    if !path.is_empty() && !wanted.starts_with(path) {
        return None;
    }
    match value {
        Value::Object(map) => map
            .iter()
            .find_map(|(key, value)| at(value, &join(path, key), wanted)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, value)| at(value, &format!("{path}[{i}]"), wanted)),
        _ => None,
    }
}

/// Paths of keys that stand twice in one object: a parser keeps the last and says nothing.
pub(super) fn doubled(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut parser = serde_json::Deserializer::from_str(text);
    let walk = Doubled {
        path: String::new(),
        found: &mut found,
    };
    // What cannot be read has been said already.
    let _ = walk.deserialize(&mut parser);
    found
}

struct Doubled<'a> {
    path: String,
    found: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Doubled<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Doubled<'_> {
    type Value = ();
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = std::collections::HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = match self.path.as_str() {
                "" => key.clone(),
                before => format!("{before}.{key}"),
            };
            if !seen.insert(key) {
                self.found.push(path.clone());
            }
            let found = &mut *self.found;
            map.next_value_seed(Doubled { path, found })?;
        }
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            let path = format!("{}[{index}]", self.path);
            let found = &mut *self.found;
            if seq.next_element_seed(Doubled { path, found })?.is_none() {
                break;
            }
        }
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod doubled_tests {
    use super::doubled;

    #[test]
    fn keys_that_stand_twice() {
        let spec = r#"{"flows":[{"a":1,"b":{"c":1,"c":null}}],"flows":[],"a":[{"x":1},{"x":2}]}"#;
        assert_eq!(doubled(spec), ["flows[0].b.c", "flows"]);
        assert!(doubled(r#"{"a":[1.5,true,"x",-2],"b":{}}"#).is_empty());
        assert!(doubled("{\"a\":1,").is_empty());
    }
}
