//! `value | filter`, and how a value is printed.
//!
//! A chain begins with a value; filters that compute (`count`, `default`) keep it a value, filters that print
//! (`date`, `upper`, …) turn it into a printing; on a list they print each element until `join` makes one text.
//! Null goes through unprinted until a `default` catches it.

use super::format::one;
use super::types::{coerce, common, convert, try_literal};
use super::{a, check, report_nullable};
use crate::check::FlowCx;
use crate::check::scope::Scope;
use crate::diagnostics::codes::{expressions as codes, texts};
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::text::{How, Print};
use crate::ir::types::{Base, Ty};
use crate::source::{Span, Spanned};
use crate::syntax::ast;

const FILTERS: [&str; 13] = [
    "date", "time", "datetime", "duration", "number", "money", "truncate", "upper", "lower",
    "default", "join", "label", "count",
];

/// What a printed value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printing {
    /// A person reads it: a choice without its label is suspect.
    Text,
    /// Something compares it or chooses by it.
    Value,
}

/// How far a chain has come.
enum State {
    Value(Expr),
    Printed {
        value: Expr,
        how: How,
        null: bool,
    },
    /// Each element of a list.
    Elements {
        value: Expr,
        each: How,
    },
}

/// How `{{EXPR}}` is printed.
pub fn print(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    e: &ast::Expr,
    printing: Printing,
) -> Option<Print> {
    let print = match chain(cx, scope, e)? {
        State::Value(value) => {
            printable(cx, &value.ty, e.span)?;
            if value.ty.nullable {
                report_nullable(cx, e);
                return None;
            }
            Print {
                value,
                how: How::Plain,
            }
        }
        State::Printed { null: true, .. } => {
            report_nullable(cx, inner(e));
            return None;
        }
        State::Printed { value, how, .. } => Print { value, how },
        State::Elements { .. } => return no_join(cx, e),
    };
    if printing == Printing::Text
        && matches!(print.value.ty.base, Base::Choice(_))
        && bare(&print.how)
    {
        cx.sink.report(
            Diagnostic::new(
                &texts::BARE_CHOICE,
                e.span,
                format!(
                    "{} prints its value, not the text of its option",
                    super::quoted(inner(e))
                ),
            )
            .help("write `| label` for the option's text in the person's language"),
        );
    }
    Some(print)
}

/// Whether nothing but text functions was applied.
fn bare(how: &How) -> bool {
    match how {
        How::Plain => true,
        How::Upper(inner) | How::Lower(inner) | How::Truncate(_, inner) | How::Or(_, inner) => {
            bare(inner)
        }
        _ => false,
    }
}

/// The value at the start of a chain.
fn inner(e: &ast::Expr) -> &ast::Expr {
    match &e.kind {
        ast::ExprKind::Filter { value, .. } => inner(value),
        _ => e,
    }
}

/// A chain as a value: printed text where a filter prints.
pub(super) fn value(cx: &mut FlowCx<'_>, scope: &Scope, e: &ast::Expr) -> Option<Expr> {
    match chain(cx, scope, e)? {
        State::Value(value) => Some(value),
        State::Printed { null: true, .. } => {
            report_nullable(cx, inner(e));
            None
        }
        State::Printed { value, how, .. } => Some(Expr {
            ty: Ty::some(Base::Text { max: None }),
            kind: ExprKind::Printed(Box::new(Print { value, how })),
        }),
        State::Elements { .. } => no_join(cx, e),
    }
}

fn no_join<T>(cx: &mut FlowCx<'_>, e: &ast::Expr) -> Option<T> {
    cx.sink.report(
        Diagnostic::new(
            &codes::NOT_PRINTABLE,
            e.span,
            "the elements of a list are not one text",
        )
        .help("end the filters with `| join: ', '`"),
    );
    None
}

/// Reports a value that cannot be printed as it is.
pub(super) fn printable(cx: &mut FlowCx<'_>, ty: &Ty, span: Span) -> Option<()> {
    let help = match &ty.base {
        Base::Text { .. }
        | Base::Int
        | Base::Decimal(_)
        | Base::Real
        | Base::Date
        | Base::Time
        | Base::DateTime
        | Base::Choice(_) => return Some(()),
        Base::Bool => "say what it means: `{{#if x}}…{{else}}…{{/if}}`",
        Base::List { item, .. } if matches!(item.base, Base::Row(_)) => {
            "walk it with `{{#each}}`, or print its length with `| count`"
        }
        Base::List { .. } => "walk it with `{{#each}}`, or print it with `| join: ', '`",
        Base::Row(_) => "print one of its columns",
        Base::Record(_) => "print one of its fields",
        Base::Contact => "print one of its fields: `phone`, `first_name`, `last_name`, `user_id`",
        Base::Location => "print one of its fields: `latitude`, `longitude`",
        Base::File => "print one of its fields: `name`, `size`",
        Base::Broadcast { made: true } => "print one of its fields: `id`, `total`, `eta`",
        Base::Broadcast { made: false } => "print one of its fields: `total`, `eta`",
        Base::Duration => "durations stand in calculations only",
        Base::Null => "leave it out",
    };
    cx.sink.report(
        Diagnostic::new(
            &codes::NOT_PRINTABLE,
            span,
            format!("{} cannot be printed", a(ty)),
        )
        .help(help),
    );
    None
}

