//! The JSON Schema as it is committed and printed.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use crate::syntax::bot;

/// Draft 7, which every editor's YAML support knows. Optional keys are left out, never null.
pub(super) fn generator() -> SchemaGenerator {
    let mut settings = SchemaSettings::draft07();
    // First: what follows must see a `$ref` that stood beside a null.
    settings.transforms.insert(0, Box::new(NoNull));
    settings.transforms.push(Box::new(BlockTitles));
    settings.into_generator()
}

/// The schema of `bot.yaml`, as committed in `schema/bot.schema.json`.
pub fn bot_schema() -> String {
    print::<bot::BotFile>()
}

/// The schema of `flows/*.yaml`, as committed in `schema/flows.schema.json`.
pub fn flows_schema() -> String {
    print::<bot::FlowsFile>()
}

/// The schema of `chats/*.yaml`, as committed in `schema/chats.schema.json`.
pub fn chats_schema() -> String {
    print::<crate::syntax::chat::ChatsFile>()
}

fn print<T: JsonSchema>() -> String {
    let schema = generator().into_root_schema_for::<T>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Takes `null` out of every type: serde's `Option` allows it, the language does not.
#[derive(Debug, Clone)]
struct NoNull;

impl Transform for NoNull {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(object) = schema.as_object_mut() {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|t| t != "null");
                if types.len() == 1 {
                    let only = types.remove(0);
                    object.insert("type".into(), only);
                }
            }
            if let Some(Value::Array(words)) = object.get_mut("enum") {
                words.retain(|w| !w.is_null());
            }
            if let Some(Value::Array(list)) = object.get_mut("anyOf") {
                list.retain(|s| s["type"] != "null");
                if list.len() == 1
                    && let Some(Value::Object(only)) =
                        object.remove("anyOf").map(|mut l| l[0].take())
                {
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
            }
        }
        transform_subschemas(self, schema);
    }
}

/// Gives the alternatives of a list of blocks the block's name as title: editors show it.
#[derive(Debug, Clone)]
struct BlockTitles;

impl Transform for BlockTitles {
    fn transform(&mut self, schema: &mut Schema) {
        let alternatives = schema.get_mut("oneOf").and_then(Value::as_array_mut);
        for alternative in alternatives.into_iter().flatten() {
            let Some(object) = alternative.as_object_mut() else {
                continue;
            };
            let names = object.get("properties").and_then(Value::as_object);
            let name = names.filter(|n| n.len() == 1).and_then(|n| n.keys().next());
            if let Some(name) = name.cloned() {
                object.insert("title".into(), name.into());
            }
        }
        transform_subschemas(self, schema);
    }
}
