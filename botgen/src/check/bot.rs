//! A whole bot: its settings, its commands one by one, and what holds over all of them.

use crate::check::text;
use crate::check::text::TextUse;
use std::collections::{BTreeMap, BTreeSet};

use super::scope::Scope;
use super::{BotCx, FlowCx, blocks, flow, i18n, reach, settings, walk};
use crate::diagnostics::codes::{itself, limits, names};
use crate::diagnostics::{Diagnostic, Sink};
use crate::ir;
use crate::ir::text::{Slot, TextCall};
use crate::source::Span;
use crate::source::folder::Folder;
use crate::syntax::ast;
use botfactory_lang::callback::hash32;
use botfactory_lang::limits::COMMANDS;
use botfactory_lang::markup::ParseMode;

/// Checks a bot. `None`: something is wrong and was reported.
pub fn check(
    cx: &BotCx<'_>,
    folder: &Folder,
    migrations: ir::Migrations,
    sink: &mut Sink,
) -> Option<ir::Bot> {
    let bot = cx.ast;
    let errors = sink.errors();
    let name = settings::name(bot, sink);
    let tz = settings::tz(bot, sink);
    let Own {
        texts,
        fallback,
        policies,
        mut toasts,
    } = own(cx, sink);
    let flows = flows(cx, &mut toasts, sink);
    if !bot.incomplete {
        blocks::ratelimit::shared(bot, sink);
        blocks::segment::declared(bot, sink);
    }
    if !bot.incomplete {
        i18n::finish(bot, cx.words, sink);
    }
    if !bot.incomplete {
        listed(bot, sink);
    }
    // Advice about the whole waits until nothing is wrong.
    if sink.errors() == 0 {
        no_start(cx, sink);
        reach::check(cx, sink);
        no_choice_of_locale(bot, sink);
        blocks::segment::advice(bot, sink);
    }
    // A bot with an error is not built; whatever its parts look like.
    let flows = flows.filter(|_| sink.errors() == errors)?;
    let policies = policies?;
    let tags = settings::tags(bot);
    Some(ir::Bot {
        id: bot.id.clone(),
        name,
        folder: bot.folder.clone(),
        tz,
        scope: bot
            .scope
            .as_ref()
            .map_or(ast::Scope::UserInChat, |s| s.node),
        strategy: settings::strategy(bot),
        delivery: bot
            .delivery
            .as_ref()
            .map_or(ast::Delivery::Auto, |d| d.node),
        on_ambiguous: bot
            .on_ambiguous
            .as_ref()
            .map_or(ast::OnAmbiguous::Resend, |p| p.node),
        policies,
        default_locale: settings::default_tag(bot, &tags),
        locales: locales(cx, folder, tags),
        segments: bot.segments.iter().map(|s| s.value.clone()).collect(),
        texts,
        fallback,
        flows,
        toasts,
        people: cx.schema.people_of(&migrations.owner),
        tables: cx.schema.tables_of(&migrations.owner),
        migrations,
        source_hash: String::new(),
    })
}

fn locales(cx: &BotCx<'_>, folder: &Folder, tags: Vec<String>) -> Vec<ir::Locale> {
    let ftl = |tag: &String| {
        let file = folder.locales.iter().find(|(stem, _)| stem == tag);
        file.map_or_else(String::new, |(_, f)| cx.sources.file(*f).text.clone())
    };
    tags.into_iter()
        .map(|tag| ir::Locale {
            ftl: ftl(&tag),
            tag,
        })
        .collect()
}

/// Names of generated code that no name of the author may take inside a flow's module.
fn taken() -> BTreeSet<String> {
    [
        "cx",
        "words",
        "given",
        "state",
        "loaded",
        "waiting",
        ir::Limit::RETRY_IN,
    ]
    .map(str::to_owned)
    .into()
}

fn flow_cx<'a>(
    bot: &'a BotCx<'a>,
    command: &'a str,
    toasts: &'a mut Vec<(u32, TextCall)>,
    sink: &'a mut Sink,
) -> FlowCx<'a> {
    FlowCx {
        bot,
        sink,
        command,
        texts: Vec::new(),
        queries: Vec::new(),
        bound: Vec::new(),
        choices: Vec::new(),
        records: Vec::new(),
        toasts,
        advice: super::sql::lint::Advice::default(),
        known: Default::default(),
        idents: taken(),
        numbers: BTreeMap::new(),
    }
}

/// What belongs to no flow.
struct Own {
    texts: Vec<ir::text::Text>,
    fallback: Option<TextCall>,
    /// `None`: one of them has an error.
    policies: Option<Vec<(Option<ir::expr::Expr>, ir::Limit)>>,
    toasts: Vec<(u32, TextCall)>,
}

