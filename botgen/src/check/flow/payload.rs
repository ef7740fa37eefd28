//! How long a command line in a button can become.

use crate::ir;
use crate::ir::expr::{Builtin, Expr, ExprKind};
use crate::ir::types::Base;
use botfactory_lang::callback::encode_arg_text;

/// The most bytes that a value needs as an argument, the space before it included. `None`: no bound is known.
pub fn most(value: &Expr, last: bool, choices: &[ir::Choice]) -> Option<usize> {
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
        // "at most 52 significant bits" (Bot API, User): 16 digits, and a sign.
        ExprKind::Builtin(Builtin::UserId | Builtin::ChatId) => Some(18),
        ExprKind::ChoiceValue(choice) => return most(choice, last, choices),
        _ => None,
    };
    exact.or_else(|| {
        let bytes = match &value.ty.base {
            // `-9223372036854775808`
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
            Base::Choice(id) => {
                let options = &choices.get(id.0)?.options;
                return options.iter().map(|o| text(&o.value)).max();
            }
            // A UTF-16 unit is at most three bytes of UTF-8; quotes around it.
            Base::Text { max } => (*max)?.checked_mul(3)?.checked_add(2)?,
            _ => return None,
        };
        Some(1 + bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::types::Ty;
    use botfactory_lang::callback::Payloaded;
    use botfactory_lang::value::{Date, Decimal, Instant, TimeOfDay};

    fn of(base: Base) -> usize {
        let value = Expr {
            ty: Ty::some(base),
            kind: ExprKind::Builtin(Builtin::Now),
        };
        most(&value, false, &[]).unwrap()
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
