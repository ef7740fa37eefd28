//! How types meet: widening, literals that take another type, fields of YAML.

use botfactory_lang::value::{Date, Duration, Instant, TimeOfDay};

use super::{a, check};
use crate::check::FlowCx;
use crate::check::scope::Scope;
use crate::diagnostics::codes::expressions as codes;
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::types::{Base, ChoiceId, Ty};
use crate::source::{Span, Str};
use crate::syntax::ast;

/// Whether `+ - * /` take it.
pub(super) fn is_number(base: &Base) -> bool {
    matches!(base, Base::Int | Base::Decimal(_) | Base::Real)
}

/// The type that both can be brought to without losing anything.
pub(super) fn common(left: &Base, right: &Base) -> Option<Base> {
    Some(match (left, right) {
        (Base::Text { max: a }, Base::Text { max: b }) => Base::Text {
            max: a.zip(*b).map(|(a, b)| a.max(b)),
        },
        (Base::Text { .. }, Base::Choice(_)) | (Base::Choice(_), Base::Text { .. }) => {
            Base::Text { max: None }
        }
        (Base::Choice(a), Base::Choice(b)) if a != b => Base::Text { max: None },
        (Base::Int, Base::Decimal(n)) | (Base::Decimal(n), Base::Int) => Base::Decimal(*n),
        (Base::Decimal(a), Base::Decimal(b)) => Base::Decimal(*a.max(b)),
        (Base::Real, other) | (other, Base::Real) if is_number(other) => Base::Real,
        (Base::Date, Base::DateTime) | (Base::DateTime, Base::Date) => Base::DateTime,
        (a, b) if a == b => a.clone(),
        (
            Base::List { item, most: a },
            Base::List {
                item: other,
                most: b,
            },
        ) if item == other => Base::list((**item).clone(), a.zip(*b).map(|(a, b)| a.max(b))),
        _ => return None,
    })
}

/// Brings a value to a type that [`common`] has found.
pub(super) fn convert(e: Expr, to: &Base) -> Expr {
    let nullable = e.ty.nullable;
    let ty = |base: &Base| Ty {
        base: base.clone(),
        nullable,
    };
    match (&e.ty.base, to) {
        (Base::Choice(_), Base::Text { .. }) => Expr {
            ty: ty(to),
            kind: ExprKind::ChoiceValue(Box::new(e)),
        },
        (Base::Int | Base::Decimal(_), Base::Decimal(scale)) if e.ty.base != *to => {
            if let Some(kind) = rescaled(&e, *scale) {
                return Expr { ty: ty(to), kind };
            }
            Expr {
                ty: ty(to),
                kind: ExprKind::Widen(Box::new(e)),
            }
        }
        (Base::Int | Base::Decimal(_), Base::Real) | (Base::Date, Base::DateTime) => Expr {
            ty: ty(to),
            kind: ExprKind::Widen(Box::new(e)),
        },
        _ => e,
    }
}

/// A number literal with more digits after the point.
fn rescaled(e: &Expr, scale: u8) -> Option<ExprKind> {
    let (units, from) = match e.kind {
        ExprKind::Int(n) => (n, 0),
        ExprKind::Decimal { units, scale } => (units, scale),
        _ => return None,
    };
    let factor = 10_i64.checked_pow(u32::from(scale.checked_sub(from)?))?;
    Some(ExprKind::Decimal {
        units: units.checked_mul(factor)?,
        scale,
    })
}

/// Brings two sides to one type: a literal takes the type of the other side, else both are widened.
pub(super) fn unify(
    cx: &mut FlowCx<'_>,
    (left, left_at): (Expr, &ast::Expr),
    (right, right_at): (Expr, &ast::Expr),
    span: Span,
) -> Option<(Expr, Expr)> {
    let takes_literals = |e: &Expr| {
        matches!(
            e.ty.base,
            Base::Choice(_) | Base::Date | Base::Time | Base::DateTime
        )
    };
    if let ExprKind::Text(text) = &right.kind
        && takes_literals(&left)
    {
        let right = literal_or_report(cx, text, &left.ty.base, right_at.span)?;
        return Some((left, right));
    }
    if let ExprKind::Text(text) = &left.kind
        && takes_literals(&right)
    {
        let left = literal_or_report(cx, text, &right.ty.base, left_at.span)?;
        return Some((left, right));
    }
    let Some(base) = common(&left.ty.base, &right.ty.base) else {
        let mut diagnostic = Diagnostic::new(
            &codes::TYPE_MISMATCH,
            span,
            format!("{} is compared with {}", a(&left.ty), a(&right.ty)),
        )
        .note(left_at.span, left.ty.describe())
        .note(right_at.span, right.ty.describe());
        if let Some(help) = mismatch_help(&left, &right).or_else(|| mismatch_help(&right, &left)) {
            diagnostic = diagnostic.help(help);
        }
        cx.sink.report(diagnostic);
        return None;
    };
    Some((convert(left, &base), convert(right, &base)))
}