fn chain(cx: &mut FlowCx<'_>, scope: &Scope, e: &ast::Expr) -> Option<State> {
    let ast::ExprKind::Filter { value, name, args } = &e.kind else {
        return check(cx, scope, e).map(State::Value);
    };
    let state = chain(cx, scope, value);
    if !FILTERS.contains(&name.node.as_str()) {
        let near = match name.node.as_str() {
            "length" | "size" | "len" => meant("count", FILTERS),
            other => meant(other, FILTERS),
        };
        let d = Diagnostic::new(
            &codes::UNKNOWN_FILTER,
            name.span,
            format!("`{}` is not a filter", name.node),
        );
        cx.sink.report(match near {
            Some(near) => d.suggest(&name.node, &near),
            None => d.help(format!(
                "filters are {}",
                FILTERS.map(|f| format!("`{f}`")).join(", ")
            )),
        });
        return None;
    }
    let state = state?;
    let arg = args.first();
    match name.node.as_str() {
        "default" => default(cx, scope, state, value, name, arg),
        "count" => count(cx, state, name, arg, value.span),
        "join" => join(cx, state, name, arg, value.span),
        _ => format_with(cx, state, name, arg, value),
    }
}

pub(super) fn misuse<T>(
    cx: &mut FlowCx<'_>,
    span: Span,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Option<T> {
    cx.sink
        .report(Diagnostic::new(&codes::FILTER_USE, span, message).help(help));
    None
}

pub(super) fn no_argument(
    cx: &mut FlowCx<'_>,
    name: &Spanned<String>,
    arg: Option<&ast::Expr>,
) -> Option<()> {
    match arg {
        None => Some(()),
        Some(arg) => misuse(
            cx,
            arg.span,
            format!("`{}` takes no argument", name.node),
            format!("write `| {}`", name.node),
        ),
    }
}

/// A text argument, which must be a literal.
pub(super) fn text_argument<'e>(
    cx: &mut FlowCx<'_>,
    name: &Spanned<String>,
    arg: &'e ast::Expr,
    example: &str,
) -> Option<&'e str> {
    if let ast::ExprKind::Text(text) = &arg.kind {
        return Some(text);
    }
    misuse(
        cx,
        arg.span,
        format!("the argument of `{}` is a text in quotes", name.node),
        format!("for example `| {}: {example}`", name.node),
    )
}

fn default(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    state: State,
    value_at: &ast::Expr,
    name: &Spanned<String>,
    arg: Option<&ast::Expr>,
) -> Option<State> {
    let Some(arg) = arg else {
        return misuse(
            cx,
            name.span,
            "`default` needs the value that stands in",
            "write `| default: '—'`",
        );
    };
    let never = match &state {
        State::Value(v) => !v.ty.nullable,
        State::Printed { null, .. } => !null,
        State::Elements { .. } => return no_join(cx, value_at),
    };
    let arg_expr = check(cx, scope, arg)?;
    if never {
        cx.sink.report(
            Diagnostic::new(
                &codes::NEVER_NULL,
                name.span,
                format!(
                    "{} is never null here, so `default` does nothing",
                    super::quoted(inner(value_at))
                ),
            )
            .help("leave it out"),
        );
        return Some(state);
    }
    match state {
        State::Value(value) => {
            // A literal takes the value's type where it can, else the two are printed.
            let typed = match &arg_expr.kind {
                ExprKind::Text(text) if !matches!(value.ty.base, Base::Text { .. }) => {
                    try_literal(cx, text, &value.ty.base)
                }
                _ if common(&value.ty.base, &arg_expr.ty.base).is_some() => Some(arg_expr.clone()),
                _ => None,
            };
            if let Some(typed) = typed {
                let base = common(&value.ty.base, &typed.ty.base)?;
                let nullable = typed.ty.nullable;
                let (value, typed) = (convert(value, &base), convert(typed, &base));
                return Some(State::Value(Expr {
                    ty: Ty { base, nullable },
                    kind: ExprKind::Default(Box::new(value), Box::new(typed)),
                }));
            }
            printable(cx, &value.ty.clone().with_null(false), value_at.span)?;
            instead(cx, value, How::Plain, arg, arg_expr)
        }
        State::Printed { value, how, .. } => instead(cx, value, how, arg, arg_expr),
        State::Elements { .. } => None,
    }
}

