//! The module of a flow: how its command begins, then its dialogue, queries and texts.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::FlowEmit;
use super::actions::Stage;
use super::blocks::ratelimit;
use super::env::{Env, Form, Site};
use super::format::{doc, ident};
use super::{blocks, choice, query, rule, segments, text, wizard};
use crate::ir::cost::{self, Cost};
use crate::ir::sql::QueryId;
use crate::ir::types::{Base, Ty};
use crate::ir::{Arg, Effect};

/// Lines of the module's header.
pub fn header(cx: &FlowEmit<'_>) -> Vec<String> {
    vec![
        format!(
            "`/{}` of bot `{}` ({}, `{}`).",
            cx.flow.command, cx.bot.id, cx.flow.origin.0, cx.flow.block
        ),
        String::new(),
        format!(
            "Effect: {}. Written by botgen; do not edit.",
            effect(cx.flow.effect, cost::of_command(cx.flow))
        ),
    ]
}

/// As people say it: `write (one step with its statement)`.
pub fn effect(effect: Effect, cost: Cost) -> String {
    let name = match effect {
        Effect::Pure => "pure",
        Effect::Read => "read",
        Effect::State => "state",
        Effect::Write => "write",
        Effect::Slow => "slow",
    };
    format!("{name} ({})", cost.protocol(effect))
}

/// Effect, reads and writes as the runtime's variants.
pub fn class(effect: Effect, cost: Cost) -> (Ident, Ident, Ident) {
    let name = match effect {
        Effect::Pure => "Pure",
        Effect::Read => "Read",
        Effect::State => "State",
        // Each segment has a transaction of its own, whatever it does.
        Effect::Write | Effect::Slow => "Write",
    };
    if effect == Effect::Slow {
        let many = format_ident!("Many");
        return (format_ident!("{name}"), many.clone(), many);
    }
    (
        format_ident!("{name}"),
        format_ident!("{}", cost.reads.name()),
        format_ident!("{}", cost.writes.name()),
    )
}

/// The items.
pub fn module(cx: &FlowEmit<'_>) -> TokenStream {
    let cx = *cx;
    let flow = cx.flow;
    let choices = flow.choices.iter().map(|choice| choice::choice(cx, choice));
    let records = flow
        .records
        .iter()
        .map(|record| blocks::llm::record(cx, record));
    let arguments = arguments(cx);
    let limits = ratelimit::specs(cx);
    let turns = blocks::pages::lists(flow)
        .into_iter()
        .map(|listed| blocks::pages::turn(cx, listed));
    let enter = enter(cx);
    let dialogue = flow
        .wizard
        .as_ref()
        .map(|dialogue| wizard::items(cx, dialogue));
    let (segments, kept) = segments::items(cx, kept_rows(cx));
    let rows = flow
        .queries
        .iter()
        .enumerate()
        .map(|(id, query)| query::row(cx, query, kept.contains(&id)));
    let queries = flow.queries.iter().map(|query| query::function(cx, query));
    let texts = flow.texts.iter().enumerate().map(|(id, words)| {
        let function = text::function(cx, words);
        let public = flow
            .description
            .as_ref()
            .is_some_and(|description| description.id.0 == id);
        if public { publish(function) } else { function }
    });
    quote! {
        use runtime_core::prelude::*;
        #(#choices)*
        #(#records)*
        #(#rows)*
        #(#limits)*
        #enter
        #arguments
        #(#turns)*
        #dialogue
        #segments
        #(#queries)*
        #(#texts)*
    }
}