fn mismatch_help(one: &Expr, other: &Expr) -> Option<&'static str> {
    match (&one.kind, &one.ty.base, &other.ty.base) {
        (ExprKind::Text(text), _, base)
            if is_number(base) && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) =>
        {
            Some("a number stands without quotes")
        }
        (_, Base::List { .. }, _) => {
            Some("to ask whether a value is in a list write `value in list`")
        }
        (_, Base::Row(_), _) => Some("compare one of the row's columns"),
        (ExprKind::Text(_), _, Base::Bool) => {
            Some("it is true or false by itself: `x` alone, or `not x`, or `x == true`")
        }
        _ => None,
    }
}

/// The zone of the bot; UTC where it is wrong (reported elsewhere).
fn zone(cx: &FlowCx<'_>) -> jiff::tz::TimeZone {
    cx.bot
        .ast
        .tz
        .as_ref()
        .and_then(|tz| jiff::tz::TimeZone::get(&tz.value).ok())
        .unwrap_or(jiff::tz::TimeZone::UTC)
}

/// Reads the author's words as a literal of `base`. `Err`: what is wrong, and what to do.
fn literal(cx: &FlowCx<'_>, text: &str, base: &Base) -> Result<ExprKind, (String, String)> {
    let text = text.trim();
    let wrong = |help: &str| {
        let name = Ty::some(base.clone()).describe();
        let article = if name.starts_with('i') { "an" } else { "a" };
        (format!("`{text}` is not {article} {name}"), help.to_owned())
    };
    match base {
        Base::Text { .. } => Ok(ExprKind::Text(text.to_owned())),
        Base::Int => text
            .parse()
            .map(ExprKind::Int)
            .map_err(|_| wrong("write a whole number")),
        Base::Decimal(scale) => decimal(text, *scale)
            .map(|units| ExprKind::Decimal {
                units,
                scale: *scale,
            })
            .ok_or_else(|| {
                wrong(&format!(
                    "write a number with a point and at most {scale} digits after it"
                ))
            }),
        Base::Bool => match text {
            "true" => Ok(ExprKind::Bool(true)),
            "false" => Ok(ExprKind::Bool(false)),
            _ => Err(wrong("write `true` or `false`")),
        },
        Base::Date => Date::parse_sql(text)
            .map(|d| ExprKind::DateLit(d.to_string()))
            .ok_or_else(|| no_such_day(text).unwrap_or_else(|| wrong("write `YYYY-MM-DD`"))),
        Base::Time => time(text)
            .map(|t| ExprKind::TimeLit(t.to_string()))
            .ok_or_else(|| wrong("write `HH:MM` or `HH:MM:SS`")),
        Base::DateTime => instant(cx, text)
            .map(|i| ExprKind::InstantLit(i.to_string()))
            .ok_or_else(|| {
                no_such_day(text)
                    .or_else(|| skipped(text))
                    .unwrap_or_else(|| wrong("write `YYYY-MM-DD HH:MM` as it is in the bot's `tz`, or `YYYY-MM-DD` alone"))
            }),
        Base::Duration => Duration::parse(text)
            .map(|d| ExprKind::Duration(d.0))
            .ok_or_else(|| wrong("write `30s`, `15m`, `24h` or `7d`")),
        Base::Choice(id) => option(cx, *id, text),
        _ => Err(wrong("give it a value with `{{…}}`")),
    }
}

/// A day that is written as one, and that no calendar has.
fn no_such_day(text: &str) -> Option<(String, String)> {
    let day = text.get(..10)?;
    let form = day.bytes().enumerate().all(|(at, b)| match at {
        4 | 7 => b == b'-',
        _ => b.is_ascii_digit(),
    });
    let rest = text.get(10..).unwrap_or_default();
    let alone = rest.is_empty() || rest.starts_with([' ', 'T']);
    (form && alone && Date::parse_sql(day).is_none()).then(|| {
        (
            format!("there is no day `{day}`"),
            "write the year, the month (01 to 12) and a day that it has".to_owned(),
        )
    })
}

/// A moment that is written as one, and that clocks never show: they are put forward over it.
fn skipped(text: &str) -> Option<(String, String)> {
    let (date, clock) = text.split_once([' ', 'T'])?;
    Date::parse_sql(date)?;
    time(clock)?;
    Some((
        format!("clocks never show `{text}` in the bot's `tz`: they are put forward over it"),
        "write the moment an hour later".to_owned(),
    ))
}

