//! Conversation tests: what they name exists, what they say can be read.

use std::collections::BTreeMap;

use botfactory_lang::answer;
use botfactory_lang::callback::command_line;
use botfactory_lang::locale::negotiate;

use super::snake;
use crate::diagnostics::codes::transcripts;
use crate::diagnostics::{Diagnostic, Sink, meant};
use crate::ir::conversation::{Conversation, Kind, Step};
use crate::resolve::Symbols;
use crate::source::{SourceMap, Span, Str};
use crate::syntax::ast::{self, ChatStep, SentKind};

/// What a bot's conversations are held against.
#[derive(Debug)]
pub struct Bot<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its commands.
    pub symbols: &'a Symbols,
    /// Its locales.
    pub locales: &'a [String],
    /// Index of the default among them.
    pub default: usize,
    /// IANA zone.
    pub tz: &'a str,
}

/// Checks the conversations of a bot.
pub fn check(
    bot: &Bot<'_>,
    list: &[ast::Conversation],
    sources: &SourceMap,
    sink: &mut Sink,
) -> Vec<Conversation> {
    let mut names: BTreeMap<String, Span> = BTreeMap::new();
    list.iter()
        .filter_map(|conversation| {
            let errors = sink.errors();
            let ident = snake(&conversation.name.value)
                .trim_start_matches("r#")
                .to_owned();
            let ident = if syn::parse_str::<syn::Ident>(&ident).is_ok() {
                ident
            } else {
                format!("{ident}_")
            };
            if let Some(first) = names.get(&ident) {
                sink.report(
                    Diagnostic::new(
                        &transcripts::SAME_NAME,
                        conversation.name.span,
                        format!(
                            "`{}` is the name of another conversation",
                            conversation.name.value
                        ),
                    )
                    .note(*first, "the other one")
                    .help("give each conversation a name of its own"),
                );
            }
            names.insert(ident.clone(), conversation.name.span);
            let locale = locale(bot, conversation.locale.as_ref(), sink);
            let begins = begins(bot, conversation.begins.as_ref(), sink);
            let steps = conversation
                .steps
                .iter()
                .map(|step| (line(sources, step.span), self::step(bot, &step.node, sink)));
            let steps: Vec<_> = steps.collect();
            let place = sources.file(conversation.span.file).path.clone();
            (sink.errors() == errors).then(|| Conversation {
                bot: bot.id.to_owned(),
                name: conversation.name.value.clone(),
                ident,
                file: place,
                line: line(sources, conversation.span),
                locale,
                group: conversation.group,
                admins: conversation
                    .admins
                    .iter()
                    .map(|a| a.value.clone())
                    .collect(),
                begins,
                steps,
            })
        })
        .collect()
}

fn line(sources: &SourceMap, span: Span) -> u32 {
    sources.line_column(span.file, span.lo).0
}

fn locale(bot: &Bot<'_>, written: Option<&Str>, sink: &mut Sink) -> String {
    let Some(tag) = written else {
        return bot.locales.get(bot.default).cloned().unwrap_or_default();
    };
    let tags: Vec<&str> = bot.locales.iter().map(String::as_str).collect();
    if negotiate(&tag.value, &tags).is_none() {
        sink.report(
            Diagnostic::new(
                &transcripts::UNKNOWN_LOCALE,
                tag.span,
                format!("the bot does not speak `{}`", tag.value),
            )
            .help(format!("its languages are {}", bot.locales.join(", "))),
        );
    }
    tag.value.clone()
}

/// When the conversation begins, as SQL text in UTC.
fn begins(bot: &Bot<'_>, written: Option<&Str>, sink: &mut Sink) -> String {
    let default = "2030-01-01 12:00";
    // An unknown zone is reported where it stands.
    let tz = jiff::tz::TimeZone::get(bot.tz).unwrap_or(jiff::tz::TimeZone::UTC);
    let read = |text: &str| {
        answer::datetime(
            text,
            &tz,
            answer::Bounds {
                min: None,
                max: None,
            },
        )
    };
    let text = written.map_or(default, |text| text.value.as_str());
    match read(text) {
        Ok(instant) => instant.to_string(),
        Err(_) => {
            if let Some(text) = written {
                sink.report(
                    Diagnostic::new(
                        &transcripts::TIME,
                        text.span,
                        format!("`{}` is not a date and time", text.value),
                    )
                    .help("write it like `\"2030-01-15 09:00\"`"),
                );
            }
            String::new()
        }
    }
}

fn step(bot: &Bot<'_>, step: &ChatStep, sink: &mut Sink) -> Step {
    match step {
        ChatStep::As(who) => Step::As(who.value.clone()),
        ChatStep::Say(text) => {
            command(bot, text, sink);
            Step::Say(text.value.clone())
        }
        ChatStep::Press(label) => Step::Press(label.value.clone()),
        ChatStep::Send(kind) => Step::Send(match kind {
            SentKind::Photo => Kind::Photo,
            SentKind::File => Kind::File,
            SentKind::Contact => Kind::Contact,
            SentKind::Location => Kind::Location,
            SentKind::Sticker => Kind::Sticker,
        }),
        ChatStep::Expect {
            contains,
            exact,
            buttons,
        } => {
            let texts = |list: &[Str]| list.iter().map(|text| text.value.clone()).collect();
            Step::Expect {
                contains: texts(contains),
                exact: exact.as_ref().map(|text| text.value.clone()),
                buttons: texts(buttons),
            }
        }
        ChatStep::Toast(text) => Step::Toast(text.value.clone()),
        ChatStep::Silence => Step::Silence,
        ChatStep::Clock(seconds) => Step::Clock(*seconds),
        ChatStep::Locale(tag) => Step::Locale(locale(bot, Some(tag), sink)),
        ChatStep::Redeliver => Step::Redeliver,
        ChatStep::Restart => Step::Restart,
        ChatStep::Model(answer) => Step::Model(answer.clone()),
        ChatStep::ModelFails => Step::ModelFails,
        ChatStep::ModelWaits => Step::ModelWaits,
        ChatStep::Rows { sql, count } => Step::Rows {
            sql: sql.value.clone(),
            count: count.node,
        },
    }
}

/// A command that is said exists.
fn command(bot: &Bot<'_>, text: &Str, sink: &mut Sink) {
    let Some((name, _, _)) = command_line(&text.value) else {
        return;
    };
    let own = ["cancel", "back", "skip"];
    if bot.symbols.incomplete || bot.symbols.commands.contains_key(&*name) || own.contains(&&*name)
    {
        return;
    }
    let known = bot.symbols.commands.keys().map(String::as_str).chain(own);
    let mut diagnostic = Diagnostic::new(
        &transcripts::UNKNOWN_COMMAND,
        text.span_of(0..name.len() + 1),
        format!("the bot has no command `/{name}`"),
    );
    if let Some(near) = meant(&name, known) {
        let help = format!("did you mean `/{}`?", near.word);
        diagnostic = diagnostic.help(help).rename(&name, &near);
    }
    sink.report(diagnostic);
}
