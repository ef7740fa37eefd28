//! Open ends: literals and parameters take the type of what they meet.

use std::ops::Range;

use botfactory_lang::value::{Date, Instant, TimeOfDay};

use super::{Leaf, Typed, Typer};
use crate::check::sql::fault::Fault;
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::{Base, Ty};

/// A literal in the text.
#[derive(Debug)]
pub struct Literal {
    pub range: Range<usize>,
    pub value: LiteralValue,
    /// The type it has taken.
    pub base: Option<Base>,
}

#[derive(Debug, Clone)]
pub enum LiteralValue {
    Number(String),
    Text(String),
}

impl Typer<'_> {
    /// An open literal.
    pub(super) fn literal(&mut self, range: Range<usize>, value: LiteralValue) -> Typed {
        let base = match &value {
            LiteralValue::Number(n) if n.bytes().all(|b| b.is_ascii_digit() || b == b'_') => {
                Base::Int
            }
            LiteralValue::Number(_) => Base::Real,
            LiteralValue::Text(t) => Base::Text {
                max: Some(t.encode_utf16().count()),
            },
        };
        self.literals.push(Literal {
            range: range.clone(),
            value,
            base: None,
        });
        Typed {
            leaves: vec![Leaf::Literal(self.literals.len() - 1)],
            ..Typed::of(base, false, range)
        }
    }

    /// Leaves what is open with its own type.
    pub(super) fn settle(&mut self, typed: &Typed) {
        if let Some(base) = typed.base.clone() {
            for leaf in typed.leaves.clone() {
                self.bind(leaf, &base, "here");
            }
        }
    }

    /// Demands a type. `what` says of whom, for messages: `` `bookings.slot` ``.
    pub(super) fn constrain(&mut self, typed: &Typed, to: &Base, what: &str) -> bool {
        let Some(base) = &typed.base else {
            return if typed.untyped && self.pg() {
                true
            } else if typed.untyped {
                self.fault(untyped(typed, self.lexed.slice(&typed.range)));
                false
            } else {
                true
            };
        };
        if *base == Base::Null {
            return true;
        }
        if !typed.leaves.is_empty() {
            return typed
                .leaves
                .clone()
                .into_iter()
                .all(|leaf| self.bind(leaf, to, what));
        }
        if fits(base, to) {
            return true;
        }
        let text = self.lexed.slice(&typed.range);
        let fault = mismatch(typed.range.clone(), text, base, to, what);
        self.fault(fault);
        false
    }

    fn bind(&mut self, leaf: Leaf, to: &Base, what: &str) -> bool {
        match leaf {
            Leaf::Param(i) => self.bind_param(i, to, what),
            Leaf::Literal(i) => self.bind_literal(i, to, what),
        }
    }

    fn bind_param(&mut self, i: usize, to: &Base, what: &str) -> bool {
        let bind = &self.binds[i];
        let given = &self.params[bind.param];
        let Some(own) = given.base.clone() else {
            return true;
        };
        if bind.base.is_some() {
            return true;
        }
        let range = bind.range.clone();
        let name = format!(":{}", given.name);
        if !widens(&own, to) {
            let fault = mismatch(range, &name, &own, to, what);
            self.fault(fault);
            self.binds[i].base = Some(own);
            return false;
        }
        if let (Base::Text { max: Some(has) }, Base::Text { max: Some(holds) }) = (&own, to)
            && has > holds
        {
            let fault = Fault::new(
                &codes::TYPE,
                range,
                format!("`{name}` can be {has} long, {what} holds {holds}"),
            )
            .help(format!(
                "bound the value by `max: {holds}`, or make the column TEXT"
            ));
            self.fault(fault);
        }
        // A text keeps its own bound: the statement is the same whatever it is.
        self.binds[i].base = Some(match (&own, to) {
            (Base::Text { .. }, Base::Text { .. }) => own,
            _ => to.clone(),
        });
        true
    }

    fn bind_literal(&mut self, i: usize, to: &Base, what: &str) -> bool {
        let literal = &mut self.literals[i];
        if literal.base.replace(to.clone()).is_some() {
            return true;
        }
        let (range, value) = (literal.range.clone(), literal.value.clone());
        let wrong = |text: &str| -> Option<String> {
            match to {
                Base::DateTime if Instant::parse_sql(text).is_none() => {
                    Some("a datetime is written '2026-01-15 09:00:00', in UTC".into())
                }
                Base::Date if Date::parse_sql(text).is_none() => {
                    Some("a date is written '2026-01-15'".into())
                }
                Base::Time if TimeOfDay::parse_sql(text).is_none() => {
                    Some("a time is written '09:00:00'".into())
                }
                Base::Text { max: Some(max) } if text.chars().count() > *max => {
                    Some(format!("{what} holds {max} characters"))
                }
                _ => None,
            }
        };
        let own = match &value {
            LiteralValue::Text(text) => match to {
                Base::Text { .. } | Base::DateTime | Base::Date | Base::Time => {
                    if let Some(help) = wrong(text) {
                        let message = match to {
                            Base::Text { .. } => "this text is too long".to_owned(),
                            _ => format!("this is no {}", Ty::some(to.clone()).describe()),
                        };
                        self.fault(Fault::new(&codes::TYPE, range, message).help(help));
                        return false;
                    }
                    // A moment without a zone is one of the session's zone to Postgres.
                    if *to == Base::DateTime && self.pg() && !text.ends_with('Z') {
                        let quote = range.end.saturating_sub(1);
                        self.edits.replace(quote..quote, "+00");
                    }
                    return true;
                }
                _ => Base::Text { max: None },
            },
            LiteralValue::Number(number) => {
                let whole = number.bytes().all(|b| b.is_ascii_digit() || b == b'_');
                match to {
                    Base::Int if whole && number.replace('_', "").parse::<i64>().is_ok() => {
                        return true;
                    }
                    Base::Real => return true,
                    Base::Decimal(scale) => {
                        return match scaled(number, *scale) {
                            Some(units) => {
                                if units != *number && !self.pg() {
                                    self.edits.replace(range, units);
                                }
                                true
                            }
                            None => {
                                self.fault(
                                    Fault::new(
                                        &codes::TYPE,
                                        range,
                                        format!("`{number}` does not fit decimal({scale})"),
                                    )
                                    .help(format!("{what} keeps {scale} digits after the point")),
                                );
                                false
                            }
                        };
                    }
                    _ if whole => Base::Int,
                    _ => Base::Real,
                }
            }
        };
        let text = self.lexed.slice(&range).to_owned();
        let fault = mismatch(range, &text, &own, to, what);
        self.fault(fault);
        false
    }

    /// The one type of several expressions (COALESCE, CASE, both sides of `=`). What is open takes the type of what is
    /// not; if all are, the result is open too.
    pub(super) fn join(&mut self, items: &[Typed], range: Range<usize>) -> Typed {
        let refs: Vec<&Typed> = items.iter().collect();
        let null = items.iter().any(|t| t.null);
        if self.pg() && items.iter().any(|t| t.untyped && t.base.is_none()) {
            for item in items {
                self.settle(item);
            }
            return Typed::untyped(range).or_null(null).by(&refs);
        }
        let mut known: Option<Base> = None;
        // How messages call the side whose type counts.
        let mut other = "the other side".to_owned();
        for item in items.iter().filter(|t| t.leaves.is_empty()) {
            let base = match &item.base {
                Some(Base::Null) => continue,
                Some(base) => base,
                None if item.untyped && items.len() > 1 => {
                    self.constrain(item, &Base::Null, "");
                    return Typed::unknown(range);
                }
                None => return Typed::unknown(range),
            };
            known = Some(match known {
                None => {
                    other = format!("`{}`", short(self.lexed.slice(&item.range)));
                    base.clone()
                }
                Some(before) => match meet(&before, base) {
                    Some(both) => both,
                    None => {
                        let text = self.lexed.slice(&item.range).to_owned();
                        let fault = mismatch(item.range.clone(), &text, base, &before, &other);
                        self.fault(fault);
                        return Typed::unknown(range);
                    }
                },
            });
        }
        if let Some(mut base) = known {
            let real = |t: &Typed| !t.leaves.is_empty() && t.base == Some(Base::Real);
            if base == Base::Int && items.iter().any(real) {
                base = Base::Real;
            }
            for item in items.iter().filter(|t| !t.leaves.is_empty()) {
                if !self.constrain(item, &base, &other) {
                    return Typed::unknown(range);
                }
            }
            return Typed::of(base, null, range).by(&refs);
        }
        let mut hint: Option<Base> = None;
        for item in items.iter().filter(|t| !t.leaves.is_empty()) {
            let Some(base) = item.base.clone() else {
                return Typed::unknown(range);
            };
            hint = Some(match hint {
                None => base,
                Some(before) => match open_meet(&before, &base) {
                    Some(both) => both,
                    None => {
                        let text = self.lexed.slice(&item.range).to_owned();
                        let fault =
                            mismatch(item.range.clone(), &text, &base, &before, "the other side");
                        self.fault(fault);
                        return Typed::unknown(range);
                    }
                },
            });
        }
        Typed {
            leaves: items.iter().flat_map(|t| t.leaves.clone()).collect(),
            ..Typed::of(hint.unwrap_or(Base::Null), null, range).by(&refs)
        }
    }
}

