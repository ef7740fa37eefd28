//! The questions.

use proc_macro2::TokenStream;
use quote::quote;

use super::bind_loaded;
use super::state::reading;
use crate::emit::FlowEmit;
use crate::emit::blocks;
use crate::emit::env::{Env, Form, Site};
use crate::emit::expr::Values;
use crate::emit::text;
use crate::ir::types::ChoiceId;
use crate::ir::{Rule, Step, Wizard};

pub(super) fn ask(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let (loaded_param, loaded_ref) = if wizard.loaded.is_empty() {
        (TokenStream::new(), quote!(&()))
    } else {
        (quote!(, loaded: &Loaded), quote!(loaded))
    };
    let loaded_arg = (!wizard.loaded.is_empty()).then(|| quote!(, loaded));
    let arms = wizard.steps.iter().enumerate().map(|(position, step)| {
        let mut env = Env::new(cx, Site::Handler);
        bind_loaded(&mut env, wizard);
        for var in &step.known {
            env.local(var, Form::Reference);
        }
        let words = text::call(&env, &step.ask);
        let number = position;
        let position = proc_macro2::Literal::usize_unsuffixed(position);
        let body = match &step.rule {
            Rule::Choice { choice } => {
                let (before, options) = options(&env, *choice);
                quote!(#before cx.ask(&FLOW, #position, #words, #options);)
            }
            Rule::Widget(widget) => {
                let build = blocks::widget::build(&env, widget, number, false);
                quote!(#build let text = #words; cx.show(&FLOW, #position, text, &widget);)
            }
            _ => quote!(cx.ask(&FLOW, #position, #words, Vec::new());),
        };
        let pattern = reading(wizard, step, &body);
        quote!(#pattern => { #body })
    });
    let (is_async, awaits) = awaits(wizard);
    quote! {
        /// Asks the question of `state`.
        pub #is_async fn ask(cx: &mut Cx #loaded_param, state: &State) -> Handled {
            match state { #(#arms)* }
            Ok(())
        }

        /// Asks the question of `state` and waits for its answer.
        #is_async fn wait(cx: &mut Cx #loaded_param, state: &State) -> Handled {
            ask(cx #loaded_arg, state)#awaits?;
            cx.wait(&FLOW, state.position(), #loaded_ref, state)
        }
    }
}

/// `async` and `.await` of what asks questions, where some of them run queries first.
pub fn awaits(wizard: &Wizard) -> (Option<TokenStream>, Option<TokenStream>) {
    let queries = |step: &Step| match &step.rule {
        Rule::Widget(widget) => !widget.queries().is_empty(),
        _ => false,
    };
    let any = wizard.steps.iter().any(queries);
    (any.then(|| quote!(async)), any.then(|| quote!(.await)))
}

/// The options of a choice with their labels: `(statements before, expression)`.
fn options(env: &Env<'_>, choice: ChoiceId) -> (TokenStream, TokenStream) {
    let choice = &env.cx.flow.choices[choice.0];
    let entries = choice.options.iter().enumerate().map(|(position, option)| {
        let label = text::call(env, &option.label);
        let position = proc_macro2::Literal::usize_unsuffixed(position);
        (quote!((#position, #label)), &option.when)
    });
    if choice.options.iter().all(|option| option.when.is_none()) {
        let entries = entries.map(|(entry, _)| entry);
        return (TokenStream::new(), quote!(vec![#(#entries),*]));
    }
    let pushes = entries.map(|(entry, when)| match when {
        None => quote!(options.push(#entry);),
        Some(when) => {
            let test = Values::new(env).condition(when);
            quote!(if #test { options.push(#entry); })
        }
    });
    (
        quote!(let mut options = Vec::new(); #(#pushes)*),
        quote!(options),
    )
}
