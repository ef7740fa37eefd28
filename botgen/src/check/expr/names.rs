//! Paths: which variable, column or built-in a name is.

use super::narrow;
use crate::check::FlowCx;
use crate::check::scope::{Loop, Scope};
use crate::diagnostics::codes::expressions as codes;
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::expr::{Builtin, Expr, ExprKind};
use crate::ir::types::{Base, Ty};
use crate::source::{Span, Spanned};

/// Built-ins of one word, for suggestions.
const BUILTINS: [&str; 7] = [
    "bot_id", "user_id", "chat_id", "locale", "now", "today", "args",
];
/// `user.…`.
const USER: [&str; 4] = ["first_name", "last_name", "username", "is_admin"];
/// `recipient.…`.
const RECIPIENT: [&str; 3] = ["first_name", "last_name", "username"];

/// Whether a word is the first of a built-in's name.
pub(crate) fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name) || name == "user"
}

/// A path as written.
pub(super) fn joined(path: &[Spanned<String>]) -> String {
    let parts: Vec<&str> = path.iter().map(|p| p.node.as_str()).collect();
    parts.join(".")
}

/// Something that has fields: its name, Rust field and type.
type Fields = Vec<(String, String, Ty)>;

/// The fields of a value; `None` if it has none.
fn fields(cx: &FlowCx<'_>, base: &Base) -> Option<Fields> {
    let text = || Ty::some(Base::Text { max: None });
    let maybe_text = || Ty::maybe(Base::Text { max: None });
    let list: Vec<(&str, Ty)> = match base {
        Base::Row(query) => {
            let query = cx.queries.get(query.0)?;
            return Some(
                query
                    .columns
                    .iter()
                    .map(|c| (c.name.clone(), c.ident.clone(), c.ty.clone()))
                    .collect(),
            );
        }
        Base::Record(record) => {
            let record = cx.records.get(record.0)?;
            let field = |f: &crate::ir::ask::Field| (f.name.clone(), f.ident.clone(), f.ty.clone());
            return Some(record.fields.iter().map(field).collect());
        }
        Base::Contact => vec![
            ("phone", text()),
            ("first_name", text()),
            ("last_name", maybe_text()),
            ("user_id", Ty::maybe(Base::Int)),
        ],
        Base::Location => vec![
            ("latitude", Ty::some(Base::Real)),
            ("longitude", Ty::some(Base::Real)),
        ],
        Base::File => vec![
            ("file_id", text()),
            ("unique_id", text()),
            ("name", maybe_text()),
            ("size", Ty::maybe(Base::Int)),
        ],
        Base::Broadcast { made } => {
            let number = |name| (name, Ty::some(Base::Int));
            let mut list = vec![number("total"), number("eta")];
            if *made {
                list.insert(0, number("id"));
            }
            list
        }
        _ => return None,
    };
    Some(
        list.into_iter()
            .map(|(name, ty)| (name.to_owned(), name.to_owned(), ty))
            .collect(),
    )
}

/// The item of a loop as an expression.
fn item_of(scope: &Scope, depth: usize, entered: &Loop) -> Expr {
    let narrowed = entered.item.nullable && scope.is_narrowed(&narrow::item(depth));
    Expr {
        ty: narrow_type(&entered.item, narrowed),
        kind: ExprKind::Var {
            ident: entered.ident.clone(),
            narrowed,
        },
    }
}

fn narrow_type(ty: &Ty, narrowed: bool) -> Ty {
    ty.clone().with_null(ty.nullable && !narrowed)
}

/// `this`.
pub(super) fn this(cx: &mut FlowCx<'_>, scope: &Scope, span: Span) -> Option<Expr> {
    let depth = scope.loops().len();
    if let Some(entered) = scope.loops().last() {
        return Some(item_of(scope, depth - 1, entered));
    }
    outside(cx, "this", span)
}

/// `@index`.
pub(super) fn index(cx: &mut FlowCx<'_>, scope: &Scope, span: Span) -> Option<Expr> {
    if scope.loops().last().is_none_or(|l| !l.counted) {
        return outside(cx, "@index", span);
    }
    Some(Expr {
        ty: Ty::some(Base::Int),
        kind: ExprKind::Index,
    })
}

fn outside<T>(cx: &mut FlowCx<'_>, what: &str, span: Span) -> Option<T> {
    cx.sink.report(
        Diagnostic::new(
            &codes::OUTSIDE_LOOP,
            span,
            format!("`{what}` stands outside of any `{{{{#each}}}}`"),
        )
        .help("it is known between `{{#each …}}` and `{{/each}}` only"),
    );
    None
}

