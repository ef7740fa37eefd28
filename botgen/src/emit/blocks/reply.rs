//! `action.reply_template.v1`, and the one reply of a menu or an intent.

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::env::{Env, Form};
use crate::emit::expr::{Values, object_of};
use crate::emit::format::{ident, mentions};
use crate::emit::text;

use crate::ir::expr::Expr;
use crate::ir::types::{Base, Ty};
use crate::ir::{Button, ButtonDoes, Reply, To};

/// Sends the message.
pub fn statements(env: &Env<'_>, reply: &Reply) -> TokenStream {
    statements_with(env, reply, |words| words)
}

/// Sends the message with what `wrap` makes of its words, which are a `Text`.
pub fn statements_with(
    env: &Env<'_>,
    reply: &Reply,
    wrap: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let Some(to) = &reply.to else {
        return message(env, reply, None, wrap);
    };
    let said = message(env, reply, Some(quote!(.to(to.chat))), wrap);
    let said = quote! {
        let own = cx.speak_to(to);
        #said
        cx.speak(own);
    };
    match to {
        To::Admins => quote!(for to in cx.admins().await? { #said }),
        To::Chat(chat) => {
            let chat = Values::new(env).value(chat);
            quote!({
                let to = cx.recipient(#chat).await?;
                #said
            })
        }
    }
}

/// The message's words.
pub fn words(env: &Env<'_>, reply: &Reply) -> TokenStream {
    let words = text::call(env, &reply.text);
    let Some((lists, empty)) = &reply.empty else {
        return words;
    };
    let empty_words = text::call(env, empty);
    let tests: Vec<_> = lists
        .iter()
        .map(|list| object_of(Values::new(env).value(list)))
        .collect();
    quote!(if #(#tests.is_empty())&&* { #empty_words } else { #words })
}

/// Makes the message and hands it over; `to`: where it goes.
fn message(
    env: &Env<'_>,
    reply: &Reply,
    to: Option<TokenStream>,
    wrap: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let words = wrap(words(env, reply));
    let edit = reply.edit.then(|| quote!(.edit()));
    // Also where its words as they are cannot be too long: they may be overridden.
    let truncate = reply.truncate.then(|| quote!(.truncate()));
    let policy = reply.on_ambiguous.map(|policy| {
        let policy = crate::emit::bot::policy(policy);
        quote!(.on_ambiguous(#policy))
    });
    let edit = quote!(#edit #truncate #policy #to);
    if reply
        .keyboard
        .iter()
        .flatten()
        .all(|button| button.when.is_none() && button.each.is_none())
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
    let rows = rows(env, &reply.keyboard, &ident("message"));
    quote! {
        let mut message = Message::new(#words) #edit;
        #rows
        cx.reply(message);
    }
}

/// Adds rows of buttons to `to`, the name of a message or of what has rows as one has.
pub fn rows(env: &Env<'_>, keyboard: &[Vec<Button>], to: &proc_macro2::Ident) -> TokenStream {
    let rows = keyboard.iter().map(|row| self::row(env, row, to));
    quote!(#(#rows)*)
}

/// Adds a row, or the rows of a list, to `to`.
fn row(env: &Env<'_>, row: &[Button], to: &proc_macro2::Ident) -> TokenStream {
    if let [button] = row
        && let Some(each) = button.each.as_ref().filter(|each| each.columns > 0)
    {
        let full = each.columns;
        let pushed = shown(env, button, |button| {
            let full = proc_macro2::Literal::usize_unsuffixed(full);
            quote! {
                row.push(#button);
                if row.len() == #full { #to = #to.row(std::mem::take(&mut row)); }
            }
        });
        return quote! {
            let mut row = Vec::new();
            #pushed
            #to = #to.row(row);
        };
    }
    let buttons = row
        .iter()
        .map(|button| shown(env, button, |button| quote!(row.push(#button);)));
    quote! {
        let mut row = Vec::new();
        #(#buttons)*
        #to = #to.row(row);
    }
}

/// Pushes a button as often as it is shown.
fn shown(env: &Env<'_>, button: &Button, push: impl Fn(TokenStream) -> TokenStream) -> TokenStream {
    let one = |env: &Env<'_>| {
        let pushed = push(self::button(env, button));
        match &button.when {
            None => pushed,
            Some(when) => {
                let test = Values::new(env).condition(when);
                quote!(if #test { #pushed })
            }
        }
    };
    let Some(each) = &button.each else {
        return one(env);
    };
    walk(env, &each.list, &each.item, one)
}

/// Walks a list; `body` has its item and `@index` at hand.
pub fn walk(
    env: &Env<'_>,
    list: &Expr,
    item: &str,
    body: impl Fn(&Env<'_>) -> TokenStream,
) -> TokenStream {
    let rows = Values::new(env).value(list);
    let item_ty = match &list.ty.base {
        Base::List { item, .. } => (**item).clone(),
        _ => Ty::some(Base::Null),
    };
    let mut inner = env.clone();
    let name = ident(item);
    inner.bind(item, quote!(#name), item_ty, Form::Reference);
    inner.bind("index", quote!(index), Ty::some(Base::Int), Form::Owned);
    let body = body(&inner);
    if mentions(&body, "index") {
        quote!(for (index, #name) in (1_i64..).zip(#rows) { #body })
    } else {
        quote!(for #name in #rows { #body })
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
            let line = command_line(env, command, args);
            quote!(Button::command(#label, #line))
        }
    }
}

/// A command with its arguments.
pub fn command_line(env: &Env<'_>, command: &str, args: &[Expr]) -> TokenStream {
    let declared = env
        .cx
        .bot
        .flows
        .iter()
        .find(|flow| flow.command == command)
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
    quote!(CommandLine::new(#command) #(#args)*)
}
