//! The bot's versions of the runtime's own words.

use crate::answer::boolean;
use crate::words;

use super::Locale;
use super::needs::{self, Kind};
use super::tree::Element;
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink, meant};
use crate::markup::{ParseMode, html_in, is_blank};
use crate::source::Span;

/// A typed answer equal to the word for yes or no is one: each must be read as what it is.
fn yes_and_no(locale: &Locale, sink: &mut Sink) {
    let words = ["bf-yes", "bf-no"].map(|id| locale.words_of_runtime(id));
    let [Some(yes), Some(no)] = &words else {
        return;
    };
    for (id, word, meant) in [("bf-yes", yes, true), ("bf-no", no, false)] {
        // One of the two that the bot has changed.
        let changed = [id, "bf-yes", "bf-no"].into_iter();
        let Some(message) = changed.filter_map(|id| locale.messages.get(id)).next() else {
            return;
        };
        if boolean(word, yes, no) == Ok(!meant) {
            let (is, reads) = if meant { ("yes", "no") } else { ("no", "yes") };
            sink.report(
                Diagnostic::new(
                    &codes::LABELS_ALIKE,
                    message.span,
                    format!("whoever types “{word}” for {is} in `{}` says {reads}", locale.tag),
                )
                .help("give the two words that differ, and not those that everybody types: `yes`, `no`, `1`, `0`"),
            );
        }
    }
}

/// Messages whose names belong to the runtime.
pub(super) fn check(locale: &Locale, sink: &mut Sink) {
    yes_and_no(locale, sink);
    let own = words::own_ids();
    for (id, message) in locale
        .messages
        .iter()
        .filter(|(id, _)| id.starts_with("bf-"))
    {
        let Some((_, allowed)) = own.iter().find(|(known, _)| known == id) else {
            let known = own.iter().map(|(k, _)| *k);
            let near = meant(id, known);
            let help = match near {
                Some(near) => format!("did you mean `{}`?", near.word),
                None => {
                    "keys that begin with `bf-` are the runtime's own words; choose another name"
                        .into()
                }
            };
            let d = Diagnostic::new(
                &codes::OWN_WORDS,
                message.span,
                format!("the runtime has no message `{id}`"),
            )
            .help(help);
            sink.report(match near {
                Some(near) => d.rename(id, &near),
                None => d,
            });
            continue;
        };
        let Some(pattern) = &message.value else {
            sink.report(
                Diagnostic::new(
                    &codes::OWN_WORDS,
                    message.span,
                    format!("`{id}` has no text of its own"),
                )
                .help("the runtime prints its text, not its attributes"),
            );
            continue;
        };
        if locale
            .constant(pattern)
            .is_some_and(|words| is_blank(ParseMode::Plain, &words))
        {
            sink.report(
                Diagnostic::new(&codes::EMPTY_TEXT, message.span, format!("`{id}` is empty"))
                    .help("write it: Telegram takes no empty text"),
            );
        }
        for element in &pattern.elements {
            if let Element::Words { text, span } = element
                && let Some(hit) = html_in(text).first()
            {
                let to = |n: usize| span.lo.saturating_add(u32::try_from(n).unwrap_or(0));
                let at = Span {
                    lo: to(hit.start),
                    hi: to(hit.end).min(span.hi),
                    ..*span
                };
                sink.report(
                    Diagnostic::new(
                        &codes::MARKUP_IN_PLAIN,
                        at,
                        format!(
                            "`{}` would be shown as it stands here",
                            text.get(hit.clone()).unwrap_or_default()
                        ),
                    )
                    .help("the runtime's own words have no markup: write plain words"),
                );
            }
        }
        for need in needs::of(locale, pattern) {
            if allowed.contains(&need.name.as_str()) {
                if !matches!(need.kind, Kind::Print | Kind::Any) {
                    sink.report(
                        Diagnostic::new(
                            &codes::OWN_WORDS,
                            need.span,
                            format!("the runtime gives `{}` as a text", need.name),
                        )
                        .help(format!("print it as it is: `{{ ${} }}`", need.name)),
                    );
                }
                continue;
            }
            let help = match allowed {
                [] => "the runtime gives it no variables".to_owned(),
                list => format!("the runtime gives it `${}`", list.join("`, `$")),
            };
            sink.report(
                Diagnostic::new(
                    &codes::OWN_WORDS,
                    need.span,
                    format!("`{id}` has no variable `{}`", need.name),
                )
                .help(help),
            );
        }
    }
}
