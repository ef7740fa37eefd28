//! The fields of a published type, read off its schema: one list for the decoder, the reference and completion.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use schemars::JsonSchema;
use serde_json::Value;

use super::publish::generator;

/// A mapping of the language.
#[derive(Debug)]
pub struct Shape {
    /// What it is, from the type's doc comment.
    pub doc: String,
    /// In order of declaration.
    pub fields: Vec<FieldInfo>,
}

/// One key of a mapping.
#[derive(Debug)]
pub struct FieldInfo {
    /// The key.
    pub name: String,
    /// Must be there.
    pub required: bool,
    /// What the value is: `text`, `list of steps`.
    pub ty: String,
    /// What holds when it is left out.
    pub default: Option<String>,
    /// What it does.
    pub doc: String,
}

impl Shape {
    /// The shape of a type that is a mapping with fixed keys. Computed once.
    pub fn of<T: JsonSchema + 'static>() -> &'static Shape {
        static SHAPES: OnceLock<Mutex<HashMap<TypeId, &'static Shape>>> = OnceLock::new();
        let mut shapes = SHAPES
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Leaked once for each published type: they are as constant as the program.
        shapes.entry(TypeId::of::<T>()).or_insert_with(|| {
            Box::leak(Box::new(read(
                generator().into_root_schema_for::<T>().as_value(),
            )))
        })
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&FieldInfo> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The keys.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|f| f.name.as_str())
    }
}

fn read(schema: &Value) -> Shape {
    let text = |v: &Value, key: &str| v[key].as_str().unwrap_or_default().to_owned();
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let fields = schema["properties"].as_object().into_iter().flatten();
    Shape {
        doc: text(schema, "description"),
        fields: fields
            .map(|(name, property)| FieldInfo {
                name: name.clone(),
                required: required.contains(&name.as_str()),
                ty: describe(property),
                // `x-default`: words for people, which an editor must not insert.
                default: ["default", "x-default"]
                    .iter()
                    .find_map(|key| property.get(*key))
                    .map(|d| match d {
                        Value::String(s) => s.clone(),
                        other => other.to_string(),
                    }),
                doc: text(property, "description"),
            })
            .collect(),
    }
}

/// `text`, `true or false`, `list of Step`.
fn describe(property: &Value) -> String {
    if let Some(title) = property["title"].as_str() {
        return title.to_owned();
    }
    if let Some(target) = reference(property) {
        return target;
    }
    if let Some(words) = property["enum"].as_array() {
        let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
        return words.join(" | ");
    }
    match property["type"].as_str() {
        Some("string") => "text".to_owned(),
        Some("integer" | "number") => "number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => format!("list of {}", describe(&property["items"])),
        Some("object") => format!("name: {}", describe(&property["additionalProperties"])),
        _ => alternatives(property),
    }
}

fn alternatives(property: &Value) -> String {
    let list = property["anyOf"]
        .as_array()
        .or(property["oneOf"].as_array());
    let words: Vec<_> = list.into_iter().flatten().map(describe).collect();
    words.join(" or ")
}

/// The name of the type that `$ref` points at.
fn reference(property: &Value) -> Option<String> {
    let target = property["$ref"]
        .as_str()
        .or_else(|| property["allOf"][0]["$ref"].as_str())?;
    target.rsplit('/').next().map(str::to_owned)
}
