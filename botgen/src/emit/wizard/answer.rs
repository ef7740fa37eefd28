//! The answers.

use proc_macro2::TokenStream;
use quote::quote;

use super::names::{pattern_name, variant};
use super::way::{after_call, way};
use super::{bind_loaded, has_after};
use crate::emit::FlowEmit;
use crate::emit::blocks;
use crate::emit::env::{Env, Form, Site};
use crate::emit::format::ident;
use crate::emit::rule::parse;
use crate::emit::text;
use crate::ir::widget::Widget;
use crate::ir::{Rule, Step, Wizard};

pub(super) fn answer(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let arms = wizard.steps.iter().enumerate().map(|(position, step)| {
        let mut env = Env::new(cx, Site::Handler);
        bind_loaded(&mut env, wizard);
        for var in &step.known {
            env.local(var, Form::Owned);
        }
        let read = read(&env, step, position);
        let mut answered = step.var.clone();
        answered.ty.nullable = step.optional;
        env.local(&answered, Form::Owned);
        let on = if has_after(step) {
            after_call(&env, wizard, position)
        } else {
            way(&env, wizard, position + 1)
        };
        let name = variant(wizard, step);
        let fields = step.known.iter().map(|var| ident(&var.ident));
        let pattern = if step.known.is_empty() {
            quote!(State::#name)
        } else {
            quote!(State::#name { #(#fields),* })
        };
        quote!(#pattern => { #read #on })
    });
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded: Loaded));
    quote! {
        /// Takes the answer to the question of `state`.
        pub async fn answer(cx: &mut Cx #loaded, state: State, given: Given<'_>) -> Handled {
            match state { #(#arms)* }
        }
    }
}

/// Reads the answer into its variable, or refuses it.
fn read(env: &Env<'_>, step: &Step, position: usize) -> TokenStream {
    let name = ident(&step.var.ident);
    let number = position;
    let position = proc_macro2::Literal::usize_unsuffixed(position);
    let words = match &step.refusal {
        Some(refusal) => {
            let words = text::call(env, refusal);
            quote!(Some(#words))
        }
        None => quote!(None),
    };
    let refuse = if step.refusal.is_some() {
        quote!({ let text = #words; cx.refuse(&FLOW, #position, &refusal, text); return Ok(()); })
    } else {
        quote!({ cx.refuse(&FLOW, #position, &refusal, None); return Ok(()); })
    };
    if let Rule::Widget(widget) = &step.rule {
        let build = blocks::widget::build(env, widget, number, true);
        let ask = text::call(env, &step.ask);
        let (some, bind) = if step.optional {
            let skipped = quote!(let #name = if given.skipped() { None } else);
            (quote!(Some(value)), skipped)
        } else {
            (quote!(value), quote!(let #name =))
        };
        let refuse = match widget {
            // Somebody else may have taken what its buttons offer.
            Widget::Calendar(_) => quote!({
                let text = #words;
                cx.refuse(&FLOW, #position, &refusal, text);
                let text = #ask;
                return cx.redraw(&FLOW, #position, text, &widget, &given);
            }),
            _ => refuse,
        };
        let read = quote! {
            match cx.give(&widget, &given) {
                Ok(Turned::Value(value)) => #some,
                Ok(Turned::View(view)) => {
                    let text = #ask;
                    return cx.turn(&FLOW, #position, text, &widget, view);
                }
                Ok(Turned::Nothing) => return Ok(()),
                Err(refusal) => #refuse
            }
        };
        return quote!(#bind { #build #read };);
    }
    let (before, parsed) = parse(env, &step.rule, Some(&pattern_name(step)));
    if step.optional {
        quote! {
            #before
            let #name = if given.skipped() {
                None
            } else {
                match #parsed {
                    Ok(#name) => Some(#name),
                    Err(refusal) => #refuse
                }
            };
        }
    } else {
        quote! {
            #before
            let #name = match #parsed {
                Ok(#name) => #name,
                Err(refusal) => #refuse
            };
        }
    }
}
