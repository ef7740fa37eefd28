//! The arguments of a use against what the message needs.

use super::{Given, Message, Type, patterns};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Meant, meant, remove_element};
use crate::format;
use crate::ftl::needs::{Kind, Need};
use crate::ftl::tree::{Element, Expr, Pattern, Variant};
use crate::ftl::{Locale, needs};
use crate::proof::Cx;
use crate::source::SourceMap;

/// `an int`.
fn a(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o']) {
        "an"
    } else {
        "a"
    };
    match name {
        "null" => "`null`".to_owned(),
        _ => format!("{article} {name}"),
    }
}

/// The arguments against what the messages need. `names`: all that were given, those with errors included.
///
/// `sources`: where the author's files can be mended. `true`: nothing is wrong.
pub fn arguments(
    cx: &mut Cx<'_>,
    message: &Message,
    names: &[&str],
    sources: Option<&SourceMap>,
) -> bool {
    let (k, given) = (message, message.given.as_slice());
    let locales = cx.locales;
    let found = patterns(locales, &k.key, k.attribute.as_deref());
    let before = cx.sink.errors();
    let mut needed: Vec<(&Locale, Need<'_>)> = Vec::new();
    for (_, locale, pattern) in &found {
        needed.extend(needs::of(locale, pattern).into_iter().map(|n| (*locale, n)));
    }
    let unused: Vec<&Given> = given
        .iter()
        .filter(|g| !needed.iter().any(|(_, n)| n.name == g.name))
        .collect();
    let mut told: Vec<&str> = Vec::new();
    let mut misspelt: Vec<&str> = Vec::new();
    for (locale, need) in &needed {
        if names.contains(&need.name.as_str()) || told.contains(&need.name.as_str()) {
            continue;
        }
        told.push(&need.name);
        let near = meant(&need.name, unused.iter().map(|g| g.name.as_str()));
        let given = near.and_then(|n| unused.iter().find(|g| g.name == n.word));
        // Other languages call it as it is given: the slip is in this one.
        let used = |name: &str| {
            let here = |(other, n): &&(&Locale, Need)| other.tag == locale.tag && n.name == name;
            needed.iter().any(|pair| here(&pair))
        };
        let elsewhere = names.iter().copied().filter(|name| !used(name));
        if let (None, Some(near)) = (given, meant(&need.name, elsewhere)) {
            cx.sink.report(
                Diagnostic::new(
                    &codes::MISSING_ARGUMENT,
                    need.span,
                    format!("`{}` needs `{}` in `{}`", k.key, need.name, locale.tag),
                )
                .note(k.span, "nobody gives it here")
                .suggest(&need.name, &near),
            );
            continue;
        }
        let (span, help) = match given {
            Some(g) => {
                misspelt.push(&g.name);
                (
                    g.name_span,
                    format!("it is given as `{}`: write `{}=…`", g.name, need.name),
                )
            }
            None => {
                let mut all: Vec<String> = names.iter().map(|name| format!("{name}=…")).collect();
                all.push(format!("{}=…", need.name));
                (
                    k.span,
                    format!("give it: `t:{} {{{}}}`", k.key, all.join(", ")),
                )
            }
        };
        let d = Diagnostic::new(
            &codes::MISSING_ARGUMENT,
            span,
            format!("`{}` needs `{}` in `{}`", k.key, need.name, locale.tag),
        )
        .note(need.span, "used here")
        .help(help);
        cx.sink.report(match (given, near) {
            (Some(g), Some(near)) => {
                let word = need.name.as_str();
                let only = near.only;
                d.rename(&g.name, &Meant { word, only })
            }
            _ => d,
        });
    }
    for g in unused
        .iter()
        .filter(|g| !misspelt.contains(&g.name.as_str()))
    {
        let edit = sources.and_then(|s| remove_element(s, g.name_span.to(g.span)));
        let mut d = Diagnostic::new(
            &codes::UNUSED_ARGUMENT,
            g.name_span,
            format!("no translation of `{}` uses `{}`", k.key, g.name),
        )
        .help(format!(
            "use it there as `{{ ${} }}`, or leave it out",
            g.name
        ));
        // The only one would leave empty braces behind.
        if let (Some(edit), true) = (edit, given.len() > 1) {
            d = d.fix(format!("leave `{}` out", g.name), [edit]);
        }
        cx.sink.report(d);
    }
    for (_, need) in &needed {
        if let Some(g) = given.iter().find(|g| g.name == need.name) {
            fits(cx, g, need);
        }
    }
    let fine = cx.sink.errors() == before;
    if fine {
        for g in given {
            left_out(cx, k, &found, &needed, &g.name);
        }
    }
    fine
}

/// A value that some locale shows and another does not even choose by.
fn left_out(
    cx: &mut Cx<'_>,
    k: &Message,
    found: &[(usize, &Locale, &Pattern)],
    needed: &[(&Locale, Need<'_>)],
    name: &str,
) {
    let uses = |locale: &Locale| {
        let own = needed.iter().filter(move |(l, _)| l.tag == locale.tag);
        own.map(|(_, n)| n).find(|n| n.name == name)
    };
    let mut shown = needed
        .iter()
        .filter(|(_, n)| n.name == name && n.kind.prints());
    let Some((model, need)) = shown.next() else {
        return;
    };
    // `{ name }` without its `$` is a message: that there is none is reported.
    let as_message = |pattern: &Pattern| {
        let named =
            |e: &Element| matches!(e, Element::Placeable(Expr::Message { id, .. }) if id == name);
        pattern.elements.iter().any(named)
    };
    let without = found
        .iter()
        .filter(|(_, l, pattern)| uses(l).is_none() && !as_message(pattern));
    for (_, locale, _) in without {
        let Some(message) = locale.messages.get(&k.key) else {
            continue;
        };
        let attribute = k.attribute.as_deref();
        let at = message
            .attributes
            .iter()
            .find(|a| Some(a.name.as_str()) == attribute);
        cx.sink.report(
            Diagnostic::new(
                &codes::LEFT_OUT,
                at.map_or(message.span, |a| a.span),
                format!(
                    "`{}` does not say `{name}`, but `{}` does",
                    locale.tag, model.tag
                ),
            )
            .note(need.span, "said here")
            .help(format!("print it: `{{ ${name} }}`")),
        );
    }
}

/// One use of one argument.
fn fits(cx: &mut Cx<'_>, g: &Given, need: &Need<'_>) {
    let number = matches!(g.ty, Type::Int | Type::Decimal(_) | Type::Real) && !g.printed;
    let (has_date, has_time) = match g.ty {
        _ if g.printed => (false, false),
        Type::Date => (true, false),
        Type::Time => (false, true),
        Type::DateTime => (true, true),
        _ => (false, false),
    };
    let when = has_date || has_time;
    let shown = if g.printed {
        "a text printed by a filter".to_owned()
    } else {
        a(&g.shown)
    };
    let mut wrong = |message: String, help: &str| {
        cx.sink.report(
            Diagnostic::new(&codes::ARGUMENT_TYPE, g.span, message)
                .note(need.span, "used here")
                .help(help),
        );
    };
    let without_filter = |fits: bool, help: &'static str| {
        if g.printed && fits {
            "give the value itself, without a filter"
        } else {
            help
        }
    };
    match need.kind {
        Kind::Any => {}
        Kind::Print => {
            if matches!(g.ty, Type::Choice(_)) && !g.printed {
                cx.sink.report(
                    Diagnostic::new(
                        &codes::BARE_CHOICE,
                        g.span,
                        format!("`{}` prints its value, not the text of its option", g.name),
                    )
                    .note(need.span, "printed here")
                    .help(format!(
                        "write `{}=… | label` for the option's text in the person's language",
                        g.name
                    )),
                );
            }
        }
        Kind::Number { .. } => {
            if !number {
                wrong(
                    format!("`NUMBER` needs a number, this is {shown}"),
                    without_filter(
                        true,
                        "give a number, or print it in the translation as it is",
                    ),
                );
            }
        }
        Kind::Date(moment) => {
            if !when {
                wrong(
                    format!("`DATETIME` needs a date or a time, this is {shown}"),
                    without_filter(
                        true,
                        "give a datetime, or print it in the translation as it is",
                    ),
                );
            } else if let Some(Err(message)) = moment
                .pattern
                // One that is wrong for every value has been told.
                .filter(|p| format::check_pattern(p, true, true).is_ok())
                .map(|p| format::check_pattern(p, has_date, has_time))
            {
                wrong(message, "the pattern must fit the value");
            } else if (moment.date && !has_date) || (moment.time && !has_time) {
                let (option, of) = if has_date {
                    ("timeStyle", "a date has no time of day")
                } else {
                    ("dateStyle", "a time has no date")
                };
                wrong(
                    format!("{of}, so `{option}` says nothing"),
                    "leave the option out",
                );
            }
        }
        Kind::Plural(variants) => plural(cx, g, need, variants, number, &shown),
        Kind::Words(variants) => {
            if number || when {
                wrong(
                    format!("the translation chooses by words, this is {shown}"),
                    "give a choice or a text",
                );
            } else if let (Type::Choice(values), false) = (&g.ty, g.printed) {
                chosen(cx, g, values, variants);
            } else {
                for variant in variants.iter().filter(|v| v.number && !v.default) {
                    cx.sink.report(
                        Diagnostic::new(
                            &codes::VARIANT_NEVER,
                            variant.span,
                            format!(
                                "`[{}]` is a number, and `{}` is a text",
                                variant.key, g.name
                            ),
                        )
                        .note(g.span, "given here")
                        .help("give a number, or choose by words"),
                    );
                }
            }
        }
    }
}

fn plural(
    cx: &mut Cx<'_>,
    g: &Given,
    need: &Need<'_>,
    variants: &[Variant],
    number: bool,
    shown: &str,
) {
    if number {
        // fluent-bundle compares exact numbers with their digits after the point.
        let digits = match g.ty {
            Type::Decimal(n) => usize::from(n),
            _ => 0,
        };
        let has = |v: &Variant| v.key.split_once('.').map_or(0, |(_, digits)| digits.len());
        for variant in variants.iter().filter(|v| v.number && has(v) != digits) {
            let help = match digits {
                0 => "write it without a point".to_owned(),
                n => format!("write it with {n} digits after the point"),
            };
            cx.sink.report(
                Diagnostic::new(
                    &codes::VARIANT_NEVER,
                    variant.span,
                    format!("`[{}]` never fits {}", variant.key, a(&g.shown)),
                )
                .note(g.span, g.shown.clone())
                .help(help),
            );
        }
        return;
    }
    // The values of a choice may happen to be `one` and `many`.
    if let (Type::Choice(values), false) = (&g.ty, g.printed)
        && variants
            .iter()
            .all(|v| v.default || values.contains(&v.key))
    {
        return;
    }
    let help = if g.printed {
        "give the number itself, without a filter"
    } else {
        "give a number"
    };
    cx.sink.report(
        Diagnostic::new(
            &codes::ARGUMENT_TYPE,
            g.span,
            format!("plural forms need a number, this is {shown}"),
        )
        .note(need.span, "used here")
        .help(help),
    );
}

/// Variants against the values of a choice.
fn chosen(cx: &mut Cx<'_>, g: &Given, values: &[String], variants: &[Variant]) {
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    // A default with a name of its own takes the rest by intent.
    let named = |v: &Variant| values.contains(&v.key.as_str());
    // Beside a misspelt variant its value only seems to be missing.
    let all = variants.iter().all(|v| v.default || named(v));
    let default = variants.iter().find(|v| all && v.default && named(v));
    let rest = values
        .iter()
        .filter(|v| !variants.iter().any(|known| known.key == **v));
    let rest: Vec<String> = rest.map(|v| format!("`{v}`")).collect();
    if let (Some(default), false) = (default, rest.is_empty()) {
        let read = if rest.len() == 1 { "reads" } else { "read" };
        cx.sink.report(
            Diagnostic::new(
                &codes::LEFT_TO_DEFAULT,
                default.span,
                format!("{} {read} like `{}` here", rest.join(", "), default.key),
            )
            .note(g.span, "the choice has this value, too")
            .help("write a variant for each value, or call the default `*[other]`"),
        );
    }
    for variant in variants {
        // The default may have any name.
        if variant.default || values.contains(&variant.key.as_str()) {
            continue;
        }
        let near = meant(&variant.key, values.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `[{}]`?", near.word),
            None => {
                let list: Vec<String> = values.iter().map(|v| format!("`{v}`")).collect();
                format!("the values are {}", list.join(", "))
            }
        };
        let d = Diagnostic::new(
            &codes::VARIANT_NEVER,
            variant.span,
            format!(
                "`{}` is not a value of the choice `{}`",
                variant.key, g.name
            ),
        )
        .note(g.span, "given here")
        .help(help);
        cx.sink.report(match near {
            Some(near) => d.rename(&variant.key, &near),
            None => d,
        });
    }
}
