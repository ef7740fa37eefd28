//! Selections by what is written in the file alone: which variant each number, and each constant, chooses.

use std::collections::BTreeMap;

use super::Locale;
use super::plurals::{CATEGORIES, Rules, is_plural, quoted};
use super::tree::{Args, Element, Expr, Pattern, Variant};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink, meant};
use crate::source::Span;

/// Whole numbers that are tried: every form of every language takes some of them.
const WHOLE: std::ops::RangeInclusive<i64> = 0..=200;
/// Forms that only round numbers take (Romance languages, Breton), which nobody misses.
const ROUND: [i64; 3] = [1_000, 1_000_000, 3_000_000];
const FRACTIONS: [&str; 5] = ["0.5", "1.5", "2.5", "10.0", "0.1"];

/// Checks one selection.
pub(super) fn check(locale: &Locale, selector: &Expr, variants: &[Variant], sink: &mut Sink) {
    match selector {
        Expr::Text { span, .. } | Expr::Number { span, .. } => sink.report(
            Diagnostic::new(
                &codes::VARIANT_NEVER,
                *span,
                "this always chooses the same variant",
            )
            .help("select by a variable: `{ $name -> …}`"),
        ),
        Expr::Term {
            id,
            attribute: Some(attribute),
            span,
            ..
        } => constant(locale, id, attribute, *span, variants, sink),
        Expr::Call { function, args, .. } if function == "NUMBER" => {
            numbers_only(args, variants, sink);
            plural(locale, selector, variants, sink);
        }
        Expr::Call { function, .. } if function == "DATETIME" => {
            for variant in variants.iter().filter(|v| !v.default) {
                never(
                    variant,
                    "nothing can be chosen by a date".to_owned(),
                    "select by a word or a number that the bot gives".to_owned(),
                    sink,
                );
            }
        }
        Expr::Variable { .. } if is_plural(variants) => plural(locale, selector, variants, sink),
        _ => {}
    }
}

fn never(variant: &Variant, why: String, help: String, sink: &mut Sink) {
    let message = format!("`[{}]` is never chosen: {why}", variant.key);
    sink.report(Diagnostic::new(&codes::VARIANT_NEVER, variant.span, message).help(help));
}

/// The words of a pattern that has nothing else.
fn words(pattern: &Pattern) -> Option<String> {
    pattern
        .elements
        .iter()
        .map(|e| match e {
            Element::Words { text, .. } | Element::Placeable(Expr::Text { text, .. }) => {
                Some(text.as_str())
            }
            Element::Placeable(_) => None,
        })
        .collect()
}

/// `{ -term.attribute -> …}`.
fn constant(
    locale: &Locale,
    id: &str,
    attribute: &str,
    span: Span,
    variants: &[Variant],
    sink: &mut Sink,
) {
    let Some(value) = locale
        .terms
        .get(id)
        .and_then(|t| t.pattern(Some(attribute)))
        .and_then(words)
    else {
        return;
    };
    if variants.iter().any(|v| !v.number && v.key == value) {
        return;
    }
    let keys = variants.iter().map(|v| v.key.as_str());
    let help = match meant(&value, keys) {
        Some(near) => format!("did you mean `{}`?", near.word),
        None => format!("write a variant `[{value}]`, or another value in the term"),
    };
    sink.report(
        Diagnostic::new(
            &codes::LEFT_TO_DEFAULT,
            span,
            format!("`-{id}.{attribute}` is `{value}`, and no variant is for it"),
        )
        .help(help),
    );
}

/// An option that leaves a number what `[1]` compares it with.
fn neutral(name: &str, value: &Expr) -> bool {
    match value {
        Expr::Number { text, .. } => name == "useGrouping" && text == "1",
        Expr::Text { text, .. } => {
            (name == "type" && text == "cardinal") || (name == "style" && text == "decimal")
        }
        _ => false,
    }
}

/// fluent-bundle compares `[1]` with a number's options, too: any option makes it another number.
fn compares(args: &Args) -> bool {
    args.named
        .iter()
        .all(|(name, _, value)| neutral(name, value))
}

fn numbers_only(args: &Args, variants: &[Variant], sink: &mut Sink) {
    for variant in variants.iter().filter(|v| !v.default) {
        if !variant.number && !CATEGORIES.contains(&variant.key.as_str()) {
            never(
                variant,
                "`NUMBER` chooses by plural forms and numbers".to_owned(),
                format!("its forms are {}", quoted(&CATEGORIES)),
                sink,
            );
        } else if variant.number && !compares(args) {
            never(
                variant,
                "with these options a number is equal to none".to_owned(),
                "choose by a plural form, or by the variable without `NUMBER`".to_owned(),
                sink,
            );
        }
    }
}

/// A selection by numbers.
struct Numbers<'v> {
    rules: Rules,
    variants: &'v [Variant],
    /// Digits after the point that every number is given.
    digits: usize,
    /// Exact numbers can fit.
    exact: bool,
}

