//! `validate.regex`: read by the engine that the runtime uses, with the error at its place in the YAML.

use crate::diagnostics::codes::graph;
use crate::diagnostics::{Diagnostic, Sink};
use crate::resolve::type_name;
use crate::source::Str;
use crate::syntax::ast::StepType;
use botfactory_lang::length::utf16;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Longest regex, in bytes.
const LONGEST: usize = 2_000;

/// A pattern that must match all of the answer, anchored. `None`: reported.
/// `lengths`: what the answer's own bounds allow, in UTF-16 units.
pub fn pattern(regex: &Str, lengths: Option<(usize, usize)>, sink: &mut Sink) -> Option<String> {
    let value = regex.value.as_str();
    if value.len() > LONGEST {
        let message = format!(
            "the regex has {} bytes, the longest may have {LONGEST}",
            value.len()
        );
        sink.report(
            Diagnostic::new(&graph::REGEX, regex.span, message)
                .help("make it simpler; a list of values is a `choice` or a table"),
        );
        return None;
    }
    let hir = match regex_syntax::Parser::new().parse(value) {
        Ok(hir) => hir,
        Err(error) => {
            sink.report(invalid(regex, &error));
            return None;
        }
    };
    let anchored = format!(r"\A(?:{value})\z");
    // `(?x)` without an end lets a comment swallow the anchor: a line break ends it.
    let compiled = match regex::Regex::new(&anchored) {
        Err(regex::Error::Syntax(_)) => {
            regex::Regex::new(&format!("\\A(?:{value}\n)\\z")).map(|_| true)
        }
        other => other.map(|_| false),
    };
    let anchored = match compiled {
        Ok(false) => anchored,
        Ok(true) => format!("\\A(?:{value}\n)\\z"),
        Err(error) => {
            let message = match error {
                regex::Error::CompiledTooBig(_) => "the regex grows too large when it is compiled",
                _ => "the regex cannot be made to match a whole answer",
            };
            sink.report(
                Diagnostic::new(&graph::REGEX, regex.span, message)
                    .help("make it simpler: repeat smaller parts less often"),
            );
            return None;
        }
    };
    let properties = hir.properties();
    let never = |why: &str| Diagnostic::new(&graph::REGEX_NEVER, regex.span, why.to_owned());
    match (properties.minimum_len(), properties.maximum_len()) {
        (None, _) => {
            sink.report(
                never("the regex matches nothing at all")
                    .help("one of its classes is empty: no answer would ever be accepted"),
            );
            return None;
        }
        (_, Some(0)) => {
            sink.report(
                never("the regex matches only an empty answer, and there are none")
                    .help("it must match all of the answer: write what the answer consists of, as `[0-9]+`"),
            );
            return None;
        }
        _ => {
            let (least, most) = units(&hir);
            if let Some((min, max)) = lengths
                && (least > max || most.is_some_and(|most| most < min))
            {
                sink.report(
                    never("no answer within `min` and `max` matches the regex")
                        .help("change the regex or the bounds of the length"),
                );
                return None;
            }
        }
    }
    Some(anchored)
}

/// What a regex can match of strings that hold only some characters: one without, one with a wanted character.
#[derive(Clone, Copy)]
struct Can {
    without: bool,
    with: bool,
}

/// `fits`: the characters that may stand there; `wanted`: at least one of these must.
fn can(hir: &Hir, fits: fn(char) -> bool, wanted: fn(char) -> bool) -> Can {
    let nothing = Can {
        without: true,
        with: false,
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => nothing,
        HirKind::Literal(literal) => {
            let text = String::from_utf8_lossy(&literal.0);
            let (fit, has) = (text.chars().all(fits), text.chars().any(wanted));
            Can {
                without: fit && !has,
                with: fit && has,
            }
        }
        HirKind::Class(class) => {
            let chars = |c: char| Can {
                without: fits(c) && !wanted(c),
                with: fits(c) && wanted(c),
            };
            let either = |a: Can, b: Can| Can {
                without: a.without || b.without,
                with: a.with || b.with,
            };
            let none = Can {
                without: false,
                with: false,
            };
            match class {
                Class::Unicode(class) => {
                    let ranges = class.iter().flat_map(|r| r.start()..=r.end());
                    ranges.map(chars).fold(none, either)
                }
                Class::Bytes(class) => {
                    let ranges = class.iter().flat_map(|r| r.start()..=r.end());
                    ranges.map(|b| chars(char::from(b))).fold(none, either)
                }
            }
        }
        HirKind::Repetition(repetition) => {
            let inner = can(&repetition.sub, fits, wanted);
            Can {
                without: repetition.min == 0 || inner.without,
                with: repetition.max != Some(0) && inner.with,
            }
        }
        HirKind::Capture(capture) => can(&capture.sub, fits, wanted),
        HirKind::Concat(parts) => parts.iter().fold(nothing, |all, part| {
            let next = can(part, fits, wanted);
            Can {
                without: all.without && next.without,
                with: (all.with && (next.with || next.without)) || (all.without && next.with),
            }
        }),
        HirKind::Alternation(ways) => {
            let ways = ways.iter().map(|way| can(way, fits, wanted));
            ways.fold(
                Can {
                    without: false,
                    with: false,
                },
                |all, way| Can {
                    without: all.without || way.without,
                    with: all.with || way.with,
                },
            )
        }
    }
}

