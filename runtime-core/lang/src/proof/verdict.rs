//! Lengths, formatted places and blanks against the limits of a text's slot: what is an error, what is advice, and
//! what `check --verbose` shows.

use crate::limits;
use crate::markup::ParseMode;

use super::measure::{self, Culprit, Measure, measure};
use super::shape::{At, Node};
use super::{Cx, Overflow, Slot, Text};
use crate::diagnostics::codes::{limits as codes, texts};
use crate::diagnostics::facts::{Beyond, TextFact};
use crate::diagnostics::{Code, Diagnostic};

/// What a slot takes, in UTF-16 units after entity parsing.
struct Limit {
    units: usize,
    code: &'static Code,
    what: &'static str,
}

fn limit(slot: Slot) -> Option<Limit> {
    let (units, code, what) = match slot {
        Slot::Message => (limits::MESSAGE_TEXT, &codes::MESSAGE_LENGTH, "a message"),
        Slot::Caption => (limits::CAPTION, &codes::MESSAGE_LENGTH, "a caption"),
        Slot::Button => (
            limits::BUTTON_TEXT,
            &codes::BUTTON_LENGTH,
            "a button's text",
        ),
        Slot::Toast => (limits::TOAST, &codes::TOAST_LENGTH, "a toast"),
        Slot::Description => (
            limits::COMMAND_DESCRIPTION,
            &codes::DESCRIPTION_LENGTH,
            "a description",
        ),
        Slot::Question => (
            limits::MODEL_TEXT,
            &codes::MESSAGE_LENGTH,
            "a part of a question to the model",
        ),
        Slot::Url => return None,
    };
    Some(Limit { units, code, what })
}

/// Lengths per locale against the limit of the slot. Most that it has in any of them, where there is a bound.
pub(super) fn lengths(cx: &mut Cx<'_>, t: &Text<'_>, nodes: &[Node]) -> Option<usize> {
    let mode = t.mode;
    let locales = cx.locales.len().max(1);
    let all: Vec<Measure> = (0..locales).map(|l| measure(mode, nodes, l)).collect();
    facts(cx, t, &all);
    if let Some(limit) = limit(t.slot) {
        held_against(cx, t, &limit, &all);
    }
    let most = |all: Option<usize>, m: &Measure| Some(all?.max(m.most?));
    all.iter().fold(Some(0), most)
}

fn held_against(cx: &mut Cx<'_>, t: &Text<'_>, limit: &Limit, all: &[Measure]) {
    let mode = t.mode;
    for (i, measure) in all.iter().enumerate() {
        if !too_wordy(cx, t, t.slot, limit, i, measure) {
            // The same words in every locale are told once.
            break;
        }
    }
    formatted(cx, t, mode, all);
    let exceeds = |m: &Measure| m.most.is_none_or(|most| most > limit.units);
    if !matches!(t.slot, Slot::Message | Slot::Caption) || all.iter().any(|m| m.words > limit.units)
    {
        return;
    }
    let shortest = (0..all.len()).max_by_key(|i| all[*i].least);
    if let Some(at) = shortest.filter(|i| !t.splits && all[*i].least > limit.units) {
        always_too_long(cx, t, limit, at, &all[at]);
        return;
    }
    // The worst: without a bound, else the longest.
    let worst = (0..all.len())
        .filter(|i| exceeds(&all[*i]))
        .max_by_key(|i| (all[*i].most.is_none(), all[*i].most, std::cmp::Reverse(*i)));
    if let (Some(worst), Overflow::Error) = (worst, t.overflow) {
        overflows(cx, t, limit, worst, &all[worst]);
    }
}

/// The author's own words beyond the limit. `false`: other locales have the same words.
fn too_wordy(
    cx: &mut Cx<'_>,
    t: &Text<'_>,
    slot: Slot,
    limit: &Limit,
    locale: usize,
    measure: &Measure,
) -> bool {
    let raw = slot == Slot::Message && measure.bytes > limits::MESSAGE_RAW_BYTES;
    if measure.words <= limit.units && !raw {
        return true;
    }
    let longest = measure.longest;
    let span = match longest {
        // Its quotes too, where it is the whole text.
        Some((_, bytes, At::Scalar(_))) if bytes == t.source.value.len() => t.source.span,
        Some((_, bytes, at)) => at.span(t.source, 0..bytes),
        None => t.source.span,
    };
    let elsewhere = span.file != t.source.span.file;
    let tag = tag(cx, locale);
    let place = match elsewhere {
        true => format!(" in `{tag}`"),
        false => String::new(),
    };
    let Limit { units, code, what } = *limit;
    let message = if raw {
        format!(
            "the words of this text alone have {} bytes{place}, Telegram takes {}",
            measure.bytes,
            limits::MESSAGE_RAW_BYTES
        )
    } else {
        format!(
            "the words of this text alone are {} characters long{place}, {what} has at most {units}",
            measure.words
        )
    };
    let help = match slot {
        Slot::Message => "make several messages of it",
        Slot::Button | Slot::Toast => "shorten it: what is longer is cut off with `…`",
        Slot::Question => "shorten it, or keep it in a table and query what a question needs",
        _ => "shorten it",
    };
    let mut diagnostic = Diagnostic::new(code, span, message).help(help);
    if let Some((here, ..)) = longest.filter(|(here, ..)| *here < measure.words) {
        let with = with(&measure.words_by);
        diagnostic = diagnostic.label(format!("{here} of them stand here{with}"));
    } else if !measure.words_by.is_empty() {
        diagnostic = diagnostic.label(with(&measure.words_by).trim_start_matches(", ").to_owned());
    }
    if elsewhere {
        diagnostic = diagnostic.note(t.source.span, "used here");
    }
    cx.sink.report(diagnostic);
    elsewhere
}

