//! Texts of the old system's keys: as its API took and gave them, as its table held them, and as people write them
//! down. Their placeholders are `{name}`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::{join, quote};
use super::report::{ImportError, Notes};

/// Deepest nesting of groups of keys.
const NESTING: usize = 8;
/// Most keys of one bot.
const KEYS: usize = 20_000;

/// A file of keys.
#[derive(Debug, Clone, Copy)]
pub struct KeyFile<'a> {
    /// Its name, for messages and for the language where the content names none (`keys_ru.json`).
    pub name: &'a str,
    /// JSON, or a text with JSON objects in it.
    pub content: &'a str,
}

/// Locale → key → text.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    pub by_locale: BTreeMap<String, BTreeMap<String, String>>,
}

/// A tag as Fluent's files are named by, if it is one of a real language: two or three letters before the rest.
pub(super) fn tag(text: &str) -> Option<String> {
    let language = text.split(['-', '_']).next()?;
    let parsed: unic_langid::LanguageIdentifier = text.parse().ok()?;
    (2..=3)
        .contains(&language.len())
        .then(|| parsed.to_string())
}

impl Texts {
    /// Adds everything that the files hold.
    pub(super) fn of_files(files: &[KeyFile<'_>], notes: &mut Notes) -> Result<Self, ImportError> {
        let mut texts = Self::default();
        for file in files {
            let before = texts.count();
            let name = file.name.rsplit(['/', '\\']).next().unwrap_or(file.name);
            let locale = of_name(name);
            let content = file.content.trim_start_matches('\u{feff}').trim();
            match serde_json::from_str::<Value>(content) {
                Ok(value) => texts.read(&value, name, locale.as_deref(), notes),
                // Notes of a person with calls of the API in them.
                Err(error) => {
                    let found: Vec<Value> = objects(content);
                    if found.is_empty() || content.starts_with(['{', '[']) {
                        return Err(ImportError::Keys {
                            file: file.name.to_owned(),
                            message: format!("not valid JSON, {error}"),
                        });
                    }
                    for value in found.iter().filter(|v| v.get("keys").is_some()) {
                        texts.read(value, name, locale.as_deref(), notes);
                    }
                }
            }
            if texts.count() == before {
                return Err(ImportError::Keys {
                    file: file.name.to_owned(),
                    message: "expected `{\"locale\": \"ru\", \"keys\": {…}}`, `{\"ru\": {…}}`, rows of `locale`, `key`, `value`, or `{\"key\": \"text\"}` in a file whose name ends with the language".to_owned(),
                });
            }
        }
        Ok(texts)
    }

    /// How many texts there are.
    pub(super) fn count(&self) -> usize {
        self.by_locale.values().map(BTreeMap::len).sum()
    }

    /// Adds the other's texts; its own win.
    pub(super) fn extend(&mut self, other: Self) {
        for (locale, keys) in other.by_locale {
            self.by_locale.entry(locale).or_default().extend(keys);
        }
    }

    /// Reads one shape or another; `locale` is the language where the value names none.
    pub(super) fn read(
        &mut self,
        value: &Value,
        path: &str,
        locale: Option<&str>,
        notes: &mut Notes,
    ) {
        match value {
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.read(item, &format!("{path}[{i}]"), locale, notes);
                }
            }
            Value::Object(map) => {
                let own = map.get("locale").and_then(Value::as_str).and_then(tag);
                let locale = own.as_deref().or(locale);
                let text = |key: &str| map.get(key).and_then(Value::as_str);
                if let (Some(key), Some(value)) = (text("key"), text("value")) {
                    self.add(locale, key, value, path, notes);
                } else if let Some(keys @ Value::Object(_)) = map.get("keys") {
                    self.read(keys, &join(path, "keys"), locale, notes);
                } else if !map.is_empty()
                    && map.iter().all(|(k, v)| v.is_object() && tag(k).is_some())
                {
                    for (key, value) in map {
                        self.read(value, &join(path, key), tag(key).as_deref(), notes);
                    }
                } else {
                    self.group(map, "", path, locale, 0, notes);
                }
            }
            Value::Null => {}
            other => notes.person(path, format!("no keys; left out: {}", quote(other))),
        }
    }

    fn group(
        &mut self,
        map: &serde_json::Map<String, Value>,
        before: &str,
        path: &str,
        locale: Option<&str>,
        depth: usize,
        notes: &mut Notes,
    ) {
        for (name, value) in map {
            let (path, key) = (join(path, name), format!("{before}{name}"));
            match value {
                Value::String(text) => self.add(locale, &key, text, &path, notes),
                Value::Number(_) | Value::Bool(_) => {
                    self.add(locale, &key, &value.to_string(), &path, notes);
                }
                Value::Object(map) if depth < NESTING => {
                    self.group(map, &format!("{key}."), &path, locale, depth + 1, notes);
                }
                Value::Null => {}
                other => {
                    notes.person(&path, format!("no text; left out: {}", quote(other)));
                }
            }
        }
    }

    fn add(&mut self, locale: Option<&str>, key: &str, text: &str, path: &str, notes: &mut Notes) {
        let Some(locale) = locale else {
            notes.person(
                path,
                format!("nothing says the language of this key; left out: {text:?}"),
            );
            return;
        };
        if self.count() >= KEYS {
            notes.person(
                path,
                format!("more than {KEYS} keys; this one is left out: {text:?}"),
            );
            return;
        }
        let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
        if text.contains("\\n") {
            text = text.replace("\\n", "\n");
            notes.translated(path, "doubled backslash: `\\n` is a real line break now");
        }
        if text.trim().is_empty() || key.trim().is_empty() {
            notes.changed(path, "an empty text; treated as absent");
            return;
        }
        let keys = self.by_locale.entry(locale.to_owned()).or_default();
        if let Some(before) = keys.insert(key.trim().to_owned(), text.clone())
            && before != text
        {
            notes.changed(
                path,
                format!("the key stands twice; the later text counts, not {before:?}"),
            );
        }
    }
}

