//! Fluent files: the old keys' texts, a stub for every key without one, and the importer's own few words.

mod pattern;

use std::collections::{BTreeMap, BTreeSet};

use super::keys::Texts;
use super::names;
use super::report::Notes;
use super::text::Mode;
use super::yaml::Origins;
use pattern::marked;

/// Most keys that a line names.
const KEYS_SHOWN: usize = 30;

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
    /// A calendar without a title.
    Day,
    /// A list in pages without a title.
    List,
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
            Self::Day => "imported-day",
            Self::List => "imported-list",
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
            Self::Day if ru => "Выберите дату:",
            Self::Day => "Choose a date:",
            Self::List if ru => "Список:",
            Self::List => "List:",
        }
    }
}

/// The languages of the new bot.
#[derive(Debug, Clone)]
pub(super) struct Locales {
    /// The one language, or the default one.
    pub default: String,
    /// Languages with a file, the default first; empty for a bot of one language without keys.
    pub all: Vec<String>,
}

/// A message and its attribute.
type Name = (String, Option<String>);

/// What is known of a key.
#[derive(Debug, Clone)]
struct Use {
    /// As the old spec called it.
    old: String,
    /// The variables that every use gives.
    args: BTreeSet<String>,
    mode: Mode,
}

/// Collects what the texts say through keys.
#[derive(Debug)]
pub(super) struct Keys {
    pub locales: Locales,
    texts: Texts,
    used: BTreeMap<Name, Use>,
    own: BTreeSet<Own>,
}

impl Keys {
    pub(super) fn new(locales: Locales, texts: Texts) -> Self {
        Self {
            locales,
            texts,
            used: BTreeMap::new(),
            own: BTreeSet::new(),
        }
    }

    /// A use of an old key: the key as `t:` writes it now. Where the markup of its texts depends on where they stand,
    /// every kind of place has a message of its own.
    pub(super) fn key(&mut self, old: &str, args: BTreeSet<String>, mode: Mode) -> String {
        let (mut message, attribute) = names::key(old);
        let mut texts = self.texts.by_locale.values().filter_map(|t| t.get(old));
        if mode != Mode::Html && texts.any(|t| marked(t, mode) != marked(t, Mode::Html)) {
            message.push_str(match mode {
                Mode::Plain => "-plain",
                _ => "-markdown",
            });
        }
        let written = match &attribute {
            Some(attribute) => format!("{message}.{attribute}"),
            None => message.clone(),
        };
        self.used
            .entry((message, attribute))
            // A variable that one use does not give must not be needed.
            .and_modify(|known| {
                known.args.retain(|v| args.contains(v));
                if known.mode == Mode::Html {
                    known.mode = mode;
                }
            })
            .or_insert(Use {
                old: old.to_owned(),
                args,
                mode,
            });
        written
    }

