//! Fluent files with a stub for every key that the texts use, and the importer's own few words.

use std::collections::{BTreeMap, BTreeSet};

use super::names;

/// Words the importer needs where the old spec has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Own {
    /// Toast of a button without a target.
    NoTarget,
    /// A flow that replies nothing else.
    Done,
    /// A list without rows.
    Empty,
    /// A bool in a text.
    Yes,
    /// See [`Own::Yes`].
    No,
    /// A menu without a title.
    Choose,
    /// A question without words.
    Ask,
    /// A row that is there already.
    Exists,
}

impl Own {
    fn key(self) -> &'static str {
        match self {
            Self::NoTarget => "imported-no-target",
            Self::Done => "imported-done",
            Self::Empty => "imported-empty",
            Self::Yes => "imported-yes",
            Self::No => "imported-no",
            Self::Choose => "imported-choose",
            Self::Ask => "imported-ask",
            Self::Exists => "imported-exists",
        }
    }
    /// No sign in it has a meaning in any parse mode.
    fn text(self, locale: &str) -> &'static str {
        let ru = locale == "ru";
        match self {
            Self::NoTarget if ru => "Эта кнопка пока ничего не делает",
            Self::NoTarget => "This button does nothing yet",
            Self::Done if ru => "Готово",
            Self::Done => "Done",
            Self::Empty if ru => "Здесь пока ничего нет",
            Self::Empty => "There is nothing here yet",
            Self::Yes if ru => "да",
            Self::Yes => "yes",
            Self::No if ru => "нет",
            Self::No => "no",
            Self::Choose if ru => "Выберите действие:",
            Self::Choose => "Choose an action:",
            Self::Ask if ru => "Ваш ответ?",
            Self::Ask => "Your answer?",
            Self::Exists if ru => "Это уже записано",
            Self::Exists => "This is recorded already",
        }
    }
}

/// An attribute, or the message itself, and its variables.
type Part<'a> = (Option<&'a str>, &'a BTreeSet<String>);

/// The languages of the new bot.
#[derive(Debug, Clone)]
pub(super) struct Locales {
    /// The one language, or the default one.
    pub default: String,
    /// Languages with a file, the default first; empty for a bot of one language without keys.
    pub all: Vec<String>,
}

/// Collects what the texts say through keys.
#[derive(Debug)]
pub(super) struct Keys {
    pub locales: Locales,
    /// Message and attribute, with the variables that every use gives.
    used: BTreeMap<(String, Option<String>), BTreeSet<String>>,
    own: BTreeSet<Own>,
    /// Used in a MarkdownV2 text, where the marker's own signs have a meaning.
    markdown: BTreeSet<(String, Option<String>)>,
}

impl Keys {
    pub(super) fn new(locales: Locales) -> Self {
        Self {
            locales,
            used: BTreeMap::new(),
            own: BTreeSet::new(),
            markdown: BTreeSet::new(),
        }
    }

    /// A use of an old key: the key as `t:` writes it now.
    pub(super) fn key(&mut self, old: &str, args: BTreeSet<String>, markdown: bool) -> String {
        let (message, attribute) = names::key(old);
        if markdown {
            self.markdown.insert((message.clone(), attribute.clone()));
        }
        let written = match &attribute {
            Some(attribute) => format!("{message}.{attribute}"),
            None => message.clone(),
        };
        self.used
            .entry((message, attribute))
            // A variable that one use does not give must not be needed.
            .and_modify(|known| known.retain(|v| args.contains(v)))
            .or_insert(args);
        written
    }

    /// Words of the importer as a text of the language.
    pub(super) fn own(&mut self, own: Own) -> String {
        if self.locales.all.is_empty() {
            return own.text(&self.locales.default).to_owned();
        }
        self.own.insert(own);
        format!("t:{}", own.key())
    }

    /// The same inside a template.
    pub(super) fn own_inside(&mut self, own: Own) -> String {
        match self.own(own) {
            text if text.starts_with("t:") => format!("{{{{{text}}}}}"),
            text => text,
        }
    }

