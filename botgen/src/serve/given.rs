//! What was sent: a whole bot, one YAML, a spec of the previous system, or what a model wrote.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::source::folder::is_bot_id;

/// Most files of a bot.
const FILES: usize = 500;
/// Longest path of a file, in bytes.
const PATH: usize = 200;
/// A bot that has no name.
const NAMELESS: &str = "bot";

/// The media type of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `application/json`.
    Json,
    /// YAML, or text.
    Text,
}

/// A bot to be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its id.
    pub bot_id: String,
    /// What it is written in.
    pub form: Form,
}

/// What a bot is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Path in the bot's folder → content.
    Files(BTreeMap<String, String>),
    /// A spec of the previous system, and texts of its keys.
    Old {
        /// JSON.
        spec: String,
        /// JSON, each as that system's API took or gave them.
        keys: Vec<String>,
    },
}

/// Why it is nothing to check: status and words.
pub type Refused = (u16, String);

/// Reads it.
pub fn read(kind: Kind, body: &[u8]) -> Result<Given, Refused> {
    let text = std::str::from_utf8(body).map_err(|_| (400, "the body is not UTF-8".to_owned()))?;
    match kind {
        Kind::Json => json(text),
        Kind::Text => Ok(Given {
            bot_id: NAMELESS.to_owned(),
            form: written(text),
        }),
    }
}

fn json(text: &str) -> Result<Given, Refused> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        (
            400,
            format!("the body is not JSON (line {line}, column {column})"),
        )
    })?;
    let Value::Object(mut map) = value else {
        return Err((422, "the body is an object: `files`, `yaml`, `raw_dsl`, `spec`, or a spec of the previous system itself".to_owned()));
    };
    let bot_id =
        match map.remove("bot_id") {
            None | Some(Value::Null) => NAMELESS.to_owned(),
            Some(Value::String(id)) if is_bot_id(&id) => id,
            Some(_) => return Err((
                422,
                "`bot_id` is a small letter, then small letters, digits and `_`, at most 32 in all"
                    .to_owned(),
            )),
        };
    let forms = ["files", "yaml", "raw_dsl", "spec"];
    let named: Vec<&str> = forms
        .into_iter()
        .filter(|form| map.contains_key(*form))
        .collect();
    if named.len() > 1 {
        return Err((
            422,
            format!("`{}` and `{}` are both given", named[0], named[1]),
        ));
    }
    let text_of = |map: &mut Map<String, Value>, key: &str| match map.remove(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err((422, format!("`{key}` is a text"))),
    };
    let form = match named.first().copied() {
        Some("files") => Form::Files(files(map.remove("files"))?),
        Some("yaml") => single(text_of(&mut map, "yaml")?),
        Some("raw_dsl") => written(&text_of(&mut map, "raw_dsl")?),
        Some(_) => match map.remove("spec") {
            Some(Value::String(text)) => written(&text),
            Some(spec) => Form::Old {
                spec: spec.to_string(),
                keys: keys(map.remove("keys"))?,
            },
            None => return Err((422, "`spec` is missing".to_owned())),
        },
        None => Form::Old {
            keys: keys(map.remove("keys"))?,
            spec: Value::Object(map).to_string(),
        },
    };
    Ok(Given { bot_id, form })
}

fn keys(keys: Option<Value>) -> Result<Vec<String>, Refused> {
    match keys {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list.iter().map(Value::to_string).collect()),
        Some(_) => Err((
            422,
            "`keys` is a list of `{\"locale\", \"keys\"}`".to_owned(),
        )),
    }
}

fn single(yaml: String) -> Form {
    Form::Files(BTreeMap::from([("bot.yaml".to_owned(), yaml)]))
}