/// Resolves a path.
pub(super) fn path(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    path: &[Spanned<String>],
    span: Span,
) -> Option<Expr> {
    let first = path.first()?;
    let name = first.node.as_str();
    if name == "this" {
        let item = this(cx, scope, first.span)?;
        let key = narrow::item(scope.loops().len().saturating_sub(1));
        return descend(cx, scope, item, &[key], path, 1);
    }
    let alias = scope
        .loops()
        .iter()
        .rposition(|l| l.alias.as_deref() == Some(name));
    if let Some(depth) = alias
        && let Some(entered) = scope.loops().get(depth)
    {
        let item = item_of(scope, depth, entered);
        return descend(cx, scope, item, &[narrow::item(depth)], path, 1);
    }
    let columns: Vec<(usize, Loop)> = scope
        .loops()
        .iter()
        .enumerate()
        .filter(|(_, l)| l.alias.is_none())
        .filter(|(_, l)| {
            fields(cx, &l.item.base).is_some_and(|f| f.iter().any(|(n, _, _)| n == name))
        })
        .map(|(depth, l)| (depth, l.clone()))
        .collect();
    let entry = scope.get(name).cloned();
    let written = entry.as_ref().filter(|e| !e.not_yet);
    let builtin = is_builtin(name);
    if let Some((depth, entered)) = columns.last() {
        if columns.len() > 1 || written.is_some() || builtin {
            let other = if columns.len() > 1 {
                "a column of an outer list"
            } else if builtin {
                "a built-in"
            } else {
                "a variable"
            };
            let mut diagnostic = Diagnostic::new(
                &codes::AMBIGUOUS_NAME,
                first.span,
                format!("`{name}` is both a column here and {other}"),
            )
            .help(if entered.counted {
                format!(
                    "name the row, `{{{{#each … as row}}}}`, and write `row.{name}` for the column"
                )
            } else {
                format!("name the row, `as: row`, and write `row.{name}` for the column")
            });
            if let Some(entry) = written {
                diagnostic = diagnostic.note(entry.defined, "the variable");
            }
            cx.sink.report(diagnostic);
            return None;
        }
        let item = item_of(scope, *depth, entered);
        let keys = [format!("{}.{name}", narrow::item(*depth)), name.to_owned()];
        let column = field(cx, scope, item, first, &keys, None)?;
        return descend(cx, scope, column, &keys, path, 1);
    }
    if let Some(entry) = entry {
        if entry.broken {
            return None;
        }
        if entry.not_yet {
            cx.sink.report(
                Diagnostic::new(
                    &codes::NOT_YET,
                    first.span,
                    format!("`{name}` is not known yet here"),
                )
                .note(entry.defined, "it is written here")
                .help("read it only where every way has written it"),
            );
            return None;
        }
        let narrowed = entry.var.ty.nullable && scope.is_narrowed(name);
        let var = Expr {
            ty: narrow_type(&entry.var.ty, narrowed),
            kind: ExprKind::Var {
                ident: entry.var.ident.clone(),
                narrowed,
            },
        };
        return descend(cx, scope, var, &[name.to_owned()], path, 1);
    }
    if let Some((expr, used)) = built_in(scope, path) {
        return descend(cx, scope, expr, &[joined(path.get(..used)?)], path, used);
    }
    unknown(cx, scope, path, span)
}

/// Goes from `value` down the rest of the path, from part `from`. `keys`: the names under which facts about
/// `value` are kept.
fn descend(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    mut value: Expr,
    keys: &[String],
    path: &[Spanned<String>],
    from: usize,
) -> Option<Expr> {
    let mut keys = keys.to_vec();
    for (i, part) in path.iter().enumerate().skip(from) {
        for key in &mut keys {
            key.push('.');
            key.push_str(&part.node);
        }
        value = field(cx, scope, value, part, &keys, path.get(..i))?;
    }
    Some(value)
}