    /// What `t:KEY` shows in the default language, where that needs no values.
    pub(super) fn shown(&self, written: &str) -> Option<String> {
        let own = self.own.iter().find(|own| own.key() == written);
        if let Some(own) = own {
            return Some(own.text(&self.locales.default).to_owned());
        }
        let (message, attribute) = match written.split_once('.') {
            Some((message, attribute)) => (message.to_owned(), Some(attribute.to_owned())),
            None => (written.to_owned(), None),
        };
        let key = self.used.get(&(message, attribute))?;
        let text = self
            .texts
            .by_locale
            .get(&self.locales.default)?
            .get(&key.old)?;
        Some(marked(text, key.mode))
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

    /// `locales/<tag>.ftl` for each language, and which bytes are which message.
    pub(super) fn files(&mut self, notes: &mut Notes) -> Vec<(String, String, Origins)> {
        self.add_unused();
        self.locales
            .all
            .iter()
            .map(|tag| {
                let (text, origins) = self.file(tag, notes);
                (format!("locales/{tag}.ftl"), text, origins)
            })
            .collect()
    }

    /// Texts that nothing uses: they stay, with whatever they want to be given.
    fn add_unused(&mut self) {
        let known: BTreeSet<&str> = self.used.values().map(|u| u.old.as_str()).collect();
        let texts = self.texts.by_locale.values().flatten();
        let mut unused: BTreeMap<Name, Use> = BTreeMap::new();
        for (old, text) in texts.filter(|(old, _)| !known.contains(old.as_str())) {
            let entry = unused.entry(names::key(old)).or_insert(Use {
                old: old.clone(),
                args: BTreeSet::new(),
                mode: Mode::Html,
            });
            entry.args.extend(pattern::placeholders(text));
        }
        for (name, key) in unused {
            self.used.entry(name).or_insert(key);
        }
    }

    fn file(&self, tag: &str, notes: &mut Notes) -> (String, Origins) {
        let path = format!("locales/{tag}.ftl");
        let none = BTreeMap::new();
        let texts = self.texts.by_locale.get(tag).unwrap_or(&none);
        let defaults = self.texts.by_locale.get(&self.locales.default);
        let (mut stubs, mut borrowed) = (Vec::new(), Vec::new());
        let mut messages: BTreeMap<&str, Vec<(Option<&str>, &Use)>> = BTreeMap::new();
        for ((message, attribute), key) in &self.used {
            let parts = messages.entry(message).or_default();
            parts.push((attribute.as_deref(), key));
        }
        let (mut body, mut origins) = (String::new(), Origins::new());
        for (message, parts) in messages {
            let from = body.len();
            let all: BTreeSet<&String> = parts.iter().flat_map(|(_, key)| &key.args).collect();
            body.push('\n');
            if !all.is_empty() {
                let all: Vec<String> = all.into_iter().map(|v| format!("${v}")).collect();
                body.push_str(&format!("# Variables: {}\n", all.join(", ")));
            }
            body.push_str(&format!("{message} ="));
            let origin = format!("{path}#{message}");
            for (attribute, key) in &parts {
                let usable = |text: &&String| {
                    !notes.left_out.contains(&origin) && !pattern::is_blank(text, key.mode)
                };
                let own = texts.get(&key.old).filter(usable);
                let text = own.or_else(|| {
                    let text = defaults?.get(&key.old).filter(usable)?;
                    borrowed.push(key.old.clone());
                    Some(text)
                });
                let written = match text {
                    Some(text) => {
                        let plain = notes.plain.contains(&origin);
                        let pattern = pattern::of(text, key.mode, &key.args, plain);
                        for word in pattern.words {
                            notes.person(
                                &path,
                                format!(
                                    "`{}`: nothing gives `{{{word}}}`; it stays as words",
                                    key.old
                                ),
                            );
                        }
                        if pattern.changed {
                            notes.changed(
                                &path,
                                format!(
                                    "`{}`: markup that Telegram would refuse is words now",
                                    key.old
                                ),
                            );
                        }
                        pattern.text
                    }
                    None => {
                        stubs.push(key.old.clone());
                        pattern::stub(&key.old, key.mode, &key.args)
                    }
                };
                match attribute {
                    None => body.push_str(&pattern::indented(&written, "    ")),
                    Some(attribute) => {
                        body.push_str(&format!("\n    .{attribute} ="));
                        body.push_str(&pattern::indented(&written, "        "));
                    }
                }
            }
            body.push('\n');
            origins.push((from..body.len(), origin));
        }
        if !stubs.is_empty() {
            notes.person(&path, some("has no text for", &stubs));
        }
        if !borrowed.is_empty() {
            notes.changed(
                &path,
                some("has the text of the default language for", &borrowed),
            );
        }
        let mut out = match stubs.is_empty() {
            true => format!("### Written by `botgen import` from the old keys of `{tag}`.\n"),
            false => format!(
                "### Written by `botgen import` for `{tag}`: a text in brackets wants its translation.\n"
            ),
        };
        for (range, _) in &mut origins {
            *range = range.start + out.len()..range.end + out.len();
        }
        out.push_str(&body);
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
        (out, origins)
    }
}

/// `has no text for 30 keys: a, b, c …`.
fn some(what: &str, keys: &[String]) -> String {
    let shown: Vec<&str> = keys.iter().take(KEYS_SHOWN).map(String::as_str).collect();
    format!(
        "{what} {} keys: {}{}",
        keys.len(),
        shown.join(", "),
        if keys.len() > shown.len() { " …" } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use super::super::keys::KeyFile;
    use super::*;

    fn keys(content: &str) -> (Keys, Notes) {
        let mut notes = Notes::default();
        let file = KeyFile {
            name: "ru.json",
            content,
        };
        let texts = match content {
            "" => Texts::default(),
            _ => Texts::of_files(&[file], &mut notes).expect(content),
        };
        let locales = Locales {
            default: "ru".into(),
            all: vec!["ru".into(), "en".into()],
        };
        (Keys::new(locales, texts), notes)
    }
    fn args(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn stubs_name_every_variable_that_all_uses_give() {
        let (mut keys, mut notes) = keys("");
        assert_eq!(keys.key("done", args(&["a", "b"]), Mode::Html), "done");
        assert_eq!(keys.key("done", args(&["b"]), Mode::Html), "done");
        assert_eq!(
            keys.key("menu.title", args(&[]), Mode::MarkdownV2),
            "menu.title"
        );
        assert_eq!(keys.own(Own::Done), "t:imported-done");
        let (name, text, _) = keys.files(&mut notes).remove(0);
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

    #[test]
    fn old_texts_become_patterns() {
        let (mut keys, mut notes) = keys(
            r#"{"hi": "Да, {name} и {who}!", "list": "a\n* b\n\n  [c] {{x}}", "bold": "<b>1 < 2</b>", "rest": "{n} left"}"#,
        );
        keys.key("hi", args(&["name"]), Mode::Html);
        keys.key("list", args(&["x"]), Mode::Html);
        assert_eq!(keys.key("bold", args(&[]), Mode::Html), "bold");
        assert_eq!(keys.key("bold", args(&[]), Mode::Plain), "bold-plain");
        let files = keys.files(&mut notes);
        let (_, text, origins) = &files[0];
        for line in [
            "hi = Да, { $name } и {\"{\"}who{\"}\"}!\n",
            "list =\n    a\n    {\"*\"} b\n\n    {\"\"}  [c] { $x }\n",
            "bold = <b>1 &lt; 2</b>\n",
            "bold-plain = 1 < 2\n",
            "# Variables: $n\nrest = { $n } left\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(fluent_syntax::parser::parse(text.as_str()).is_ok());
        // The other language has the same texts.
        assert!(files[1].1.contains("hi = Да, { $name }"), "{}", files[1].1);
        let at = text.find("bold =").expect("it");
        let origin = origins.iter().find(|(range, _)| range.contains(&at));
        assert_eq!(
            origin.map(|(_, name)| name.as_str()),
            Some("locales/ru.ftl#bold")
        );
    }
}
