//! Choice types of a flow: known before the first expression is checked.

use crate::check::text::TextUse;
use crate::check::{RESERVED_TYPES, expr, text};
use std::collections::{BTreeMap, BTreeSet};

use super::FlowCheck;
use crate::check::scope::Scope;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{itself, limits, names};
use crate::ir::text::{Slot, TextCall, TextId};
use crate::ir::{Choice, ChoiceOption};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Piece, TextKind};
use botfactory_lang::callback::hash32;
use botfactory_lang::length::utf16;

/// Longest value of an option, in UTF-16 code units: it is a column's value and part of a typed command.
const VALUE: usize = 64;

impl FlowCheck<'_> {
    /// Fills `FlowCx::choices`. Labels that read variables get their text when their step is checked.
    pub fn choices(&mut self) {
        let (flow, declared) = (self.flow, self.names);
        for at in &declared.choices {
            let options = at.options(flow);
            self.option_values(options);
            self.labels(at, options);
            let name = self.type_name(&at.var);
            let mut variants = BTreeSet::new();
            let mut done = Vec::new();
            for (i, option) in options.iter().enumerate() {
                // An argument is read before anything is known.
                let label = if at.step.is_some() && reads_variables(&option.text) {
                    None
                } else {
                    self.label(&Scope::default(), &at.var, option)
                };
                let when = match (&option.when, at.step) {
                    (Some(when), None) => expr::condition(&mut self.cx, &Scope::default(), when),
                    _ => None,
                };
                done.push(ChoiceOption {
                    variant: variant(&option.value.value, i, &mut variants),
                    value: option.value.value.clone(),
                    label: label.unwrap_or(UNKNOWN),
                    when,
                });
            }
            let span = options.first().map_or(flow.span, |o| o.span);
            let origin = self.origin(span);
            self.cx.choices.push(Choice {
                name,
                origin,
                options: done,
            });
        }
    }

    /// An option's text.
    pub fn label(&mut self, scope: &Scope, var: &str, option: &ast::Choice) -> Option<TextCall> {
        let hint = format!("{var}_{}", option.value.value);
        let usage = TextUse::plain(Slot::Button, &hint);
        Some(text::text(&mut self.cx, scope, &option.text, usage)?.call)
    }

    fn option_values(&mut self, options: &[ast::Choice]) {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        let mut hashes: BTreeMap<u32, &str> = BTreeMap::new();
        for option in options {
            let (value, span) = (option.value.value.as_str(), option.value.span);
            let length = utf16(value);
            let sink = &mut *self.cx.sink;
            if length == 0 || length > VALUE || value.trim() != value {
                let message = match length {
                    0 => "the value of an option is empty".to_owned(),
                    _ if length > VALUE => {
                        format!("the value of an option is longer than {VALUE} characters")
                    }
                    _ => "the value of an option begins or ends with a space".to_owned(),
                };
                sink.report(Diagnostic::new(&limits::OPTION_VALUE, span, message).help(
                    "`text` is what people see; `value` is what is stored: make it a short word",
                ));
            } else if let Some(first) = seen.get(value) {
                sink.report(
                    Diagnostic::new(
                        &names::OPTION_TWICE,
                        span,
                        format!("the value `{value}` stands twice"),
                    )
                    .note(*first, "the first")
                    .help("give one of the options another value"),
                );
            } else if let Some(other) = hashes.insert(hash32(value), value) {
                // A button knows its option by the hash of the value.
                let message = format!("the values `{value}` and `{other}` have one hash");
                sink.report(
                    Diagnostic::new(&itself::HASH_COLLISION, span, message)
                        .help("give one of the two another value"),
                );
            }
            seen.entry(value).or_insert(span);
        }
    }

    /// `service` → `Service`, unique in the flow.
    pub fn type_name(&mut self, var: &str) -> String {
        let base = camel(var).unwrap_or_else(|| "Choice".to_owned());
        let mut name = base.clone();
        let mut n = 2;
        while RESERVED_TYPES.contains(&name.as_str()) || !self.cx.idents.insert(name.clone()) {
            name = match n {
                2 => format!("{base}Choice"),
                _ => format!("{base}{n}"),
            };
            n += 1;
        }
        name
    }
}

/// Stands where a label has an error or is not checked yet.
const UNKNOWN: TextCall = TextCall {
    id: TextId(usize::MAX),
};

/// Camel case of ASCII words; `None` if it would be no Rust name.
fn camel(words: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ');
    if !words.starts_with(|c: char| c.is_ascii_alphabetic()) || !words.chars().all(plain) {
        return None;
    }
    let name: String = words
        .split(['_', '-', ' '])
        .filter_map(|word| {
            let mut chars = word.chars();
            let first = chars.next()?.to_ascii_uppercase();
            Some(std::iter::once(first).chain(chars).collect::<String>())
        })
        .collect();
    Some(name)
}

fn variant(value: &str, index: usize, taken: &mut BTreeSet<String>) -> String {
    let name = camel(value)
        .filter(|n| n != "Self" && !taken.contains(n))
        .unwrap_or_else(|| format!("Option{}", index + 1));
    let mut unique = name.clone();
    while !taken.insert(unique.clone()) {
        unique.push('X');
    }
    unique
}

/// Whether a text reads anything of the flow: then its meaning depends on the place.
pub fn reads_variables(text: &ast::Text) -> bool {
    match &text.kind {
        TextKind::Key(key) => key.args.iter().any(|(_, e)| expr_reads(e)),
        TextKind::Template(pieces) => pieces_read(pieces),
    }
}

fn pieces_read(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::Literal { .. } => false,
        Piece::Value(e) => expr_reads(e),
        Piece::Key(key) => key.args.iter().any(|(_, e)| expr_reads(e)),
        Piece::Each { .. } => true,
        Piece::If {
            arms, otherwise, ..
        } => {
            pieces_read(otherwise)
                || arms
                    .iter()
                    .any(|(e, body)| expr_reads(e) || pieces_read(body))
        }
    })
}

fn expr_reads(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Path(parts) => parts
            .first()
            .is_some_and(|p| !crate::resolve::BUILTINS.contains(&p.node.as_str())),
        ExprKind::This | ExprKind::Index => true,
        ExprKind::Text(_)
        | ExprKind::Int(_)
        | ExprKind::Decimal { .. }
        | ExprKind::Bool(_)
        | ExprKind::Null
        | ExprKind::Duration(_) => false,
        ExprKind::List(items) => items.iter().any(expr_reads),
        ExprKind::Not(a)
        | ExprKind::Negate(a)
        | ExprKind::IsNull { value: a, .. }
        | ExprKind::IsEmpty { value: a, .. } => expr_reads(a),
        ExprKind::And(a, b)
        | ExprKind::Or(a, b)
        | ExprKind::Compare(_, a, b)
        | ExprKind::Arithmetic(_, a, b)
        | ExprKind::In {
            value: a, list: b, ..
        } => expr_reads(a) || expr_reads(b),
        ExprKind::Filter { value, args, .. } => expr_reads(value) || args.iter().any(expr_reads),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants() {
        let mut taken = BTreeSet::new();
        let mut of = |value| variant(value, 4, &mut taken);
        assert_eq!(of("massage"), "Massage");
        assert_eq!(of("deep-tissue 2"), "DeepTissue2");
        assert_eq!(of("deep_tissue_2"), "Option5");
        assert_eq!(of("2h"), "Option5X");
        assert_eq!(of("массаж"), "Option5XX");
        assert_eq!(of("self"), "Option5XXX");
    }
}
