//! What a bot says about itself: name, time zone, locales.

use crate::diagnostics::codes::{limits, names};
use crate::diagnostics::{Diagnostic, Meant, Sink, meant};
use crate::source::folder::Folder;
use crate::source::{Span, Str};
use crate::syntax::ast;
use botfactory_lang::length::utf16;
use botfactory_lang::limits::BOT_NAME;
use jiff::tz::TimeZoneDatabase;
use unic_langid::LanguageIdentifier;

/// The locale of a bot that names none.
const LOCALE: &str = "en";

/// The bot's locales, as far as they can be read. Never empty.
pub fn tags(bot: &ast::Bot) -> Vec<String> {
    let mut tags: Vec<String> = match &bot.i18n {
        Some(i18n) => i18n.locales.iter().map(|l| l.value.clone()).collect(),
        None => bot.locale.iter().map(|l| l.value.clone()).collect(),
    };
    if tags.is_empty() {
        let default = bot.i18n.as_ref().map(|i| i.default_locale.value.clone());
        tags.push(default.unwrap_or_else(|| LOCALE.to_owned()));
    }
    tags
}

/// Index of the default among [`tags`].
pub fn default_tag(bot: &ast::Bot, tags: &[String]) -> usize {
    let default = bot.i18n.as_ref().map(|i| i.default_locale.value.as_str());
    default
        .and_then(|d| tags.iter().position(|t| t == d))
        .unwrap_or(0)
}

/// Whose stored choice counts. Without several locales there is nothing to choose.
pub fn strategy(bot: &ast::Bot) -> ast::Strategy {
    bot.i18n
        .as_ref()
        .map_or(ast::Strategy::Fixed, |i| i.strategy.node)
}

/// The bot's name for people.
pub fn name(bot: &ast::Bot, sink: &mut Sink) -> String {
    let Some(name) = &bot.name else {
        return bot.id.clone();
    };
    let length = utf16(name.value.trim());
    if length == 0 || length > BOT_NAME {
        let message = match length {
            0 => "the bot's name is empty".to_owned(),
            _ => format!("the bot's name has {length} characters, Telegram takes {BOT_NAME}"),
        };
        sink.report(
            Diagnostic::new(&limits::BOT_NAME, name.span, message)
                .help("it is the name that people see; leave `name` out to show the folder's"),
        );
    }
    name.value.trim().to_owned()
}

/// The time zone's IANA name.
pub fn tz(bot: &ast::Bot, sink: &mut Sink) -> String {
    let Some(tz) = &bot.tz else {
        return "UTC".to_owned();
    };
    zone(tz, sink).unwrap_or_else(|| tz.value.clone())
}

/// The IANA name of a zone as the data have it. `None`: there is none, reported.
pub fn zone(tz: &Str, sink: &mut Sink) -> Option<String> {
    // Only the copy inside this program: the result must not depend on the machine.
    let zones = TimeZoneDatabase::bundled();
    if let Ok(zone) = zones.get(&tz.value)
        && let Some(name) = zone.iana_name()
    {
        return Some(name.to_owned());
    }
    let all: Vec<String> = zones.available().map(|n| n.as_str().to_owned()).collect();
    // People often know the city alone: `Moscow`.
    let wanted = tz.value.to_lowercase().replace(' ', "_");
    let city = all.iter().find(|n| {
        n.rsplit('/')
            .next()
            .is_some_and(|city| city.to_lowercase() == wanted)
    });
    // Letters that stand for a zone mean no other that is spelt alike.
    let letters = tz.value.len() <= 5 && tz.value.bytes().all(|b| b.is_ascii_uppercase());
    let known = ABBREVIATIONS.iter().find(|(a, _)| *a == tz.value);
    let near = city
        .map(|word| Meant { word, only: true })
        .or_else(|| known.map(|(_, word)| Meant { word, only: false }))
        .or_else(|| meant(&tz.value, all.iter().map(String::as_str)).filter(|_| !letters));
    let d = Diagnostic::new(
        &names::TIME_ZONE,
        tz.span,
        format!("there is no time zone `{}`", tz.value),
    );
    sink.report(match near {
        Some(near) => d.suggest(&tz.value, &near),
        None => match fixed_offset(&tz.value) {
            Some(zone) => d.help(format!(
                "a city's zone knows its summer time, as `Europe/Moscow`; the offset alone is `{zone}`"
            )),
            None => d.help("take a name of the IANA list, as `Europe/Moscow` or `UTC`"),
        },
    });
    None
}

/// Letters that stand for a zone, and a city in it.
const ABBREVIATIONS: [(&str, &str); 12] = [
    ("MSK", "Europe/Moscow"),
    ("CEST", "Europe/Berlin"),
    ("BST", "Europe/London"),
    ("EEST", "Europe/Kyiv"),
    ("EDT", "America/New_York"),
    ("CDT", "America/Chicago"),
    ("MDT", "America/Denver"),
    ("PDT", "America/Los_Angeles"),
    ("PST", "America/Los_Angeles"),
    ("JST", "Asia/Tokyo"),
    ("YEKT", "Asia/Yekaterinburg"),
    ("NOVT", "Asia/Novosibirsk"),
];

