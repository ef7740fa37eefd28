//! Reading a JSON object field by field: paths for messages, faults for wrong types, and what nobody read.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::report::Notes;

/// Most items of one list; far above any spec a person writes, and it bounds the work per flow.
const ITEMS: usize = 1000;

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
    /// The object at a place; anything else is a fault.
    pub(super) fn new((path, value): At<'a>, notes: &mut Notes) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self {
                layers: vec![(path, map)],
                read: RefCell::default(),
            }),
            other => {
                notes.fault(path, "an object", kind(other));
                None
            }
        }
    }

    /// Puts the object under `key`, when it is there, before this one's own fields.
    pub(super) fn with_params(mut self, key: &str, notes: &mut Notes) -> Self {
        match self.any(key) {
            None => {}
            Some((path, Value::Object(map))) => self.layers.insert(0, (path, map)),
            Some((path, other)) => notes.fault(path, "an object", kind(other)),
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

    /// A string.
    pub(super) fn string(&self, key: &str, notes: &mut Notes) -> Option<&'a str> {
        match self.any(key)? {
            (_, Value::String(text)) => Some(text),
            (path, other) => {
                notes.fault(path, "a string", kind(other));
                None
            }
        }
    }

    /// A list, empty when absent.
    pub(super) fn list(&self, key: &str, notes: &mut Notes) -> Vec<At<'a>> {
        match self.any(key) {
            None => Vec::new(),
            Some((path, Value::Array(items))) if items.len() > ITEMS => {
                notes.fault(path, "a list of at most 1000 items", "a longer one");
                Vec::new()
            }
            Some((path, Value::Array(items))) => items
                .iter()
                .enumerate()
                .map(|(i, v)| (format!("{path}[{i}]"), v))
                .collect(),
            Some((path, other)) => {
                notes.fault(path, "a list", kind(other));
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
        match self.any(key) {
            None => false,
            Some((_, Value::Bool(b))) => *b,
            Some((path, other)) => {
                notes.fault(path, "true or false", kind(other));
                false
            }
        }
    }

    /// A whole number.
    pub(super) fn integer(&self, key: &str, notes: &mut Notes) -> Option<i64> {
        let (path, value) = self.any(key)?;
        let number = value.as_i64();
        if number.is_none() {
            notes.fault(path, "a whole number", kind(value));
        }
        number
    }

    /// Reports every field that nobody asked for.
    pub(super) fn rest(&self, notes: &mut Notes) {
        let read = self.read.borrow();
        for (path, map) in &self.layers {
            for key in map.keys().filter(|k| !read.contains(*k)) {
                notes.changed(
                    &join(path, key),
                    "the old system did not read this field; left out",
                );
            }
        }
    }
}
