//! `policy.ratelimit.v1`.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use crate::emit::FlowEmit;
use crate::emit::actions::Stage;
use crate::emit::env::{Env, Form, Site};
use crate::emit::expr::Values;
use crate::emit::format::{doc, ident};
use crate::emit::text;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::types::{Base, Ty};
use crate::ir::{Action, ActionKind, Bot, Flow, Limit};
use crate::syntax::ast::{LimitScope, OnError};

/// The facts of every limit of a flow, each once.
pub fn specs(cx: FlowEmit<'_>) -> Vec<TokenStream> {
    let list = (1..).zip(of_flow(cx.flow));
    list.map(|(n, limit)| spec(limit, &cx.flow.command, n))
        .collect()
}

/// The limits of a whole bot: the facts of its own, and the list of all of them. Nothing for a bot without any.
pub fn specs_of_bot(bot: &Bot) -> TokenStream {
    let own = (1..).zip(&bot.policies);
    let specs = own.map(|(n, (_, limit))| spec(limit, "", n));
    let own = (1..=bot.policies.len()).map(|n| {
        let name = name(n);
        quote!(&#name)
    });
    let flows = bot.flows.iter().flat_map(|flow| {
        let module = ident(&flow.module);
        (1..=of_flow(flow).len()).map(move |n| {
            let name = name(n);
            quote!(&#module::#name)
        })
    });
    let all: Vec<_> = own.chain(flows).collect();
    if all.is_empty() {
        return TokenStream::new();
    }
    quote! {
        #(#specs)*

        /// Every limit of the bot.
        static LIMITS: &[&LimitSpec] = &[#(#all),*];
    }
}

/// The bot's methods about limits.
pub fn of_bot(bot: &Bot) -> TokenStream {
    let limited = |flow: &Flow| !of_flow(flow).is_empty();
    if bot.policies.is_empty() && !bot.flows.iter().any(limited) {
        return TokenStream::new();
    }
    let policies = policies(bot);
    quote! {
        fn limits(&self) -> &'static [&'static LimitSpec] {
            LIMITS
        }

        #policies
    }
}

/// Which limits of the whole bot an update meets.
fn policies(bot: &Bot) -> TokenStream {
    let Some(flow) = bot.flows.first().filter(|_| !bot.policies.is_empty()) else {
        return TokenStream::new();
    };
    let cuts = std::cell::RefCell::default();
    let cx = FlowEmit {
        bot,
        flow,
        cuts: &cuts,
    };
    let env = Env::new(cx, Site::Text);
    let each = (1..).zip(&bot.policies).map(|(n, (when, limit))| {
        let name = name(n);
        let mut values = Values::new(&env);
        let key = key(&mut values, &limit.suffix);
        let says = match &limit.message {
            None => quote!(None),
            Some(call) => {
                let words = &bot.texts[call.id.0];
                let function = ident(&words.ident);
                let retry_in = ident(Limit::RETRY_IN);
                let given = (!text::parameters(words).is_empty()).then(|| quote!(, #retry_in));
                let said = quote!(#function(words #given));
                let said = if text::fails(words) {
                    said
                } else {
                    quote!(Ok(#said))
                };
                let retry_in = match given {
                    Some(_) => quote!(#retry_in),
                    None => quote!(_),
                };
                quote!(Some(|words, #retry_in| #said))
            }
        };
        let add =
            values.guard(quote!(policies.push(Policy { limit: &#name, key: #key, says: #says });));
        match when {
            None => add,
            Some(when) => {
                let test = Values::new(&env).condition(when);
                quote!(if #test { #add })
            }
        }
    });
    let each: Vec<_> = each.collect();
    quote! {
        fn policies(&self, words: &Words) -> Result<Vec<Policy>, HandlerError> {
            let mut policies = Vec::new();
            #(#each)*
            Ok(policies)
        }
    }
}

/// Goes on only for those who may pass.
pub fn statements(env: &Env<'_>, stage: Stage<'_>, limit: &Limit) -> TokenStream {
    let list = of_flow(env.cx.flow);
    let n = list.iter().position(|other| other.place == limit.place);
    let name = name(n.map_or(0, |n| n + 1));
    let mut values = Values::new(env);
    let key = key(&mut values, &limit.suffix);
    let retry_in = ident(Limit::RETRY_IN);
    let says = match &limit.message {
        None => quote!(None),
        Some(call) => {
            let mut inner = env.clone();
            let ty = Ty::some(Base::Int);
            inner.bind(Limit::RETRY_IN, quote!(#retry_in), ty, Form::Owned);
            let text = text::call(&inner, call);
            quote!(Some(#text))
        }
    };
    // Between questions the answer does not count, elsewhere the flow is over.
    let verb = match stage {
        Stage::Dialogue(_) => quote!(hold_back),
        Stage::Entry | Stage::Again | Stage::Completion(_) => quote!(turn_away),
    };
    let (before, says) = match limit.message {
        None => (TokenStream::new(), says),
        Some(_) => (quote!(let text = #says;), quote!(text)),
    };
    quote! {
        if let Some(#retry_in) = cx.pass(&#name, #key).await? {
            #before
            return cx.#verb(#retry_in, #says).await;
        }
    }
}

/// The limits of a flow in order of writing, each once: those of a wizard's `on_step` stand behind every step.
fn of_flow(flow: &Flow) -> Vec<&Limit> {
    fn add<'f>(list: &'f [Action], found: &mut Vec<&'f Limit>) {
        for action in list {
            if let ActionKind::Limit(limit) = &action.kind
                && found.iter().all(|other| other.place != limit.place)
            {
                found.push(limit);
            }
        }
    }
    let mut found = Vec::new();
    add(&flow.on_enter, &mut found);
    if let Some(wizard) = &flow.wizard {
        for step in &wizard.steps {
            add(&step.after, &mut found);
        }
        add(&wizard.on_complete, &mut found);
    }
    found
}

fn name(n: usize) -> syn::Ident {
    format_ident!("LIMIT_{n}")
}

fn spec(limit: &Limit, command: &str, n: usize) -> TokenStream {
    let name = name(n);
    let docs = doc(&format!("`{}`, {}.", limit.place, limit.origin.0));
    let rule = &limit.rule;
    let scope = match limit.scope {
        LimitScope::User => quote!(User),
        LimitScope::Chat => quote!(Chat),
        LimitScope::Bot => quote!(Bot),
    };
    let on_error = match limit.on_error {
        OnError::Allow => quote!(Allow),
        OnError::Deny => quote!(Deny),
    };
    let window = Literal::i64_unsuffixed(limit.window);
    let allowance = Literal::i64_unsuffixed(limit.allowance);
    quote! {
        #docs
        pub static #name: LimitSpec = LimitSpec {
            rule: #rule,
            command: #command,
            scope: LimitScope::#scope,
            window: #window,
            allowance: #allowance,
            on_error: OnError::#on_error,
        };
    }
}

/// What separates the counters.
fn key(values: &mut Values<'_, '_>, suffix: &[Expr]) -> TokenStream {
    let parts = suffix.iter().map(|part| {
        let value = values.value(part);
        match &part.kind {
            ExprKind::Text(_) => quote!(.word(#value)),
            _ => quote!(.value(#value)),
        }
    });
    let parts: Vec<_> = parts.collect();
    quote!(LimitKey::new() #(#parts)*)
}
