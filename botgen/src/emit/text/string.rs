//! A text where a value is wanted: printed into a `String`.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::print::printed;
use crate::emit::env::{Binding, Env, Form};
use crate::emit::expr::{Values, object_of};
use crate::emit::format::ident;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::text::{How, Print};
use crate::ir::types::{Base, Ty};

/// The printed value as a `String`, not escaped.
pub fn string(values: &mut Values<'_, '_>, print: &Print) -> TokenStream {
    if let How::Or(other, how) = &print.how {
        let other = string(values, other);
        let option = values.value(&print.value);
        let mut inner = values.env.clone();
        inner.bind(
            "value",
            quote!(value),
            print.value.ty.clone().with_null(false),
            Form::Borrowed,
        );
        let value = Expr {
            ty: print.value.ty.clone().with_null(false),
            kind: ExprKind::Var {
                ident: "value".into(),
                narrowed: false,
            },
        };
        let some = string(
            &mut Values::new(&inner),
            &Print {
                value,
                how: (**how).clone(),
            },
        );
        return quote!(#option.map_or_else(|| #other, |value| #some));
    }
    let value = values.value(&print.value);
    string_of(values.env, value, &print.value.ty, &print.how)
}

fn string_of(env: &Env<'_>, value: TokenStream, ty: &Ty, how: &How) -> TokenStream {
    let words = env.words();
    match (how, &ty.base) {
        (How::Plain, Base::Text { .. }) => {
            let value = object_of(value);
            quote!(#value.to_owned())
        }
        (How::Plain, Base::Choice(_)) => {
            let value = object_of(value);
            quote!(#value.value().to_owned())
        }
        (How::Label(_), _) => {
            let value = object_of(value);
            quote!(#value.label(#words).into_string())
        }
        (How::LabelOf { command, choice }, _) => {
            let Some(flow) = env
                .cx
                .bot
                .flows
                .iter()
                .find(|flow| flow.command == *command)
            else {
                return quote!(#value.to_owned());
            };
            let name = ident(&flow.choices[choice.0].name);
            let path = if flow.module == env.cx.flow.module {
                quote!(#name)
            } else {
                let module = ident(&flow.module);
                quote!(super::#module::#name)
            };
            quote!(label_of::<#path>(#value, #words))
        }
        (How::Upper(inner), _) => {
            let inner = string_of(env, value, ty, inner);
            quote!(#inner.to_uppercase())
        }
        (How::Lower(inner), _) => {
            let inner = string_of(env, value, ty, inner);
            quote!(#inner.to_lowercase())
        }
        (How::Truncate(max, inner), _) => {
            let inner = string_of(env, value, ty, inner);
            let max = Literal::usize_unsuffixed(*max);
            quote!(cut(&#inner, #max).into_owned())
        }
        (How::Join { separator, each }, Base::List { item: item_ty, .. }) => {
            let item = Binding {
                tokens: quote!(each),
                ty: (**item_ty).clone(),
                form: Form::Reference,
            }
            .borrowed();
            let each = string_of(env, item, item_ty, each);
            let value = object_of(value);
            quote!(#value.iter().map(|each| #each).collect::<Vec<_>>().join(#separator))
        }
        (How::Or(..), _) => quote!(#value.to_string()),
        (how, base) => {
            let shown = printed(&quote!(#words.plain()), value, base, how);
            quote!(#shown.to_string())
        }
    }
}
