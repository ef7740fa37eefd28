//! Widgets: built from what is known at their step, to be shown and to read what is given.

use proc_macro2::TokenStream;
use quote::quote;

use super::reply::walk;
use crate::emit::env::Env;
use crate::emit::expr::{Values, object_of};
use crate::emit::format::ident;
use crate::emit::text;
use crate::ir::text::TextCall;
use crate::ir::types::{Base, ChoiceId};
use crate::ir::widget::{Number, Pick, Widget};

/// Statements that end with `let widget = …;`. They may await queries of `cx`.
/// `given`: an answer is there to be read, else the question is being asked.
pub fn build(env: &Env<'_>, widget: &Widget, position: usize, given: bool) -> TokenStream {
    match widget {
        Widget::Calendar(calendar) => super::calendar::build(env, calendar),
        Widget::Confirm { yes, no } => {
            let label = |label: &Option<TextCall>| match label {
                Some(label) => {
                    let label = text::call(env, label);
                    quote!(Some(#label))
                }
                None => quote!(None),
            };
            let (yes, no) = (label(yes), label(no));
            quote!(let widget = Confirm { yes: #yes, no: #no };)
        }
        Widget::Rating { max, symbol } => {
            let max = proc_macro2::Literal::i64_unsuffixed(*max);
            quote!(let widget = Rating { max: #max, symbol: #symbol };)
        }
        Widget::Number(number) => stepper(env, number),
        Widget::Pick(pick) => listed(env, pick),
        Widget::Pages(list) => super::pages::step(env, list, position, given),
        Widget::Multiselect {
            choice,
            min,
            max,
            columns,
        } => multiselect(env, *choice, [*min, *max, *columns]),
    }
}

fn stepper(env: &Env<'_>, number: &Number) -> TokenStream {
    let min = Values::new(env).value(&number.min);
    let start = match &number.start {
        Some(start) => Values::new(env).value(start),
        None => quote!(min),
    };
    let max = match (&number.max, number.scale) {
        (Some(max), _) => Values::new(env).value(max),
        (None, None) => quote!(i64::MAX),
        (None, Some(_)) => quote!(Decimal(i64::MAX)),
    };
    let step = Values::new(env).value(&number.step);
    let jump = match &number.jump {
        Some(jump) => {
            let jump = Values::new(env).value(jump);
            quote!(Some(#jump))
        }
        None => quote!(None),
    };
    quote! {
        let min = #min;
        let widget = Number { min, max: #max, start: #start, step: #step, jump: #jump };
    }
}

fn listed(env: &Env<'_>, pick: &Pick) -> TokenStream {
    let pushes = walk(env, &pick.list, &pick.item, |inner| {
        let value = Values::new(inner).value(&pick.value);
        let value = match pick.value.ty.base {
            Base::Text { .. } => {
                let value = object_of(value);
                quote!(#value.to_owned())
            }
            _ => value,
        };
        let label = text::call(inner, &pick.text);
        quote!(offered.push((#value, #label));)
    });
    quote! {
        let mut offered = Vec::new();
        #pushes
        let widget = Pick::new(offered);
    }
}

fn multiselect(env: &Env<'_>, choice: ChoiceId, numbers: [usize; 3]) -> TokenStream {
    let [min, max, columns] = numbers.map(proc_macro2::Literal::usize_unsuffixed);
    let choice = &env.cx.flow.choices[choice.0];
    let name = ident(&choice.name);
    let entries = choice.options.iter().map(|option| {
        let variant = ident(&option.variant);
        let label = text::call(env, &option.label);
        (quote!((#name::#variant, #label)), &option.when)
    });
    let (before, offered) = if choice.options.iter().all(|option| option.when.is_none()) {
        let entries = entries.map(|(entry, _)| entry);
        (TokenStream::new(), quote!(vec![#(#entries),*]))
    } else {
        let pushes = entries.map(|(entry, when)| match when {
            None => quote!(offered.push(#entry);),
            Some(when) => {
                let test = Values::new(env).condition(when);
                quote!(if #test { offered.push(#entry); })
            }
        });
        let before = quote!(let mut offered = Vec::new(); #(#pushes)*);
        (before, quote!(offered))
    };
    quote! {
        #before
        let widget = Multiselect { offered: #offered, min: #min, max: #max, columns: #columns };
    }
}