fn files(files: Option<Value>) -> Result<BTreeMap<String, String>, Refused> {
    let Some(Value::Object(files)) = files else {
        return Err((
            422,
            "`files` is an object: content by path in the bot's folder".to_owned(),
        ));
    };
    if files.len() > FILES {
        return Err((422, format!("a bot has at most {FILES} files here")));
    }
    let mut read = BTreeMap::new();
    for (path, content) in files {
        let plain = !path.is_empty()
            && path.len() <= PATH
            && !path.contains(['\\', '\0'])
            && !path.chars().any(char::is_control)
            && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !plain {
            return Err((
                422,
                "a path of `files` leads out of the bot's folder, is empty or too long".to_owned(),
            ));
        }
        let Value::String(content) = content else {
            return Err((422, "the content of each file is a text".to_owned()));
        };
        read.insert(path, content);
    }
    if !read.contains_key("bot.yaml") {
        return Err((422, "`files` has no `bot.yaml`".to_owned()));
    }
    Ok(read)
}

/// What a person or a model wrote: the first fenced block of it where there is one; JSON is a spec of the previous system.
fn written(text: &str) -> Form {
    let text = fenced(text).unwrap_or(text);
    match text.trim_start().starts_with('{') && serde_json::from_str::<Value>(text).is_ok() {
        true => Form::Old {
            spec: text.to_owned(),
            keys: Vec::new(),
        },
        false => single(text.to_owned()),
    }
}

/// What stands between the first two fences of Markdown.
fn fenced(text: &str) -> Option<&str> {
    let mut start = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            match start {
                None => start = Some(at + line.len()),
                Some(start) => return text.get(start..at),
            }
        }
        at += line.len();
    }
    // A model that was cut off has not closed it.
    text.get(start?..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_told_apart() {
        let form = |kind, body: &str| read(kind, body.as_bytes()).map(|given| given.form);
        let yaml = |text: &str| Ok(single(text.to_owned()));
        let old = |text: &str| {
            Ok(Form::Old {
                spec: text.to_owned(),
                keys: Vec::new(),
            })
        };
        assert_eq!(form(Kind::Text, "locale: en\n"), yaml("locale: en\n"));
        assert_eq!(
            form(Kind::Text, "{\"intents\":[]}"),
            old("{\"intents\":[]}")
        );
        assert_eq!(form(Kind::Text, "{a: b}"), yaml("{a: b}"));
        assert_eq!(form(Kind::Json, r#"{"yaml":"x"}"#), yaml("x"));
        assert_eq!(form(Kind::Json, "{}"), old("{}"));
        assert_eq!(
            form(Kind::Json, r#"{"intents":[]}"#),
            old(r#"{"intents":[]}"#)
        );
        assert_eq!(
            form(Kind::Json, r#"{"spec":{"use":[]}}"#),
            old(r#"{"use":[]}"#)
        );
        let model =
            r#"{"raw_dsl":"Here it is:\n```yaml\nlocale: en\n```\nEnjoy!","llm_model":"x"}"#;
        assert_eq!(form(Kind::Json, model), yaml("locale: en\n"));
        assert_eq!(
            form(Kind::Json, r#"{"raw_dsl":"```json\n{\"intents\":[]}"}"#),
            old("{\"intents\":[]}")
        );
        assert_eq!(form(Kind::Json, r#"{"files":{"bot.yaml":"x"}}"#), yaml("x"));
    }

    #[test]
    fn what_is_no_bot_is_refused() {
        for (body, status) in [
            ("", 400),
            ("{", 400),
            ("[]", 422),
            ("null", 422),
            (r#"{"files":[]}"#, 422),
            (r#"{"files":{}}"#, 422),
            (r#"{"files":{"bot.yaml":1}}"#, 422),
            (r#"{"files":{"bot.yaml":"","../x":""}}"#, 422),
            (r#"{"files":{"bot.yaml":"","/etc/passwd":""}}"#, 422),
            (r#"{"files":{"bot.yaml":"","a//b":""}}"#, 422),
            (r#"{"files":{"bot.yaml":"","a\\b":""}}"#, 422),
            (r#"{"yaml":1}"#, 422),
            (r#"{"yaml":"","spec":{}}"#, 422),
            (r#"{"bot_id":"../x","yaml":""}"#, 422),
            (r#"{"spec":{},"keys":"x"}"#, 422),
        ] {
            let refused = read(Kind::Json, body.as_bytes());
            assert_eq!(refused.map_err(|(status, _)| status), Err(status), "{body}");
        }
        assert!(read(Kind::Text, b"\xff").is_err());
    }
}