/// `, with `{{#if paid}}` and `[few]``; nothing where there is nothing to choose.
fn with(by: &[String]) -> String {
    match by {
        [] => String::new(),
        [one] => format!(", with {one}"),
        [first @ .., last] => format!(", with {} and {last}", first.join(", ")),
    }
}

fn tag(cx: &Cx<'_>, locale: usize) -> String {
    cx.tag(locale).to_owned()
}

/// Even the shortest values make it longer than it may be, and it cannot be split.
fn always_too_long(cx: &mut Cx<'_>, t: &Text<'_>, limit: &Limit, locale: usize, measure: &Measure) {
    let place = match cx.locales.len() > 1 {
        true => format!(" in `{}`", tag(cx, locale)),
        false => String::new(),
    };
    let Limit { units, code, what } = *limit;
    let message = format!(
        "this text is never shorter than {} characters{place}, {what} has at most {units}",
        measure.least
    );
    let culprit = measure.culprit.as_ref();
    let span = culprit.map_or(t.source.span, |c| c.span);
    let mut diagnostic = Diagnostic::new(code, span, message)
        .help("let its values be shorter (`min:` and `max:` on their steps), or say part of them: `| truncate: …`");
    if span.file != t.source.span.file {
        diagnostic = diagnostic.note(t.source.span, "used here");
    }
    cx.sink.report(diagnostic);
}

/// `overflow: error`: nothing may make the message too long.
fn overflows(cx: &mut Cx<'_>, t: &Text<'_>, limit: &Limit, locale: usize, measure: &Measure) {
    let several = cx.locales.len() > 1;
    let place = match several {
        true => format!(" in `{}`", tag(cx, locale)),
        false => String::new(),
    };
    let Limit { units, what, .. } = *limit;
    let message = match measure.most {
        Some(most) => {
            format!("this message can be {most} characters long{place}, {what} has at most {units}")
        }
        None => {
            format!("nothing bounds the length of this message{place}, {what} has at most {units}")
        }
    };
    let culprit = measure.culprit.as_ref();
    let span = culprit.map_or(t.source.span, |c| c.span);
    let mut diagnostic = Diagnostic::new(&codes::OVERFLOW, span, message);
    let mut help = "say less in it".to_owned();
    if let Some(culprit) = culprit {
        let shown = format!("`{}`", culprit.what);
        let of_it = match culprit.units {
            Some(n) => format!("{shown} is up to {n} of them"),
            None => format!("{shown} has no bound"),
        };
        diagnostic = diagnostic.label(format!("{of_it}{}", with(&measure.most_by)));
        help = way_out(culprit, measure, units);
    }
    if span != t.source.span && span.file != t.source.span.file {
        diagnostic = diagnostic.note(t.source.span, "used here");
    }
    let otherwise = match t.splits {
        true => "or let it be split or cut: `overflow: split`, `overflow: truncate`",
        false => "or let it be cut: `overflow: truncate`",
    };
    cx.sink
        .report(diagnostic.help(format!("{help}; {otherwise}")));
}

/// What to write so that a value or a list has a bound that is small enough.
fn way_out(culprit: &Culprit, measure: &Measure, limit: usize) -> String {
    let rest = match (measure.most, culprit.units) {
        (Some(most), Some(units)) => most - units.min(most),
        _ => measure.words,
    };
    let left = limit.saturating_sub(rest);
    if culprit.list {
        return "read fewer rows (`LIMIT`), or shorten what a row prints (`| truncate: …`)"
            .to_owned();
    }
    let room = match left {
        0 => "…".to_owned(),
        left => left.to_string(),
    };
    format!("bound it: `| truncate: {room}`, `max:` on its step, or VARCHAR(n) in the migration")
}

