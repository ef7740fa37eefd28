//! Which variables a message needs, and what it does with them.

use std::collections::BTreeSet;

use super::Locale;
use super::plurals::is_plural;
use super::tree::{Element, Expr, Pattern, Variant};
use crate::source::Span;

/// One use of a variable.
#[derive(Debug, Clone)]
pub struct Need<'l> {
    /// Without the `$`.
    pub name: String,
    /// In the `.ftl` file.
    pub span: Span,
    /// What is done with it.
    pub kind: Kind<'l>,
}

/// What a message does with a variable.
#[derive(Debug, Clone, Copy)]
pub enum Kind<'l> {
    /// `{ $x }`.
    Print,
    /// `NUMBER($x)`.
    Number,
    /// `DATETIME($x)`, with its pattern.
    Date(Option<&'l str>),
    /// `{ $x -> [one] … }`: by plural form or number.
    Plural(&'l [Variant]),
    /// `{ $x -> [massage] … }`: by its words.
    Words(&'l [Variant]),
    /// `{ $x -> *[other] … }`: says nothing.
    Any,
}

/// The variables that a pattern needs from its caller, those of messages it contains included. Terms see only
/// what is given with them.
pub fn of<'l>(locale: &'l Locale, pattern: &'l Pattern) -> Vec<Need<'l>> {
    let mut needs = Vec::new();
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    let mut todo = vec![pattern];
    while let Some(pattern) = todo.pop() {
        if !seen.insert(pattern.span) {
            continue;
        }
        for element in &pattern.elements {
            if let Element::Placeable(e) = element {
                placeable(locale, e, &mut needs, &mut todo);
            }
        }
    }
    needs.sort_by_key(|n| n.span);
    needs
}

fn placeable<'l>(
    locale: &'l Locale,
    e: &'l Expr,
    needs: &mut Vec<Need<'l>>,
    todo: &mut Vec<&'l Pattern>,
) {
    let mut need = |name: &str, span, kind| {
        needs.push(Need {
            name: name.to_owned(),
            span,
            kind,
        });
    };
    match e {
        Expr::Variable { name, span } => need(name, *span, Kind::Print),
        Expr::Call { .. } => {
            if let Some((name, span, kind)) = called(e) {
                need(name, span, kind);
            }
        }
        Expr::Message { id, attribute, .. } => {
            let found = locale.messages.get(id);
            todo.extend(found.and_then(|m| m.pattern(attribute.as_deref())));
        }
        Expr::Select { selector, variants } => {
            match selector.as_ref() {
                Expr::Variable { name, span } => {
                    let kind = if is_plural(variants) {
                        Kind::Plural(variants)
                    } else if variants.iter().all(|v| v.key == "other") {
                        Kind::Any
                    } else {
                        Kind::Words(variants)
                    };
                    need(name, *span, kind);
                }
                call @ Expr::Call { .. } => {
                    if let Some((name, span, kind)) = called(call) {
                        need(name, span, kind);
                    }
                }
                _ => {}
            }
            todo.extend(variants.iter().map(|v| &v.pattern));
        }
        _ => {}
    }
}

fn called(e: &Expr) -> Option<(&str, Span, Kind<'_>)> {
    let Expr::Call { function, args, .. } = e else {
        return None;
    };
    let Some(Expr::Variable { name, span }) = args.positional.first() else {
        return None;
    };
    let kind = match function.as_str() {
        "NUMBER" => Kind::Number,
        "DATETIME" => Kind::Date(args.named.iter().find_map(|(name, _, value)| match value {
            Expr::Text { text, .. } if name == "pattern" => Some(text.as_str()),
            _ => None,
        })),
        _ => return None,
    };
    Some((name, *span, kind))
}
