//! `fallback:` of `action.llm.v1`: what holds without an answer is held to what an answer is held to.

use crate::check::expr;
use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::check::text::{self, TextUse, bounds};
use crate::diagnostics::codes::models as codes;
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::ask::{Fallback, Field, Output, RecordId};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::types::{Base, ChoiceId};
use crate::source::{Span, Str};
use crate::syntax::ast::{self, AskFallback, AskField, AskOutput, FallbackField, StepType};
use botfactory_lang::length::utf16;
use botfactory_lang::markup::ParseMode;

/// A fallback, and the most UTF-16 units that a text has (`None`: nothing bounds it).
type Checked = (Fallback, Option<usize>);

/// Checks it. `None`: something is wrong and was reported.
pub fn check(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    ask: &ast::Ask,
    output: &Output,
) -> Option<Checked> {
    let short = |fallback| (fallback, Some(0));
    match (&ask.fallback, output) {
        (AskFallback::Null(_), _) => Some(short(Fallback::Null)),
        (AskFallback::Text(t), Output::Text) => words(check, scope, ask, t),
        (AskFallback::Text(t), Output::Choice(id, _)) => option(check, t, *id).map(short),
        (AskFallback::Fields(span, written), Output::Record(id)) => {
            fields(check, scope, ask, *span, written, *id).map(short)
        }
        (AskFallback::Text(t), Output::Record(_)) => {
            let name = &ask.result_var.value;
            let help = format!(
                "write `fallback: null` and test the variable (`when: {name} is null`), or its fields: `fallback: {}`",
                example(&ask.output)
            );
            let message = "the fallback of a record has its fields, or is `null`";
            wrong(check, t.source.span, message, help)
        }
        (AskFallback::Fields(span, _), Output::Text) => wrong(
            check,
            *span,
            "only the fallback of a record has fields",
            "write what is said without an answer: `fallback: \"…\"`",
        ),
        (AskFallback::Fields(span, _), Output::Choice(id, _)) => {
            let help = one_of(check, *id);
            let message = "only the fallback of a record has fields";
            wrong(check, *span, message, help)
        }
    }
}

fn wrong<T>(
    check: &mut FlowCheck<'_>,
    span: Span,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Option<T> {
    let d = Diagnostic::new(&codes::FALLBACK, span, message).help(help);
    check.cx.sink.report(d);
    None
}

fn words(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    ask: &ast::Ask,
    t: &ast::Text,
) -> Option<Checked> {
    if t.source.value.trim().is_empty() {
        let help = format!(
            "write what is said without an answer, or `fallback: null` and test the variable: `when: {} is null`",
            ask.result_var.value
        );
        return wrong(check, t.source.span, "this fallback is empty", help);
    }
    let usage = TextUse::message(ParseMode::Plain, "fallback");
    let checked = text::text(&mut check.cx, scope, t, usage)?;
    Some((Fallback::Text(checked.call), checked.most))
}

fn option(check: &mut FlowCheck<'_>, t: &ast::Text, id: ChoiceId) -> Option<Fallback> {
    let options = check.cx.choices.get(id.0).map_or(&[][..], |c| &c.options);
    let said = &t.source.value;
    if let Some(at) = options.iter().position(|o| o.value == *said) {
        return Some(Fallback::Option(at));
    }
    let near = meant(said, options.iter().map(|o| o.value.as_str()));
    let message = format!("`{said}` is none of the options");
    let d = Diagnostic::new(&codes::FALLBACK, t.source.span, message);
    let d = match near {
        Some(near) => d.suggest(said, &near),
        None => d.help(one_of(check, id)),
    };
    check.cx.sink.report(d);
    None
}

/// Options, for a help.
fn one_of(check: &FlowCheck<'_>, id: ChoiceId) -> String {
    let options = check.cx.choices.get(id.0).map_or(&[][..], |c| &c.options);
    let list: Vec<_> = options.iter().map(|o| format!("`{}`", o.value)).collect();
    format!("it is one of {}, or `null`", list.join(", "))
}

/// A record with a value for each field that must have one.
fn example(output: &AskOutput) -> String {
    let AskOutput::Record(fields) = output else {
        return "{ … }".to_owned();
    };
    let needed = fields.iter().filter(|field| !field.optional);
    let list: Vec<String> = needed
        .map(|field| format!("{}: {}", field.name.value, sample(field)))
        .collect();
    match list.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{ {} }}", list.join(", ")),
    }
}