impl<'v> Numbers<'v> {
    fn of(tag: &str, selector: &Expr, variants: &'v [Variant]) -> Option<Self> {
        let args = match selector {
            Expr::Call { args, .. } => Some(args),
            _ => None,
        };
        let named = args.into_iter().flat_map(|a| &a.named);
        let ordinal = named.clone().any(|(name, _, value)| {
            name == "type" && matches!(value, Expr::Text { text, .. } if text == "ordinal")
        });
        let digits = named.clone().find_map(|(name, _, value)| match value {
            Expr::Number { text, .. } if name == "minimumFractionDigits" => text.parse().ok(),
            _ => None,
        });
        Some(Self {
            rules: Rules::of(tag, ordinal)?,
            variants,
            digits: digits.unwrap_or(0),
            exact: args.is_none_or(compares),
        })
    }

    fn form(&self, n: i64) -> &'static str {
        let n = n.unsigned_abs();
        match self.digits {
            0 => self.rules.form(&n.to_string()),
            digits => self
                .rules
                .form(&format!("{n}.{}", "0".repeat(digits.min(18)))),
        }
    }

    /// The variant that a whole number chooses by its key; `None`: the default.
    fn chosen(&self, n: i64) -> Option<&'v Variant> {
        let form = self.form(n);
        self.variants.iter().find(|v| match v.number {
            true => self.exact && v.key.parse() == Ok(n),
            false => v.key == form,
        })
    }
}

fn plural(locale: &Locale, selector: &Expr, variants: &[Variant], sink: &mut Sink) {
    let tag = &locale.tag;
    let Some(numbers) = Numbers::of(tag, selector, variants) else {
        return;
    };
    let Some(default) = variants.iter().find(|v| v.default) else {
        return;
    };
    let mut whole: Vec<&str> = WHOLE.map(|n| numbers.form(n)).collect();
    let rare = ROUND.iter().map(|n| numbers.form(*n));
    let fractions = FRACTIONS.iter().map(|n| numbers.rules.form(n));
    let all: Vec<&str> = whole
        .iter()
        .copied()
        .chain(rare)
        .chain(fractions)
        .chain(["other"])
        .collect();
    whole.sort_unstable();
    whole.dedup();
    for variant in variants
        .iter()
        .filter(|v| !v.number && CATEGORIES.contains(&v.key.as_str()))
    {
        if !all.contains(&variant.key.as_str()) {
            sink.report(
                Diagnostic::new(
                    &codes::PLURAL_FORMS,
                    variant.span,
                    format!(
                        "`{tag}` has no plural form `{}`, so this is never chosen",
                        variant.key
                    ),
                )
                .help(format!("its forms are {}", quoted(&all))),
            );
        }
    }
    shadowed(&numbers, &all, sink);
    // Who names no form but `other` did not mean to decline.
    if variants.iter().all(|v| v.number || v.key == "other") {
        return;
    }
    let mut left: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for n in WHOLE {
        let form = numbers.form(n);
        if numbers.chosen(n).is_none() && default.key != form {
            left.entry(form).or_default().push(n);
        }
    }
    // One form that is left to a default of no form of its own is covered by it.
    let covered = left.len() == 1 && !whole.contains(&default.key.as_str());
    if left.is_empty() || covered {
        return;
    }
    let missing: Vec<&str> = left.keys().copied().collect();
    let mut witnesses: Vec<i64> = left.into_values().flatten().collect();
    witnesses.sort_unstable();
    sink.report(
        Diagnostic::new(
            &codes::PLURAL_FORMS,
            selector.span(),
            format!(
                "`{tag}` also has {}, which here read like `{}`: {}",
                quoted(&missing),
                default.key,
                some_of(&witnesses)
            ),
        )
        .help(format!(
            "its forms for whole numbers are {}",
            quoted(&whole)
        )),
    );
}

/// `2, 3, 4, 22 …`.
fn some_of(numbers: &[i64]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<String> = numbers.iter().take(SHOWN).map(i64::to_string).collect();
    let more = if numbers.len() > SHOWN { " …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// Variants whose every number is taken by one before them.
fn shadowed(numbers: &Numbers<'_>, all: &[&str], sink: &mut Sink) {
    for (i, variant) in numbers.variants.iter().enumerate() {
        let before = &numbers.variants[..i];
        // A default has the rest, too; twins and forms that do not exist have been told.
        if variant.default || before.iter().any(|v| v.key == variant.key) {
            continue;
        }
        if variant.number {
            let Ok(n) = variant.key.parse::<i64>() else {
                continue;
            };
            if let Some(taken) = numbers.chosen(n).filter(|v| v.span != variant.span) {
                never(
                    variant,
                    format!("`[{}]` before it takes {n}", taken.key),
                    "put it before".to_owned(),
                    sink,
                );
            }
            continue;
        }
        let key = variant.key.as_str();
        let takes = |n: i64| numbers.chosen(n).is_some_and(|v| v.span == variant.span);
        let fraction = FRACTIONS.iter().any(|n| numbers.rules.form(n) == key);
        if all.contains(&key) && !fraction && !WHOLE.chain(ROUND).any(takes) {
            let exact: Vec<String> = before
                .iter()
                .filter(|v| v.number)
                .map(|v| format!("`[{}]`", v.key))
                .collect();
            sink.report(
                Diagnostic::new(
                    &codes::PLURAL_FORMS,
                    variant.span,
                    format!(
                        "`[{key}]` is never chosen: {} before it takes its numbers",
                        exact.join(", ")
                    ),
                )
                .help("remove one of the two"),
            );
        }
    }
}