/// The language in a file's name: `ru.json`, `keys_ru.json`, `bot.pt-BR.json`.
fn of_name(name: &str) -> Option<String> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let whole = stem.rsplit('.').next().unwrap_or(stem);
    tag(whole).or_else(|| {
        let mut parts = stem.rsplit(['_', '-', '.', ' ']);
        parts.find_map(tag)
    })
}

/// Every JSON object that stands in a text.
fn objects(text: &str) -> Vec<Value> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find('{') {
        rest = &rest[at..];
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) => {
                found.push(value);
                rest = &rest[stream.byte_offset()..];
            }
            _ => rest = &rest[1..],
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, content: &str) -> Result<Texts, ImportError> {
        Texts::of_files(&[KeyFile { name, content }], &mut Notes::default())
    }
    fn one(name: &str, content: &str, locale: &str, key: &str) -> String {
        let texts = read(name, content).unwrap_or_else(|e| panic!("{content}: {e}"));
        texts.by_locale[locale][key].clone()
    }

    #[test]
    fn every_shape_is_read() {
        for (name, content) in [
            (
                "a.json",
                r#"{"bot_id": "x", "locale": "ru", "keys": {"hi": "Да"}, "success": true}"#,
            ),
            (
                "a.json",
                r#"[{"locale": "en", "keys": {"hi": "x"}}, {"locale": "ru", "keys": {"hi": "Да"}}]"#,
            ),
            (
                "a.json",
                r#"[{"locale": "ru", "key": "hi", "value": "Да", "bot_id": "x"}]"#,
            ),
            ("a.json", r#"{"ru": {"hi": "Да"}, "en": {"hi": "Yes"}}"#),
            ("dir/ru.json", r#"{"hi": "Да"}"#),
            ("keys_ru.json", r#"{"hi": "Да"}"#),
            (
                "notes.md",
                "Set:\n```\ncurl -d '{\"locale\": \"ru\", \"keys\": {\"hi\": \"Да\"}}' x/{bot}\n```",
            ),
        ] {
            assert_eq!(one(name, content, "ru", "hi"), "Да", "{name} {content}");
        }
        let nested = r#"{"ru": {"menu": {"title": "Да"}}}"#;
        assert_eq!(one("a.json", nested, "ru", "menu.title"), "Да");
        assert_eq!(one("pt-BR.json", r#"{"a": "b\\nc"}"#, "pt-BR", "a"), "b\nc");
    }

    #[test]
    fn what_holds_no_keys_is_refused() {
        for (name, content) in [
            ("a.json", "{"),
            ("a.json", "{}"),
            ("a.json", "5"),
            ("texts.json", r#"{"hi": "x"}"#),
            ("a.md", "no keys at all"),
        ] {
            assert!(
                matches!(read(name, content), Err(ImportError::Keys { .. })),
                "{content}"
            );
        }
    }
}
