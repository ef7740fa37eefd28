//! Statements: a row struct where rows are returned, and one function per statement around sqlx's checked macros.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::FlowEmit;
use super::env::{Env, Site};
use super::expr::{Values, borrows_context};
use super::format::{doc, ident, raw};
use crate::Engine;
use crate::ir::cost::is_silent;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::sql::{Column, Param, Query, Shape, Storage, Text};
use crate::ir::types::{Base, Ty};

/// The row struct, where the query gives whole rows.
pub fn row(cx: FlowEmit<'_>, query: &Query, kept: bool) -> TokenStream {
    if !matches!(query.shape, Shape::Rows | Shape::Single { .. }) {
        return TokenStream::new();
    }
    let name = ident(&query.row);
    let docs = doc(&format!("A row of the query at {}.", query.origin.0));
    let fields = query.columns.iter().map(|column| {
        let (name, ty) = (ident(&column.ident), cx.owned(&column.ty));
        let docs = doc(&format!("Column `{}`.", column.name));
        quote!(#docs pub #name: #ty)
    });
    let serde = kept.then(|| quote!(, Serialize, Deserialize));
    let path = kept.then(|| quote!(#[serde(crate = "runtime_core::prelude::serde")]));
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq #serde)]
        #path
        pub struct #name { #(#fields),* }
    }
}

/// The function. Only here is it known which engine serves: an arm for each that this build has.
pub fn function(cx: FlowEmit<'_>, query: &Query) -> TokenStream {
    let name = ident(&query.ident);
    let docs = doc(&query.origin.0);
    let mut params = Vec::new();
    let mut lets = Vec::new();
    for param in &query.params {
        let name = ident(&param.ident);
        match builtin(cx, &param.value) {
            Some(value) => lets.push(quote!(let #name = #value;)),
            None => {
                let ty = cx.borrowed(&param.ty);
                params.push(quote!(, #name: #ty));
            }
        }
    }
    let db = if query.writes {
        quote!(cx.db_write().await?)
    } else {
        quote!(cx.db().await?)
    };
    let handed_over = hand_over(query);
    let arms = [Engine::Sqlite, Engine::Postgres]
        .into_iter()
        .filter_map(|engine| {
            let text = text(query, engine)?;
            let converted = conversions(query, engine);
            let body = body(query, engine, &call_of(query, engine, text));
            let variant = variant(engine);
            Some(quote!(Db::#variant(connection) => { #converted #body }))
        });
    let result = result(cx, query);
    quote! {
        #docs
        async fn #name(cx: &mut Cx #(#params)*) -> Result<#result, HandlerError> {
            #(#lets)*
            #handed_over
            match #db {
                #(#arms)*
                _ => Err(HandlerError::Bug("this build has no statement for the engine")),
            }
        }
    }
}

fn variant(engine: Engine) -> proc_macro2::Ident {
    match engine {
        Engine::Sqlite => format_ident!("Sqlite"),
        Engine::Postgres => format_ident!("Postgres"),
    }
}

fn text(query: &Query, engine: Engine) -> Option<&Text> {
    match engine {
        Engine::Sqlite => query.sqlite.as_ref(),
        Engine::Postgres => query.postgres.as_ref(),
    }
}

/// A statement whose result nobody reads can run together with the claim, in one round trip.
fn hand_over(query: &Query) -> Option<TokenStream> {
    let text = text(query, Engine::Postgres).filter(|_| is_silent(query))?;
    let (sql, converted) = (raw(&text.sql), conversions(query, Engine::Postgres));
    let call = call_of(query, Engine::Postgres, text);
    Some(quote! {
        if cx.defers() {
            #converted
            return cx.defer(#sql, #call);
        }
    })
}

/// Parameters in the form that the engine binds.
fn conversions(query: &Query, engine: Engine) -> TokenStream {
    let lets = query.params.iter().filter_map(|param| {
        let name = ident(&param.ident);
        let converted = to_sql(&quote!(#name), &param.ty, engine)?;
        Some(quote!(let #name = #converted;))
    });
    quote!(#(#lets)*)
}

/// sqlx's checked macro around the text.
fn call_of(query: &Query, engine: Engine, text: &Text) -> TokenStream {
    let sql = raw(&text.sql);
    let args = text
        .params
        .iter()
        .filter_map(|i| query.params.get(*i))
        .map(|param| {
            let name = ident(&param.ident);
            // sqlx has no type of its own to compare with.
            if engine == Engine::Postgres && is_wrapped(&param.ty.base) {
                quote!(#name as _)
            } else {
                quote!(#name)
            }
        });
    let single = matches!(query.shape, Shape::Flatten)
        || matches!(query.shape, Shape::Scalar { .. } if query.columns.len() == 1);
    if single {
        quote!(sqlx::query_scalar!(#sql #(, #args)*))
    } else {
        quote!(sqlx::query!(#sql #(, #args)*))
    }
}

/// What the function gives.
fn result(cx: FlowEmit<'_>, query: &Query) -> TokenStream {
    let row = ident(&query.row);
    let first = query.columns.first();
    match (query.shape, first) {
        (Shape::Rows, _) => quote!(Vec<#row>),
        (Shape::Single { always: true }, _) => quote!(#row),
        (Shape::Single { always: false }, _) => quote!(Option<#row>),
        (Shape::Scalar { always }, Some(column)) => {
            cx.owned(&column.ty.clone().with_null(column.ty.nullable || !always))
        }
        (Shape::Flatten, Some(column)) => {
            let item = cx.owned(&column.ty);
            quote!(Vec<#item>)
        }
        (Shape::Nothing | Shape::Scalar { .. } | Shape::Flatten, _) => quote!(()),
    }
}

/// Runs it on `connection` and reads what comes back.
fn body(query: &Query, engine: Engine, call: &TokenStream) -> TokenStream {
    match (query.shape, query.columns.first()) {
        (Shape::Rows, _) => {
            let build = build_row(query, engine);
            quote! {
                let rows = #call.fetch_all(connection).await?;
                rows.into_iter().map(|row| Ok(#build)).collect()
            }
        }
        (Shape::Single { always: true }, _) => {
            let build = build_row(query, engine);
            quote!(let row = #call.fetch_one(connection).await?; Ok(#build))
        }
        (Shape::Single { always: false }, _) => {
            let build = build_row(query, engine);
            quote! {
                let row = #call.fetch_optional(connection).await?;
                row.map(|row| Ok(#build)).transpose()
            }
        }
        (Shape::Scalar { always }, Some(column)) => scalar(query, engine, call, always, column),
        (Shape::Flatten, Some(column)) => {
            let value = from_sql(quote!(value), column, engine);
            quote! {
                let values = #call.fetch_all(connection).await?;
                values.into_iter().map(|value| Ok(#value)).collect()
            }
        }
        (Shape::Nothing | Shape::Scalar { .. } | Shape::Flatten, _) => {
            quote!(#call.execute(connection).await?; Ok(()))
        }
    }
}

fn scalar(
    query: &Query,
    engine: Engine,
    call: &TokenStream,
    always: bool,
    column: &Column,
) -> TokenStream {
    let pick = if query.columns.len() == 1 {
        quote!(value)
    } else {
        let field = format_ident!("r#{}", column.name);
        quote!(value.#field)
    };
    let value = from_sql(pick, column, engine);
    match (always, column.ty.nullable) {
        (true, _) => quote!(let value = #call.fetch_one(connection).await?; Ok(#value)),
        (false, false) => quote! {
            let value = #call.fetch_optional(connection).await?;
            value.map(|value| Ok(#value)).transpose()
        },
        (false, true) => quote! {
            let value = #call.fetch_optional(connection).await?;
            Ok(match value {
                Some(value) => #value,
                None => None,
            })
        },
    }
}

fn build_row(query: &Query, engine: Engine) -> TokenStream {
    let name = ident(&query.row);
    let fields = query.columns.iter().map(|column| {
        let field = ident(&column.ident);
        let sql_field = format_ident!("r#{}", column.name);
        let sql_field = if syn::parse_str::<syn::Ident>(&column.name).is_ok() {
            ident(&column.name)
        } else {
            sql_field
        };
        let value = from_sql(quote!(row.#sql_field), column, engine);
        quote!(#field: #value)
    });
    quote!(#name { #(#fields),* })
}

/// Types that Postgres holds in a form of the runtime's own (`Pg`), SQLite as text or a number.
fn is_wrapped(base: &Base) -> bool {
    matches!(
        base,
        Base::Date | Base::Time | Base::DateTime | Base::Decimal(_)
    )
}

/// A value as sqlx gives it → the DSL's type.
fn from_sql(value: TokenStream, column: &Column, engine: Engine) -> TokenStream {
    if engine == Engine::Postgres {
        return match (is_wrapped(&column.ty.base), column.ty.nullable) {
            (true, true) => quote!(#value.map(|value| value.0)),
            (true, false) => quote!(#value.0),
            (false, _) => value,
        };
    }
    let convert = |ty: TokenStream| {
        if column.ty.nullable {
            quote!(#value.map(#ty::from_sql).transpose()?)
        } else {
            quote!(#ty::from_sql(#value)?)
        }
    };
    match (&column.ty.base, column.sqlite) {
        (Base::Date, _) => convert(quote!(Date)),
        (Base::Time, _) => convert(quote!(TimeOfDay)),
        (Base::DateTime, _) => convert(quote!(Instant)),
        (Base::Decimal(scale), _) => {
            let scale = proc_macro2::Literal::u8_unsuffixed(*scale);
            convert(quote!(<Decimal<#scale>>))
        }
        (Base::Bool, Storage::Integer) if column.ty.nullable => {
            quote!(#value.map(|value| value != 0))
        }
        (Base::Bool, Storage::Integer) => quote!(#value != 0),
        (Base::Real, Storage::Integer) if column.ty.nullable => {
            quote!(#value.map(|value| value as f64))
        }
        (Base::Real, Storage::Integer) => quote!(#value as f64),
        _ => value,
    }
}

/// What sqlx binds, where that is not the value itself.
fn to_sql(value: &TokenStream, ty: &Ty, engine: Engine) -> Option<TokenStream> {
    let convert = |value: &TokenStream| match (&ty.base, engine) {
        (Base::Choice(_), _) => Some(quote!(#value.value())),
        (base, Engine::Postgres) if is_wrapped(base) => Some(quote!(Pg(#value))),
        (base, Engine::Sqlite) if is_wrapped(base) => Some(quote!(#value.to_sql())),
        _ => None,
    };
    if ty.nullable {
        let convert = convert(&quote!(value))?;
        Some(quote!(#value.map(|value| #convert)))
    } else {
        convert(value)
    }
}

/// A parameter that is a bare built-in: read inside the function.
fn builtin(cx: FlowEmit<'_>, value: &Expr) -> Option<TokenStream> {
    use crate::ir::expr::Builtin;
    let ExprKind::Builtin(which) = value.kind else {
        return None;
    };
    let env = Env::new(cx, Site::Handler);
    let tokens = Values::new(&env).value(value);
    Some(match which {
        Builtin::BotInViews => quote!(#tokens.into_owned()),
        Builtin::UserFirstName | Builtin::Args => quote!(#tokens.to_owned()),
        Builtin::UserLastName | Builtin::UserUsername => quote!(#tokens.map(str::to_owned)),
        _ => tokens,
    })
}

/// The call: `(statements before, call)`.
pub fn call(env: &Env<'_>, query: &Query) -> (TokenStream, TokenStream) {
    let name = ident(&query.ident);
    let mut before = TokenStream::new();
    let mut args = Vec::new();
    for param in query
        .params
        .iter()
        .filter(|param| builtin(env.cx, &param.value).is_none())
    {
        let value = argument(env, param);
        if borrows_context(&param.value) {
            let local = ident(&param.ident);
            let owned = if param.ty.nullable {
                quote!(#value.map(str::to_owned))
            } else {
                quote!(#value.to_owned())
            };
            before.extend(quote!(let #local = #owned;));
            args.push(if param.ty.nullable {
                quote!(, #local.as_deref())
            } else {
                quote!(, &#local)
            });
        } else if super::expr::is_fallible(&param.value) || reads_clock(&param.value) {
            let local = ident(&param.ident);
            before.extend(quote!(let #local = #value;));
            args.push(quote!(, #local));
        } else {
            args.push(quote!(, #value));
        }
    }
    (before, quote!(#name(cx #(#args)*)))
}

fn argument(env: &Env<'_>, param: &Param) -> TokenStream {
    let value = Values::new(env).value(&param.value);
    let is_null = matches!(param.value.kind, ExprKind::Null);
    if param.ty.nullable && !param.value.ty.nullable && !is_null {
        quote!(Some(#value))
    } else {
        value
    }
}

fn reads_clock(e: &Expr) -> bool {
    let mut found = false;
    super::expr::walk(e, &mut |e| found |= matches!(e.kind, ExprKind::Builtin(_)));
    found
}
