//! A choice type: an enum with its values and labels.

use proc_macro2::TokenStream;
use quote::quote;

use super::FlowEmit;
use super::env::{Env, Site};
use super::format::{doc, ident};
use super::text;
use crate::ir::Choice;

/// A choice type.
pub fn choice(cx: FlowEmit<'_>, choice: &Choice) -> TokenStream {
    let name = ident(&choice.name);
    let docs = doc(&format!("The options at {}.", choice.origin.0));
    let variants = choice.options.iter().map(|option| {
        let variant = ident(&option.variant);
        let (value, docs) = (&option.value, doc(&format!("`{}`.", option.value)));
        quote!(#docs #[serde(rename = #value)] #variant)
    });
    let all = choice.options.iter().map(|option| ident(&option.variant));
    let values = choice.options.iter().map(|option| {
        let (variant, value) = (ident(&option.variant), &option.value);
        quote!(Self::#variant => #value)
    });
    let env = Env::new(cx, Site::Text);
    let labels = choice.options.iter().map(|option| {
        let variant = ident(&option.variant);
        let words = &cx.flow.texts[option.label.id.0];
        let label = if text::parameters(words).is_empty() && !text::fails(words) {
            text::call(&env, &option.label)
        } else {
            // A label that reads answers has no text of its own outside its step.
            let value = &option.value;
            quote!({ let mut out = words.plain().begin(); out.push(#value); out })
        };
        quote!(Self::#variant => #label)
    });
    quote! {
        #docs
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(crate = "runtime_core::prelude::serde")]
        pub enum #name { #(#variants),* }

        impl Choice for #name {
            const OPTIONS: &'static [Self] = &[#(Self::#all),*];

            fn value(self) -> &'static str {
                match self { #(#values),* }
            }

            fn label(self, words: &Words) -> Text {
                match self { #(#labels),* }
            }
        }
    }
}
