//! Words that look meant for something else than to be printed as they stand.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use botfactory_lang::proof::message;
use botfactory_lang::proof::shape::{self, At, Node};
use regex::Regex;

use crate::check::FlowCx;
use crate::check::expr;
use crate::check::scope::Scope;
use crate::diagnostics::codes::{names, texts as codes};
use crate::diagnostics::{Diagnostic, meant};
use crate::source::Span;
use crate::syntax::ast;

/// What other tools call a person's fields in single braces.
const PERSON: [&str; 5] = ["name", "first_name", "last_name", "username", "user"];

/// `{name}` in a template, where `name` is a variable, or what other tools put a person's name for; `{% if … %}`.
pub(super) fn braces(cx: &mut FlowCx<'_>, scope: &Scope, t: &ast::Text, nodes: &[Node]) {
    static BRACES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"\{\s*\$?([A-Za-z_]\w*)(?:\.\w+)?\s*\}|\{%-?\s*(\w+)[^%\n]*%\}").ok()
    });
    let Some(braces) = BRACES.as_ref() else {
        return;
    };
    let mut found = Vec::new();
    shape::each_words(nodes, &mut |words, at| {
        // In a translation these braces are Fluent's.
        if !matches!(at, At::Scalar(_)) {
            return;
        }
        for hit in braces.captures_iter(words) {
            let Some(all) = hit.get(0) else { continue };
            let written = all.as_str();
            let help = match (hit.get(1), hit.get(2)) {
                (Some(name), _) if known(scope, name.as_str(), written) => {
                    let inner = written.trim_matches(['{', '}', '$', ' ']);
                    format!("write `{{{{{inner}}}}}` for the value")
                }
                (Some(name), _) if PERSON.contains(&name.as_str()) => {
                    format!(
                        "write `{{{{{}}}}}` for the person's",
                        person(scope, name.as_str())
                    )
                }
                (None, Some(word)) => match word.as_str() {
                    "for" | "endfor" => "a list is walked by `{{#each xs}}…{{/each}}`".to_owned(),
                    _ => "conditions are written `{{#if x}}…{{else}}…{{/if}}`".to_owned(),
                },
                _ => continue,
            };
            found.push((at.span(&t.source, all.range()), written.to_owned(), help));
        }
    });
    for (span, written, help) in found {
        let message = match written.starts_with("{%") {
            true => format!("`{written}` is printed as it stands"),
            false => format!("single braces print `{written}` as it stands here"),
        };
        cx.sink
            .report(Diagnostic::new(&codes::LONELY_BRACES, span, message).help(help));
    }
}

/// `{user}` alone is no value, `{user.first_name}` is one.
fn known(scope: &Scope, name: &str, written: &str) -> bool {
    let whole = name != "user" || written.contains('.');
    scope.get(name).is_some() || whole && expr::is_builtin(name)
}

/// The field that `{name}` is meant for.
fn person(scope: &Scope, name: &str) -> String {
    let of = if scope.has_recipient() {
        "recipient"
    } else {
        "user"
    };
    let field = match name {
        "name" | "user" => "first_name",
        other => other,
    };
    format!("{of}.{field}")
}

/// `Wait! t:slow-down`, `T:menu`: a translation's key where it is not looked up.
pub(super) fn buried_keys(cx: &mut FlowCx<'_>, t: &ast::Text, nodes: &[Node]) {
    static KEYS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?:^|[\s(>«“])(([tT]):([A-Za-z][\w-]*))").ok());
    let Some(keys) = KEYS.as_ref() else { return };
    let translations = cx.bot.words;
    let mut found = Vec::new();
    shape::each_words(nodes, &mut |words, at| {
        if !matches!(at, At::Scalar(_)) {
            return;
        }
        for hit in keys.captures_iter(words) {
            let (Some(all), Some(letter), Some(key)) = (hit.get(1), hit.get(2), hit.get(3)) else {
                continue;
            };
            let key = key.as_str();
            if !message::exists(&translations.locales, key, None) {
                continue;
            }
            // It was meant to be used.
            translations.mark_used(key, None);
            let alone = all.start() == 0 && matches!(at, At::Scalar(0));
            let help = match alone && letter.as_str() == "T" {
                true => format!("write `t:{key}`, with a small `t`"),
                false => format!(
                    "among other words write `{{{{t:{key}}}}}`, its arguments inside: `{{{{t:{key} {{name=value}}}}}}`"
                ),
            };
            found.push((
                at.span(&t.source, all.range()),
                all.as_str().to_owned(),
                help,
            ));
        }
    });
    for (span, written, help) in found {
        let message = format!("`{written}` is printed as it stands here");
        cx.sink
            .report(Diagnostic::new(&codes::BURIED_KEY, span, message).help(help));
    }
}

