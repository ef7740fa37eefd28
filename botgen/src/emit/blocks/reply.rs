//! `action.reply_template.v1`, and the one reply of a menu or an intent.

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::env::Env;
use crate::emit::expr::{Values, object_of};
use crate::emit::text;
use crate::ir::text::TextCall;
use crate::ir::types::Base;
use crate::ir::{Button, ButtonDoes, Reply};

/// Sends the message.
pub fn statements(env: &Env<'_>, reply: &Reply) -> TokenStream {
    let mut words = text::call(env, &reply.text);
    if let Some((lists, empty)) = &reply.empty {
        let empty_words = text::call(env, empty);
        let tests: Vec<_> = lists
            .iter()
            .map(|list| object_of(Values::new(env).value(list)))
            .collect();
        let words_now = words;
        words = quote!(if #(#tests.is_empty())&&* { #empty_words } else { #words_now });
    }
    let may_exceed = |call: &TextCall| env.cx.flow.texts[call.id.0].may_exceed;
    let too_long = may_exceed(&reply.text)
        || reply
            .empty
            .as_ref()
            .is_some_and(|(_, text)| may_exceed(text));
    let edit = reply.edit.then(|| quote!(.edit()));
    let truncate = (reply.truncate && too_long).then(|| quote!(.truncate()));
    let policy = reply.on_ambiguous.map(|policy| {
        let policy = crate::emit::bot::policy(policy);
        quote!(.on_ambiguous(#policy))
    });
    let edit = quote!(#edit #truncate #policy);
    if reply
        .keyboard
        .iter()
        .flatten()
        .all(|button| button.when.is_none())
    {
        let rows = reply.keyboard.iter().map(|row| {
            let buttons = row.iter().map(|button| self::button(env, button));
            quote!(.row([#(#buttons),*]))
        });
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() && reply.empty.is_none() {
            return quote!(cx.reply(Message::new(#words) #edit););
        }
        return quote! {
            let text = #words;
            cx.reply(Message::new(text) #edit #(#rows)*);
        };
    }
    let rows = reply.keyboard.iter().map(|row| {
        let buttons = row.iter().map(|button| {
            let shown = self::button(env, button);
            match &button.when {
                None => quote!(row.push(#shown);),
                Some(when) => {
                    let test = Values::new(env).condition(when);
                    quote!(if #test { row.push(#shown); })
                }
            }
        });
        quote! {
            let mut row = Vec::new();
            #(#buttons)*
            message = message.row(row);
        }
    });
    quote! {
        let mut message = Message::new(#words) #edit;
        #(#rows)*
        cx.reply(message);
    }
}

fn button(env: &Env<'_>, button: &Button) -> TokenStream {
    let label = text::call(env, &button.text);
    match &button.does {
        ButtonDoes::Url(url) => {
            let url = text::call(env, url);
            quote!(Button::url(#label, #url))
        }
        ButtonDoes::Toast(hash) => {
            let hash = proc_macro2::Literal::u32_unsuffixed(*hash);
            quote!(Button::toast(#label, #hash))
        }
        ButtonDoes::Command { command, args } => {
            let declared = env
                .cx
                .bot
                .flows
                .iter()
                .find(|flow| flow.command == *command)
                .map_or(0, |flow| flow.args.len());
            let args = args.iter().enumerate().map(|(position, arg)| {
                let value = Values::new(env).value(arg);
                let value = if matches!(arg.ty.base, Base::Choice(_)) {
                    if arg.ty.nullable {
                        quote!(#value.map(|option| option.value()))
                    } else {
                        quote!(#value.value())
                    }
                } else if matches!(arg.ty.base, Base::Null) {
                    quote!(None::<i64>)
                } else {
                    value
                };
                let rest = position + 1 == declared
                    && matches!(arg.ty.base, Base::Text { .. })
                    && !arg.ty.nullable;
                if rest {
                    quote!(.last(#value))
                } else {
                    quote!(.arg(#value))
                }
            });
            let args: Vec<_> = args.collect();
            quote!(Button::command(#label, CommandLine::new(#command) #(#args)*))
        }
    }
}
