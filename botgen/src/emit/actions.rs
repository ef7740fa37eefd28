//! Lists of actions: statements in order, early exits where a `goto` is taken.

use proc_macro2::TokenStream;
use quote::quote;

use super::blocks;
use super::env::{Env, Form};
use super::expr::Values;
use super::format::ident;
use super::wizard;
use crate::ir::expr::ExprKind;
use crate::ir::{Action, ActionKind, Target, Wizard};

/// Where actions stand: decides what leaving the flow means.
#[derive(Debug, Clone, Copy)]
pub enum Stage<'a> {
    /// Before a dialogue waits for anything, or in a flow without one: the conversation is not touched.
    Entry,
    /// In a dialogue, between its questions.
    Dialogue(&'a Wizard),
    /// After the last answer of a dialogue.
    Completion(&'a Wizard),
    /// Before a list whose page is turned: no conversation is there.
    Again,
}

/// The statements; `true` when nothing after them can run.
pub fn list(env: &mut Env<'_>, stage: Stage<'_>, actions: &[Action]) -> (TokenStream, bool) {
    let mut out = TokenStream::new();
    for action in actions {
        out.extend(one(env, stage, action));
        if action.goto.is_some() && action.when.is_none() {
            return (out, true);
        }
    }
    (out, false)
}

/// One of them.
pub fn one(env: &mut Env<'_>, stage: Stage<'_>, action: &Action) -> TokenStream {
    let Some(when) = &action.when else {
        let body = body(env, stage, action, false);
        let leave = action.goto.map(|target| leave(env, stage, target));
        return quote!(#body #leave);
    };
    // `{ when: p is null, …, goto: end }`: afterwards `p` is there.
    if let (
        ExprKind::IsNull {
            value,
            negated: false,
        },
        Some(target),
    ) = (&when.kind, action.goto)
        && let ExprKind::Var { ident: name, .. } = &value.kind
        && let Some(binding) = env.vars.get(name).cloned()
        && binding.ty.nullable
        && binding.form == Form::Owned
        && binding.tokens.to_string() == *name
    {
        let body = body(env, stage, action, false);
        let leave = leave(env, stage, target);
        let name_token = ident(name);
        env.bind(
            name,
            quote!(#name_token),
            binding.ty.with_null(false),
            Form::Owned,
        );
        return quote!(let Some(#name_token) = #name_token else { #body #leave };);
    }
    let test = Values::new(env).condition(when);
    if let Some(var) = action.kind.result() {
        let value = match &action.kind {
            ActionKind::Broadcast(broadcast) => blocks::broadcast::value(env, broadcast, true),
            kind => blocks::sql::value(env, stage, kind, true),
        };
        let name = ident(&var.ident);
        env.local(var, Form::Owned);
        let leave = action.goto.map(|target| {
            let leave = leave(env, stage, target);
            quote!(if #test { #leave })
        });
        return quote!(let #name = if #test { #value } else { None }; #leave);
    }
    // `{ when: p is not null, … }`: inside, `p` is bound.
    if let ExprKind::IsNull {
        value,
        negated: true,
    } = &when.kind
        && let ExprKind::Var { ident: name, .. } = &value.kind
        && let Some(binding) = env.vars.get(name).cloned()
        && binding.ty.nullable
        && binding.tokens.to_string() == *name
    {
        let mut inner = env.clone();
        let name_token = ident(name);
        inner.bind(
            name,
            quote!(#name_token),
            binding.ty.clone().with_null(false),
            Form::Borrowed,
        );
        let body = body(&mut inner, stage, action, true);
        let leave = action.goto.map(|target| leave(&inner, stage, target));
        let option = binding.borrowed();
        return quote!(if let Some(#name_token) = #option { #body #leave });
    }
    let mut inner = env.clone();
    let body = body(&mut inner, stage, action, true);
    let leave = action.goto.map(|target| leave(&inner, stage, target));
    quote!(if #test { #body #leave })
}

fn body(env: &mut Env<'_>, stage: Stage<'_>, action: &Action, conditional: bool) -> TokenStream {
    match &action.kind {
        ActionKind::Sql { .. } | ActionKind::Broadcast(_) => {
            let value = match &action.kind {
                ActionKind::Broadcast(broadcast) => blocks::broadcast::value(env, broadcast, false),
                kind => blocks::sql::value(env, stage, kind, false),
            };
            match action.kind.result() {
                Some(var) if !conditional => {
                    let name = ident(&var.ident);
                    env.local(var, Form::Owned);
                    quote!(let #name = #value;)
                }
                _ => quote!(#value;),
            }
        }
        ActionKind::Reply(reply) => blocks::reply::statements(env, reply),
        ActionKind::SetLocale { locale } => blocks::set_locale::statements(env, locale),
        ActionKind::AskLocale => quote!(cx.show_locales();),
        ActionKind::Limit(limit) => blocks::ratelimit::statements(env, stage, limit),
        ActionKind::Pages(list) => blocks::pages::statements(env, stage, list),
        // Written by `segments`: no list of actions elsewhere has one.
        ActionKind::Ask(_) => TokenStream::new(),
        ActionKind::Segment(change) => blocks::broadcast::segment(env, change),
        ActionKind::Subscribe(wants) => blocks::broadcast::subscribe(*wants),
    }
}

/// Leaves the list: ends the flow, or goes to a step.
pub fn leave(env: &Env<'_>, stage: Stage<'_>, target: Target) -> TokenStream {
    match (stage, target) {
        (Stage::Dialogue(wizard) | Stage::Completion(wizard), Target::Step(step)) => {
            let wait = wizard::wait_call(env, wizard, step);
            quote!(return #wait;)
        }
        (Stage::Dialogue(_) | Stage::Completion(_), Target::End) => quote!(return cx.done();),
        (Stage::Entry | Stage::Again, _) => quote!(return Ok(());),
    }
}