/// A set of characters.
type Chars = fn(char) -> bool;

/// Whether no answer of a type matches. Only what every answer of the type has is asked for.
fn never_of(hir: &Hir, ty: StepType) -> bool {
    let digits = |c: char| c.is_numeric();
    let (fits, wanted): (Chars, Chars) = match ty {
        StepType::Int
        | StepType::Decimal(_)
        | StepType::Date
        | StepType::Time
        | StepType::Phone => (|c| !c.is_alphabetic(), digits),
        StepType::DateTime => (|c| !c.is_alphabetic() || matches!(c, 'T' | 't'), digits),
        StepType::Email => (|c| !c.is_control(), |c| c == '@'),
        _ => return false,
    };
    !can(hir, fits, wanted).with
}

/// Whether everything that matches is a command line, which never comes to a question.
fn only_commands(hir: &Hir) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (literal, rest) = match hir.kind() {
        HirKind::Capture(capture) => return only_commands(&capture.sub),
        HirKind::Alternation(ways) => return ways.iter().all(only_commands),
        HirKind::Literal(literal) => (&literal.0, &[][..]),
        HirKind::Concat(parts) => match parts
            .split_first()
            .map(|(first, rest)| (first.kind(), rest))
        {
            Some((HirKind::Literal(literal), rest)) => (&literal.0, rest),
            _ => return false,
        },
        _ => return false,
    };
    let text = String::from_utf8_lossy(literal);
    let more = hir.properties().minimum_len().is_some_and(|n| n > 1);
    let named = text
        .strip_prefix('/')
        .is_some_and(|name| name.chars().all(word));
    named && more && rest.iter().all(|part| all_chars(part, word))
}

/// Every character that can match is one of these.
fn all_chars(hir: &Hir, fits: fn(char) -> bool) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => String::from_utf8_lossy(&literal.0).chars().all(fits),
        HirKind::Class(Class::Unicode(class)) => {
            class.iter().flat_map(|r| r.start()..=r.end()).all(fits)
        }
        HirKind::Class(Class::Bytes(class)) => class
            .iter()
            .flat_map(|r| r.start()..=r.end())
            .all(|b| fits(char::from(b))),
        HirKind::Repetition(repetition) => all_chars(&repetition.sub, fits),
        HirKind::Capture(capture) => all_chars(&capture.sub, fits),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().all(|part| all_chars(part, fits))
        }
    }
}

/// Whether answers of the type can match at all, and come to the question. `false`: reported.
pub fn answerable(regex: &Str, ty: StepType, sink: &mut Sink) -> bool {
    let Ok(hir) = regex_syntax::Parser::new().parse(&regex.value) else {
        return true;
    };
    if never_of(&hir, ty) {
        let name = type_name(ty);
        sink.report(
            Diagnostic::new(
                &graph::REGEX_NEVER,
                regex.span,
                format!("no {name} matches the regex, so every answer is refused"),
            )
            .help(format!(
                "the regex sees the {name} as it is typed: change it, or let the step be a text"
            )),
        );
        return false;
    }
    if only_commands(&hir) {
        sink.report(
            Diagnostic::new(
                &graph::REGEX_COMMAND,
                regex.span,
                "only commands match the regex, and a command never answers a question",
            )
            .help("let the answer begin with another character than `/`"),
        );
        return false;
    }
    true
}