/// One field of `of`; `base` is the path that led to it.
fn field(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    of: Expr,
    part: &Spanned<String>,
    keys: &[String],
    base: Option<&[Spanned<String>]>,
) -> Option<Expr> {
    let shown = base.map_or_else(|| "this".to_owned(), joined);
    let Some(fields) = fields(cx, &of.ty.base) else {
        let message = format!("`{shown}` is {} and has no fields", super::a(&of.ty));
        let mut diagnostic = Diagnostic::new(&codes::UNKNOWN_FIELD, part.span, message);
        if matches!(of.ty.base, Base::List { .. }) {
            diagnostic = diagnostic.help(format!(
                "walk the list with `{{{{#each {shown}}}}}`, or let the query give one row with `single: true`"
            ));
        }
        cx.sink.report(diagnostic);
        return None;
    };
    if of.ty.nullable {
        let span = base
            .and_then(|b| Some(b.first()?.span.to(b.last()?.span)))
            .unwrap_or(part.span);
        cx.sink.report(
            Diagnostic::new(&codes::NULLABLE, span, format!("`{shown}` may be null")).help(
                format!("test it first: `{shown} is not null` in a condition, `{{{{#if {shown}}}}}` in a text"),
            ),
        );
        return None;
    }
    let Some((_, ident, ty)) = fields.iter().find(|(name, _, _)| *name == part.node) else {
        let what = if matches!(of.ty.base, Base::Row(_)) {
            "column"
        } else {
            "field"
        };
        let names: Vec<&str> = fields.iter().map(|(n, _, _)| n.as_str()).collect();
        let d = Diagnostic::new(
            &codes::UNKNOWN_FIELD,
            part.span,
            format!("`{shown}` has no {what} `{}`", part.node),
        );
        cx.sink
            .report(match meant(&part.node, names.iter().copied()) {
                Some(near) => d.suggest(&part.node, &near),
                None => d.help(format!("it has {}", list(&names))),
            });
        return None;
    };
    let narrowed = ty.nullable && keys.iter().any(|k| scope.is_narrowed(k));
    Some(Expr {
        ty: narrow_type(ty, narrowed),
        kind: ExprKind::Field {
            of: Box::new(of),
            ident: ident.clone(),
            narrowed,
        },
    })
}

/// `` `a`, `b` and `c` ``; long lists are cut.
pub(super) fn list(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let mut quoted: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    if names.len() > SHOWN {
        quoted.push(format!("{} more", names.len() - SHOWN));
    }
    match quoted.pop() {
        None => "nothing".into(),
        Some(last) if quoted.is_empty() => last,
        Some(last) => format!("{} and {last}", quoted.join(", ")),
    }
}

/// A built-in and how many parts of the path it takes.
fn built_in(scope: &Scope, path: &[Spanned<String>]) -> Option<(Expr, usize)> {
    // Lengths: Bot API, User (names) and the registration rules of usernames.
    let text = |max| Ty::some(Base::Text { max });
    let (builtin, ty, used) = match path.first()?.node.as_str() {
        "bot_id" => (Builtin::BotId, text(Some(32)), 1),
        "user_id" => (Builtin::UserId, Ty::some(Base::Int), 1),
        "chat_id" => (Builtin::ChatId, Ty::some(Base::Int), 1),
        "locale" => (Builtin::Locale, text(Some(35)), 1),
        "now" => (Builtin::Now, Ty::some(Base::DateTime), 1),
        "today" => (Builtin::Today, Ty::some(Base::Date), 1),
        "args" => (Builtin::Args, text(Some(4096)), 1),
        "user" => match path.get(1)?.node.as_str() {
            "first_name" => (Builtin::UserFirstName, text(Some(64)), 2),
            "last_name" => (Builtin::UserLastName, text(Some(64)).with_null(true), 2),
            "is_admin" => (Builtin::UserIsAdmin, Ty::some(Base::Bool), 2),
            "username" => (Builtin::UserUsername, text(Some(32)).with_null(true), 2),
            _ => return None,
        },
        "recipient" if scope.has_recipient() => match path.get(1)?.node.as_str() {
            "first_name" => (Builtin::RecipientFirstName, text(Some(64)), 2),
            "last_name" => (Builtin::RecipientLastName, text(Some(64)), 2),
            "username" => (Builtin::RecipientUsername, text(Some(32)), 2),
            _ => return None,
        },
        _ => return None,
    };
    let narrowed = ty.nullable && scope.is_narrowed(&joined(path.get(..used)?));
    let expr = Expr {
        ty: narrow_type(&ty, narrowed),
        kind: ExprKind::Builtin(builtin),
    };
    Some((expr, used))
}

