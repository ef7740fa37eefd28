//! What a piece of generated code has at hand, and in which form.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use super::FlowEmit;
use super::expr::object_of;
use super::format::ident;
use super::types::is_copy;
use crate::ir::types::{Base, Ty, Variable};

/// How a name holds its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A place of the owned type: a local, `loaded.x`, `row.x`.
    Owned,
    /// A local of the borrowed type (parameters of texts and queries).
    Borrowed,
    /// A reference to the owned type (loop items, bindings of `match &state`).
    Reference,
}

/// A name.
#[derive(Debug, Clone)]
pub struct Binding {
    /// How to write it.
    pub tokens: TokenStream,
    /// Its type here (a test may have made it non-null).
    pub ty: Ty,
    /// See [`Form`].
    pub form: Form,
}

impl Binding {
    /// The value in its borrowed form.
    pub fn borrowed(&self) -> TokenStream {
        let x = &self.tokens;
        let nullable = self.ty.nullable;
        match (&self.ty.base, self.form) {
            (_, Form::Borrowed) => quote!(#x),
            (base, Form::Owned) if is_copy(base) => quote!(#x),
            (base, Form::Reference) if is_copy(base) => quote!(*#x),
            (Base::Text { .. } | Base::List { .. }, _) if nullable => quote!(#x.as_deref()),
            (_, _) if nullable => quote!(#x.as_ref()),
            (_, Form::Owned) => quote!(&#x),
            (_, Form::Reference) => quote!(#x),
        }
    }

    /// The value to keep: moves or clones what is not copied.
    pub fn taken(&self) -> TokenStream {
        let x = &self.tokens;
        match (&self.ty.base, self.form) {
            (base, Form::Reference) if is_copy(base) => quote!(*#x),
            (base, _) if is_copy(base) => quote!(#x),
            // A local is used for the last time where it is kept: what follows leaves the function.
            (_, Form::Owned) if syn::parse2::<syn::Ident>(x.clone()).is_ok() => quote!(#x),
            (Base::Text { .. }, Form::Borrowed) if !self.ty.nullable => quote!(#x.to_owned()),
            _ => quote!(#x.clone()),
        }
    }
}

/// Where code stands: decides how built-ins are read and what happens to a narrowed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// In a handler: built-ins from `cx`; a null where a test excluded it is reported as a bug of botgen.
    Handler,
    /// In a handler, where a message for others is rendered: built-ins from `words`, the locale's.
    Letter,
    /// In a text: built-ins from `words`; a null prints nothing.
    Text,
}

/// Names at hand.
#[derive(Debug, Clone)]
pub struct Env<'a> {
    /// The flow.
    pub cx: FlowEmit<'a>,
    /// By Rust identifier.
    pub vars: BTreeMap<String, Binding>,
    /// See [`Site`].
    pub site: Site,
    /// Options that an enclosing `if let` has bound: how they are written → the name.
    pub bound: BTreeMap<String, syn::Ident>,
}

impl<'a> Env<'a> {
    /// Nothing at hand.
    pub fn new(cx: FlowEmit<'a>, site: Site) -> Self {
        Self {
            cx,
            vars: BTreeMap::new(),
            site,
            bound: BTreeMap::new(),
        }
    }

    /// Adds a local of the same name.
    pub fn local(&mut self, var: &Variable, form: Form) {
        let name = ident(&var.ident);
        self.bind(&var.ident, quote!(#name), var.ty.clone(), form);
    }

    /// Adds a name.
    pub fn bind(&mut self, name: &str, tokens: TokenStream, ty: Ty, form: Form) {
        self.vars
            .insert(name.to_owned(), Binding { tokens, ty, form });
    }

    /// A name for the value inside of `option`: `hint`, unless that would hide another name at hand or is `taken`.
    pub fn binder(
        &self,
        hint: &str,
        option: &TokenStream,
        taken: impl Fn(&syn::Ident) -> bool,
    ) -> syn::Ident {
        let stem = crate::check::snake(hint);
        let stem = stem.trim_start_matches("r#");
        let own = option.to_string();
        let hides = |name: &syn::Ident| {
            let word = name.to_string();
            // `x.as_deref()` and `*x` may well be bound to `x` again.
            let same = |tokens: &TokenStream| {
                let tokens = tokens.to_string();
                own.strip_prefix("* ").unwrap_or(&own).split(" .").next() == Some(tokens.as_str())
            };
            self.vars
                .values()
                .any(|binding| binding.tokens.to_string() == word && !same(&binding.tokens))
                || self.bound.values().any(|bound| bound == name)
        };
        let mut number = 1;
        loop {
            let word = match number {
                1 => stem.to_owned(),
                _ => format!("{stem}_{number}"),
            };
            let word = if crate::check::snake(&word).starts_with("r#") {
                quote::format_ident!("{}_", word)
            } else {
                ident(&word)
            };
            if !hides(&word) && !taken(&word) {
                return word;
            }
            number += 1;
        }
    }

    /// What texts see from here.
    pub fn words(&self) -> TokenStream {
        match self.site {
            Site::Handler => quote!(cx.words()),
            Site::Text | Site::Letter => quote!(words),
        }
    }

    /// The variable as an argument of type `wanted` (borrowed form): wraps in `Some` or unwraps what a test has shown.
    pub fn argument(&self, name: &str, wanted: &Ty) -> TokenStream {
        let Some(binding) = self.vars.get(name) else {
            return quote!(None);
        };
        let value = binding.borrowed();
        match (binding.ty.nullable, wanted.nullable) {
            (false, true) => quote!(Some(#value)),
            (true, false) => {
                let why = format!("`{}` is null after a test", name.trim_start_matches("r#"));
                let value = object_of(value);
                quote!(#value.ok_or(HandlerError::Bug(#why))?)
            }
            _ => value,
        }
    }

    /// The variable to keep as `wanted` (owned).
    pub fn kept(&self, name: &str, wanted: &Ty) -> TokenStream {
        let Some(binding) = self.vars.get(name) else {
            return quote!(None);
        };
        let value = binding.taken();
        match (binding.ty.nullable, wanted.nullable) {
            (false, true) => quote!(Some(#value)),
            (true, false) => {
                let why = format!("`{}` is null after a test", name.trim_start_matches("r#"));
                let value = object_of(value);
                quote!(#value.ok_or(HandlerError::Bug(#why))?)
            }
            _ => value,
        }
    }
}
