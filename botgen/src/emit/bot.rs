//! The module of a bot: its facts and the dispatch.

use std::cell::RefCell;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::FlowEmit;
use super::blocks::{pages, ratelimit};
use super::format::{camel, doc, ident, raw};
use super::{flow, text, wizard};
use crate::ir::{Bot, cost};
use crate::syntax::ast::{Delivery, OnAmbiguous, Scope, Strategy};

/// Lines of the module's header.
pub fn header(bot: &Bot) -> Vec<String> {
    vec![
        format!("Bot `{}` ({}).", bot.id, bot.folder),
        String::new(),
        format!(
            "Sources {}. Written by botgen; do not edit.",
            bot.source_hash.get(..16).unwrap_or(&bot.source_hash)
        ),
    ]
}

/// The bot's type.
pub fn type_name(bot: &Bot) -> syn::Ident {
    let name = camel(&bot.id);
    if TYPES.contains(&name.as_str()) {
        return ident(&format!("{name}Bot"));
    }
    ident(&name)
}

/// Names that a bot's module uses in another meaning.
const TYPES: [&str; 34] = [
    "Bot",
    "BotSpec",
    "Box",
    "Bug",
    "CommandSpec",
    "Cx",
    "Debug",
    "Delivery",
    "Effect",
    "Err",
    "Given",
    "Handling",
    "HandlerError",
    "ListSpec",
    "LocaleSpec",
    "MigrationSet",
    "None",
    "Ok",
    "OnAmbiguous",
    "Option",
    "Outdated",
    "PagePress",
    "PersonTable",
    "Result",
    "Resumed",
    "Scope",
    "Some",
    "Strategy",
    "String",
    "TableSpec",
    "Text",
    "Vec",
    "Waiting",
    "Words",
];

/// The module of a bot in `bots.rs`.
pub fn module_name(bot: &Bot) -> syn::Ident {
    match bot.id.as_str() {
        id @ ("alloc" | "conversations" | "core" | "crate" | "runtime_core" | "self" | "sqlx"
        | "std" | "super") => ident(&format!("{id}_bot")),
        id => ident(&crate::check::snake(id)),
    }
}