/// Prints `arg` where the value is null.
fn instead(
    cx: &mut FlowCx<'_>,
    value: Expr,
    how: How,
    arg: &ast::Expr,
    arg_expr: Expr,
) -> Option<State> {
    let arg_expr = coerce(
        cx,
        arg_expr,
        &Ty::maybe(Base::Text { max: None }),
        arg.span,
        "the value that stands in",
    )?;
    if arg_expr.ty.nullable {
        report_nullable(cx, arg);
        return None;
    }
    let print = Print {
        value: arg_expr,
        how: How::Plain,
    };
    Some(State::Printed {
        value,
        how: How::Or(Box::new(print), Box::new(how)),
        null: false,
    })
}

fn count(
    cx: &mut FlowCx<'_>,
    state: State,
    name: &Spanned<String>,
    arg: Option<&ast::Expr>,
    span: Span,
) -> Option<State> {
    no_argument(cx, name, arg)?;
    match state {
        State::Value(value) if matches!(value.ty.base, Base::List { .. }) => {
            Some(State::Value(Expr {
                ty: Ty::some(Base::Int),
                kind: ExprKind::Count(Box::new(value)),
            }))
        }
        State::Value(value) => misuse(
            cx,
            span,
            format!("`count` counts a list, this is {}", a(&value.ty)),
            "a query without `single` and `scalar` gives a list",
        ),
        _ => misuse(
            cx,
            name.span,
            "`count` counts a list, not a printed text",
            "put it first",
        ),
    }
}

fn join(
    cx: &mut FlowCx<'_>,
    state: State,
    name: &Spanned<String>,
    arg: Option<&ast::Expr>,
    span: Span,
) -> Option<State> {
    let separator = match arg {
        None => ", ",
        Some(arg) => text_argument(cx, name, arg, "', '")?,
    }
    .to_owned();
    let (value, each) = match state {
        State::Elements { value, each } => (value, each),
        State::Value(value) => {
            let Base::List { item, .. } = value.ty.base.clone() else {
                return misuse(
                    cx,
                    span,
                    format!("`join` joins a list, this is {}", a(&value.ty)),
                    "leave it out",
                );
            };
            element(cx, &item, span)?;
            (value, How::Plain)
        }
        State::Printed { .. } => {
            return misuse(
                cx,
                name.span,
                "`join` joins a list, not a printed text",
                "leave it out",
            );
        }
    };
    // A list that was not asked for is null.
    let null = value.ty.nullable;
    Some(State::Printed {
        value,
        how: How::Join {
            separator,
            each: Box::new(each),
        },
        null,
    })
}

/// An element of a list must be there and printable.
fn element(cx: &mut FlowCx<'_>, item: &Ty, span: Span) -> Option<()> {
    printable(cx, &item.clone().with_null(false), span)?;
    if item.nullable {
        cx.sink.report(
            Diagnostic::new(&codes::NULLABLE, span, "elements of this list may be null")
                .help("leave them out in the query: `WHERE column IS NOT NULL`"),
        );
        return None;
    }
    Some(())
}

/// A filter that prints.
fn format_with(
    cx: &mut FlowCx<'_>,
    state: State,
    name: &Spanned<String>,
    arg: Option<&ast::Expr>,
    at: &ast::Expr,
) -> Option<State> {
    match state {
        State::Value(value) => {
            if let Base::List { item, .. } = value.ty.base.clone() {
                element(cx, &item, at.span)?;
                let (_, each) = one(cx, name, arg, &item.base, How::Plain, at)?;
                return Some(State::Elements { value, each });
            }
            let null = value.ty.nullable;
            let (base, how) = one(cx, name, arg, &value.ty.base, How::Plain, at)?;
            let value = convert(value, &base);
            Some(State::Printed { value, how, null })
        }
        State::Printed { value, how, null } => {
            let (_, how) = one(cx, name, arg, &value.ty.base, how, at)?;
            Some(State::Printed { value, how, null })
        }
        State::Elements { value, each } => {
            let Base::List { item, .. } = value.ty.base.clone() else {
                return None;
            };
            let (_, each) = one(cx, name, arg, &item.base, each, at)?;
            Some(State::Elements { value, each })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FILTERS;

    #[test]
    fn the_reference_names_every_filter() {
        let reference = crate::schema::reference();
        let table = reference.split("### Filters").nth(1).unwrap_or_default();
        let table = table.split("###").next().unwrap_or_default();
        for name in FILTERS {
            assert!(
                table.contains(&format!("`{name}`")),
                "{name} is not explained"
            );
        }
    }
}
