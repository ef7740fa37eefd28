//! The part of JSON Schema draft 7 that our schemas use. Refuses keywords it does not know, so that a schema
//! cannot say more than is tested.

use regex::Regex;
use serde_json::Value;

/// Whether `value` satisfies `schema`; else the first reason.
pub fn validate(schema: &Value, value: &Value) -> Result<(), String> {
    check(schema, schema, value, "")
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Value::Object(keywords) = schema else {
        return if schema == &Value::Bool(false) {
            Err(format!("{at}: not allowed"))
        } else {
            Ok(())
        };
    };
    for (keyword, rule) in keywords {
        let good = match keyword.as_str() {
            "$schema" | "title" | "description" | "default" | "x-default" | "definitions" => true,
            "$ref" => {
                let name = rule.as_str().unwrap().trim_start_matches("#/definitions/");
                check(root, &root["definitions"][name], value, at)?;
                true
            }
            "type" => match rule {
                Value::String(one) => is(one, value),
                Value::Array(list) => list.iter().any(|t| is(t.as_str().unwrap(), value)),
                _ => panic!("type {rule}"),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "pattern" => value
                .as_str()
                .is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
            "minimum" => value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()),
            "minItems" => value
                .as_array()
                .is_none_or(|list| list.len() as u64 >= rule.as_u64().unwrap()),
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, item, &format!("{at}/{i}"))?;
                }
                true
            }
            "properties" => {
                for (key, rule) in rule.as_object().unwrap() {
                    if let Some(inner) = value.get(key) {
                        check(root, rule, inner, &format!("{at}/{key}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = keywords.get("properties").and_then(Value::as_object);
                for (key, inner) in value.as_object().into_iter().flatten() {
                    if !known.is_some_and(|k| k.contains_key(key)) {
                        check(root, rule, inner, &format!("{at}/{key}"))?;
                    }
                }
                true
            }
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|key| !value.is_object() || value.get(key.as_str().unwrap()).is_some()),
            "allOf" => {
                for rule in rule.as_array().unwrap() {
                    check(root, rule, value, at)?;
                }
                true
            }
            "anyOf" => alternatives(root, rule, value, at) >= 1,
            "oneOf" => alternatives(root, rule, value, at) == 1,
            other => panic!("keyword `{other}` is not tested"),
        };
        if !good {
            return Err(format!("{at}: {keyword} {rule}"));
        }
    }
    Ok(())
}

fn alternatives(root: &Value, rules: &Value, value: &Value, at: &str) -> usize {
    let rules = rules.as_array().unwrap().iter();
    rules
        .filter(|rule| check(root, rule, value, at).is_ok())
        .count()
}

fn is(ty: &str, value: &Value) -> bool {
    match ty {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    }
}
