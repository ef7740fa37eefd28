//! `:name`: a built-in, an entry of `params:`, or a variable.

use sqlparser::tokenizer::Token;

use super::text::Lexed;
use super::typer::{Given, short};
use crate::check::scope::Scope;
use crate::check::{FlowCx, expr};
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::{Diagnostic, meant, remove_element};
use crate::ir;
use crate::ir::types::{Base, Ty};
use crate::source::{Span, Spanned, Str};
use crate::syntax::ast;

/// Built-ins that are parameters too.
const BUILTINS: [&str; 7] = [
    "bot_id", "user_id", "chat_id", "locale", "now", "today", "args",
];

/// A statement's parameters: for the typer, and their values.
#[derive(Debug, Default)]
pub struct Parameters {
    /// In order of first use.
    pub given: Vec<Given>,
    /// The same order; `None` where the value has an error that was reported.
    pub values: Vec<Option<ir::expr::Expr>>,
    /// The same order: where each stands first.
    pub places: Vec<Span>,
    /// Something is wrong with one of them.
    pub broken: bool,
}

/// Looks every `:name` up.
pub fn resolve(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    st: &ast::Statement,
    text: &Str,
    lexed: &Lexed<'_>,
) -> Parameters {
    let mut all = Parameters::default();
    for (name, e) in &st.params {
        if BUILTINS.contains(&name.value.as_str()) || name.value == "user" {
            all.broken = true;
            cx.sink.report(
                Diagnostic::new(
                    &codes::SHADOWED,
                    name.span,
                    format!(
                        "`{}` is a built-in, it cannot be given another value",
                        name.value
                    ),
                )
                .help("choose another name"),
            );
        }
        let used = lexed
            .tokens
            .iter()
            .any(|t| matches!(&t.token, Token::Placeholder(p) if p.strip_prefix(':') == Some(&name.value)));
        if !used {
            all.broken |= expr::check(cx, scope, e).is_none();
            let edit = remove_element(cx.bot.sources, name.span.to(e.span));
            let mut d = Diagnostic::new(
                &codes::UNUSED_PARAMETER,
                name.span,
                format!("the statement does not use `:{}`", name.value),
            )
            .help(format!("use it, or remove `{}` from `params`", name.value));
            // The only one would leave an empty mapping behind.
            if let (Some(edit), true) = (edit, st.params.len() > 1) {
                d = d.fix(format!("remove `{}` from `params`", name.value), [edit]);
            }
            cx.sink.report(d);
        }
    }
    for token in &lexed.tokens {
        let Token::Placeholder(written) = &token.token else {
            continue;
        };
        let Some(name) = written.strip_prefix(':') else {
            continue; // `?1` and `$1` are reported by the typer
        };
        if all.given.iter().any(|g| g.name == name) {
            continue;
        }
        let place = text.span_of(token.range.clone());
        let value = value(cx, scope, st, name, place);
        let (base, null) = match &value {
            Some(value) => (storable(cx, value, written, place), value.ty.nullable),
            None => (None, true),
        };
        all.broken |= base.is_none();
        all.given.push(Given {
            name: name.to_owned(),
            base,
            null,
            owner: super::tables::OWNER_COLUMNS
                .into_iter()
                .find(|o| *o == name),
        });
        all.values.push(value);
        all.places.push(place);
    }
    all
}

fn value(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    st: &ast::Statement,
    name: &str,
    place: Span,
) -> Option<ir::expr::Expr> {
    let builtin = BUILTINS.contains(&name);
    let entry = st.params.iter().find(|(n, _)| n.value == name && !builtin);
    if let Some((_, e)) = entry {
        return expr::check(cx, scope, e);
    }
    if !builtin && scope.get(name).is_none() {
        if scope.is_incomplete() {
            return None; // what could not be read (reported) may have provided it
        }
        unknown(cx, scope, st, name, place);
        return None;
    }
    let path = ast::Expr {
        span: place,
        kind: ast::ExprKind::Path(vec![Spanned {
            node: name.to_owned(),
            span: place,
        }]),
    };
    // What is not written yet, or has an error, is said there.
    expr::check(cx, scope, &path)
}

fn unknown(cx: &mut FlowCx<'_>, scope: &Scope, st: &ast::Statement, name: &str, place: Span) {
    let known = scope
        .entries()
        .iter()
        .map(|e| e.var.name.as_str())
        .chain(st.params.iter().map(|(n, _)| n.value.as_str()))
        .chain(BUILTINS);
    let near = meant(name, known);
    let field = name
        .strip_prefix("user_")
        .filter(|f| ["first_name", "last_name", "username"].contains(f));
    let help = if let Some(field) = field {
        format!("bind it: `params: {{ {name}: user.{field} }}`")
    } else if let Some(near) = near {
        format!("did you mean `:{}`?", near.word)
    } else {
        format!("bind a value: `params: {{ {name}: … }}`")
    };
    let d = Diagnostic::new(
        &codes::PARAMETER,
        place,
        format!("nothing provides `:{name}`"),
    )
    .help(help);
    cx.sink.report(match near {
        Some(near) if field.is_none() => d.rename(name, &near),
        _ => d,
    });
}

/// The type a database knows the value by. Reports what is none.
fn storable(
    cx: &mut FlowCx<'_>,
    value: &ir::expr::Expr,
    written: &str,
    place: Span,
) -> Option<Base> {
    let help = match &value.ty.base {
        Base::Choice(id) => {
            let longest = cx.choices.get(id.0).and_then(|c| {
                c.options
                    .iter()
                    .map(|o| o.value.encode_utf16().count())
                    .max()
            });
            return Some(Base::Text { max: longest });
        }
        base @ (Base::Text { .. }
        | Base::Int
        | Base::Decimal(_)
        | Base::Real
        | Base::Bool
        | Base::Date
        | Base::Time
        | Base::DateTime) => return Some(base.clone()),
        Base::Null => return Some(Base::Null),
        Base::Duration => "add it to a moment: `now + 7d`".to_owned(),
        Base::Contact => field(written, "phone"),
        Base::Location => field(written, "latitude"),
        Base::File => field(written, "file_id"),
        Base::Broadcast { .. } => field(written, "total"),
        Base::Row(_) => field(written, "id"),
        Base::Record(_) => "bind a field of it: `params: { city: order.city }`".to_owned(),
        Base::List { item, .. } if matches!(item.base, Base::Choice(_)) => {
            let name = written.trim_start_matches(':');
            format!(
                "bind its values as a text, and name that in the statement: `params: {{ {name}_text: \"{name} | join: ','\" }}`"
            )
        }
        Base::List { .. } => {
            "a query gives one value with `scalar: true`; the database can join the tables itself"
                .to_owned()
        }
    };
    let what = Ty::some(value.ty.base.clone()).describe();
    cx.sink.report(
        Diagnostic::new(
            &codes::UNBINDABLE,
            place,
            format!("`{}` is a {what}, no column holds that", short(written)),
        )
        .help(help),
    );
    None
}

fn field(written: &str, field: &str) -> String {
    let name = written.trim_start_matches(':');
    format!("bind a field of it: `params: {{ {name}_{field}: {name}.{field} }}`")
}