fn unknown(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    path: &[Spanned<String>],
    span: Span,
) -> Option<Expr> {
    let first = path.first()?;
    let name = first.node.as_str();
    // It may have stood in what could not be read.
    if scope.is_incomplete() && name != "user" {
        return None;
    }
    if name == "recipient" && scope.has_recipient() {
        let field = path.get(1);
        let (at, message) = match field {
            Some(part) => (
                part.span,
                format!("`recipient` has no field `{}`", part.node),
            ),
            None => (span, "`recipient` alone is not a value".to_owned()),
        };
        let d = Diagnostic::new(&codes::UNKNOWN_FIELD, at, message);
        let near = field.and_then(|p| Some((p, meant(&p.node, RECIPIENT)?)));
        cx.sink.report(match near {
            Some((part, near)) => d
                .help(format!("did you mean `recipient.{}`?", near.word))
                .rename(&part.node, &near),
            None => d.help(
                "there are `recipient.first_name`, `recipient.last_name` and `recipient.username`",
            ),
        });
        return None;
    }
    if name == "user" {
        let (at, message) = match path.get(1) {
            Some(part) => (part.span, format!("`user` has no field `{}`", part.node)),
            None => (span, "`user` alone is not a value".to_owned()),
        };
        let d = Diagnostic::new(&codes::UNKNOWN_FIELD, at, message);
        let near = path.get(1).and_then(|p| Some((p, meant(&p.node, USER)?)));
        cx.sink.report(match near {
            Some((part, near)) => d
                .help(format!("did you mean `user.{}`?", near.word))
                .rename(&part.node, &near),
            None => d.help("there are `user.first_name`, `user.last_name`, `user.username` and `user.is_admin`; the number is `user_id`"),
        });
        return None;
    }
    let mut known: Vec<String> = scope
        .loops()
        .iter()
        .filter_map(|l| l.alias.clone())
        .collect();
    let mut columns = Vec::new();
    for entered in scope.loops().iter().filter(|l| l.alias.is_none()) {
        let fields = fields(cx, &entered.item.base).unwrap_or_default();
        columns.extend(fields.into_iter().map(|(name, _, _)| name));
    }
    let in_rows = !columns.is_empty();
    known.extend(columns.iter().cloned());
    known.extend(
        scope
            .entries()
            .iter()
            .filter(|e| !e.not_yet)
            .map(|e| e.var.name.clone()),
    );
    let candidates = known.iter().map(String::as_str).chain(BUILTINS);
    let message = if in_rows {
        format!("`{name}` is neither a variable nor a column here")
    } else {
        format!("`{name}` is not a variable here")
    };
    let near = meant(name, candidates);
    let help = match near {
        _ if in_rows && path.get(1).is_some_and(|p| columns.contains(&p.node)) => {
            let column = path.get(1).map_or("", |p| p.node.as_str());
            format!(
                "a column of the row is known by its name: `{column}`; or call the row something: `xs as {name}`"
            )
        }
        Some(near) => format!("did you mean `{}`?", near.word),
        None if USER.contains(&name) && scope.has_recipient() => {
            format!("of whoever gets it it is `recipient.{name}`")
        }
        None if USER.contains(&name) => format!("the person's is `user.{name}`"),
        None if matches!(name, "tomorrow" | "yesterday") => {
            "days are counted from `today`: `today+1d`".to_owned()
        }
        None if name == "recipient" => {
            "it is known only in the `text` of an `ops.broadcast.v1`".to_owned()
        }
        None if name == crate::ir::Limit::RETRY_IN => {
            "it is known only in the `message` of a `policy.ratelimit.v1`".to_owned()
        }
        None if in_rows => {
            let names: Vec<&str> = columns.iter().map(String::as_str).collect();
            format!("the columns are {}", list(&names))
        }
        None if known.is_empty() => {
            format!("to mean the word itself write it in quotes: `'{name}'`")
        }
        None => {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            format!(
                "here {} {}, and the built-ins; to mean the word itself write `'{name}'`",
                if names.len() == 1 { "is" } else { "are" },
                list(&names)
            )
        }
    };
    let column = in_rows && path.get(1).is_some_and(|p| columns.contains(&p.node));
    let near = near.filter(|_| !column);
    let d = Diagnostic::new(&codes::UNKNOWN_VARIABLE, first.span, message).help(help);
    cx.sink.report(match near {
        Some(near) => d.rename(name, &near),
        None => d,
    });
    None
}

/// Reports an `as` name that means something already.
pub(crate) fn alias_is_free(cx: &mut FlowCx<'_>, scope: &Scope, alias: &Spanned<String>) -> bool {
    let name = alias.node.as_str();
    let other = if scope
        .loops()
        .iter()
        .any(|l| l.alias.as_deref() == Some(name))
    {
        "the row of an outer list"
    } else if scope.get(name).is_some() {
        "a variable"
    } else if is_builtin(name) {
        "a built-in"
    } else if scope.loops().iter().any(|l| {
        l.alias.is_none()
            && fields(cx, &l.item.base).is_some_and(|f| f.iter().any(|(n, _, _)| n == name))
    }) {
        "a column of an outer list"
    } else {
        return true;
    };
    cx.sink.report(
        Diagnostic::new(
            &codes::ALIAS_TAKEN,
            alias.span,
            format!("`{name}` is {other} already"),
        )
        .help("choose another name after `as`"),
    );
    false
}