/// More formatted stretches than Telegram honours in one message.
fn formatted(cx: &mut Cx<'_>, t: &Text<'_>, mode: ParseMode, all: &[Measure]) {
    if mode == ParseMode::Plain {
        return;
    }
    let most = all.iter().map(|m| m.entities);
    let Some(most) = most.max_by_key(|n| n.unwrap_or(usize::MAX)) else {
        return;
    };
    let count = match most {
        Some(n) if n <= limits::ENTITIES => return,
        Some(n) => format!("up to {n}"),
        None => "any number of".to_owned(),
    };
    let culprit = all
        .iter()
        .find_map(|m| m.culprit.as_ref().filter(|c| c.list));
    let span = culprit.map_or(t.source.span, |c| c.span);
    cx.sink.report(
        Diagnostic::new(
            &codes::ENTITIES,
            span,
            format!(
                "this text has {count} formatted places, Telegram shows the first {} of a message",
                limits::ENTITIES
            ),
        )
        .help("read fewer rows (`LIMIT`), or format less of each"),
    );
}

/// A text that prints nothing although its lists have rows.
pub(super) fn empty(cx: &mut Cx<'_>, t: &Text<'_>, nodes: &[Node]) {
    let blocks = nodes
        .iter()
        .any(|n| matches!(n, Node::Branches(_) | Node::Loop { .. }));
    let translated = nodes.iter().any(|n| matches!(n, Node::Message { .. }));
    let (message, help) = if blocks {
        (
            "this text prints nothing in some cases",
            "add an `{{else}}`, or words outside of the blocks",
        )
    } else if translated {
        (
            "the translation of this text is empty",
            "write it in the `.ftl` file: Telegram takes no empty text",
        )
    } else {
        (
            "this text is empty",
            "write it: Telegram takes no empty text",
        )
    };
    cx.sink
        .report(Diagnostic::new(&texts::EMPTY_TEXT, t.source.span, message).help(help));
}

/// Values that are empty leave nothing to be seen.
pub(super) fn blank(cx: &mut Cx<'_>, t: &Text<'_>, nodes: &[Node]) {
    // Advice waits until nothing is wrong.
    if !matches!(t.slot, Slot::Message | Slot::Button) || cx.sink.errors() > 0 {
        return;
    }
    let locales = cx.locales.len().max(1);
    let found = (0..locales).find_map(|l| measure::blank_by(t.mode, nodes, l));
    let Some((what, span)) = found.and_then(|by| by.into_iter().next()) else {
        return;
    };
    let inner = what.trim_start_matches("{{").trim_end_matches("}}");
    let (code, message) = match t.slot {
        Slot::Message => (
            &codes::BLANK_MESSAGE,
            format!("nothing is said when `{what}` is empty"),
        ),
        _ => (
            &codes::BLANK_BUTTON,
            format!("this button reads `…` when `{what}` is empty"),
        ),
    };
    let diagnostic = Diagnostic::new(code, span, message);
    let here = span.file == t.source.span.file && what.starts_with("{{");
    let value = inner.split('|').next().unwrap_or(inner).trim();
    cx.sink.report(match here {
        // What is known only when it is sent cannot be tested.
        true if value.starts_with("recipient.") => diagnostic.help("put words beside it"),
        true => diagnostic.help(format!(
            "put words beside it, or test it: `{{{{#if {value} is not empty}}}}…{{{{else}}}}…{{{{/if}}}}`"
        )),
        false => diagnostic
            .note(t.source.span, "used here")
            .help("put words beside it"),
    });
}

/// What `check --verbose` shows.
fn facts(cx: &mut Cx<'_>, t: &Text<'_>, all: &[Measure]) {
    let limit = limit(t.slot).map(|l| l.units);
    for (i, measure) in all.iter().enumerate() {
        let fits = limit.is_none_or(|limit| measure.most.is_some_and(|most| most <= limit));
        let beyond = match (fits, t.slot, t.overflow) {
            (true, _, _) => Beyond::Never,
            (false, Slot::Message, Overflow::Split) => Beyond::Split,
            (false, Slot::Message | Slot::Caption, Overflow::Truncate) => Beyond::Truncated,
            (false, Slot::Button | Slot::Toast | Slot::Question, _) => Beyond::Truncated,
            (false, _, _) => Beyond::Refused,
        };
        let mut by = measure.most_by.clone();
        if let Some(culprit) = &measure.culprit {
            by.push(match culprit.units {
                Some(n) => format!("`{}` up to {n}", culprit.what),
                None => format!("`{}` without a bound", culprit.what),
            });
        }
        cx.sink.prove(TextFact {
            span: t.source.span,
            command: t.command.to_owned(),
            slot: t.slot.name(),
            place: t.place.to_owned(),
            locale: tag(cx, i),
            least: measure.least,
            most: measure.most,
            limit,
            by,
            beyond,
        });
    }
}