/// Least and greatest length of what matches, in UTF-16 units.
fn units(hir: &Hir) -> (usize, Option<usize>) {
    let nothing = (0, Some(0));
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => nothing,
        HirKind::Literal(literal) => {
            let n = utf16(&String::from_utf8_lossy(&literal.0));
            (n, Some(n))
        }
        HirKind::Class(Class::Unicode(class)) => {
            let least = class.iter().map(|r| r.start().len_utf16()).min();
            let most = class.iter().map(|r| r.end().len_utf16()).max();
            (least.unwrap_or(0), Some(most.unwrap_or(0)))
        }
        HirKind::Class(Class::Bytes(_)) => (1, Some(1)),
        HirKind::Repetition(repetition) => {
            let (least, most) = units(&repetition.sub);
            let times = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
            let most = match (most, repetition.max) {
                (Some(0), _) => Some(0),
                (Some(most), Some(max)) => Some(most.saturating_mul(times(max))),
                _ => None,
            };
            (least.saturating_mul(times(repetition.min)), most)
        }
        HirKind::Capture(capture) => units(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(units).fold(nothing, |(a, b), (c, d)| {
            (
                a.saturating_add(c),
                b.zip(d).map(|(b, d)| b.saturating_add(d)),
            )
        }),
        HirKind::Alternation(ways) => {
            let ways = ways.iter().map(units);
            let least = ways.clone().map(|(least, _)| least).min();
            let most = ways
                .map(|(_, most)| most)
                .try_fold(0, |all: usize, most| Some(all.max(most?)));
            (least.unwrap_or(0), most)
        }
    }
}

fn invalid(regex: &Str, error: &regex_syntax::Error) -> Diagnostic {
    let (span, kind) = match error {
        regex_syntax::Error::Parse(e) => (Some(*e.span()), e.kind().to_string()),
        regex_syntax::Error::Translate(e) => (Some(*e.span()), e.kind().to_string()),
        _ => (None, "it is invalid".to_owned()),
    };
    let place = span.map_or(regex.span, |s| {
        let (lo, hi) = (s.start.offset, s.end.offset);
        // An error at the end of the pattern has an empty range: show the last character.
        if lo == hi && lo > 0 {
            regex.span_of(lo - 1..lo)
        } else {
            regex.span_of(lo..hi.max(lo + 1))
        }
    });
    let look = kind.contains("look-around");
    let back = kind.contains("backreferences");
    Diagnostic::new(&graph::REGEX, place, format!("invalid regex: {kind}")).help(if look || back {
        "look-around and backreferences do not exist here: say it with `min`, `max` and plain classes"
    } else {
        "the syntax is that of https://docs.rs/regex; the regex stands in single quotes and need not be anchored"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    fn run(value: &str, lengths: Option<(usize, usize)>) -> (Option<String>, Vec<Diagnostic>) {
        let span = Span {
            file: FileId(0),
            lo: 10,
            hi: 12 + u32::try_from(value.len()).unwrap(),
        };
        let regex = Str {
            value: value.to_owned(),
            span,
            map: [(0, 11)].into(),
        };
        let mut sink = Sink::default();
        let pattern = pattern(&regex, lengths, &mut sink);
        (pattern, sink.finish())
    }

    #[test]
    fn anchors_every_branch() {
        let (pattern, _) = run("a|b", None);
        let regex = regex::Regex::new(&pattern.unwrap()).unwrap();
        assert!(regex.is_match("a") && regex.is_match("b"));
        assert!(!regex.is_match("ab") && !regex.is_match("b\n"));
    }

    #[test]
    fn a_comment_does_not_swallow_the_anchor() {
        let (pattern, _) = run("(?x) [0-9]+ # digits", None);
        let regex = regex::Regex::new(&pattern.unwrap()).unwrap();
        assert!(regex.is_match("12") && !regex.is_match("12a"));
    }

    #[test]
    fn errors_have_a_place() {
        let (none, found) = run("[0-9]+(", None);
        assert!(none.is_none());
        assert_eq!((found[0].span.lo, found[0].span.hi), (17, 18));
        assert_eq!(run("(?=a)", None).1[0].code.id, "BF0311");
        assert_eq!(run(r"(a)\1", None).1[0].code.id, "BF0311");
        assert_eq!(run("(a{1000}){1000}", None).1[0].code.id, "BF0311");
    }

    #[test]
    fn what_matches_nothing_is_an_error() {
        for (regex, lengths) in [
            (r"[a&&b]", None),
            ("^$", None),
            ("[0-9]{4}", Some((5, 10))),
            ("[0-9]{40}", Some((1, 10))),
            ("[A-Z]{2}[0-9]{4}", Some((1, 3))),
            ("(a|bc){1,2}", Some((5, 9))),
        ] {
            assert_eq!(run(regex, lengths).1[0].code.id, "BF0312", "{regex}");
        }
        assert!(run("я{10}", Some((1, 10))).1.is_empty());
    }
}