/// `text: answer`, where `answer` is a variable: people would read the word.
pub(super) fn word_for_value(cx: &mut FlowCx<'_>, scope: &Scope, t: &ast::Text) {
    let ast::TextKind::Template(pieces) = &t.kind else {
        return;
    };
    let [ast::Piece::Literal { text, .. }] = pieces.as_slice() else {
        return;
    };
    let word = text.trim();
    let names = scope.entries().iter();
    if !names.filter(|e| !e.not_yet).any(|e| e.var.name == word) {
        return;
    }
    cx.sink.report(
        Diagnostic::new(
            &codes::WORD_FOR_VALUE,
            t.source.span,
            format!("people read the word `{word}` here, not what the variable holds"),
        )
        .help(format!("write `\"{{{{{word}}}}}\"` for its value")),
    );
}

/// `**bold**` and `[words](https://…)` in HTML.
pub(super) fn markdown(cx: &mut FlowCx<'_>, t: &ast::Text, nodes: &[Node]) {
    static LINK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\[[^\]\n]+\]\((?:https?|tg)://").ok());
    // By file, for both stars may stand around a value.
    let mut stars: BTreeMap<Option<Span>, Vec<Span>> = BTreeMap::new();
    let mut found = Vec::new();
    shape::each_words(nodes, &mut |words, at| {
        let file = match at {
            At::Scalar(_) => None,
            At::File(span) | At::Within(span) => Some(Span {
                lo: 0,
                hi: 0,
                ..span
            }),
        };
        for at_star in doubled(words) {
            let span = at.span(&t.source, at_star..at_star + 2);
            stars.entry(file).or_default().push(span);
        }
        let links = LINK.as_ref().map(|link| link.find_iter(words));
        found.extend(links.into_iter().flatten().map(|hit| {
            let help = "this text is HTML: write `<a href=\"https://…\">words</a>`";
            (at.span(&t.source, hit.range()), help)
        }));
    });
    for spans in stars.into_values().filter(|spans| spans.len() > 1) {
        let help = "this text is HTML: write `<b>…</b>`, or say `parse_mode: MarkdownV2`, where one star is bold";
        found.extend(spans.first().map(|span| (*span, help)));
    }
    for (span, help) in found {
        let message = "this is Markdown, and people would see its signs";
        cx.sink
            .report(Diagnostic::new(&codes::OTHER_MARKUP, span, message).help(help));
    }
}

/// Where exactly two stars stand.
fn doubled(words: &str) -> Vec<usize> {
    let bytes = words.as_bytes();
    let star = |at: Option<usize>| at.and_then(|at| bytes.get(at)) == Some(&b'*');
    (0..bytes.len())
        .filter(|&at| {
            star(Some(at)) && star(Some(at + 1)) && !star(Some(at + 2)) && !star(at.checked_sub(1))
        })
        .collect()
}

/// Commands that every bot has inside its dialogues.
const RUNTIMES: [&str; 3] = ["back", "skip", "cancel"];

/// `/stopp` in a text, where there is a command `/stop`: Telegram makes a link of it that leads nowhere.
pub(super) fn dead_commands(cx: &mut FlowCx<'_>, t: &ast::Text, nodes: &[Node]) {
    static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?:^|[\s(>])/([A-Za-z][A-Za-z0-9_]{1,31})(?:[\s.,!?;:)<]|$)").ok()
    });
    let symbols = cx.bot.symbols;
    let Some(named) = NAMED.as_ref().filter(|_| !symbols.incomplete) else {
        return;
    };
    let mut found = Vec::new();
    shape::each_words(nodes, &mut |words, at| {
        if !words.contains('/') {
            return;
        }
        for hit in named.captures_iter(words).filter_map(|hit| hit.get(1)) {
            let name = hit.as_str().to_ascii_lowercase();
            let own = symbols.commands.keys().map(String::as_str);
            let all = || own.clone().chain(RUNTIMES);
            if all().any(|command| command == name) {
                continue;
            }
            // Other words after a slash are no slips of a command.
            if let Some(near) = meant(&name, own.clone()) {
                found.push((at.span(&t.source, hit.range()), name, near.word.to_owned()));
            }
        }
    });
    for (span, name, near) in found {
        cx.sink.report(
            Diagnostic::new(
                &names::DEAD_MENTION,
                span,
                format!("this text names `/{name}`, and there is no such command"),
            )
            .help(format!("did you mean `/{near}`?")),
        );
    }
}
