//! A calendar: its rules, with what its queries give by now.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use crate::emit::env::Env;
use crate::emit::expr::{Values, object_of};
use crate::emit::query;
use crate::ir::sql::QueryId;
use crate::ir::widget::{Calendar, Limit, Taken, Zone};

/// Statements that end with `let widget = …;`.
pub fn build(env: &Env<'_>, calendar: &Calendar) -> TokenStream {
    let begin = match calendar.times {
        None => quote!(CalendarRules::days(cx.words())),
        Some((from, to, step)) => {
            let [from, to, step] = [from, to, step].map(Literal::u16_unsuffixed);
            quote!(CalendarRules::times(cx.words(), #from, #to, #step))
        }
    };
    let zone = calendar.tz.as_ref().map(|zone| match zone {
        Zone::Name(name) => quote!(.tz(#name)),
        Zone::Value(value) => {
            let value = Values::new(env).value(value);
            quote!(.tz(#value))
        }
    });
    let closed = (calendar.closed != 0).then(|| {
        let days = Literal::u8_unsuffixed(calendar.closed);
        quote!(.closed(#days))
    });
    let sides = [("min", &calendar.min), ("max", &calendar.max)];
    let limits = sides
        .into_iter()
        .filter_map(|(side, limit)| Some(limit_of(env, side, limit.as_ref()?)));
    let taken = calendar.disabled.iter().map(|taken| match taken {
        Taken::Today(days) => {
            let days = Literal::i64_unsuffixed(*days);
            quote!(let widget = widget.disabled_today(#days);)
        }
        Taken::One(value) => {
            let value = Values::new(env).value(value);
            quote!(let widget = widget.disabled([#value])?;)
        }
        Taken::List(value) => {
            let value = object_of(Values::new(env).value(value));
            quote!(let widget = widget.disabled(#value.iter().copied())?;)
        }
        Taken::Query(query) => {
            let (before, call) = query_of(env, *query);
            quote!(#before let widget = widget.disabled(#call.await?)?;)
        }
    });
    quote! {
        let widget = #begin #zone #closed;
        #(#limits)*
        #(#taken)*
        let widget = widget.calendar();
    }
}

fn limit_of(env: &Env<'_>, side: &str, limit: &Limit) -> TokenStream {
    let verb = format_ident!("{side}");
    match limit {
        Limit::Today(days) => {
            let verb = format_ident!("{side}_today");
            let days = Literal::i64_unsuffixed(*days);
            quote!(let widget = widget.#verb(#days);)
        }
        Limit::Value(value) => {
            let value = Values::new(env).value(value);
            quote!(let widget = widget.#verb(#value);)
        }
        Limit::Query(query) => {
            let (before, call) = query_of(env, *query);
            quote!(#before let widget = widget.#verb(#call.await?);)
        }
    }
}

/// A call of a query of this flow: `(statements before, call)`.
fn query_of(env: &Env<'_>, query: QueryId) -> (TokenStream, TokenStream) {
    query::call(env, &env.cx.flow.queries[query.0])
}