/// The items.
pub fn module(bot: &Bot) -> TokenStream {
    let modules = bot.flows.iter().map(|flow| {
        let name = ident(&flow.module);
        quote!(pub mod #name;)
    });
    let name = type_name(bot);
    let docs = doc(&format!("{} (`{}`).", bot.name, bot.id));
    let spec = spec(bot);
    let commands = bot.flows.iter().enumerate().map(|(index, flow)| {
        let (command, index) = (&flow.command, Literal::usize_unsuffixed(index));
        quote!(#command => #index)
    });
    let enters = bot.flows.iter().enumerate().map(|(index, flow)| {
        let (module, index) = (ident(&flow.module), Literal::usize_unsuffixed(index));
        if flow.args.is_empty() {
            quote!(#index => #module::enter(cx).await)
        } else {
            quote!(#index => #module::enter(cx, args).await)
        }
    });
    let dialogues = || {
        bot.flows
            .iter()
            .filter_map(|flow| flow.wizard.as_ref().map(|wizard| (flow, wizard)))
    };
    let answers = dialogues().map(|(flow, wizard)| {
        let (command, module) = (&flow.command, ident(&flow.module));
        if wizard.loaded.is_empty() {
            quote!(#command => { let ((), state) = waiting.read()?; #module::answer(cx, state, given).await })
        } else {
            quote!(#command => { let (loaded, state) = waiting.read()?; #module::answer(cx, loaded, state, given).await })
        }
    });
    let asks = dialogues().map(|(flow, wizard)| {
        let (command, module) = (&flow.command, ident(&flow.module));
        let (_, awaits) = wizard::awaits(wizard);
        if wizard.loaded.is_empty() {
            quote!(#command => { let ((), state) = waiting.read()?; #module::ask(cx, &state)#awaits })
        } else {
            quote!(#command => { let (loaded, state) = waiting.read()?; #module::ask(cx, &loaded, &state)#awaits })
        }
    });
    let timed = dialogues().filter(|(_, wizard)| wizard.timeout.is_some());
    let timed = timed.map(|(flow, wizard)| {
        let (command, module) = (&flow.command, ident(&flow.module));
        let awaits = wizard::timeout_awaits(wizard).then(|| quote!(.await));
        if wizard.loaded.is_empty() {
            quote!(#command => { let ((), state) = waiting.read()?; #module::timeout(cx, state)#awaits })
        } else {
            quote!(#command => { let (loaded, state) = waiting.read()?; #module::timeout(cx, loaded, state)#awaits })
        }
    });
    let timed: Vec<_> = timed.collect();
    let timeout = (!timed.is_empty()).then(|| {
        quote! {
            fn timeout<'a>(&'a self, cx: &'a mut Cx, waiting: Waiting) -> Handling<'a> {
                Box::pin(async move {
                    match waiting.flow() { #(#timed)* _ => Err(HandlerError::Outdated) }
                })
            }
        }
    });
    let slow = bot.flows.iter().filter(|flow| flow.is_slow()).map(|flow| {
        let (command, module) = (&flow.command, ident(&flow.module));
        quote!(#command => #module::resume(cx, answer).await,)
    });
    let slow: Vec<_> = slow.collect();
    let resume = (!slow.is_empty()).then(|| {
        quote! {
            fn slow(&self) -> bool {
                true
            }

            fn resume<'a>(&'a self, cx: &'a mut Cx, answer: Resumed<'a>) -> Handling<'a> {
                Box::pin(async move {
                    match answer.flow() { #(#slow)* _ => Err(HandlerError::Outdated) }
                })
            }
        }
    });
    let limits = ratelimit::of_bot(bot);
    let specs = ratelimit::specs_of_bot(bot);
    let compiled = raw(&super::compiled::form(bot));
    let tables = super::tables::specs(bot);
    let turns = bot.flows.iter().flat_map(|flow| {
        let module = ident(&flow.module);
        let listed = pages::lists(flow).into_iter();
        listed.map(move |listed| {
            let name = pages::turn_name(listed.list);
            quote!(#module::#name(cx, press).await)
        })
    });
    let turns = turns.enumerate().map(|(index, turn)| {
        let index = Literal::usize_unsuffixed(index);
        quote!(#index => #turn)
    });
    let turns: Vec<_> = turns.collect();
    let turn = (!turns.is_empty()).then(|| {
        quote! {
            fn turn<'a>(&'a self, cx: &'a mut Cx, list: usize, press: &'a PagePress) -> Handling<'a> {
                Box::pin(async move {
                    match list { #(#turns,)* _ => cx.outdated() }
                })
            }
        }
    });
    let people = (!bot.people.is_empty()).then(|| {
        let tables = bot.people.iter().map(|table| {
            let (name, condition, by_bot) = (&table.table, raw(&table.condition), table.by_bot);
            let columns = &table.columns;
            quote!(PersonTable { table: #name, condition: #condition, by_bot: #by_bot, columns: &[#(#columns),*] })
        });
        quote! {
            fn people(&self) -> &'static [PersonTable] {
                &[#(#tables),*]
            }
        }
    });
    let segments = (!bot.segments.is_empty()).then(|| {
        let names = &bot.segments;
        quote! {
            fn segments(&self) -> &'static [&'static str] {
                &[#(#names),*]
            }
        }
    });
    let fallback = match &bot.fallback {
        Some(call) => {
            let name = ident(&bot.texts[call.id.0].ident);
            quote!(Some(#name(words)))
        }
        None => quote!(None),
    };
    let toasts: Vec<_> = bot
        .toasts
        .iter()
        .map(|(hash, call)| {
            let (hash, name) = (
                Literal::u32_unsuffixed(*hash),
                ident(&bot.texts[call.id.0].ident),
            );
            quote!(#hash => Some(#name(words)))
        })
        .collect();
    let toast = if toasts.is_empty() {
        quote!(None)
    } else {
        quote!(match hash { #(#toasts,)* _ => None })
    };
    let texts = bot.flows.first().map(|flow| {
        let cuts = RefCell::default();
        let cx = FlowEmit {
            bot,
            flow,
            cuts: &cuts,
        };
        let functions = bot.texts.iter().map(|words| text::function(cx, words));
        quote!(#(#functions)*)
    });
    quote! {
        use runtime_core::prelude::*;
        #(#modules)*

        #docs
        #[derive(Debug)]
        pub struct #name;

        #spec

        #specs

        impl Bot for #name {
            fn spec(&self) -> &'static BotSpec {
                &SPEC
            }

            fn command(&self, name: &str) -> Option<usize> {
                Some(match name { #(#commands,)* _ => return None })
            }

            fn enter<'a>(&'a self, cx: &'a mut Cx, command: usize, args: &'a str) -> Handling<'a> {
                Box::pin(async move {
                    match command { #(#enters,)* _ => Err(HandlerError::Bug("no such command")) }
                })
            }

            fn answer<'a>(&'a self, cx: &'a mut Cx, waiting: Waiting, given: Given<'a>) -> Handling<'a> {
                Box::pin(async move {
                    match waiting.flow() { #(#answers)* _ => Err(HandlerError::Outdated) }
                })
            }

            fn ask<'a>(&'a self, cx: &'a mut Cx, waiting: &'a Waiting) -> Handling<'a> {
                Box::pin(async move {
                    match waiting.flow() { #(#asks)* _ => Err(HandlerError::Outdated) }
                })
            }

            #timeout

            #resume

            #limits

            fn compiled(&self) -> &'static str {
                #compiled
            }

            #tables

            #turn

            #segments

            #people

            fn fallback(&self, words: &Words) -> Option<Text> {
                #fallback
            }

            fn toast(&self, hash: u32, words: &Words) -> Option<Text> {
                #toast
            }
        }

        #texts
    }
}

fn spec(bot: &Bot) -> TokenStream {
    let (id, name, tz, hash) = (&bot.id, &bot.name, &bot.tz, &bot.source_hash);
    let scope = format_ident!(
        "{}",
        match bot.scope {
            Scope::UserInChat => "UserInChat",
            Scope::Chat => "Chat",
            Scope::User => "User",
            Scope::Thread => "Thread",
        }
    );
    let strategy = format_ident!(
        "{}",
        match bot.strategy {
            Strategy::User => "User",
            Strategy::Chat => "Chat",
            Strategy::Fixed => "Fixed",
        }
    );
    let delivery = format_ident!(
        "{}",
        match bot.delivery {
            Delivery::Auto => "Auto",
            Delivery::Webhook => "Webhook",
            Delivery::Api => "Api",
        }
    );
    let on_ambiguous = policy(bot.on_ambiguous);
    let tells_admins = bot.flows.iter().any(crate::ir::Flow::tells_admins);
    let locales = bot.locales.iter().map(|locale| {
        let (tag, ftl) = (&locale.tag, raw(&locale.ftl));
        quote!(LocaleSpec { tag: #tag, ftl: #ftl })
    });
    let default_locale = Literal::usize_unsuffixed(bot.default_locale);
    let commands = bot.flows.iter().map(|item| {
        let (command, wizard) = (&item.command, item.wizard.is_some());
        let admins = item.admins;
        let (effect, reads, writes) = flow::class(item.effect, cost::of_command(item));
        let description = match &item.description {
            Some(call) => {
                let (module, name) = (ident(&item.module), ident(&item.texts[call.id.0].ident));
                quote!(Some(#module::#name))
            }
            None => quote!(None),
        };
        let usage = flow::usage(&item.command, &item.args);
        quote! {
            CommandSpec { name: #command, effect: Effect::#effect, reads: Reads::#reads, writes: Writes::#writes, wizard: #wizard, admins: #admins, description: #description, usage: #usage }
        }
    });
    let wizards = bot
        .flows
        .iter()
        .filter(|item| item.wizard.is_some())
        .map(|item| {
            let module = ident(&item.module);
            quote!(&#module::FLOW)
        });
    let handed = raw(&super::handed::over(bot));
    let lists = bot.flows.iter().flat_map(|item| {
        pages::lists(item).into_iter().map(move |listed| {
            let hash = Literal::u32_unsuffixed(pages::hash(item, listed.list));
            let cost = cost::of_turn(item, listed.list, listed.before);
            let reads = format_ident!("{}", cost.reads.name());
            let command = &item.command;
            quote!(ListSpec { hash: #hash, command: #command, reads: Reads::#reads })
        })
    });
    let owner = &bot.migrations.owner;
    let migrations = bot.migrations.files.iter().map(|file| {
        let (version, name, sqlite) = (
            Literal::i64_unsuffixed(file.version),
            &file.name,
            raw(file.sqlite.as_deref().unwrap_or_default()),
        );
        let postgres = match &file.postgres {
            Some(text) => {
                let text = raw(text);
                quote!(Some(#text))
            }
            None => quote!(None),
        };
        quote!(Migration { version: #version, name: #name, sqlite: #sqlite, postgres: #postgres })
    });
    quote! {
        static SPEC: BotSpec = BotSpec {
            id: #id,
            name: #name,
            tz: #tz,
            scope: Scope::#scope,
            strategy: Strategy::#strategy,
            delivery: Delivery::#delivery,
            on_ambiguous: #on_ambiguous,
            tells_admins: #tells_admins,
            locales: &[#(#locales),*],
            default_locale: #default_locale,
            commands: &[#(#commands),*],
            wizards: &[#(#wizards),*],
            lists: &[#(#lists),*],
            migrations: MigrationSet { owner: #owner, files: &[#(#migrations),*] },
            source_hash: #hash,
            texts: #handed,
        };
    }
}

/// The runtime's word for a policy.
pub fn policy(policy: OnAmbiguous) -> TokenStream {
    match policy {
        OnAmbiguous::Resend => quote!(OnAmbiguous::Resend),
        OnAmbiguous::Skip => quote!(OnAmbiguous::Skip),
    }
}
