//! `ops.broadcast.v1`, `action.segment.v1`, `action.subscribe.v1` and `action.unsubscribe.v1`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::reply;
use crate::emit::env::{Env, Site};
use crate::emit::expr::{Values, object_of};
use crate::emit::format::ident;
use crate::emit::{query, text};
use crate::ir::broadcast::{Audience, Broadcast, Segment, SegmentChange, Who};
use crate::ir::types::Base;
use crate::syntax::ast::MediaKind;

/// Messages a second where nothing is written.
const PACE: i64 = 25;

/// Makes it. A value only where there is a result; `optional`: as an `Option` (an action with `when`).
pub fn value(env: &Env<'_>, broadcast: &Broadcast, optional: bool) -> TokenStream {
    let (before, audience) = audience(env, &broadcast.audience);
    let pace = match &broadcast.pace {
        Some(pace) => Values::new(env).value(pace),
        None => {
            let pace = proc_macro2::Literal::i64_unsuffixed(PACE);
            quote!(#pace)
        }
    };
    let counted = broadcast
        .result
        .as_ref()
        .map(|_| quote!(let total = cx.audience(&reached).await?;));
    let letters = letters(env, broadcast);
    if broadcast.dry_run {
        let made = some(optional, quote!(Made::of(0, total, cx.pace(pace))));
        // Its message is rendered all the same: what would fail then fails now.
        return quote! {{
            #before
            #letters
            drop(letters);
            let reached = #audience;
            let pace = #pace;
            #counted
            #made
        }};
    }
    let name = &broadcast.name;
    let starts = broadcast.at.as_ref().map(|at| {
        let at = Values::new(env).value(at);
        quote!(.starts(#at))
    });
    let policy = broadcast.on_ambiguous.map(|policy| {
        let policy = crate::emit::bot::policy(policy);
        quote!(.on_ambiguous(#policy))
    });
    let progress = broadcast.progress.then(|| quote!(.progress(cx.chat_id())));
    let new = quote!(NewBroadcast::new(#name, reached, letters).per_second(pace) #starts #policy #progress);
    let made = match &broadcast.result {
        Some(_) => {
            let made = some(optional, quote!(Made::of(id, total, cx.pace(pace))));
            quote!(let id = cx.broadcast(new).await?; #made)
        }
        None => quote!(cx.broadcast(new).await?;),
    };
    quote! {{
        #before
        #letters
        let reached = #audience;
        let pace = #pace;
        #counted
        let new = #new;
        #made
    }}
}

fn some(optional: bool, value: TokenStream) -> TokenStream {
    if optional {
        quote!(Some(#value))
    } else {
        value
    }
}

/// Who gets it: statements before, and the value.
fn audience(env: &Env<'_>, audience: &Audience) -> (TokenStream, TokenStream) {
    match audience {
        Audience::Fixed(who) => (TokenStream::new(), self::who(who)),
        Audience::Chosen(value, choice, named) => {
            let choice = &env.cx.flow.choices[choice.0];
            let name = ident(&choice.name);
            let value = Values::new(env).value(value);
            let arms = choice.options.iter().zip(named).map(|(option, who)| {
                let (variant, who) = (ident(&option.variant), self::who(who));
                quote!(#name::#variant => #who)
            });
            (TokenStream::new(), quote!(match #value { #(#arms),* }))
        }
        Audience::People(id) => {
            let query = &env.cx.flow.queries[id.0];
            let (before, call) = query::call(env, query);
            (before, quote!(Audience::People(#call.await?)))
        }
    }
}

fn who(who: &Who) -> TokenStream {
    match who {
        Who::All => quote!(Audience::All),
        Who::ActiveDays(days) => {
            let days = proc_macro2::Literal::u16_unsuffixed(*days);
            quote!(Audience::ActiveDays(#days))
        }
        Who::Segment(name) => quote!(Audience::Segment(#name.into())),
    }
}

/// The message in each locale.
fn letters(env: &Env<'_>, broadcast: &Broadcast) -> TokenStream {
    let mut inside = env.clone();
    inside.site = Site::Letter;
    let env = &inside;
    let words = match &broadcast.text {
        Some(call) => text::call(env, call),
        None => quote!(Text::default()),
    };
    let media = broadcast.media.as_ref().map(|(kind, file)| {
        let kind = match kind {
            MediaKind::Photo => quote!(Photo),
            MediaKind::Video => quote!(Video),
            MediaKind::Document => quote!(Document),
            MediaKind::Audio => quote!(Audio),
            MediaKind::Animation => quote!(Animation),
            MediaKind::Voice => quote!(Voice),
        };
        let file = Values::new(env).value(file);
        quote!(.media(MediaKind::#kind, #file))
    });
    let letter = format_ident!("letter");
    let rows = reply::rows(env, &broadcast.keyboard, &letter);
    let mutable = (!broadcast.keyboard.is_empty()).then(|| quote!(mut));
    let each = match (&broadcast.text, broadcast.keyboard.is_empty()) {
        // The same in all of them.
        (None, true) => quote!(_),
        _ => quote!(words),
    };
    quote! {
        let mut letters = Vec::new();
        for #each in &cx.words().every_locale() {
            let #mutable letter = Message::new(#words);
            #rows
            letters.push(Bulletin::new(letter) #media);
        }
    }
}

/// Puts somebody into a segment, or takes them out.
pub fn segment(env: &Env<'_>, change: &SegmentChange) -> TokenStream {
    let one = |name: TokenStream| match (&change.user, change.join) {
        (None, true) => quote!(cx.join_segment(#name).await?;),
        (None, false) => quote!(cx.leave_segment(#name).await?;),
        (Some(user), join) => {
            let user = Values::new(env).value(user);
            quote!(cx.change_segment(#user, #name, #join).await?;)
        }
    };
    match &change.segment {
        Segment::Fixed(name) => one(quote!(#name)),
        Segment::Chosen(value) => {
            let several = matches!(value.ty.base, Base::List { .. });
            let value = Values::new(env).value(value);
            if several {
                let one = one(quote!(each.value()));
                quote!(for each in #value { #one })
            } else {
                let value = object_of(value);
                one(quote!(#value.value()))
            }
        }
    }
}

/// Whether the person wants broadcasts.
pub fn subscribe(wants: bool) -> TokenStream {
    quote!(cx.subscribe(#wants).await?;)
}
