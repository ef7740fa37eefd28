//! The dialogue as types: what the runtime knows of it, what is known at each step.

use proc_macro2::TokenStream;
use quote::quote;

use super::names::variant;
use crate::emit::FlowEmit;
use crate::emit::flow;
use crate::emit::format::{doc, ident, mentions};
use crate::emit::rule::wanted;
use crate::ir::{Rule, Step, Wizard, cost};

pub(super) fn spec(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let command = &cx.flow.command;
    let ttl = proc_macro2::Literal::i64_unsuffixed(wizard.ttl);
    let timed = wizard.timeout.is_some();
    let steps = wizard.steps.iter().enumerate().map(|(position, step)| {
        let cost = cost::of_step(cx.flow, wizard, position);
        let (effect, reads, writes) = flow::class(step.effect, cost);
        let (id, optional) = (&step.id, step.optional);
        let wanted = wanted(&step.rule);
        let options: Vec<String> = match &step.rule {
            Rule::Choice { choice } => cx.flow.choices[choice.0].options.iter().map(|o| o.value.clone()).collect(),
            Rule::Bool { .. } => vec!["true".into(), "false".into()],
            _ => Vec::new(),
        };
        quote!(StepSpec { id: #id, optional: #optional, options: &[#(#options),*], wanted: Wanted::#wanted, effect: Effect::#effect, reads: Reads::#reads, writes: Writes::#writes })
    });
    let docs = doc(&format!("`/{command}` as the runtime knows it."));
    quote! {
        #docs
        pub static FLOW: WizardSpec = WizardSpec { command: #command, ttl: #ttl, on_timeout: #timed, steps: &[#(#steps),*] };
    }
}

pub(super) fn loaded_struct(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    if wizard.loaded.is_empty() {
        return TokenStream::new();
    }
    let fields = wizard.loaded.iter().map(|var| {
        let (name, ty) = (ident(&var.ident), cx.owned(&var.ty));
        let docs = doc(&format!("`{}`.", var.name));
        quote!(#docs pub #name: #ty)
    });
    quote! {
        /// What is known from the start, kept with the conversation.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(crate = "runtime_core::prelude::serde")]
        pub struct Loaded { #(#fields),* }
    }
}

pub(super) fn state_enum(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let docs = doc(&format!(
        "Where a person can be in `/{}`, and what is known there.",
        cx.flow.command
    ));
    let variants = wizard.steps.iter().map(|step| {
        let name = variant(wizard, step);
        let docs = doc(&format!("`{}`, {}.", step.id, step.origin.0));
        let rename = (name != step.id).then(|| {
            let id = &step.id;
            quote!(#[serde(rename = #id)])
        });
        let fields = step.known.iter().map(|var| {
            let (name, ty) = (ident(&var.ident), cx.owned(&var.ty));
            let docs = doc(&format!("`{}`.", var.name));
            quote!(#docs #name: #ty)
        });
        let fields: Vec<_> = fields.collect();
        if fields.is_empty() {
            quote!(#docs #rename #name)
        } else {
            quote!(#docs #rename #name { #(#fields),* })
        }
    });
    let positions = wizard.steps.iter().enumerate().map(|(position, step)| {
        let name = variant(wizard, step);
        let position = proc_macro2::Literal::usize_unsuffixed(position);
        if step.known.is_empty() {
            quote!(Self::#name => #position)
        } else {
            quote!(Self::#name { .. } => #position)
        }
    });
    quote! {
        #docs
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(crate = "runtime_core::prelude::serde")]
        pub enum State { #(#variants),* }

        impl State {
            /// Index of its step.
            fn position(&self) -> usize {
                match self { #(#positions),* }
            }
        }
    }
}

/// A pattern of the step's state that binds what `body` reads of it, nothing else.
pub(super) fn reading(wizard: &Wizard, step: &Step, body: &TokenStream) -> TokenStream {
    let name = variant(wizard, step);
    let read = step.known.iter().filter(|var| mentions(body, &var.ident));
    let read: Vec<_> = read.map(|var| ident(&var.ident)).collect();
    match (read.len(), step.known.len()) {
        (_, 0) => quote!(State::#name),
        (a, b) if a == b => quote!(State::#name { #(#read),* }),
        (0, _) => quote!(State::#name { .. }),
        _ => quote!(State::#name { #(#read,)* .. }),
    }
}
