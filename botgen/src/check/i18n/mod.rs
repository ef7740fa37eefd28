//! Translations: a bot's locales; which messages are used, missing, unused. What can be said about an `.ftl` file by
//! itself is checked by [`botfactory_lang::ftl`], for the runtime checks such texts, too.

use std::cell::RefCell;
use std::collections::BTreeSet;

use botfactory_lang::ftl::{self, links};
use botfactory_lang::words;

pub use botfactory_lang::ftl::Locale;

use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink, meant};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::ast;

/// A bot's parsed `.ftl` files.
#[derive(Debug, Default)]
pub struct Translations {
    /// In the order in which the bot declares them. Never empty after [`load`].
    pub locales: Vec<Locale>,
    /// Index into `locales`.
    pub default: usize,
    /// Keys and attributes that texts use.
    used: RefCell<BTreeSet<(String, Option<String>)>>,
    /// Errors before the first of these checks: what is unused is told only of a bot without errors.
    errors_before: usize,
}

impl Translations {
    /// Remembers that a text uses a message or one of its attributes.
    pub fn mark_used(&self, key: &str, attribute: Option<&str>) {
        self.used
            .borrow_mut()
            .insert((key.to_owned(), attribute.map(str::to_owned)));
    }

    /// Every key of every locale.
    pub fn keys(&self) -> BTreeSet<&str> {
        self.locales
            .iter()
            .flat_map(|l| l.messages.keys())
            .map(String::as_str)
            .filter(|k| !k.starts_with("bf-"))
            .collect()
    }

    /// Something could not be read: what seems to be missing may stand there.
    pub fn broken(&self) -> bool {
        self.locales.iter().any(|l| l.broken)
    }
}

/// Parses the files of a bot and checks what can be said about each by itself. Files of undeclared locales are
/// ignored (reported elsewhere).
pub fn load(
    bot: &ast::Bot,
    files: &[(String, FileId)],
    sources: &SourceMap,
    sink: &mut Sink,
) -> Translations {
    let errors_before = sink.errors();
    let declared: Vec<(String, Option<Span>)> = match &bot.i18n {
        Some(i18n) => i18n
            .locales
            .iter()
            .map(|l| (l.value.clone(), Some(l.span)))
            .collect(),
        None => Vec::new(),
    };
    let declared = if declared.is_empty() {
        let single = bot.locale.as_ref();
        vec![(
            single.map_or_else(|| "en".to_owned(), |l| l.value.clone()),
            single.map(|l| l.span),
        )]
    } else {
        declared
    };
    let default = bot
        .i18n
        .as_ref()
        .and_then(|i| {
            declared
                .iter()
                .position(|(tag, _)| *tag == i.default_locale.value)
        })
        .unwrap_or(0);
    let locales = declared
        .into_iter()
        .map(|(tag, declared)| {
            let file = files.iter().find(|(stem, _)| *stem == tag).map(|(_, f)| *f);
            let parsed = file.map_or_else(ftl::File::default, |f| {
                ftl::parse(f, &sources.file(f).text, sink)
            });
            let mut locale = Locale::new(&tag, declared, file, parsed);
            // A missing file of several locales is reported as such, one that cannot be read as that.
            locale.broken |= file.is_none() && (bot.i18n.is_some() || bot.incomplete);
            locale.check(sink);
            locale
        })
        .collect();
    Translations {
        locales,
        default,
        used: RefCell::default(),
        errors_before,
    }
}