fn option(cx: &FlowCx<'_>, id: ChoiceId, text: &str) -> Result<ExprKind, (String, String)> {
    let Some(choice) = cx.choices.get(id.0) else {
        return Err((format!("`{text}` is not an option"), String::new()));
    };
    if let Some(i) = choice.options.iter().position(|o| o.value == text) {
        return Ok(ExprKind::Option(id, i));
    }
    let values: Vec<&str> = choice.options.iter().map(|o| o.value.as_str()).collect();
    let help = match meant(text, values.iter().copied()) {
        Some(near) => format!("did you mean `{}`?", near.word),
        None => format!("the values are {}", super::names::list(&values)),
    };
    Err((format!("`{text}` is not one of the options"), help))
}

/// Scaled units of a plain decimal number.
fn decimal(text: &str, scale: u8) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let missing = usize::from(scale).checked_sub(fraction.len())?;
    if digits.is_empty() || !plain(digits) || !plain(fraction) || text.ends_with('.') {
        return None;
    }
    format!("{whole}{fraction}{}", "0".repeat(missing))
        .parse()
        .ok()
}

fn time(text: &str) -> Option<TimeOfDay> {
    let seconds = if text.bytes().filter(|b| *b == b':').count() == 1 {
        format!("{text}:00")
    } else {
        text.to_owned()
    };
    TimeOfDay::parse_sql(&seconds)
}

fn instant(cx: &FlowCx<'_>, text: &str) -> Option<Instant> {
    let (date, clock) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    Instant::from_local(Date::parse_sql(date)?, time(clock)?, &zone(cx))
}

fn literal_or_report(cx: &mut FlowCx<'_>, text: &str, base: &Base, span: Span) -> Option<Expr> {
    match literal(cx, text, base) {
        Ok(kind) => Some(Expr {
            ty: Ty::some(base.clone()),
            kind,
        }),
        Err((message, help)) => {
            let mut diagnostic = Diagnostic::new(&codes::BAD_LITERAL, span, message);
            if !help.is_empty() {
                diagnostic = diagnostic.help(help);
            }
            cx.sink.report(diagnostic);
            None
        }
    }
}

/// [`literal`] without a report: for places where another meaning is possible.
pub(super) fn try_literal(cx: &FlowCx<'_>, text: &str, base: &Base) -> Option<Expr> {
    literal(cx, text, base).ok().map(|kind| Expr {
        ty: Ty::some(base.clone()),
        kind,
    })
}

/// Brings a value to the type that a place asks for, or reports at `span` why it cannot be. `what` names the place:
/// `` the argument `id` ``.
pub fn coerce(cx: &mut FlowCx<'_>, e: Expr, to: &Ty, span: Span, what: &str) -> Option<Expr> {
    if e.ty.base == Base::Null {
        if to.nullable {
            return Some(Expr {
                ty: to.clone(),
                kind: ExprKind::Null,
            });
        }
        cx.sink.report(Diagnostic::new(
            &codes::NULLABLE,
            span,
            format!("{what} cannot be null"),
        ));
        return None;
    }
    if let ExprKind::Text(text) = &e.kind
        && matches!(
            to.base,
            Base::Choice(_) | Base::Date | Base::Time | Base::DateTime
        )
    {
        let literal = literal_or_report(cx, text, &to.base, span)?;
        return Some(Expr {
            ty: to.clone().with_null(false),
            ..literal
        });
    }
    let fits = coerces(&e.ty.base, &to.base);
    if !fits {
        let mut diagnostic = Diagnostic::new(
            &codes::TYPE_MISMATCH,
            span,
            format!(
                "{what} is {}, this is {}",
                a(&to.clone().with_null(false)),
                a(&e.ty.clone().with_null(false))
            ),
        );
        if let Some(help) = coerce_help(&e, to) {
            diagnostic = diagnostic.help(help);
        } else if let Some(help) = asked_as(&e, to) {
            diagnostic = diagnostic.help(help);
        }
        cx.sink.report(diagnostic);
        return None;
    }
    if e.ty.nullable && !to.nullable {
        cx.sink.report(
            Diagnostic::new(&codes::NULLABLE, span, format!("{what} may be null here"))
                .help("test it first (`is not null`), or give a value for it: `… | default: …`"),
        );
        return None;
    }
    Some(convert(e, &to.base))
}

/// An answer of the wrong type can be asked for as the right one.
fn asked_as(e: &Expr, to: &Ty) -> Option<String> {
    let ExprKind::Var { .. } = &e.kind else {
        return None;
    };
    let ty = match to.base {
        Base::Int => "int".to_owned(),
        Base::Decimal(scale) => format!("decimal({scale})"),
        Base::Bool => "bool".to_owned(),
        Base::Date => "date".to_owned(),
        Base::Time => "time".to_owned(),
        Base::DateTime => "datetime".to_owned(),
        _ => return None,
    };
    matches!(
        e.ty.base,
        Base::Text { .. } | Base::Int | Base::Date | Base::Time | Base::DateTime
    )
    .then(|| format!("let it be one where it comes from: `type: {ty}` on its step"))
}