/// A value that the field takes.
fn sample(field: &AskField) -> String {
    let bound = |written: &Option<Str>| written.as_ref().map(|bound| bound.value.clone());
    match field.ty.node {
        StepType::Int => {
            let bound = bound(&field.min).or(bound(&field.max));
            bound.unwrap_or_else(|| "0".to_owned())
        }
        StepType::Decimal(_) => "0".to_owned(),
        StepType::Bool => "false".to_owned(),
        StepType::Date => "2030-01-31".to_owned(),
        StepType::Time => "\"10:00\"".to_owned(),
        StepType::DateTime => "2030-01-31 10:00".to_owned(),
        StepType::Choice => {
            let first = field.options.first();
            first.map_or_else(|| "…".to_owned(), |option| option.value.value.clone())
        }
        _ => "\"\"".to_owned(),
    }
}

fn fields(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    ask: &ast::Ask,
    span: Span,
    written: &[(Str, FallbackField)],
    id: RecordId,
) -> Option<Fallback> {
    let fields = check.cx.records.get(id.0)?.fields.clone();
    let mut fine = true;
    let misspelt: Vec<&Str> = written
        .iter()
        .map(|(name, _)| name)
        .filter(|name| fields.iter().all(|f| f.name != name.value))
        .collect();
    for name in &misspelt {
        let message = format!("the record has no field `{}`", name.value);
        let d = Diagnostic::new(&codes::FALLBACK, name.span, message);
        let names = fields.iter().map(|f| f.name.as_str());
        let d = match meant(&name.value, names.clone()) {
            Some(near) => d.suggest(&name.value, &near),
            None => {
                let names: Vec<_> = names.map(|n| format!("`{n}`")).collect();
                d.help(format!("it has {}", names.join(", ")))
            }
        };
        check.cx.sink.report(d);
        fine = false;
    }
    let mut values = Vec::new();
    let mut missing = Vec::new();
    for field in &fields {
        let given = written.iter().find(|(name, _)| name.value == field.name);
        let value = match given {
            Some((_, value)) => value_of(check, scope, ask, field, value),
            None if field.ty.nullable => Some(nothing(field)),
            None => {
                // A misspelt field is not missing.
                let meant = |name: &&Str| meant(&name.value, [field.name.as_str()]).is_some();
                if !misspelt.iter().any(meant) {
                    missing.push(format!("`{}`", field.name));
                }
                None
            }
        };
        match value {
            Some(value) => values.push(value),
            None => fine = false,
        }
    }
    if !missing.is_empty() {
        let message = format!("the fallback has no {}", missing.join(" and no "));
        let help = format!(
            "a field that is not `optional` has a value: `fallback: {}`; `fallback: null` makes the whole record null",
            example(&ask.output)
        );
        return wrong(check, span, message, help);
    }
    fine.then_some(Fallback::Fields(values))
}

fn nothing(field: &Field) -> Expr {
    Expr {
        ty: field.ty.clone(),
        kind: ExprKind::Null,
    }
}