/// Checks what is known only after every text of the bot: unused and missing messages, the runtime's own words.
/// Which messages were used is kept in `words`.
pub fn finish(bot: &ast::Bot, words: &Translations, sink: &mut Sink) {
    let used = words.used.borrow();
    for (key, attribute) in used.iter() {
        missing(words, key, attribute.as_deref(), sink);
    }
    for locale in &words.locales {
        runtime_words(bot, locale, sink);
    }
    // A text that could not be read may use any message.
    let unread = bot.incomplete || bot.flows.iter().any(|flow| flow.incomplete);
    if unread || words.broken() || sink.errors() > words.errors_before {
        return;
    }
    for locale in &words.locales {
        let own = locale.messages.keys().filter(|k| k.starts_with("bf-"));
        let own = own.map(|key| (key, &None));
        let used = used.iter().map(|(key, attribute)| (key, attribute));
        let roots = used.chain(own).map(|(key, attribute)| links::Node {
            name: key.clone(),
            attribute: attribute.clone(),
        });
        let reached = links::reached(locale, roots);
        for (name, span) in links::unreached(locale, &reached) {
            sink.report(
                Diagnostic::new(&codes::UNUSED_KEY, span, format!("`{name}` is never used"))
                    .help("remove it, or use it in a text with `t:`"),
            );
        }
    }
}

/// A message that some locale has and another lacks.
fn missing(words: &Translations, key: &str, attribute: Option<&str>, sink: &mut Sink) {
    let has = |l: &&Locale| {
        l.messages
            .get(key)
            .is_some_and(|m| m.pattern(attribute).is_some())
    };
    // The default locale is where the author looks first.
    let default = words.locales.get(words.default).into_iter().filter(has);
    let Some(model) = default.chain(words.locales.iter().filter(has)).next() else {
        return;
    };
    let Some(found) = model.messages.get(key) else {
        return;
    };
    let span = attribute
        .and_then(|name| found.attributes.iter().find(|a| a.name == name))
        .map_or(found.span, |a| a.span);
    let name = match attribute {
        Some(attribute) => format!("{key}.{attribute}"),
        None => key.to_owned(),
    };
    for locale in words.locales.iter().filter(|l| !l.broken && !has(l)) {
        // A message that only this locale has may be this one, misspelt.
        let strays = locale
            .messages
            .iter()
            .filter(|(id, _)| !model.messages.contains_key(*id));
        let near = strays
            .filter(|_| attribute.is_none())
            .find_map(|(id, stray)| Some((id, stray, meant(id, [key])?)));
        if let Some((id, stray, near)) = near {
            sink.report(
                Diagnostic::new(
                    &codes::MISSING_TRANSLATION,
                    stray.span,
                    format!(
                        "`{name}` is missing in `{}`, where only `{id}` stands",
                        locale.tag
                    ),
                )
                .note(span, format!("the message in `{}`", model.tag))
                .suggest(id, &near),
            );
            continue;
        }
        let mut diagnostic = Diagnostic::new(
            &codes::MISSING_TRANSLATION,
            span,
            format!("`{name}` is missing in `{}`", locale.tag),
        )
        .help(format!("write it in `locales/{}.ftl`", locale.tag));
        if let Some(other) = locale.messages.get(key) {
            diagnostic = diagnostic.note(other.span, format!("the message in `{}`", locale.tag));
        }
        sink.report(diagnostic);
    }
}

/// A locale of a language in which the runtime has no words must bring all of them.
fn runtime_words(bot: &ast::Bot, locale: &Locale, sink: &mut Sink) {
    const SHOWN: usize = 6;
    if locale.broken || words::own(&locale.tag).is_some() {
        return;
    }
    let lacks: Vec<&str> = words::own_ids()
        .iter()
        .map(|(id, _)| *id)
        .filter(|id| !locale.messages.contains_key(*id))
        .collect();
    if lacks.is_empty() {
        return;
    }
    let mut list: Vec<String> = lacks
        .iter()
        .take(SHOWN)
        .map(|id| format!("`{id}`"))
        .collect();
    if lacks.len() > SHOWN {
        list.push(format!("{} more", lacks.len() - SHOWN));
    }
    sink.report(
        Diagnostic::new(
            &codes::OWN_WORDS_MISSING,
            locale.declared.unwrap_or(bot.span),
            format!("the runtime has no words of its own in `{}`", locale.tag),
        )
        .help(format!(
            "write them in `locales/{}.ftl`: {}",
            locale.tag,
            list.join(", ")
        )),
    );
}