fn coerce_help(e: &Expr, to: &Ty) -> Option<&'static str> {
    match (&e.ty.base, &to.base) {
        (Base::Text { .. }, base) if is_number(base) && matches!(e.kind, ExprKind::Text(_)) => {
            Some("a number stands without quotes")
        }
        (Base::Row(_), _) => Some("name one of the row's columns"),
        (Base::List { .. }, _) => Some("a query gives one value with `scalar: true`"),
        (Base::Decimal(_), Base::Decimal(_)) => Some("it has more digits after the point"),
        (Base::Contact, Base::Text { .. }) => Some("a contact's number is its field `phone`"),
        (Base::File, Base::Text { .. }) => Some("name a field: `file_id`, `unique_id` or `name`"),
        _ => None,
    }
}

/// Whether a value of one type can stand for one of the other.
fn coerces(from: &Base, to: &Base) -> bool {
    match (from, to) {
        (from, to) if from == to => true,
        (Base::Text { .. } | Base::Choice(_), Base::Text { .. })
        | (Base::Int, Base::Decimal(_))
        | (Base::Int | Base::Decimal(_), Base::Real)
        | (Base::Date, Base::DateTime) => true,
        (Base::Decimal(from), Base::Decimal(to)) => from <= to,
        (Base::List { item: from, .. }, Base::List { item: to, .. }) => {
            from == to
                || matches!(
                    (&from.base, &to.base),
                    (Base::Text { .. }, Base::Text { .. })
                )
        }
        _ => false,
    }
}

/// Types a field that is not a text: a literal of the wanted type, or `{{EXPR}}`. For dates and times a word that
/// is no literal is an expression too: `today+60d`.
pub fn field(cx: &mut FlowCx<'_>, scope: &Scope, field: &ast::Field, to: &Ty) -> Option<Expr> {
    match field {
        ast::Field::Expr(e) => {
            let checked = check(cx, scope, e)?;
            present_field(cx, checked, to, e)
        }
        ast::Field::Literal(text) => {
            if moves(&to.base, &text.value) {
                if !is_known(scope, &text.value) {
                    no_moment(cx, text, &to.base);
                    return None;
                }
                let e = crate::syntax::expr::parse_expr(text, cx.sink)?;
                let checked = check(cx, scope, &e)?;
                return present_field(cx, checked, to, &e);
            }
            literal_field(cx, text, to)
        }
    }
}

/// A field's value as the type that is wanted.
fn present_field(cx: &mut FlowCx<'_>, checked: Expr, to: &Ty, e: &ast::Expr) -> Option<Expr> {
    let same = coerces(&checked.ty.base, &to.base);
    if same && checked.ty.nullable && !to.nullable {
        super::report_nullable(cx, e);
        return None;
    }
    coerce(cx, checked, to, e.span, "this field")
}

/// Whether a field of a date or a time was written as an expression.
fn moves(base: &Base, text: &str) -> bool {
    matches!(base, Base::Date | Base::Time | Base::DateTime)
        && text
            .trim()
            .starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '(')
}

/// Whether a word that is written bare means something: a built-in, a variable, or nearly one of those.
fn is_known(scope: &Scope, text: &str) -> bool {
    let word = text.trim();
    let end = word.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    let (word, rest) = word.split_at(end.unwrap_or(word.len()));
    // Nothing follows, or another word: `next monday`.
    let words = rest.is_empty() || rest.trim_start().starts_with(char::is_alphanumeric);
    let bare = words && word.chars().all(|c| c.is_alphabetic() || c == '_');
    let names = scope.entries().iter().map(|entry| entry.var.name.as_str());
    !bare || scope.is_incomplete() || meant(word, names.chain(["now", "today"])).is_some()
}

/// A word in the place of a date or a time: `tomorrow`.
fn no_moment(cx: &mut FlowCx<'_>, text: &Str, base: &Base) {
    let help = match base {
        Base::Date => "write `YYYY-MM-DD`, or count from today: `today+1d`",
        Base::Time => "write `HH:MM`",
        _ => {
            "write `YYYY-MM-DD HH:MM` as it is in the bot's `tz`, count from now, `now+2h`, `today+34h` (ten o'clock tomorrow), or take an answer: `\"{{when}}\"` with `type: datetime` on its step"
        }
    };
    let message = format!(
        "`{}` is not {}",
        text.value.trim(),
        a(&Ty::some(base.clone()))
    );
    let d = Diagnostic::new(&codes::BAD_LITERAL, text.span, message);
    cx.sink.report(d.help(help));
}

fn literal_field(cx: &mut FlowCx<'_>, text: &Str, to: &Ty) -> Option<Expr> {
    literal_or_report(cx, &text.value, &to.base, text.span)
}
