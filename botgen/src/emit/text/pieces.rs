//! The pieces of a text, one after the other.

use botfactory_lang::markup::Place;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::print::shown;
use super::string::string;
use crate::emit::env::{Env, Form};
use crate::emit::expr::{Values, object_of};
use crate::emit::format::{ident, mentions};
use crate::ir::expr::{Builtin, Expr, ExprKind};
use crate::ir::text::{How, KeyArg, Piece, Print};
use crate::ir::types::{Base, Ty};

/// Statements that print the pieces into `out`.
pub(super) fn pieces(env: &Env<'_>, list: &[Piece], top: bool) -> TokenStream {
    let mut out = TokenStream::new();
    let mut line = Line::default();
    for piece in list {
        match piece {
            Piece::Literal(words) => line.literal(words),
            Piece::Value { print, place } => {
                let mut values = Values::new(env);
                let shown = shown(&mut values, print, *place);
                line.value(&mut out, values, shown);
            }
            Piece::Key {
                key,
                attribute,
                args,
                place,
            } => {
                let mut values = Values::new(env);
                let args = args
                    .iter()
                    .map(|(name, arg)| key_arg(&mut values, name, arg))
                    .collect::<Vec<_>>();
                let args = quote!(Args::new() #(#args)*);
                let p = printer(*place);
                let shown = match attribute {
                    Some(attribute) => quote!(#p.t_attribute(#key, #attribute, #args)),
                    None => quote!(#p.t(#key, #args)),
                };
                line.value(&mut out, values, shown);
            }
            Piece::Each {
                list,
                item,
                indexed,
                body,
                otherwise,
            } => {
                line.flush(&mut out);
                out.extend(each(env, list, item, *indexed, body, otherwise, top));
            }
            Piece::If { arms, otherwise } => {
                line.flush(&mut out);
                out.extend(branches(env, arms, otherwise, top));
            }
        }
    }
    line.flush(&mut out);
    out
}

pub(super) fn each(
    env: &Env<'_>,
    list: &Expr,
    item: &str,
    indexed: bool,
    body: &[Piece],
    otherwise: &[Piece],
    top: bool,
) -> TokenStream {
    let mut values = Values::new(env);
    let rows = values.value(list);
    let item_ty = match &list.ty.base {
        Base::List { item, .. } => (**item).clone(),
        _ => Ty::some(Base::Null),
    };
    let mut inner = env.clone();
    let name = ident(item);
    inner.bind(item, quote!(#name), item_ty, Form::Reference);
    let body = pieces(&inner, body, false);
    let row_end = top.then(|| quote!(out.row();));
    let walk = if indexed {
        quote!(for (index, #name) in (1_i64..).zip(#rows) { #body #row_end })
    } else {
        quote!(for #name in #rows { #body #row_end })
    };
    let statement = if otherwise.is_empty() {
        walk
    } else {
        let otherwise = pieces(env, otherwise, top);
        let list = object_of(rows);
        quote!(if #list.is_empty() { #otherwise } else { #walk })
    };
    values.guard(statement)
}

fn branches(
    env: &Env<'_>,
    arms: &[(Expr, Vec<Piece>)],
    otherwise: &[Piece],
    top: bool,
) -> TokenStream {
    let mut out = TokenStream::new();
    for (position, (condition, body)) in arms.iter().enumerate() {
        if position > 0 {
            out.extend(quote!(else));
        }
        // `{{#if x is not null}}` reads best as a pattern that binds `x`.
        if let Some((binder, option)) = tested(env, condition) {
            let mut inner = env.clone();
            inner.bound.insert(option.to_string(), binder.clone());
            let body = pieces(&inner, body, top);
            let pattern = if mentions(&body, &binder.to_string()) {
                quote!(#binder)
            } else {
                quote!(_)
            };
            out.extend(quote!(if let Some(#pattern) = #option { #body }));
        } else {
            let test = Values::new(env).condition(condition);
            let body = pieces(env, body, top);
            out.extend(quote!(if #test { #body }));
        }
    }
    if !otherwise.is_empty() {
        let body = pieces(env, otherwise, top);
        out.extend(quote!(else { #body }));
    }
    out
}

/// `x is not null` on a variable or field that is nullable here: `(name to bind, option)`.
pub(super) fn tested(env: &Env<'_>, condition: &Expr) -> Option<(syn::Ident, TokenStream)> {
    let ExprKind::IsNull {
        value,
        negated: true,
    } = &condition.kind
    else {
        return None;
    };
    let hint = match &value.kind {
        ExprKind::Var {
            ident: name,
            narrowed: false,
        } => {
            if !env.vars.get(name)?.ty.nullable {
                return None;
            }
            name.trim_start_matches("r#").to_owned()
        }
        ExprKind::Builtin(Builtin::UserLastName) => "user_last_name".to_owned(),
        ExprKind::Builtin(Builtin::UserUsername) => "user_username".to_owned(),
        ExprKind::Field {
            of,
            ident: field,
            narrowed: false,
        } if value.ty.nullable => {
            let ExprKind::Var { ident: of, .. } = &of.kind else {
                return None;
            };
            format!(
                "{}_{}",
                of.trim_start_matches("r#"),
                field.trim_start_matches("r#")
            )
        }
        _ => return None,
    };
    let mut values = Values::new(env);
    let option = values.value(value);
    if !values.unwraps.is_empty() {
        return None;
    }
    let binder = env.binder(&hint, &option, |_| false);
    Some((binder, option))
}

/// Collects literals and values into one `write!`.
#[derive(Default)]
struct Line {
    format: String,
    values: Vec<TokenStream>,
    plain: String,
    before: TokenStream,
    /// Values that stand before the `write!`, under a name.
    bound: usize,
}

impl Line {
    fn literal(&mut self, words: &str) {
        self.plain.push_str(words);
        self.format
            .push_str(&words.replace('{', "{{").replace('}', "}}"));
    }

    fn value(&mut self, out: &mut TokenStream, values: Values<'_, '_>, shown: TokenStream) {
        if values.unwraps.is_empty() {
            // rustfmt's like cannot break a macro's arguments: what is long stands before it, under a name.
            if shown.to_string().len() > 48 {
                let name = quote::format_ident!("shown_{}", self.bound + 1);
                self.before.extend(quote!(let #name = #shown;));
                self.format.push_str(&format!("{{{name}}}"));
                self.bound += 1;
            } else {
                self.format.push_str("{}");
                self.values.push(shown);
            }
        } else {
            self.flush(out);
            out.extend(values.guard(quote!(write!(out, "{}", #shown);)));
        }
    }

    fn flush(&mut self, out: &mut TokenStream) {
        let line = std::mem::take(self);
        if !line.values.is_empty() || line.bound > 0 {
            let (values, before) = (line.values, line.before);
            // clippy's `write_with_newline`.
            let (verb, format) = match line.format.strip_suffix('\n') {
                Some(format) => (quote!(writeln!), format),
                None => (quote!(write!), line.format.as_str()),
            };
            let format = Literal::string(format);
            out.extend(quote!(#before #verb(out, #format #(, #values)*);));
        } else if !line.plain.is_empty() {
            let words = Literal::string(&line.plain);
            out.extend(quote!(out.push(#words);));
        }
    }
}

pub(super) fn printer(place: Place) -> TokenStream {
    match place {
        Place::Text => quote!(p),
        Place::Code => quote!(p.code()),
        Place::Attribute => quote!(p.attribute()),
        Place::Address => quote!(p.address()),
    }
}

pub(super) fn key_arg(values: &mut Values<'_, '_>, name: &str, arg: &KeyArg) -> TokenStream {
    let value = match arg {
        KeyArg::Value(e) if matches!(e.ty.base, Base::Choice(_)) => {
            let value = values.value(e);
            let value = object_of(value);
            quote!(#value.value())
        }
        KeyArg::Value(e) => values.value(e),
        KeyArg::Printed(Print {
            value,
            how: How::Plain,
        }) if matches!(value.ty.base, Base::Choice(_)) => {
            let value = values.value(value);
            let value = object_of(value);
            quote!(#value.value())
        }
        KeyArg::Printed(Print {
            value,
            how: How::Plain,
        }) if matches!(value.ty.base, Base::Text { .. }) => values.value(value),
        KeyArg::Printed(print) => string(values, print),
    };
    quote!(.with(#name, #value))
}
