//! A record's form in JSON, for servers that can hold a model to it.

use serde_json::{Map, Value, json};

use crate::llm::ask::{Field, Format, Kind};

/// What servers that can are told about the form; `None`: it is a text.
pub(in crate::llm) fn response_format(format: &Format) -> Option<Value> {
    let Format::Record { fields } = format else {
        return None;
    };
    Some(json!({
        "type": "json_schema",
        "json_schema": { "name": "record", "strict": true, "schema": schema(fields) },
    }))
}

/// The JSON schema of a record.
fn schema(fields: &[Field]) -> Value {
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
    use crate::llm::output::samples::{field, options};

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
