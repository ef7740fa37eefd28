//! Conversation tests as `#[test]` functions.

use std::collections::BTreeMap;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::format::{doc, ident};
use crate::ir::conversation::{Conversation, Kind, Step};

/// Lines of the module's header.
pub fn header() -> Vec<String> {
    vec!["The conversations of `bots/*/chats/`. Written by botgen; do not edit.".to_owned()]
}

/// One module per bot, one test per conversation.
pub fn module(conversations: &[Conversation]) -> TokenStream {
    let mut by_bot: BTreeMap<&str, Vec<&Conversation>> = BTreeMap::new();
    for conversation in conversations {
        by_bot
            .entry(&conversation.bot)
            .or_default()
            .push(conversation);
    }
    let modules = by_bot.into_iter().map(|(bot, list)| {
        let name = ident(&crate::check::snake(bot));
        let tests = list.into_iter().map(test);
        quote! {
            // A bot's conversations seldom use every kind of step.
            #[allow(unused_imports)]
            mod #name {
                use runtime_core::testing::{Does, Kind, Script, Step, run};
                #(#tests)*
            }
        }
    });
    quote!(#(#modules)*)
}

fn test(conversation: &Conversation) -> TokenStream {
    let Conversation {
        bot,
        name,
        file,
        line,
        locale,
        group,
        admins,
        begins,
        ..
    } = conversation;
    let function = format_ident!("{}", conversation.ident);
    let docs = doc(&format!("{name} ({file}:{line})."));
    let steps = conversation.steps.iter().map(|(line, step)| {
        let does = does(step);
        quote!(Step { line: #line, does: Does::#does })
    });
    quote! {
        #docs
        #[test]
        fn #function() {
            run(
                crate::BOTS,
                #bot,
                &Script {
                    name: #name,
                    file: #file,
                    locale: #locale,
                    group: #group,
                    admins: &[#(#admins),*],
                    begins: #begins,
                    steps: &[#(#steps),*],
                },
            );
        }
    }
}

fn does(step: &Step) -> TokenStream {
    match step {
        Step::As(who) => quote!(As(#who)),
        Step::Say(text) => quote!(Say(#text)),
        Step::Press(label) => quote!(Press(#label)),
        Step::Send(kind) => {
            let kind = format_ident!(
                "{}",
                match kind {
                    Kind::Photo => "Photo",
                    Kind::File => "File",
                    Kind::Contact => "Contact",
                    Kind::Location => "Location",
                    Kind::Sticker => "Sticker",
                }
            );
            quote!(Send(Kind::#kind))
        }
        Step::Expect {
            contains,
            exact,
            buttons,
        } => {
            let exact = match exact {
                Some(text) => quote!(Some(#text)),
                None => quote!(None),
            };
            quote!(Expect { contains: &[#(#contains),*], exact: #exact, buttons: &[#(#buttons),*] })
        }
        Step::Toast(text) => quote!(Toast(#text)),
        Step::Silence => quote!(Silence),
        Step::Clock(seconds) => {
            let seconds = Literal::i64_unsuffixed(*seconds);
            quote!(Clock(#seconds))
        }
        Step::Locale(tag) => quote!(Locale(#tag)),
        Step::Redeliver => quote!(Redeliver),
        Step::Restart => quote!(Restart),
        Step::Model(answer) => quote!(Model(#answer)),
        Step::ModelFails => quote!(ModelFails),
        Step::ModelWaits => quote!(ModelWaits),
        Step::Rows { sql, count } => {
            let count = Literal::usize_unsuffixed(*count);
            quote!(Rows { sql: #sql, count: #count })
        }
    }
}
