//! How an answer or an argument is read.

use proc_macro2::TokenStream;
use quote::quote;

use super::env::Env;
use super::expr::Values;
use super::format::ident;
use crate::ir::Rule;
use crate::ir::expr::Expr;
use crate::ir::widget::Widget;

/// `(statements before, Result<T, Refusal>)` of a rule applied to `given`.
pub fn parse(
    env: &Env<'_>,
    rule: &Rule,
    pattern_name: Option<&syn::Ident>,
) -> (TokenStream, TokenStream) {
    let mut before = TokenStream::new();
    let bounds = |min: &Option<Expr>, max: &Option<Expr>| {
        let side = |bound: &Option<Expr>| match bound {
            Some(bound) => {
                let value = Values::new(env).value(bound);
                quote!(Some(#value))
            }
            None => quote!(None),
        };
        let (min, max) = (side(min), side(max));
        quote!(Bounds { min: #min, max: #max })
    };
    let call = match rule {
        Rule::Text { min, max, .. } => {
            let (min, max) = (
                proc_macro2::Literal::usize_unsuffixed(*min),
                proc_macro2::Literal::usize_unsuffixed(*max),
            );
            quote!(text(&TextRule { min: #min, max: #max }))
        }
        Rule::Int { min, max, .. } => {
            let bounds = bounds(min, max);
            quote!(int(#bounds))
        }
        Rule::Decimal {
            scale, min, max, ..
        } => {
            let (bounds, scale) = (
                bounds(min, max),
                proc_macro2::Literal::u8_unsuffixed(*scale),
            );
            quote!(decimal::<#scale>(#bounds))
        }
        Rule::Bool { .. } => quote!(bool()),
        Rule::Date { min, max, .. } => {
            let bounds = bounds(min, max);
            quote!(date(#bounds))
        }
        Rule::Time { min, max, .. } => {
            let bounds = bounds(min, max);
            quote!(time(#bounds))
        }
        Rule::DateTime { min, max, .. } => {
            let bounds = bounds(min, max);
            quote!(instant(#bounds))
        }
        Rule::Choice { choice } => {
            let choice = &env.cx.flow.choices[choice.0];
            let name = ident(&choice.name);
            if choice.options.iter().all(|option| option.when.is_none()) {
                quote!(choice(#name::OPTIONS))
            } else {
                let pushes = choice.options.iter().map(|option| {
                    let variant = ident(&option.variant);
                    match &option.when {
                        None => quote!(offered.push(#name::#variant);),
                        Some(when) => {
                            let test = Values::new(env).condition(when);
                            quote!(if #test { offered.push(#name::#variant); })
                        }
                    }
                });
                before = quote!(let mut offered = Vec::new(); #(#pushes)*);
                quote!(choice(&offered))
            }
        }
        Rule::Phone { .. } => quote!(phone()),
        Rule::Email { .. } => quote!(email()),
        Rule::Contact => quote!(contact()),
        Rule::Location => quote!(location()),
        Rule::Photo => quote!(photo()),
        Rule::File => quote!(file()),
        // Read by itself: a press may also turn it.
        Rule::Widget(_) => TokenStream::new(),
    };
    let parsed = match (pattern(rule), pattern_name) {
        (Some(_), Some(name)) => quote!(given.matching(&#name).and_then(|given| given.#call)),
        _ => quote!(given.#call),
    };
    (before, parsed)
}

/// The rule's `validate.regex`.
pub fn pattern(rule: &Rule) -> Option<&str> {
    match rule {
        Rule::Text { pattern, .. }
        | Rule::Int { pattern, .. }
        | Rule::Decimal { pattern, .. }
        | Rule::Bool { pattern }
        | Rule::Date { pattern, .. }
        | Rule::Time { pattern, .. }
        | Rule::DateTime { pattern, .. }
        | Rule::Phone { pattern }
        | Rule::Email { pattern } => pattern.as_deref(),
        Rule::Choice { .. }
        | Rule::Contact
        | Rule::Location
        | Rule::Photo
        | Rule::File
        | Rule::Widget(_) => None,
    }
}

/// The runtime's word for what is waited for.
pub fn wanted(rule: &Rule) -> syn::Ident {
    ident(match rule {
        Rule::Text { .. } => "Text",
        Rule::Int { .. } => "Int",
        Rule::Decimal { .. } => "Decimal",
        Rule::Bool { .. } => "Bool",
        Rule::Date { .. } => "Date",
        Rule::Time { .. } => "Time",
        Rule::DateTime { .. } => "DateTime",
        Rule::Choice { .. } => "Choice",
        Rule::Phone { .. } => "Phone",
        Rule::Email { .. } => "Email",
        Rule::Contact => "Contact",
        Rule::Location => "Location",
        Rule::Photo => "Photo",
        Rule::File => "File",
        Rule::Widget(widget) => match widget {
            Widget::Calendar(calendar) if calendar.times.is_some() => "DateTime",
            Widget::Calendar(_) => "Date",
            Widget::Confirm { .. } => "Bool",
            Widget::Rating { .. } => "Int",
            Widget::Number(number) if number.scale.is_some() => "Decimal",
            Widget::Number(_) => "Int",
            Widget::Multiselect { .. } | Widget::Pages(_) | Widget::Pick(_) => "Choice",
        },
    })
}