/// A value of the first type, as it is kept, is one of the second.
pub fn fits(has: &Base, to: &Base) -> bool {
    match (has, to) {
        (Base::Text { .. }, Base::Text { .. }) | (Base::Int, Base::Real) => true,
        (Base::Int, Base::Decimal(0)) | (Base::Decimal(0), Base::Int) => true,
        _ => has == to,
    }
}

/// A variable of the first type can be bound as the second.
fn widens(own: &Base, to: &Base) -> bool {
    match (own, to) {
        (Base::Int, Base::Decimal(_) | Base::Real) | (Base::Date, Base::DateTime) => true,
        (Base::Decimal(a), Base::Decimal(b)) => a <= b,
        _ => fits(own, to),
    }
}

/// The type of both, where each keeps its form.
fn meet(a: &Base, b: &Base) -> Option<Base> {
    match (a, b) {
        (Base::Text { max: x }, Base::Text { max: y }) => Some(Base::Text {
            max: x.zip(*y).map(|(x, y)| x.max(y)),
        }),
        _ if fits(a, b) => Some(b.clone()),
        _ if fits(b, a) => Some(a.clone()),
        _ => None,
    }
}

/// The type of two open ends.
fn open_meet(a: &Base, b: &Base) -> Option<Base> {
    match (a, b) {
        (Base::Decimal(n), Base::Decimal(m)) => Some(Base::Decimal(*n.max(m))),
        (Base::Decimal(n), Base::Int | Base::Real) | (Base::Int | Base::Real, Base::Decimal(n)) => {
            Some(Base::Decimal(*n))
        }
        (Base::Text { .. }, t @ (Base::DateTime | Base::Date | Base::Time))
        | (t @ (Base::DateTime | Base::Date | Base::Time), Base::Text { .. }) => Some(t.clone()),
        (Base::Date, Base::DateTime) | (Base::DateTime, Base::Date) => Some(Base::DateTime),
        _ => meet(a, b),
    }
}

