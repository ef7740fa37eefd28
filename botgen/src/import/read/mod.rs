//! Reading the old system's spec: untyped and typed flows, key-style and typed actions, `validate_regex`, doubled
//! backslashes all become one model.

mod action;
mod flow;

use std::borrow::Cow;

use serde_json::Value;

use super::json::{Object, quote};
use super::keys::Texts;
use super::old::{Declared, I18n, Read, Said, Spec};
use super::report::Notes;
use flow::{flow, intent};

/// Reads the whole spec.
pub(super) fn read(root: &Value, notes: &mut Notes) -> Spec {
    let mut spec = Spec::default();
    let Some(root) = Object::new((String::new(), root), notes) else {
        return spec;
    };
    if root.any("use").is_some() {
        notes.translated("use", "left out: the compiler knows which blocks are used");
    }
    if let Some(i18n) = root.object("i18n", notes) {
        let mut supported = Vec::new();
        for (path, item) in i18n.list("supported", notes) {
            match item {
                Value::String(tag) => supported.push(tag.clone()),
                other => notes.person(
                    &path,
                    format!("{} is no language tag; left out", quote(other)),
                ),
            }
        }
        i18n.boolean("autoload_keys", notes);
        let mut keys = Texts::default();
        for field in ["keys", "messages", "translations", "texts", "resources"] {
            if let Some((path, value)) = i18n.any(field) {
                keys.read(value, &path, None, notes);
            }
        }
        let text = |key: &str, otherwise: &str, notes: &mut Notes| {
            let found = i18n.string(key, notes).map(Cow::into_owned);
            found.unwrap_or_else(|| otherwise.to_owned())
        };
        spec.i18n = Some(I18n {
            path: "i18n".into(),
            default_locale: text("default_locale", "ru", notes),
            supported,
            strategy: text("strategy", "user", notes),
            keys,
        });
        i18n.rest(notes);
    }
    for at in root.list("intents", notes) {
        spec.intents.extend(intent(at, notes));
    }
    for (key, assumed) in [
        ("flows", None),
        ("menu_flows", Some(Declared::Menu)),
        ("wizard_flows", Some(Declared::Wizard)),
    ] {
        for at in root.list(key, notes) {
            spec.flows.extend(flow(at, assumed, notes));
        }
    }
    root.rest(notes);
    spec
}

/// A text: doubled backslashes become line breaks, an empty text counts as absent.
fn said(object: &Object<'_>, key: &str, notes: &mut Notes) -> Option<Said> {
    let text = object.string(key, notes)?;
    let path = object.path_of(key);
    let read = notes.how(&path);
    let mut clean = text.replace("\r\n", "\n").replace('\r', "\n");
    if clean.contains("\\n") || clean.contains("\\t") {
        clean = clean
            .replace("\\r\\n", "\n")
            .replace("\\n", "\n")
            .replace("\\t", " ");
        notes.translated(&path, "doubled backslash: `\\n` is a real line break now");
    }
    if clean.trim().is_empty() {
        notes.changed(&path, "an empty text; treated as absent");
        return None;
    }
    Some(Said {
        path,
        text: clean,
        read,
    })
}

/// A string that is no text for people.
fn raw(object: &Object<'_>, key: &str, notes: &mut Notes) -> Option<Said> {
    let text = object.string(key, notes)?.into_owned();
    (!text.trim().is_empty()).then(|| Said {
        path: object.path_of(key),
        text,
        read: Read::Whole,
    })
}

/// A pattern. A doubled backslash before what only a single one makes special was doubled once too often.
fn pattern(object: &Object<'_>, key: &str, notes: &mut Notes) -> Option<Said> {
    let mut said = raw(object, key, notes)?;
    let (mut clean, mut rest) = (String::with_capacity(said.text.len()), said.text.as_str());
    while let Some(at) = rest.find("\\\\") {
        let after = &rest[at + 2..];
        let special = after.starts_with(|c: char| "dDwWsSbB.+-()[]{}?*|/".contains(c));
        clean.push_str(&rest[..at]);
        clean.push_str(if special { "\\" } else { "\\\\" });
        rest = after;
    }
    clean.push_str(rest);
    if clean != said.text {
        notes.translated(
            &said.path,
            "a doubled backslash of the pattern is single now",
        );
        said.text = clean;
    }
    Some(said)
}
