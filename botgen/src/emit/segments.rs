//! Handlers in segments: where the model is asked the function ends, and what follows is another one that is given what it
//! needs to know.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::FlowEmit;
use super::actions::{Stage, leave, one};
use super::blocks::llm::{Cut, receive, think};
use super::env::{Binding, Env, Form};
use super::expr::Values;
use super::flow::rows_of;
use super::format::{camel, doc, ident, mentions};

use crate::ir::Action;
use crate::ir::types::Ty;

/// The segments of a flow so far.
#[derive(Debug, Default)]
pub struct Cuts {
    /// How many each place has.
    numbers: BTreeMap<String, usize>,
    /// Name and function of each.
    names: Vec<(String, syn::Ident)>,
    items: Vec<TokenStream>,
    /// Types of what is handed over.
    kept: Vec<Ty>,
}

/// What runs after the last action: statements that end the function.
pub type Tail<'t, 'a> = &'t mut dyn FnMut(&mut Env<'a>) -> TokenStream;

/// Actions and what follows them; `site` is the function that they stand in.
pub fn list<'a>(
    env: &mut Env<'a>,
    stage: Stage<'a>,
    actions: &'a [Action],
    site: &str,
    tail: Tail<'_, 'a>,
) -> TokenStream {
    let mut out = TokenStream::new();
    for (position, action) in actions.iter().enumerate() {
        if let Some(cut) = Cut::of(action) {
            let rest = actions.get(position + 1..).unwrap_or_default();
            out.extend(segment(env, stage, (action, cut), rest, site, tail));
            return out;
        }
        out.extend(one(env, stage, action));
        if action.goto.is_some() && action.when.is_none() {
            return out;
        }
    }
    out.extend(tail(env));
    out
}

fn segment<'a>(
    env: &mut Env<'a>,
    stage: Stage<'a>,
    (action, cut): (&'a Action, Cut<'a>),
    rest: &'a [Action],
    site: &str,
    tail: Tail<'_, 'a>,
) -> TokenStream {
    let number = {
        let mut cuts = env.cx.cuts.borrow_mut();
        let number = cuts.numbers.entry(site.to_owned()).or_insert(0);
        *number += 1;
        *number
    };
    let name = format!("{site}.{number}");
    let plain = site.replace("r#", "");
    let function = format_ident!("go_on_{plain}_{number}");
    let constant = format_ident!("SEGMENT_{}_{number}", plain.to_uppercase());
    let vars = format_ident!("Segment{}{number}", camel(&plain));
    let flow = env.cx.flow;
    let place = format!("{}.{name}", flow.command);

    // What follows, with what is at hand here as its own.
    let mut next = env.clone();
    next.bound.clear();
    let leaves = |env: &Env<'a>| action.goto.map(|target| leave(env, stage, target));
    let received = receive(&mut next, action, cut, leaves);
    let ended = action.goto.is_some() && action.when.is_none();
    let follows = if ended {
        TokenStream::new()
    } else {
        list(&mut next, stage, rest, site, tail)
    };
    let body = quote!(#received #follows);

    // Of that, what it reads.
    let mut fields = Vec::new();
    let mut loaded = false;
    for (name, binding) in &env.vars {
        if is_loaded(binding) {
            loaded |= mentions(&body, "loaded");
        } else if binding.form == Form::Owned
            && binding.tokens.to_string() == *name
            && mentions(&body, name)
        {
            fields.push((ident(name), binding.clone()));
        }
    }
    let names: Vec<_> = fields.iter().map(|(name, _)| name).collect();
    let keep = loaded.then(|| quote!(loaded,));
    let declared = fields.iter().map(|(name, binding)| {
        let ty = env.cx.owned(&binding.ty);
        quote!(#name: #ty,)
    });
    let declared_loaded = loaded.then(|| quote!(loaded: Loaded,));
    let built = quote!(#vars { #(#names,)* #keep });
    let wizard = match &flow.wizard {
        Some(_) => quote!(Some(&FLOW)),
        None => quote!(None),
    };
    let command = &flow.command;
    let timeout = Literal::u32_unsuffixed(cut.timeout());
    let docs = doc(&format!(
        "What is known after {} (`{name}`).",
        action.origin.0
    ));
    let docs_static = doc(&format!("`{name}` as the runtime knows it."));
    let docs_function = doc(&format!("After {}.", action.origin.0));
    let items = quote! {
        #docs
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(crate = "runtime_core::prelude::serde")]
        struct #vars { #(#declared)* #declared_loaded }

        #docs_static
        static #constant: Segment = Segment { flow: #command, name: #name, wizard: #wizard, timeout: #timeout };

        #docs_function
        async fn #function(cx: &mut Cx, vars: #vars, went: Went<'_>) -> Handled {
            let #built = vars;
            #body
        }
    };
    {
        let mut cuts = env.cx.cuts.borrow_mut();
        cuts.names.push((name, function.clone()));
        cuts.items.push(items);
        cuts.kept.extend(fields.iter().map(|(_, b)| b.ty.clone()));
    }

    let asked = think(env, cut, &place);
    let test = action
        .when
        .as_ref()
        .map(|when| Values::new(env).condition(when));
    match (test, cut) {
        (None, Cut::Ask(_)) => quote! {
            let asked = #asked;
            cx.think(&#constant, &#built, asked)
        },
        (None, Cut::Improve(..)) => quote! {
            let asked = #asked;
            match asked {
                Some(asked) => cx.think(&#constant, &#built, asked),
                None => #function(cx, #built, Went::On).await,
            }
        },
        (Some(test), Cut::Ask(_)) => quote! {
            let asked = if #test { Some(#asked) } else { None };
            match asked {
                Some(asked) => cx.think(&#constant, &#built, asked),
                None => #function(cx, #built, Went::Past).await,
            }
        },
        (Some(test), Cut::Improve(..)) => quote! {
            let asked = if #test { Some(#asked) } else { None };
            match asked {
                Some(Some(asked)) => cx.think(&#constant, &#built, asked),
                Some(None) => #function(cx, #built, Went::On).await,
                None => #function(cx, #built, Went::Past).await,
            }
        },
    }
}

/// A variable that is kept with the conversation.
fn is_loaded(binding: &Binding) -> bool {
    binding.tokens.to_string().starts_with("loaded .")
}

/// Every segment, once everything else of the flow is written; and the queries whose rows are kept anywhere.
pub fn items(cx: FlowEmit<'_>, mut kept: BTreeSet<usize>) -> (TokenStream, BTreeSet<usize>) {
    let cuts = cx.cuts.take();
    for ty in &cuts.kept {
        rows_of(ty, &mut kept);
    }
    if cuts.names.is_empty() {
        return (TokenStream::new(), kept);
    }
    let arms = cuts.names.iter().map(|(name, function)| {
        quote!(#name => { let vars = answer.vars()?; #function(cx, vars, Went::With(answer)).await })
    });
    let items = &cuts.items;
    let tokens = quote! {
        #(#items)*

        /// Goes on where the model was asked.
        pub async fn resume(cx: &mut Cx, answer: Resumed<'_>) -> Handled {
            match answer.segment() { #(#arms)* _ => Err(HandlerError::Outdated) }
        }
    };
    (tokens, kept)
}
