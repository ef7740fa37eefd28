//! What happens when nobody answers.

use proc_macro2::TokenStream;
use quote::quote;

use super::ask::awaits;
use super::bind_loaded;
use super::state::reading;
use super::way::wait_call;
use crate::emit::FlowEmit;
use crate::emit::actions::{Stage, list};
use crate::emit::env::{Env, Form, Site};
use crate::emit::format::{ident, mentions};
use crate::ir::{Timeout, Wizard};

/// What happens when nobody answers.
pub(super) fn timeout(cx: FlowEmit<'_>, wizard: &Wizard) -> TokenStream {
    let Some(does) = &wizard.timeout else {
        return TokenStream::new();
    };
    let mut said = TokenStream::new();
    let arms = wizard.steps.iter().map(|step| {
        let mut env = Env::new(cx, Site::Handler);
        bind_loaded(&mut env, wizard);
        for var in &step.known {
            env.local(var, Form::Owned);
        }
        let body = match does {
            Timeout::Reply { reads, .. } => {
                let args = reads.iter().map(|var| {
                    let value = env.kept(&var.ident, &var.ty);
                    quote!(, #value)
                });
                let args: Vec<_> = args.collect();
                let loaded = (!wizard.loaded.is_empty()).then(|| quote!(, loaded));
                quote!(timed_out(cx #loaded #(#args)*))
            }
            Timeout::Goto(to) => wait_call(&env, wizard, *to),
            Timeout::Cancel => quote!(cx.expire()),
        };
        let pattern = reading(wizard, step, &body);
        quote!(#pattern => #body)
    });
    let arms: Vec<_> = arms.collect();
    if let Timeout::Reply { action, reads } = does {
        let mut env = Env::new(cx, Site::Handler);
        bind_loaded(&mut env, wizard);
        let params: Vec<_> = reads
            .iter()
            .map(|var| {
                env.local(var, Form::Owned);
                let (name, ty) = (ident(&var.ident), cx.owned(&var.ty));
                quote!(, #name: #ty)
            })
            .collect();
        let (reply, _) = list(
            &mut env,
            Stage::Dialogue(wizard),
            std::slice::from_ref(action),
        );
        let loaded = loaded_param(wizard, &reply);
        said = quote! {
            /// Nobody has answered: the last words.
            fn timed_out(cx: &mut Cx #loaded #(#params)*) -> Handled {
                #reply
                cx.done()
            }
        };
    }
    let loaded = loaded_param(wizard, &quote!(#(#arms)*));
    let is_async = timeout_awaits(wizard).then(|| quote!(async));
    let state = if matches!(does, Timeout::Cancel) {
        quote! {
            /// Nobody has answered for the wizard's time.
            pub fn timeout(cx: &mut Cx #loaded, _state: State) -> Handled {
                cx.expire()
            }
        }
    } else {
        quote! {
            /// Nobody has answered the question of `state` for the wizard's time.
            pub #is_async fn timeout(cx: &mut Cx #loaded, state: State) -> Handled {
                match state { #(#arms),* }
            }
        }
    };
    quote!(#state #said)
}

/// Whether the timer's function awaits: it asks a question, and some questions run queries first.
pub fn timeout_awaits(wizard: &Wizard) -> bool {
    matches!(wizard.timeout, Some(Timeout::Goto(_))) && awaits(wizard).0.is_some()
}

/// The parameter of what was loaded, if there is any; what does not read it says so.
fn loaded_param(wizard: &Wizard, body: &TokenStream) -> Option<TokenStream> {
    (!wizard.loaded.is_empty()).then(|| {
        if mentions(body, "loaded") {
            quote!(, loaded: Loaded)
        } else {
            quote!(, _loaded: Loaded)
        }
    })
}
