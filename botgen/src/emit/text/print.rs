//! A value in a text.

use botfactory_lang::markup::Place;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::pieces::printer;
use super::string::string;
use crate::emit::expr::{Values, object_of};
use crate::ir::text::{DateStyle, How, Print};
use crate::ir::types::Base;

/// Something that displays the value, escaped for `place`.
pub(super) fn shown(values: &mut Values<'_, '_>, print: &Print, place: Place) -> TokenStream {
    let p = printer(place);
    match (&print.how, &print.value.ty.base) {
        (How::Plain, Base::Choice(_)) => {
            let value = values.value(&print.value);
            let value = object_of(value);
            quote!(#p.v(#value.value()))
        }
        (How::Plain, Base::Text { .. }) => {
            let value = values.value(&print.value);
            quote!(#p.v(#value))
        }
        (How::Label(_), _) => {
            let value = values.value(&print.value);
            let words = values.env.words();
            let value = object_of(value);
            quote!(#p.s(#value.label(#words).into_string()))
        }
        (
            How::Plain
            | How::Date(_)
            | How::Time(_)
            | How::DateTime(_)
            | How::Duration
            | How::Number { .. }
            | How::Money { .. },
            _,
        ) => {
            let value = values.value(&print.value);
            printed(&p, value, &print.value.ty.base, &print.how)
        }
        _ => {
            let text = string(values, print);
            quote!(#p.s(#text))
        }
    }
}

/// The printer's method for a value that is not a text.
pub(super) fn printed(p: &TokenStream, value: TokenStream, base: &Base, how: &How) -> TokenStream {
    match (how, base) {
        (How::Plain, Base::Int) => quote!(#p.int(#value)),
        (How::Plain, Base::Decimal(_)) => quote!(#p.decimal(#value)),
        (How::Plain, Base::Real) => quote!(#p.real(#value)),
        (How::Plain, Base::Date) => quote!(#p.date(#value, Style::Medium)),
        (How::Plain, Base::Time) => quote!(#p.time(#value, Style::Short)),
        (How::Plain, Base::DateTime) => quote!(#p.datetime(#value, Style::Medium)),
        (How::Date(style), Base::DateTime) => {
            // A pattern may name hours: it prints the whole instant.
            let (style, whole) = (date_style(style), has_time(style));
            if whole {
                quote!(#p.datetime(#value, #style))
            } else {
                quote!(#p.date_of(#value, #style))
            }
        }
        (How::Time(style), Base::DateTime) => {
            let style = date_style(style);
            quote!(#p.time_of(#value, #style))
        }
        (How::DateTime(style), _) => {
            let style = date_style(style);
            quote!(#p.datetime(#value, #style))
        }
        (How::Date(style), _) => {
            let style = date_style(style);
            quote!(#p.date(#value, #style))
        }
        (How::Time(style), _) => {
            let style = date_style(style);
            quote!(#p.time(#value, #style))
        }
        (How::Duration, _) => quote!(#p.duration(#value)),
        (How::Number { digits }, base) => {
            let digits = match digits {
                Some(digits) => {
                    let digits = Literal::u8_unsuffixed(*digits);
                    quote!(Some(#digits))
                }
                None => quote!(None),
            };
            let (units, scale) = units(value, base);
            quote!(#p.number(#units, #scale, #digits))
        }
        (How::Money { currency }, base) => {
            let (units, scale) = units(value, base);
            quote!(#p.money(#units, #scale, #currency))
        }
        _ => quote!(#p.v(#value)),
    }
}

fn units(value: TokenStream, base: &Base) -> (TokenStream, TokenStream) {
    match base {
        Base::Decimal(scale) => {
            let scale = Literal::u8_unsuffixed(*scale);
            (quote!(#value.units()), quote!(#scale))
        }
        // Floats are shown with six digits at most; the printer drops what is asked away.
        Base::Real => (quote!((#value * 1_000_000.0).round() as i64), quote!(6)),
        _ => (value, quote!(0)),
    }
}

fn has_time(style: &DateStyle) -> bool {
    let DateStyle::Pattern(pattern) = style else {
        return false;
    };
    let mut quoted = false;
    pattern.chars().any(|c| {
        quoted ^= c == '\'';
        !quoted && matches!(c, 'h' | 'H' | 'k' | 'K' | 'm' | 's' | 'S' | 'a' | 'b' | 'B')
    })
}

fn date_style(style: &DateStyle) -> TokenStream {
    match style {
        DateStyle::Short => quote!(Style::Short),
        DateStyle::Medium => quote!(Style::Medium),
        DateStyle::Long => quote!(Style::Long),
        DateStyle::Pattern(pattern) => quote!(Style::Pattern(#pattern)),
    }
}
