//! `action.sql_query.v1` and `action.sql_exec.v1`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::actions::{Stage, leave};
use crate::emit::env::Env;
use crate::emit::{query, text};
use crate::ir::ActionKind;
use crate::ir::sql::Shape;

/// The value of running the statement; `optional`: as an `Option` (an action with `when`).
pub fn value(env: &Env<'_>, stage: Stage<'_>, action: &ActionKind, optional: bool) -> TokenStream {
    let ActionKind::Sql {
        query: id,
        result,
        on_conflict,
    } = action
    else {
        return TokenStream::new();
    };
    let query = &env.cx.flow.queries[id.0];
    let (before, call) = query::call(env, query);
    let nullable = match query.shape {
        Shape::Nothing | Shape::Rows | Shape::Flatten => false,
        Shape::Single { always } => !always,
        Shape::Scalar { always } => {
            !always
                || query
                    .columns
                    .first()
                    .is_some_and(|column| column.ty.nullable)
        }
    };
    let wrap = optional && !nullable;
    let value = match on_conflict {
        None => {
            let value = quote!(#call.await?);
            if wrap { quote!(Some(#value)) } else { value }
        }
        Some(conflict) => {
            let reply = text::call(env, &conflict.reply);
            let leave = leave(env, stage, conflict.target);
            let (pattern, taken) = if result.is_none() {
                (quote!(_), quote!({}))
            } else if wrap {
                (quote!(value), quote!(Some(value)))
            } else {
                (quote!(value), quote!(value))
            };
            quote! {
                match #call.await {
                    Ok(#pattern) => #taken,
                    Err(error) if error.is_conflict() => {
                        cx.undo().await?;
                        cx.reply(Message::new(#reply));
                        #leave
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    };
    if before.is_empty() {
        value
    } else {
        quote!({ #before #value })
    }
}
