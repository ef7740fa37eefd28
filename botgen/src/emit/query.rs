//! Statements: a row struct where rows are returned, and one function per statement around sqlx's checked macros.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::FlowEmit;
use super::env::{Env, Site};
use super::expr::{Values, borrows_context};
use super::format::{doc, ident, raw};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::sql::{Column, Param, Query, Shape, Storage};
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

/// The function.
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
        if let Some(converted) = to_sql(&quote!(#name), &param.ty) {
            lets.push(quote!(let #name = #converted;));
        }
    }
    let sql = raw(query.sql(crate::Engine::Sqlite));
    let order = query.sqlite.iter().flat_map(|text| &text.params);
    let args = order
        .filter_map(|i| query.params.get(*i))
        .map(|param| ident(&param.ident));
    let args = quote!(#(, #args)*);
    let db = if query.writes {
        quote!(cx.db_write().await?.sqlite()?)
    } else {
        quote!(cx.db().await?.sqlite()?)
    };
    let single_column = query.columns.len() == 1;
    let (result, body) = match query.shape {
        Shape::Nothing => (
            quote!(()),
            quote!(sqlx::query!(#sql #args).execute(#db).await?; Ok(())),
        ),
        Shape::Rows => {
            let row = ident(&query.row);
            let build = build_row(query);
            (
                quote!(Vec<#row>),
                quote! {
                    let rows = sqlx::query!(#sql #args).fetch_all(#db).await?;
                    rows.into_iter().map(|row| Ok(#build)).collect()
                },
            )
        }
        Shape::Single { always } => {
            let row = ident(&query.row);
            let build = build_row(query);
            if always {
                (
                    quote!(#row),
                    quote!(let row = sqlx::query!(#sql #args).fetch_one(#db).await?; Ok(#build)),
                )
            } else {
                (
                    quote!(Option<#row>),
                    quote! {
                        let row = sqlx::query!(#sql #args).fetch_optional(#db).await?;
                        row.map(|row| Ok(#build)).transpose()
                    },
                )
            }
        }
        Shape::Scalar { always } => scalar(cx, query, always, single_column, &sql, &args, &db),
        Shape::Flatten => {
            let Some(column) = query.columns.first() else {
                return TokenStream::new();
            };
            let item = cx.owned(&column.ty);
            let value = from_sql(quote!(value), column);
            (
                quote!(Vec<#item>),
                quote! {
                    let values = sqlx::query_scalar!(#sql #args).fetch_all(#db).await?;
                    values.into_iter().map(|value| Ok(#value)).collect()
                },
            )
        }
    };
    quote! {
        #docs
        async fn #name(cx: &mut Cx #(#params)*) -> Result<#result, HandlerError> {
            #(#lets)*
            #body
        }
    }
}

fn scalar(
    cx: FlowEmit<'_>,
    query: &Query,
    always: bool,
    single_column: bool,
    sql: &proc_macro2::Literal,
    args: &TokenStream,
    db: &TokenStream,
) -> (TokenStream, TokenStream) {
    let Some(column) = query.columns.first() else {
        return (quote!(()), quote!(Ok(())));
    };
    let ty = cx.owned(&column.ty.clone().with_null(column.ty.nullable || !always));
    let macro_call = if single_column {
        quote!(sqlx::query_scalar!(#sql #args))
    } else {
        quote!(sqlx::query!(#sql #args))
    };
    let pick = if single_column {
        quote!(value)
    } else {
        let field = format_ident!("r#{}", column.name);
        quote!(value.#field)
    };
    let value = from_sql(pick, column);
    let body = match (always, column.ty.nullable) {
        (true, _) => quote!(let value = #macro_call.fetch_one(#db).await?; Ok(#value)),
        (false, false) => quote! {
            let value = #macro_call.fetch_optional(#db).await?;
            value.map(|value| Ok(#value)).transpose()
        },
        (false, true) => quote! {
            let value = #macro_call.fetch_optional(#db).await?;
            Ok(match value {
                Some(value) => #value,
                None => None,
            })
        },
    };
    (ty, body)
}

fn build_row(query: &Query) -> TokenStream {
    let name = ident(&query.row);
    let fields = query.columns.iter().map(|column| {
        let field = ident(&column.ident);
        let sql_field = format_ident!("r#{}", column.name);
        let sql_field = if syn::parse_str::<syn::Ident>(&column.name).is_ok() {
            ident(&column.name)
        } else {
            sql_field
        };
        let value = from_sql(quote!(row.#sql_field), column);
        quote!(#field: #value)
    });
    quote!(#name { #(#fields),* })
}

/// A value as sqlx gives it → the DSL's type.
fn from_sql(value: TokenStream, column: &Column) -> TokenStream {
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
fn to_sql(value: &TokenStream, ty: &Ty) -> Option<TokenStream> {
    let convert = match &ty.base {
        Base::Date | Base::Time | Base::DateTime | Base::Decimal(_) => quote!(to_sql),
        Base::Choice(_) => quote!(value),
        _ => return None,
    };
    Some(if ty.nullable {
        quote!(#value.map(|value| value.#convert()))
    } else {
        quote!(#value.#convert())
    })
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
