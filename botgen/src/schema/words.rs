//! The kinds of scalars: what a key's value may look like.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Declares string types with the schema an editor shows. `accepts`: YAML's types besides text.
macro_rules! words {
    ($( $(#[doc = $doc:literal])+ $name:ident $title:literal { $($key:literal: $value:tt),* $(,)? } )*) => { $(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "title": $title, $($key: $value),* })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                d.deserialize_any(Word).map(Self)
            }
        }
    )* };
}

words! {
    /// What people read: `t:key {name=EXPR}` or a template with `{{EXPR}}`.
    Template "text" { "type": ["string", "number"] }
    /// An expression: `gone is null`, `total > 100`.
    Expression "expression" { "type": ["string", "number", "boolean"] }
    /// A literal, or `"{{EXPR}}"`.
    Literal "value" { "type": ["string", "number"] }
    /// A stored value.
    Value "value" { "type": ["string", "number"] }
    /// The name of a variable or a step.
    Name "name" { "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{0,63}$" }
    /// A command, with its `/`.
    Command "command" { "type": "string", "pattern": "^/[a-z0-9_]{1,32}$" }
    /// A whole number, 0 or more.
    Count "number" { "type": "integer", "minimum": 0 }
    /// `30s`, `15m`, `24h`, `7d`.
    Duration "duration" { "type": "string", "pattern": "^[0-9]{1,9}[smhd]$" }
    /// One SQL statement with `:name` parameters.
    SqlText "SQL" { "type": "string" }
    /// A regular expression, in single quotes.
    Regex "regex" { "type": "string" }
    /// `ru`, `pt-BR`.
    LocaleTag "locale" { "type": "string", "pattern": "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$" }
    /// The name of a block with its version.
    BlockName "block" { "type": "string" }
    /// The markup of a text.
    ParseModeName "markup" { "type": "string", "enum": ["HTML", "MarkdownV2", "none"] }
    /// Who may: the bot's admins.
    AllowName "role" { "type": "string", "enum": ["admin"] }
    /// What happens to a message that its values make too long.
    OverflowName "overflow" { "type": "string", "enum": ["split", "truncate", "error"] }
    /// Who gets a broadcast: `all`, `active_7d`, `segment:vip`, `"{{audience}}"`.
    AudienceName "audience" { "type": "string", "pattern": "^(all|active_[0-9]{1,4}d|segment:.+|\\{\\{.+\\}\\})$" }
    /// The name of a segment.
    SegmentName "segment" { "type": "string", "pattern": "^[A-Za-z0-9_]{1,64}$" }
    /// What becomes of a message of which nobody knows whether it arrived.
    OnAmbiguousName "policy" { "type": "string", "enum": ["resend", "skip"] }
    /// The type of a stepper's numbers.
    NumberTypeName "type" { "type": "string", "pattern": "^(int|decimal|decimal\\( *[1-9] *\\))$" }
    /// What a calendar asks for.
    CalendarModeName "mode" { "type": "string", "enum": ["date", "datetime"] }
    /// A day of the week.
    WeekdayName "weekday" { "type": "string", "enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] }
    /// From a time of the day to another: `09:00-20:00`.
    Hours "hours" { "type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9] ?- ?[0-2][0-9]:[0-5][0-9]$" }
    /// The type of an answer or an argument.
    StepTypeName "type" {
        "type": "string",
        "anyOf": [
            { "enum": [
                "text", "int", "decimal", "bool", "date", "time", "datetime", "choice",
                "phone", "email", "contact", "location", "photo", "file"
            ] },
            { "pattern": "^decimal\\([1-9]\\)$" }
        ]
    }
}

/// `true` or `false`.
pub type Bool = bool;

/// A scalar as text.
struct Word;

impl Visitor<'_> for Word {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text")
    }
    fn visit_str<E: de::Error>(self, v: &str) -> Result<String, E> {
        Ok(v.to_owned())
    }
    fn visit_bool<E: de::Error>(self, v: bool) -> Result<String, E> {
        Ok(v.to_string())
    }
    fn visit_i64<E: de::Error>(self, v: i64) -> Result<String, E> {
        Ok(v.to_string())
    }
    fn visit_u64<E: de::Error>(self, v: u64) -> Result<String, E> {
        Ok(v.to_string())
    }
    fn visit_f64<E: de::Error>(self, v: f64) -> Result<String, E> {
        Ok(v.to_string())
    }
}