/// The digits of a number times `10^scale`, if that is whole.
fn scaled(number: &str, scale: u8) -> Option<String> {
    let number = number.replace('_', "");
    let (whole, part) = number.split_once('.').unwrap_or((&number, ""));
    let part = part.trim_end_matches('0');
    if !whole
        .bytes()
        .chain(part.bytes())
        .all(|b| b.is_ascii_digit())
        || part.len() > usize::from(scale)
    {
        return None;
    }
    let digits = format!("{whole}{part:0<width$}", width = usize::from(scale));
    let units: i64 = if digits.is_empty() {
        0
    } else {
        digits.parse().ok()?
    };
    Some(units.to_string())
}

/// The message of all type errors.
pub fn mismatch(range: Range<usize>, text: &str, has: &Base, to: &Base, what: &str) -> Fault {
    let name = |b: &Base| Ty::some(b.clone()).describe();
    let text = short(text);
    let message = if what.is_empty() || what == "here" {
        format!("`{text}` is {}, {} is needed", name(has), name(to))
    } else {
        format!("`{text}` is {}, {what} is {}", name(has), name(to))
    };
    let help = match (has, to) {
        (Base::Int, Base::Bool) => Some("write TRUE or FALSE, or a comparison".to_owned()),
        (Base::Text { .. }, Base::DateTime | Base::Date | Base::Time | Base::Int | Base::Bool)
            if text.starts_with(':') =>
        {
            Some(format!("ask for the variable with `type: {}`", name(to)))
        }
        (Base::DateTime, Base::Date) => {
            Some("write `date(…)` around it: the day of an instant, in UTC".to_owned())
        }
        (Base::Decimal(_), Base::Real | Base::Int) => {
            Some("a decimal is kept as a scaled integer: compare it with a decimal".to_owned())
        }
        (Base::Bool, Base::Int) => {
            Some("count what is true by `COUNT(*) FILTER (WHERE …)`".to_owned())
        }
        _ => None,
    };
    Fault::new(&codes::TYPE, range, message).maybe_help(help)
}

/// An expression whose type is needed and not known.
pub fn untyped(typed: &Typed, text: &str) -> Fault {
    Fault::new(
        &codes::UNTYPED,
        typed.range.clone(),
        format!("the type of `{}` is not known", short(text)),
    )
    .help(format!(
        "write `CAST({} AS TEXT)`, or AS BIGINT, AS DOUBLE PRECISION",
        short(text)
    ))
}

/// A piece of SQL for a message.
pub fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 40 {
        line.chars().take(39).chain(['…']).collect()
    } else {
        line
    }
}
