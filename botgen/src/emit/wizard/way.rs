//! The ways from a question to the next.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::ask::awaits;
use super::names::{bare, variant};
use super::{bind_loaded, passes_over};
use crate::emit::FlowEmit;
use crate::emit::actions::{Stage, leave};
use crate::emit::env::{Env, Form, Site};
use crate::emit::expr::Values;
use crate::emit::format::{doc, ident};
use crate::emit::segments;
use crate::ir::types::Ty;
use crate::ir::{Step, Target, Wizard};

/// To step `position` in order, or past the end: a tail expression of type `Handled`.
pub fn way(env: &Env<'_>, wizard: &Wizard, position: usize) -> TokenStream {
    let Some(step) = wizard.steps.get(position) else {
        if wizard.on_complete.is_empty() {
            return quote!(cx.done());
        }
        let args = wizard
            .known_at_end
            .iter()
            .map(|var| env.kept(&var.ident, &var.ty));
        let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded));
        return quote!(complete(cx #loaded #(, #args)*).await);
    };
    if !passes_over(step) {
        return wait_call(env, wizard, position);
    }
    let name = format_ident!("to_{}", bare(&step.var.ident));
    let args = to_params(step)
        .into_iter()
        .map(|var| env.kept(&var.0, &var.1));
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded));
    quote!(#name(cx #loaded #(, #args)*).await)
}

/// Asks step `position` in any case: a tail expression of type `Handled`.
pub fn wait_call(env: &Env<'_>, wizard: &Wizard, position: usize) -> TokenStream {
    let step = &wizard.steps[position];
    let name = variant(wizard, step);
    let fields: Vec<_> = step
        .known
        .iter()
        .map(|var| field(env, &var.ident, &var.ty))
        .collect();
    let state = if fields.is_empty() {
        quote!(State::#name)
    } else {
        quote!(State::#name { #(#fields),* })
    };
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, &loaded));
    let (_, awaits) = awaits(wizard);
    quote!(wait(cx #loaded, &#state)#awaits)
}

pub(super) fn field(env: &Env<'_>, name: &str, ty: &Ty) -> TokenStream {
    let value = env.kept(name, ty);
    let name = ident(name);
    if name == value.to_string() {
        quote!(#name)
    } else {
        quote!(#name: #value)
    }
}

/// Known variables, and the argument that makes the step needless.
fn to_params(step: &Step) -> Vec<(String, Ty)> {
    let mut params: Vec<_> = step
        .known
        .iter()
        .map(|var| (var.ident.clone(), var.ty.clone()))
        .collect();
    if step.unless_arg {
        params.push((step.var.ident.clone(), step.var.ty.clone().with_null(true)));
    }
    params
}

pub(super) fn to_step(cx: FlowEmit<'_>, wizard: &Wizard, position: usize) -> TokenStream {
    let step = &wizard.steps[position];
    let name = format_ident!("to_{}", bare(&step.var.ident));
    let mut env = Env::new(cx, Site::Handler);
    bind_loaded(&mut env, wizard);
    let params = to_params(step).into_iter().map(|(name, ty)| {
        let (token, owned) = (ident(&name), cx.owned(&ty));
        env.bind(&name, quote!(#token), ty, Form::Owned);
        quote!(, #token: #owned)
    });
    let params: Vec<_> = params.collect();
    let given = step.unless_arg.then(|| {
        let var = ident(&step.var.ident);
        let mut inner = env.clone();
        inner.bind(
            &step.var.ident,
            quote!(#var),
            step.var.ty.clone().with_null(false),
            Form::Owned,
        );
        let on = way(&inner, wizard, position + 1);
        quote!(if let Some(#var) = #var { return #on; })
    });
    let skip = step.when.as_ref().map(|when| {
        let test = Values::new(&env).condition(when);
        let mut inner = env.clone();
        inner.vars.remove(&step.var.ident);
        let on = way(&inner, wizard, position + 1);
        quote!(if !(#test) { return #on; })
    });
    let wait = wait_call(&env, wizard, position);
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded: Loaded));
    let docs = doc(&format!(
        "On to `{}` ({}), or past it.",
        step.id, step.origin.0
    ));
    quote! {
        #docs
        async fn #name(cx: &mut Cx #loaded #(#params)*) -> Handled {
            #given
            #skip
            #wait
        }
    }
}

pub(super) fn after_call(env: &Env<'_>, wizard: &Wizard, position: usize) -> TokenStream {
    let step = &wizard.steps[position];
    let name = format_ident!("after_{}", bare(&step.var.ident));
    let args = step
        .known
        .iter()
        .chain([&step.var])
        .map(|var| env.kept(&var.ident, &var.ty));
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded));
    quote!(#name(cx #loaded #(, #args)*).await)
}

pub(super) fn after_step(cx: FlowEmit<'_>, wizard: &Wizard, position: usize) -> TokenStream {
    let step = &wizard.steps[position];
    let name = format_ident!("after_{}", bare(&step.var.ident));
    let mut env = Env::new(cx, Site::Handler);
    bind_loaded(&mut env, wizard);
    let params: Vec<_> = step
        .known
        .iter()
        .chain([&step.var])
        .map(|var| {
            env.local(var, Form::Owned);
            let (name, ty) = (ident(&var.ident), cx.owned(&var.ty));
            quote!(, #name: #ty)
        })
        .collect();
    let stage = Stage::Dialogue(wizard);
    let mut rest = |env: &mut Env<'_>| {
        let mut rest = TokenStream::new();
        for branch in &step.case {
            let leave = leave(env, stage, branch.target);
            match &branch.when {
                Some(when) => {
                    let test = Values::new(env).condition(when);
                    rest.extend(quote!(if #test { #leave }));
                }
                None => {
                    rest.extend(match branch.target {
                        Target::Step(step) => wait_call(env, wizard, step),
                        Target::End => quote!(cx.done()),
                    });
                    return rest;
                }
            }
        }
        rest.extend(way(env, wizard, position + 1));
        rest
    };
    let site = name.to_string();
    let actions = segments::list(&mut env, stage, &step.after, &site, &mut rest);
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded: Loaded));
    let docs = doc(&format!(
        "After the answer to `{}` ({}).",
        step.id, step.origin.0
    ));
    quote! {
        #docs
        async fn #name(cx: &mut Cx #loaded #(#params)*) -> Handled {
            #actions
        }
    }
}