/// The fallback, the toasts and the policies. They read no variables: a toast may be asked for months after its message
/// was sent.
fn own(bot: &BotCx<'_>, sink: &mut Sink) -> Own {
    let mut none = Vec::new();
    let mut cx = flow_cx(bot, "", &mut none, sink);
    let fallback = bot.ast.fallback.as_ref().and_then(|text| {
        let usage = TextUse::message(ParseMode::Html, "fallback");
        text::text(&mut cx, &Scope::default(), text, usage)
    });
    let mut toasts: Vec<(u32, TextCall)> = Vec::new();
    let mut sources: BTreeMap<u32, (&str, Span)> = BTreeMap::new();
    for button in walk::buttons(bot.ast) {
        let ast::ButtonDoes::Toast(text) = &button.does else {
            continue;
        };
        let (source, span) = (text.source.value.as_str(), text.source.span);
        let hash = hash32(source);
        match sources.get(&hash) {
            Some((other, _)) if *other == source => continue,
            Some((_, first)) => {
                cx.sink.report(
                    Diagnostic::new(&itself::HASH_COLLISION, span, "two toasts have one hash")
                        .note(*first, "the other")
                        .help("change a word of one of them"),
                );
                continue;
            }
            None => {
                sources.insert(hash, (source, span));
            }
        }
        let usage = TextUse::plain(Slot::Toast, "toast");
        if let Some(checked) = text::text(&mut cx, &Scope::default(), text, usage) {
            toasts.push((hash, checked.call));
        }
    }
    let policies: Vec<_> = (1..)
        .zip(&bot.ast.policies)
        .map(|(n, policy)| blocks::ratelimit::policy(&mut cx, policy, n))
        .collect();
    Own {
        fallback: fallback.map(|f| f.call),
        policies: policies.into_iter().collect(),
        toasts,
        texts: cx.texts,
    }
}

fn flows(
    bot: &BotCx<'_>,
    toasts: &mut Vec<(u32, TextCall)>,
    sink: &mut Sink,
) -> Option<Vec<ir::Flow>> {
    let mut done = Some(Vec::new());
    let mut hashes: BTreeMap<u32, &str> = BTreeMap::new();
    let intents = bot.ast.intents.iter().map(|i| (&i.cmd, Err(i)));
    let flows = bot.ast.flows.iter().map(|f| (&f.entry_cmd, Ok(f)));
    for ((cmd, which), names) in intents.chain(flows).zip(&bot.symbols.flows) {
        let command = cmd.value.trim_start_matches('/');
        // Stored conversations and buttons know a flow by the hash of its command.
        match hashes.insert(hash32(command), command) {
            Some(other) if other != command => sink.report(
                Diagnostic::new(
                    &itself::HASH_COLLISION,
                    cmd.span,
                    format!("the commands `/{command}` and `/{other}` have one hash"),
                )
                .help("give one of the two another name"),
            ),
            _ => {}
        }
        let cx = flow_cx(bot, command, toasts, sink);
        let flow = match which {
            Ok(flow) => flow::check(cx, flow, names),
            Err(intent) => blocks::intent(cx, intent),
        };
        match (flow, &mut done) {
            (Some(flow), Some(done)) => done.push(flow),
            _ => done = None,
        }
    }
    done
}

/// Telegram lists at most so many commands.
fn listed(bot: &ast::Bot, sink: &mut Sink) {
    let intents = bot.intents.iter().filter_map(|i| i.description.as_ref());
    let flows = bot.flows.iter().filter_map(|f| f.description.as_ref());
    if let Some(over) = intents.chain(flows).nth(COMMANDS) {
        sink.report(
            Diagnostic::new(
                &limits::COMMANDS,
                over.source.span,
                format!("this is description {}, Telegram lists {COMMANDS} commands", COMMANDS + 1),
            )
            .help("remove the `description` of commands that people reach by buttons: they go on working unlisted"),
        );
    }
}

fn no_start(cx: &BotCx<'_>, sink: &mut Sink) {
    let bot = cx.ast;
    if cx.symbols.commands.contains_key("start") {
        return;
    }
    let first = bot.flows.first().map(|f| f.entry_cmd.span);
    let span = first
        .or_else(|| bot.intents.first().map(|i| i.cmd.span))
        .unwrap_or(Span {
            hi: bot.span.lo,
            ..bot.span
        });
    sink.report(
        Diagnostic::new(&names::NO_START, span, "nothing answers `/start`")
            .help("everybody's first message to a bot is `/start`: give it an intent or a flow"),
    );
}

fn no_choice_of_locale(bot: &ast::Bot, sink: &mut Sink) {
    let Some(i18n) = &bot.i18n else { return };
    let sets = |a: &ast::Action| matches!(a.kind, ast::ActionKind::SetLocale(_));
    let chosen = bot.flows.iter().flat_map(walk::actions).any(sets);
    if i18n.strategy.node == ast::Strategy::Fixed || i18n.locales.len() < 2 || chosen {
        return;
    }
    sink.report(
        Diagnostic::new(
            &names::NO_CHOICE_OF_LOCALE,
            i18n.span,
            "nobody can choose among the bot's locales",
        )
        .help("add a command with `action.set_locale.v1: {}`, or say `strategy: fixed`"),
    );
}
