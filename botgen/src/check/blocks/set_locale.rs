//! `action.set_locale.v1`: stores a locale, or asks for one.

use crate::check::expr;
use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::check::settings;
use crate::diagnostics::codes::{graph, names};
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::ActionKind;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::types::{Base, Ty};
use crate::source::Span;
use crate::syntax::ast;

/// Checks the action.
pub fn check(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    set: &ast::SetLocale,
    action: &ast::Action,
) -> Option<ActionKind> {
    let tags = settings::tags(check.cx.bot.ast);
    useless(check, &tags, action.block.span);
    let Some(locale) = &set.locale else {
        return Some(ActionKind::AskLocale);
    };
    let span = match locale {
        ast::Field::Literal(s) => s.span,
        ast::Field::Expr(e) => e.span,
    };
    let value = match locale {
        ast::Field::Literal(literal) => Expr {
            ty: Ty::some(Base::Text { max: None }),
            kind: ExprKind::Text(literal.value.clone()),
        },
        ast::Field::Expr(expr) => expr::check(&mut check.cx, scope, expr)?,
    };
    let one_of = |value: &str| tags.iter().any(|t| t == value);
    let unknown = |check: &mut FlowCheck<'_>, wrong: &str| {
        let d = Diagnostic::new(
            &names::UNKNOWN_LOCALE,
            span,
            format!("the bot has no locale `{wrong}`"),
        );
        let near = meant(wrong, tags.iter().map(String::as_str));
        check.cx.sink.report(match near {
            Some(near) => d.suggest(wrong, &near),
            None => d.help(format!("its locales are `{}`", tags.join("`, `"))),
        });
        None
    };
    match (&value.kind, &value.ty) {
        (ExprKind::Text(tag), _) if one_of(tag) => Some(ActionKind::SetLocale { locale: value }),
        (ExprKind::Text(tag), _) => unknown(check, tag),
        (
            _,
            Ty {
                base: Base::Choice(id),
                nullable: false,
            },
        ) => {
            let choice = check.cx.choices.get(id.0)?;
            match choice.options.iter().find(|o| !one_of(&o.value)) {
                Some(other) => {
                    let other = other.value.clone();
                    unknown(check, &other)
                }
                None => Some(ActionKind::SetLocale {
                    locale: Expr {
                        ty: Ty::some(Base::Text { max: None }),
                        kind: ExprKind::ChoiceValue(Box::new(value)),
                    },
                }),
            }
        }
        _ => {
            check.cx.sink.report(
                Diagnostic::new(
                    &graph::LOCALE_UNPROVEN,
                    span,
                    format!(
                        "this is {}, which may be something else than a locale of the bot",
                        value.ty.describe()
                    ),
                )
                .help(format!(
                    "give it a choice whose values are among `{}`, or leave `locale` out to show a keyboard",
                    tags.join("`, `")
                )),
            );
            None
        }
    }
}

/// The stored choice must count for something.
fn useless(check: &mut FlowCheck<'_>, tags: &[String], span: Span) {
    // Advice waits until nothing is wrong.
    if check.cx.sink.errors() > 0 {
        return;
    }
    let fixed = settings::strategy(check.cx.bot.ast) == ast::Strategy::Fixed;
    let (message, help) = if tags.len() < 2 {
        (
            "the bot has only one locale",
            "declare more `locales` in `i18n.fluent.v1`, or remove the action",
        )
    } else if fixed {
        (
            "with `strategy: fixed` the stored locale is not read",
            "say `strategy: user` or `strategy: chat`, or remove the action",
        )
    } else {
        return;
    };
    check
        .cx
        .sink
        .report(Diagnostic::new(&names::USELESS_CHOICE_OF_LOCALE, span, message).help(help));
}