/// `fn` → `pub fn`, after its docs.
pub fn publish(function: TokenStream) -> TokenStream {
    match syn::parse2::<syn::ItemFn>(function.clone()) {
        Ok(mut item) => {
            item.vis = syn::parse_quote!(pub);
            quote!(#item)
        }
        Err(_) => function,
    }
}

/// The queries whose rows a value of the type holds.
pub fn rows_of(ty: &Ty, into: &mut BTreeSet<usize>) {
    match &ty.base {
        Base::Row(QueryId(id)) => {
            into.insert(*id);
        }
        Base::List { item, .. } => rows_of(item, into),
        _ => {}
    }
}

/// Queries whose rows live in stored conversations.
fn kept_rows(cx: FlowEmit<'_>) -> BTreeSet<usize> {
    let mut kept = BTreeSet::new();
    if let Some(wizard) = &cx.flow.wizard {
        for var in wizard
            .loaded
            .iter()
            .chain(wizard.steps.iter().flat_map(|step| &step.known))
        {
            rows_of(&var.ty, &mut kept);
        }
    }
    kept
}

fn enter(cx: FlowEmit<'_>) -> TokenStream {
    let flow = cx.flow;
    let docs = doc(&format!(
        "`/{}`, {}. Effect: {}.",
        flow.command,
        flow.origin.0,
        effect(flow.effect, cost::of_command(flow))
    ));
    let mut env = Env::new(cx, Site::Handler);
    let (args, read) = if flow.args.is_empty() {
        (TokenStream::new(), TokenStream::new())
    } else {
        let names: Vec<_> = flow
            .args
            .iter()
            .map(|arg| {
                env.local(&arg.var, Form::Owned);
                ident(&arg.var.ident)
            })
            .collect();
        let usage = usage(&flow.command, &flow.args);
        let refuse = quote!({ cx.refuse_args(#usage); return Ok(()); });
        (
            quote!(, args: &str),
            quote!(let Ok((#(#names,)*)) = arguments(args, cx.words()) else #refuse;),
        )
    };
    let mut rest = |env: &mut Env<'_>| match &flow.wizard {
        Some(dialogue) => wizard::begin(env, dialogue),
        None => quote!(Ok(())),
    };
    let actions = segments::list(&mut env, Stage::Entry, &flow.on_enter, "enter", &mut rest);
    quote! {
        #docs
        pub async fn enter(cx: &mut Cx #args) -> Handled {
            #read
            #actions
        }
    }
}

/// Reads the command's arguments.
fn arguments(cx: FlowEmit<'_>) -> TokenStream {
    let flow = cx.flow;
    if flow.args.is_empty() {
        return TokenStream::new();
    }
    let env = Env::new(cx, Site::Text);
    let types = flow.args.iter().map(|arg| cx.owned(&arg.var.ty));
    let types = quote!((#(#types,)*));
    let count = flow.args.len();
    let mut patterns = TokenStream::new();
    let reads = flow.args.iter().enumerate().map(|(position, arg)| {
        let last = position + 1 == count && matches!(arg.var.ty.base, Base::Text { .. });
        let pattern_name = rule::pattern(&arg.rule).map(|source| {
            let name = quote::format_ident!(
                "{}_ARGUMENT",
                arg.var.ident.trim_start_matches("r#").to_uppercase()
            );
            let source = super::format::raw(source);
            patterns.extend(quote!(static #name: Pattern = Pattern::new(#source);));
            name
        });
        let (before, parsed) = rule::parse(&env, &arg.rule, pattern_name.as_ref());
        let name = ident(&arg.var.ident);
        let verb = if arg.optional {
            quote!(optional)
        } else {
            quote!(required)
        };
        quote!(#before let #name = reader.#verb(#last, |given| #parsed)?;)
    });
    let reads: Vec<_> = reads.collect();
    let names = flow.args.iter().map(|arg| ident(&arg.var.ident));
    quote! {
        #patterns
        /// Reads the arguments, as typed or from a button.
        fn arguments(args: &str, words: &Words) -> Result<#types, Refusal> {
            let mut reader = ArgReader::new(args, words);
            #(#reads)*
            Ok((#(#names,)*))
        }
    }
}

/// `/product <id: int> [note: text]`.
pub fn usage(command: &str, args: &[Arg]) -> String {
    let mut usage = format!("/{command}");
    for arg in args {
        let what = format!(
            "{}: {}",
            arg.var.name,
            arg.var.ty.clone().with_null(false).describe()
        );
        usage.push_str(&if arg.optional {
            format!(" [{what}]")
        } else {
            format!(" <{what}>")
        });
    }
    usage
}