/// The value of one field.
fn value_of(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    ask: &ast::Ask,
    field: &Field,
    written: &FallbackField,
) -> Option<Expr> {
    let value = match written {
        FallbackField::Null(_) if field.ty.nullable => return Some(nothing(field)),
        FallbackField::Null(span) => {
            let message = format!("`{}` is not `optional`, it cannot be null", field.name);
            let help = format!(
                "give it a value, or let it be missing: `{}: {{ type: {}, optional: true }}`; `fallback: null` makes the whole record null",
                field.name,
                described(ask, field)
            );
            return wrong(check, *span, message, help);
        }
        FallbackField::Value(value) => value,
    };
    let checked = expr::field(&mut check.cx, scope, value, &field.ty)?;
    bounded(check, ask, field, &checked, value)?;
    Some(checked)
}

/// The type of a field in the author's words.
fn described(ask: &ast::Ask, field: &Field) -> &'static str {
    let written = declared(ask, field).map(|written| written.ty.node);
    written.map_or("text", crate::resolve::type_name)
}

fn declared<'a>(ask: &'a ast::Ask, field: &Field) -> Option<&'a AskField> {
    match &ask.output {
        AskOutput::Record(fields) => fields.iter().find(|f| f.name.value == field.name),
        _ => None,
    }
}

/// The bounds that an answer has, held against what stands in its place.
fn bounded(
    check: &mut FlowCheck<'_>,
    ask: &ast::Ask,
    field: &Field,
    value: &Expr,
    written: &ast::Field,
) -> Option<()> {
    if matches!(value.kind, ExprKind::Null) {
        return Some(());
    }
    let name = &field.name;
    let (span, literal) = match written {
        ast::Field::Literal(s) => (s.span, true),
        ast::Field::Expr(e) => (e.span, false),
    };
    let (least, most) = field.bounds;
    let (message, help) = match &field.ty.base {
        Base::Int => {
            let (low, high) = bounds::range(&check.cx, value);
            if low >= least && high <= most {
                return Some(());
            }
            let range = match (least, most) {
                (i64::MIN, most) => format!("at most {most}"),
                (least, i64::MAX) => format!("at least {least}"),
                _ => format!("{least} to {most}"),
            };
            match literal {
                true => (
                    format!("`{name}` is {range}, and this is {low}"),
                    "write what the model could have answered, or change the bounds of the field"
                        .to_owned(),
                ),
                false => (
                    format!("`{name}` is {range}, and this may be another number"),
                    "write a number, or bound the answer that it is: `min:` and `max:` on its step"
                        .to_owned(),
                ),
            }
        }
        Base::Text { .. } => {
            let long = match &value.kind {
                ExprKind::Text(text) => Some(utf16(text)),
                _ => bounds::longest_text(&check.cx, value),
            };
            let fits = |long: usize| i64::try_from(long).is_ok_and(|long| long <= most);
            match long {
                Some(long) if fits(long) => return Some(()),
                Some(long) if literal => (
                    format!("`{name}` has at most {most} characters, and this has {long}"),
                    "shorten it, or allow the field more: `max:`".to_owned(),
                ),
                _ => (
                    format!("`{name}` has at most {most} characters, and this may have more"),
                    format!(
                        "cut it: `\"{{{{… | truncate: {most}}}}}\"`, or allow the field more: `max:`"
                    ),
                ),
            }
        }
        _ => return Some(()),
    };
    let mut d = Diagnostic::new(&codes::FALLBACK, span, message).help(help);
    let declared = declared(ask, field);
    let below = |f: &&ast::AskField| match (&value.kind, &f.min) {
        (ExprKind::Int(n), Some(min)) => min.value.parse().is_ok_and(|min: i64| *n < min),
        _ => false,
    };
    let low = declared.filter(below).and_then(|f| f.min.as_ref());
    let bound = declared.and_then(|f| f.max.as_ref().or(f.min.as_ref()));
    if let Some(bound) = low.or(bound) {
        d = d.note(bound.span, "the bound of an answer");
    } else if let Some(declared) = declared {
        d = d.note(declared.name.span, "without `max` it has 500");
    }
    check.cx.sink.report(d);
    None
}