/// `UTC+3` as the IANA list has it, where signs are the other way round.
fn fixed_offset(written: &str) -> Option<String> {
    let rest = written
        .strip_prefix("UTC")
        .or_else(|| written.strip_prefix("GMT"));
    let rest = rest.unwrap_or(written).replace(":00", "");
    let (sign, hours) = match rest.strip_prefix('+') {
        Some(hours) => ('-', hours),
        None => ('+', rest.strip_prefix('-')?),
    };
    let hours: u8 = hours.parse().ok()?;
    (1..=12)
        .contains(&hours)
        .then(|| format!("Etc/GMT{sign}{hours}"))
}

/// Checks the declared locales, and that the files of `locales/` are theirs.
pub fn locales(bot: &ast::Bot, folder: &Folder, sink: &mut Sink) {
    let mut written: Vec<&Str> = Vec::new();
    if let Some(i18n) = &bot.i18n {
        for tag in &i18n.locales {
            if let Some(first) = written.iter().find(|t| t.value == tag.value) {
                sink.report(
                    Diagnostic::new(
                        &names::LOCALE_TWICE,
                        tag.span,
                        format!("the locale `{}` stands twice", tag.value),
                    )
                    .note(first.span, "the first")
                    .help("remove one of them"),
                );
            } else {
                written.push(tag);
            }
        }
        let default = &i18n.default_locale;
        if !i18n.locales.is_empty() && !written.iter().any(|t| t.value == default.value) {
            let near = meant(&default.value, written.iter().map(|t| t.value.as_str()));
            let d = Diagnostic::new(
                &names::DEFAULT_LOCALE,
                default.span,
                format!(
                    "the default locale `{}` is not among `locales`",
                    default.value
                ),
            );
            sink.report(match near {
                Some(near) => d.suggest(&default.value, &near),
                None => d.help(format!("add `{}` to `locales`", default.value)),
            });
        }
    } else if let Some(locale) = &bot.locale {
        written.push(locale);
    }
    for tag in &written {
        check_tag(tag, sink);
    }
    if !folder.incomplete && !bot.incomplete {
        files(bot, folder, &written, sink);
    }
}

fn check_tag(tag: &Str, sink: &mut Sink) {
    let parsed = tag.value.parse::<LanguageIdentifier>();
    let help = match &parsed {
        Ok(id) if id.language.is_empty() => "name a language, as `en` or `pt-BR`".to_owned(),
        Ok(id) if id.to_string() == tag.value => return,
        Ok(id) => {
            let right = id.to_string();
            let d = tag_form(tag).help(format!("write `{right}`"));
            let word = right.as_str();
            sink.report(d.rename(&tag.value, &Meant { word, only: true }));
            return;
        }
        Err(_) => "a locale is a language tag, as `en` or `pt-BR`".to_owned(),
    };
    sink.report(tag_form(tag).help(help));
}

fn tag_form(tag: &Str) -> Diagnostic {
    Diagnostic::new(
        &names::LOCALE_TAG,
        tag.span,
        format!("`{}` is not a language tag in its usual form", tag.value),
    )
}

fn files(bot: &ast::Bot, folder: &Folder, written: &[&Str], sink: &mut Sink) {
    let tags = tags(bot);
    for (stem, file) in &folder.locales {
        if tags.contains(stem) {
            continue;
        }
        let near = meant(stem, tags.iter().map(String::as_str));
        let span = Span {
            file: *file,
            lo: 0,
            hi: 0,
        };
        let help = match near {
            Some(near) => format!("did you mean `{}.ftl`?", near.word),
            None if bot.i18n.is_some() => format!("add `{stem}` to `locales`, or remove the file"),
            None if folder.locales.len() == 1 => format!("say `locale: {stem}` in bot.yaml"),
            None => format!(
                "declare the languages: `i18n.fluent.v1: {{ default_locale: {}, locales: [{}, {stem}] }}`",
                tags[0], tags[0]
            ),
        };
        sink.report(
            Diagnostic::new(
                &names::LOCALE_FILE,
                span,
                format!("`locales/{stem}.ftl` is read by nothing: the bot has no locale `{stem}`"),
            )
            .help(help),
        );
    }
    if folder.locales.is_empty() {
        return;
    }
    for tag in written {
        if folder.locales.iter().any(|(stem, _)| *stem == tag.value) {
            continue;
        }
        sink.report(
            Diagnostic::new(
                &names::LOCALE_FILE,
                tag.span,
                format!(
                    "the locale `{}` has no file `locales/{}.ftl`",
                    tag.value, tag.value
                ),
            )
            .help("add the file, or remove the locale"),
        );
    }
}
