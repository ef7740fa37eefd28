//! A dialogue: its state as an enum with one variant per step, the questions, the answers, the ways between.

mod answer;
mod ask;
mod names;
mod state;
mod timeout;
mod way;

pub use ask::awaits;
pub use timeout::timeout_awaits;
pub use way::wait_call;

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::FlowEmit;
use crate::emit::actions::Stage;
use crate::emit::env::{Env, Form, Site};
use crate::emit::flow;
use crate::emit::format::{doc, ident, raw};
use crate::emit::rule::pattern;
use crate::emit::segments;
use crate::ir::{Step, Wizard, cost};
use answer::answer;
use ask::ask;
use names::pattern_name;
use state::{loaded_struct, spec, state_enum};
use timeout::timeout;
use way::{after_step, field, to_step, way};

/// Every item of the dialogue but `enter`.
pub fn items(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let spec = spec(cx, wizard);
    let loaded = loaded_struct(cx, wizard);
    let state = state_enum(cx, wizard);
    let patterns = wizard.steps.iter().filter_map(|step| {
        let name = pattern_name(step);
        let source = raw(pattern(&step.rule)?);
        let docs = doc(&format!("`validate.regex` of `{}`.", step.id));
        Some(quote!(#docs static #name: Pattern = Pattern::new(#source);))
    });
    let ask = ask(cx, wizard);
    let answer = answer(cx, wizard);
    let ways = wizard.steps.iter().enumerate().map(|(position, step)| {
        let to = passes_over(step).then(|| to_step(cx, wizard, position));
        let after = has_after(step).then(|| after_step(cx, wizard, position));
        quote!(#to #after)
    });
    let complete = complete(cx, wizard);
    let timeout = timeout(cx, wizard);
    quote! {
        #spec
        #(#patterns)*
        #loaded
        #state
        #ask
        #answer
        #(#ways)*
        #complete
        #timeout
    }
}

/// The last statements of `enter`: the dialogue begins.
pub fn begin(env: &mut Env<'_>, wizard: &Wizard) -> TokenStream {
    let build = if wizard.loaded.is_empty() {
        TokenStream::new()
    } else {
        let fields = wizard
            .loaded
            .iter()
            .map(|var| field(env, &var.ident, &var.ty));
        let fields: Vec<_> = fields.collect();
        quote!(let loaded = Loaded { #(#fields),* };)
    };
    bind_loaded(env, wizard);
    let first = way(env, wizard, 0);
    quote!(cx.begin(&FLOW); #build #first)
}

fn complete(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    if wizard.on_complete.is_empty() {
        return TokenStream::new();
    }
    let mut env = Env::new(cx, Site::Handler);
    bind_loaded(&mut env, wizard);
    let params: Vec<_> = wizard
        .known_at_end
        .iter()
        .map(|var| {
            env.local(var, Form::Owned);
            let (name, ty) = (ident(&var.ident), cx.owned(&var.ty));
            quote!(, #name: #ty)
        })
        .collect();
    let actions = segments::list(
        &mut env,
        Stage::Completion(wizard),
        &wizard.on_complete,
        "complete",
        &mut |_| quote!(cx.done()),
    );
    let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded: Loaded));
    let docs = doc(&format!(
        "Every question is answered. Effect: {}.",
        flow::effect(wizard.complete_effect, cost::of_completion(cx.flow, wizard))
    ));
    quote! {
        #docs
        async fn complete(cx: &mut Cx #loaded #(#params)*) -> Handled {
            #actions
        }
    }
}

fn bind_loaded(env: &mut Env<'_>, wizard: &Wizard) {
    for var in &wizard.loaded {
        let name = ident(&var.ident);
        env.bind(
            &var.ident,
            quote!(loaded.#name),
            var.ty.clone(),
            Form::Owned,
        );
    }
}

fn passes_over(step: &Step) -> bool {
    step.when.is_some() || step.unless_arg
}

fn has_after(step: &Step) -> bool {
    !step.after.is_empty() || !step.case.is_empty()
}
