//! Texts: one function each, `write!` calls and `push`es of the author's words.

mod pieces;
mod print;
mod string;
mod walk;

pub use string::string;
pub use walk::walk_print;

use std::collections::BTreeSet;

use botfactory_lang::markup::{ParseMode, Place};
use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::FlowEmit;
use crate::emit::env::{Env, Form, Site};
use crate::emit::expr::{Values, is_fallible};
use crate::emit::format::{doc, ident};
use crate::ir::expr::ExprKind;
use crate::ir::text::{Piece, Text, TextCall};
use crate::ir::types::Variable;
use pieces::{key_arg, pieces};
use walk::{prints, walk_pieces};

/// The function of a text.
pub fn function(cx: FlowEmit<'_>, text: &Text) -> TokenStream {
    let name = ident(&text.ident);
    let docs = doc(&format!("{}: {}", text.origin.0, text.summary));
    let mut env = Env::new(cx, Site::Text);
    let params: Vec<TokenStream> = parameters(text)
        .iter()
        .map(|var| {
            env.local(var, Form::Borrowed);
            let (name, ty) = (ident(&var.ident), cx.borrowed(&var.ty));
            quote!(, #name: #ty)
        })
        .collect();
    let printer = match text.mode {
        ParseMode::Html => quote!(words.html()),
        ParseMode::MarkdownV2 => quote!(words.markdown()),
        ParseMode::Plain => quote!(words.plain()),
    };
    if let [
        Piece::Key {
            key,
            attribute: None,
            args,
            place: Place::Text,
        },
    ] = text.pieces.as_slice()
    {
        let mut values = Values::new(&env);
        let args: Vec<_> = args
            .iter()
            .map(|(name, arg)| key_arg(&mut values, name, arg))
            .collect();
        if values.unwraps.is_empty() && !fails(text) {
            return quote! {
                #docs
                fn #name(words: &Words #(#params)*) -> Text {
                    #printer.say(#key, Args::new() #(#args)*)
                }
            };
        }
    }
    let body = pieces(&env, &text.pieces, true);
    let begin = if prints(&text.pieces) {
        quote!(let p = #printer; let mut out = p.begin();)
    } else {
        quote!(let mut out = #printer.begin();)
    };
    let (result, end) = if fails(text) {
        (quote!(Result<Text, HandlerError>), quote!(Ok(out.end())))
    } else {
        (quote!(Text), quote!(out.end()))
    };
    quote! {
        #docs
        fn #name(words: &Words #(#params)*) -> #result {
            #begin
            #body
            #end
        }
    }
}

/// The parameters as the function declares them: a variable that is only read where a test outside has shown it not
/// to be null is passed without its `Option`.
pub fn parameters(text: &Text) -> Vec<Variable> {
    let mut tested = BTreeSet::new();
    walk_pieces(&text.pieces, &mut |e| {
        if let ExprKind::Var {
            ident,
            narrowed: false,
        } = &e.kind
        {
            tested.insert(ident.clone());
        }
    });
    text.params
        .iter()
        .map(|var| {
            let mut var = var.clone();
            var.ty.nullable &= tested.contains(&var.ident);
            var
        })
        .collect()
}

/// Whether printing it can fail.
pub fn fails(text: &Text) -> bool {
    let mut found = false;
    walk_pieces(&text.pieces, &mut |e| found |= is_fallible(e));
    found
}

/// A call of a text with the names at hand.
pub fn call(env: &Env<'_>, call: &TextCall) -> TokenStream {
    let text = &env.cx.flow.texts[call.id.0];
    let name = ident(&text.ident);
    let words = env.words();
    let args: Vec<_> = parameters(text)
        .iter()
        .map(|var| {
            let value = env.argument(&var.ident, &var.ty);
            quote!(, #value)
        })
        .collect();
    let question = fails(text).then(|| quote!(?));
    quote!(#name(#words #(#args)*) #question)
}
