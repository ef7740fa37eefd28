//! The arguments of what a button calls, and the room that they take.

use botfactory_lang::length::utf16;
use botfactory_lang::limits::CALLBACK_DATA_BYTES;

use crate::check::expr;
use crate::check::flow::{FlowCheck, payload};
use crate::check::scope::Scope;
use crate::diagnostics::codes::{limits, names};
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::types::{Base, Ty};
use crate::resolve::{Argument, Command};
use crate::source::Span;
use crate::syntax::ast;

impl FlowCheck<'_> {
    pub(super) fn missing(&mut self, command: &str, wanted: &Argument, span: Span) {
        self.cx.sink.report(
            Diagnostic::new(
                &names::ARGUMENT_MISSING,
                span,
                format!("`/{command}` needs the argument `{}`", wanted.name),
            )
            .note(
                wanted.span,
                format!("declared here, {}", wanted.ty.describe()),
            )
            .help(format!(
                "give it: `/{command} {{{}=…}}`, or declare it `optional: true`",
                wanted.name
            )),
        );
    }

    pub(super) fn argument(
        &mut self,
        scope: &Scope,
        owner: &Command,
        wanted: &Argument,
        expr: &ast::Expr,
    ) -> Option<Expr> {
        let own = self.cx.bot.symbols.commands.get(self.cx.command);
        let foreign = own.is_none_or(|own| own.flow != owner.flow);
        let symbol = match &wanted.ty.base {
            Base::Choice(_) if foreign => owner.choices.get(&wanted.name),
            _ => None,
        };
        let value = expr::check(&mut self.cx, scope, expr)?;
        let Some(symbol) = symbol else {
            let what = format!("the argument `{}`", wanted.name);
            let value = expr::coerce(&mut self.cx, value, &wanted.ty, expr.span, &what)?;
            return self.accepted(wanted, &value, expr.span).then_some(value);
        };
        // A choice of another flow: every value that can stand here must be one of its values.
        let values = match (&value.kind, &value.ty) {
            (ExprKind::Text(text), _) => vec![text.clone()],
            (ExprKind::Null, _) if wanted.optional => Vec::new(),
            (
                _,
                Ty {
                    base: Base::Choice(id),
                    nullable,
                },
            ) if wanted.optional || !nullable => {
                let options = self.cx.choices.get(id.0).map_or(&[][..], |c| &c.options);
                options.iter().map(|o| o.value.clone()).collect()
            }
            (_, ty) => {
                let message = format!(
                    "`{}` is a choice, and this is {}, which may be something else",
                    wanted.name,
                    ty.describe()
                );
                self.cx.sink.report(
                    Diagnostic::new(&names::ARGUMENT_VALUE, expr.span, message)
                        .note(wanted.span, "the argument")
                        .help(format!(
                            "give one of '{}', or a choice with these values",
                            symbol.values.join("', '")
                        )),
                );
                return None;
            }
        };
        if let Some(other) = values.iter().find(|v| !symbol.values.contains(v)) {
            let near = meant(other, symbol.values.iter().map(String::as_str));
            let mut d = Diagnostic::new(
                &names::ARGUMENT_VALUE,
                expr.span,
                format!("`{}` has no option '{other}'", wanted.name),
            )
            .note(wanted.span, "the argument");
            d = d.help(match near {
                Some(near) => format!("did you mean '{}'?", near.word),
                None => format!("its options are '{}'", symbol.values.join("', '")),
            });
            self.cx.sink.report(match near {
                Some(near) => d.rename(other, &near),
                None => d,
            });
            return None;
        }
        if matches!(value.ty.base, Base::Choice(_)) {
            return Some(Expr {
                ty: Ty::some(Base::Text { max: None }).with_null(value.ty.nullable),
                kind: ExprKind::ChoiceValue(Box::new(value)),
            });
        }
        Some(value)
    }

    /// Whether the argument's bounds let the value through, as far as it is known.
    fn accepted(&mut self, wanted: &Argument, value: &Expr, span: Span) -> bool {
        let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let (least, greatest, what) = match (&value.kind, &value.ty.base) {
            (ExprKind::Int(n), _) => (Some(*n), Some(*n), "is"),
            (ExprKind::Text(text), _) => {
                let n = length(utf16(text));
                (Some(n), Some(n), "has a length of")
            }
            (_, Base::Text { max }) => (None, max.map(length), "can have a length of"),
            _ => return true,
        };
        let (bound, wrong, limit) = match (least, greatest) {
            (Some(n), _) if wanted.min.is_some_and(|min| n < min) => ("min", n, wanted.min),
            (_, Some(n)) if wanted.max.is_some_and(|max| n > max) => ("max", n, wanted.max),
            _ => return true,
        };
        let limit = limit.unwrap_or_default();
        self.cx.sink.report(
            Diagnostic::new(
                &names::ARGUMENT_VALUE,
                span,
                format!(
                    "this value {what} {wrong}, but `{bound}` of `{}` is {limit}",
                    wanted.name
                ),
            )
            .note(wanted.span, "the argument")
            .help("give another value, or change the bound"),
        );
        false
    }

    /// Whether the longest payload fits.
    pub(super) fn fits(
        &mut self,
        command: &str,
        values: &[(&str, bool, Expr)],
        span: Span,
    ) -> bool {
        let mut total = 1 + command.len();
        let mut parts = vec![format!("{total} for `/{command}`")];
        let mut worst = format!("/{command}");
        for (name, last, value) in values {
            let Some(most) = payload::most(&self.cx, value, *last) else {
                self.cx.sink.report(
                    Diagnostic::new(
                        &limits::PAYLOAD_UNBOUNDED,
                        span,
                        format!("`{name}` is a text of any length, a button holds {CALLBACK_DATA_BYTES} bytes"),
                    )
                    .help("pass an id (an int) and load the text in the command's `on_enter`"),
                );
                return false;
            };
            total += most;
            parts.push(format!("up to {most} for `{name}`"));
            worst.push(' ');
            worst.push_str(&payload::longest(&self.cx, value));
        }
        if total > CALLBACK_DATA_BYTES {
            self.cx.sink.report(
                Diagnostic::new(
                    &limits::PAYLOAD,
                    span,
                    format!("this button's payload can be {total} bytes long, Telegram takes {CALLBACK_DATA_BYTES}"),
                )
                .label(parts.join(", "))
                .help(format!(
                    "the longest is `{worst}`; pass less: an id instead of what it stands for, or a shorter command"
                )),
            );
            return false;
        }
        true
    }
}
