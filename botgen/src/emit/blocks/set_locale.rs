//! `action.set_locale.v1`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::env::Env;
use crate::emit::expr::Values;
use crate::ir::expr::{Expr, ExprKind};

/// Stores the locale.
pub fn statements(env: &Env<'_>, locale: &Expr) -> TokenStream {
    let value = Values::new(env).value(locale);
    match locale.kind {
        ExprKind::Text(_) => quote!(cx.set_locale(#value).await?;),
        // The value may live in `cx`, which the verb borrows.
        _ => quote!(let locale = #value.to_owned(); cx.set_locale(&locale).await?;),
    }
}
