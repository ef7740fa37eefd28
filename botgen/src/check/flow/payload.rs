//! How long a command line in a button can become.

use crate::check::FlowCx;
use crate::check::text::bounds;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::types::Base;
use botfactory_lang::callback::encode_arg_text;

/// The most bytes that a value needs as an argument, the space before it included. `None`: no bound is known.
pub fn most(cx: &FlowCx<'_>, value: &Expr, last: bool) -> Option<usize> {
    let choices = &cx.choices;
    let text = |text: &str| {
        let mut line = String::new();
        encode_arg_text(&mut line, text, last);
        line.len()
    };
    let exact = match &value.kind {
        ExprKind::Text(literal) => Some(text(literal)),
        ExprKind::Int(n) => Some(1 + n.to_string().len()),
        // `~`
        ExprKind::Null => Some(2),
        ExprKind::Option(id, i) => choices
            .get(id.0)
            .and_then(|c| c.options.get(*i))
            .map(|o| text(&o.value)),
        ExprKind::ChoiceValue(choice) => return most(cx, choice, last),
        ExprKind::Default(a, b) => {
            return Some(most(cx, a, last)?.max(most(cx, b, last)?));
        }
        _ => None,
    };
    exact.or_else(|| match &value.ty.base {
        Base::Choice(id) => {
            let options = &choices.get(id.0)?.options;
            options.iter().map(|o| text(&o.value)).max()
        }
        Base::Text { .. } => bytes(&Base::Text {
            max: Some(bounds::longest_text(cx, value)?),
        }),
        // `-9223372036854775808`, where nothing more is known.
        Base::Int => {
            let (least, greatest) = bounds::range(cx, value);
            Some(1 + least.to_string().len().max(greatest.to_string().len()))
        }
        base => bytes(base),
    })
}

/// The most bytes of a value of which nothing but its type is known, the space before it included.
fn bytes(base: &Base) -> Option<usize> {
    let bytes = match base {
        Base::Int => 20,
        // The same and a point.
        Base::Decimal(_) => 21,
        Base::Bool => 1,
        // `-009999-01-01`
        Base::Date => 13,
        Base::Time => 8,
        // `@` and Unix seconds of the years -9999 to 9999
        Base::DateTime => 14,
        Base::Null => 1,
        // A UTF-16 unit is at most three bytes of UTF-8; quotes around it.
        Base::Text { max } => (*max)?.checked_mul(3)?.checked_add(2)?,
        _ => return None,
    };
    Some(1 + bytes)
}

/// The longest that a value can be in a payload, for people.
pub fn longest(cx: &FlowCx<'_>, value: &Expr) -> String {
    match (&value.kind, &value.ty.base) {
        (ExprKind::Null, _) => "~".to_owned(),
        (ExprKind::Text(text), _) => text.clone(),
        (_, Base::Int) => {
            let (least, greatest) = bounds::range(cx, value);
            let (least, greatest) = (least.to_string(), greatest.to_string());
            if least.len() > greatest.len() {
                least
            } else {
                greatest
            }
        }
        (_, Base::Decimal(scale)) => {
            let digits = i64::MIN.to_string();
            match digits.len().checked_sub(usize::from(*scale)) {
                Some(point) if *scale > 0 => format!("{}.{}", &digits[..point], &digits[point..]),
                _ => digits,
            }
        }
        (_, Base::Bool) => "1".to_owned(),
        (_, Base::Date) => "-009999-01-01".to_owned(),
        (_, Base::Time) => "23:59:59".to_owned(),
        (_, Base::DateTime) => "@-377705116800".to_owned(),
        (_, Base::Choice(id)) => {
            let options = cx.choices.get(id.0).map_or(&[][..], |c| &c.options);
            let longest = options.iter().max_by_key(|o| o.value.len());
            longest.map(|o| o.value.clone()).unwrap_or_default()
        }
        (_, Base::Text { .. }) => match bounds::longest_text(cx, value) {
            Some(units) => format!("(a text of {units} characters)"),
            None => "(a text of any length)".to_owned(),
        },
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use botfactory_lang::callback::Payloaded;
    use botfactory_lang::value::{Date, Decimal, Instant, TimeOfDay};

    fn of(base: Base) -> usize {
        bytes(&base).unwrap()
    }
    fn written(value: &impl Payloaded) -> usize {
        let mut line = String::new();
        value.append(&mut line, false);
        line.len()
    }

    #[test]
    fn bounds_hold() {
        assert!(written(&i64::MIN) <= of(Base::Int));
        assert!(written(&Decimal::<18>(i64::MIN)) <= of(Base::Decimal(18)));
        assert!(written(&Decimal::<2>(i64::MIN)) <= of(Base::Decimal(2)));
        assert!(written(&true) <= of(Base::Bool));
        for unix in [i64::MIN, i64::MAX] {
            let at = Instant::from_unix(unix);
            assert!(written(&at) <= of(Base::DateTime));
            assert!(written(&at.date(&jiff::tz::TimeZone::UTC)) <= of(Base::Date));
        }
        assert!(written(&Date::new(2026, 1, 15).unwrap()) <= of(Base::Date));
        assert!(written(&TimeOfDay::new(23, 59, 59).unwrap()) <= of(Base::Time));
        let text = |s: &str| written(&s.to_owned());
        for worst in ["ы ы", "\"\"\"", "😀😀", "\\\" "] {
            let max = botfactory_lang::length::utf16(worst);
            assert!(text(worst) <= of(Base::Text { max: Some(max) }), "{worst}");
        }
    }
}
