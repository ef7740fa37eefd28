//! `at:` of a broadcast: a moment that is still to come.

use botfactory_lang::value::Instant;

use crate::check::scope::Scope;
use crate::check::{FlowCx, expr};
use crate::diagnostics::codes::broadcasts as codes;
use crate::diagnostics::{Diagnostic, codes::expressions};
use crate::ir::expr::{Builtin, Expr, ExprKind, Operator};
use crate::ir::types::{Base, Ty};
use crate::source::Span;
use crate::syntax::ast;

const DAY: i64 = 86_400;
/// Nobody means a moment that is further away, in seconds.
const FAR: i64 = 10 * 366 * DAY;
/// Types it, and says what has passed. `None`: something is wrong and was reported.
pub fn check(cx: &mut FlowCx<'_>, scope: &Scope, written: &ast::Field) -> Option<Expr> {
    if let ast::Field::Literal(text) = written
        && is_clock(text.value.trim())
    {
        let time = text.value.trim();
        let message = format!("`{time}` is a time without a day");
        let help = format!(
            "write the day too, `2030-12-31 {time}`, count from now, `now+12h`, or ask for it: `\"{{{{when}}}}\"` with `type: datetime` on its step"
        );
        let d = Diagnostic::new(&expressions::BAD_LITERAL, text.span, message).help(help);
        cx.sink.report(d);
        return None;
    }
    let at = expr::field(cx, scope, written, &Ty::some(Base::DateTime))?;
    let span = written.span();
    let now = cx.bot.now;
    let away = match moved(&at) {
        Some(Moved::By(seconds)) => Some(seconds),
        // The day has begun.
        Some(Moved::Days(seconds)) if seconds <= 0 => Some(seconds.min(-1)),
        Some(Moved::Days(seconds)) => Some(seconds),
        Some(Moved::To(then)) => now.and_then(|now| then.checked_sub(now.unix())),
        None => None,
    };
    match away {
        Some(away) if away > FAR => {
            far(cx, span);
            None
        }
        Some(away) if away < 0 => {
            let fixed = matches!(moved(&at), Some(Moved::To(_)));
            passed(cx, span, fixed);
            Some(at)
        }
        _ => Some(at),
    }
}

/// `10:00`.
fn is_clock(text: &str) -> bool {
    let digits =
        |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once(':')
        .is_some_and(|(hours, minutes)| digits(hours) && digits(minutes))
}

/// When, as far as it is known.
enum Moved {
    /// So many seconds from the moment at which the broadcast is made.
    By(i64),
    /// So many seconds from the beginning of that day.
    Days(i64),
    /// This, in seconds since 1970.
    To(i64),
}

fn moved(e: &Expr) -> Option<Moved> {
    match &e.kind {
        ExprKind::Builtin(Builtin::Now) => Some(Moved::By(0)),
        ExprKind::Builtin(Builtin::Today) => Some(Moved::Days(0)),
        ExprKind::Widen(inner) => moved(inner),
        ExprKind::InstantLit(text) => {
            let instant = Instant::parse_sql(text)?;
            Some(Moved::To(instant.unix()))
        }
        ExprKind::Arithmetic(operator, from, by) => {
            let ExprKind::Duration(by) = &by.kind else {
                return None;
            };
            let by = match operator {
                Operator::Add => *by,
                Operator::Sub => by.checked_neg()?,
                _ => return None,
            };
            Some(match moved(from)? {
                Moved::By(so_far) => Moved::By(so_far.checked_add(by)?),
                Moved::Days(so_far) => Moved::Days(so_far.checked_add(by)?),
                Moved::To(so_far) => Moved::To(so_far.checked_add(by)?),
            })
        }
        _ => None,
    }
}

/// `fixed`: it does not move with the moment at which the broadcast is made.
fn passed(cx: &mut FlowCx<'_>, span: Span, fixed: bool) {
    let message = match fixed {
        true => "this moment has passed: the broadcast begins at once",
        false => "this moment has passed when the broadcast is made: it begins at once",
    };
    cx.sink.report(
        Diagnostic::new(&codes::PAST, span, message)
            .help("write a moment that is to come, or leave `at` out"),
    );
}

fn far(cx: &mut FlowCx<'_>, span: Span) {
    cx.sink.report(
        Diagnostic::new(&codes::FAR, span, "this moment is more than ten years away")
            .help("write one that somebody will live to see: `now+7d`, `2030-12-31 10:00`"),
    );
}