    /// Languages in which the runtime has no words of its own.
    pub(super) fn foreign(&self) -> Vec<&str> {
        let foreign = |tag: &&String| botfactory_lang::words::own(tag).is_none();
        self.locales
            .all
            .iter()
            .filter(foreign)
            .map(String::as_str)
            .collect()
    }

    /// How many keys want a translation.
    pub(super) fn count(&self) -> usize {
        self.used.len()
    }

    /// `locales/<tag>.ftl` for each language.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        self.locales
            .all
            .iter()
            .map(|tag| (format!("locales/{tag}.ftl"), self.file(tag)))
            .collect()
    }

    fn file(&self, tag: &str) -> String {
        let mut out = format!(
            "### Stubs for `{tag}`, written by `botgen import`: every text in brackets wants its translation.\n"
        );
        let mut messages: BTreeMap<&str, Vec<Part<'_>>> = BTreeMap::new();
        for ((message, attribute), args) in &self.used {
            messages
                .entry(message)
                .or_default()
                .push((attribute.as_deref(), args));
        }
        for (message, parts) in messages {
            let all: BTreeSet<&String> = parts.iter().flat_map(|(_, args)| args.iter()).collect();
            out.push('\n');
            if !all.is_empty() {
                let all: Vec<String> = all.into_iter().map(|v| format!("${v}")).collect();
                out.push_str(&format!("# Variables: {}\n", all.join(", ")));
            }
            let stub = |name: &str, attribute: Option<&str>, args: &BTreeSet<String>| {
                let used = (message.to_owned(), attribute.map(str::to_owned));
                let mut text = format!("[{name}]");
                if self.markdown.contains(&used) {
                    text = text
                        .replace('[', "\\[")
                        .replace(']', "\\]")
                        .replace('_', "\\_")
                        .replace('-', "\\-")
                        .replace('.', "\\.");
                }
                for arg in args {
                    text.push_str(&format!(" {{ ${arg} }}"));
                }
                text
            };
            out.push_str(&format!("{message} ="));
            for (attribute, args) in &parts {
                match attribute {
                    None => out.push_str(&format!(" {}", stub(message, None, args))),
                    Some(attribute) => {
                        let name = format!("{message}.{attribute}");
                        out.push_str(&format!(
                            "\n    .{attribute} = {}",
                            stub(&name, Some(attribute), args)
                        ));
                    }
                }
            }
            out.push('\n');
        }
        if botfactory_lang::words::own(tag).is_none()
            && let Some(words) = botfactory_lang::words::own("en")
        {
            out.push_str(&format!(
                "\n### The runtime's own words: it has none in `{tag}`, so these want a translation too.\n\n{words}"
            ));
        }
        if !self.own.is_empty() {
            out.push_str("\n# Words that the old spec did not have.\n");
        }
        for own in &self.own {
            out.push_str(&format!("{} = {}\n", own.key(), own.text(tag)));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stubs_name_every_variable_that_all_uses_give() {
        let mut keys = Keys::new(Locales {
            default: "ru".into(),
            all: vec!["ru".into()],
        });
        let args = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        assert_eq!(keys.key("done", args(&["a", "b"]), false), "done");
        assert_eq!(keys.key("done", args(&["b"]), false), "done");
        assert_eq!(keys.key("menu.title", args(&[]), true), "menu.title");
        assert_eq!(keys.own(Own::Done), "t:imported-done");
        let (name, text) = keys.files().remove(0);
        assert_eq!(name, "locales/ru.ftl");
        assert!(
            text.contains("\n# Variables: $b\ndone = [done] { $b }\n"),
            "{text}"
        );
        assert!(
            text.contains("\nmenu =\n    .title = \\[menu\\.title\\]\n"),
            "{text}"
        );
        assert!(text.contains("\nimported-done = Готово\n"), "{text}");
        assert!(fluent_syntax::parser::parse(text).is_ok());
    }
}
