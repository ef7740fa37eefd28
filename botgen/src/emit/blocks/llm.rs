//! `action.llm.v1` and replies that the model rewrites: the end of one segment and the beginning of the next.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use crate::emit::FlowEmit;
use crate::emit::env::{Env, Form};
use crate::emit::expr::Values;
use crate::emit::format::{doc, ident};
use crate::emit::text;
use crate::ir::ask::{Ask, Fallback, Field, Improve, Keep, Output, Record, Task};
use crate::ir::types::Base;
use crate::ir::{Action, ActionKind, ChoiceOption, Reply};

/// What ends a segment.
#[derive(Debug, Clone, Copy)]
pub enum Cut<'a> {
    /// A question of the author's.
    Ask(&'a Ask),
    /// A reply that is rewritten first.
    Improve(&'a Reply, &'a Improve),
}

impl<'a> Cut<'a> {
    /// Whether an action is one.
    pub fn of(action: &'a Action) -> Option<Self> {
        match &action.kind {
            ActionKind::Ask(ask) => Some(Self::Ask(ask)),
            ActionKind::Reply(reply) => Some(Self::Improve(reply, reply.improve.as_ref()?)),
            _ => None,
        }
    }

    /// Seconds that the answer may take.
    pub fn timeout(self) -> u32 {
        match self {
            Self::Ask(ask) => ask.timeout,
            Self::Improve(..) => 20,
        }
    }
}

/// What is asked, and what is said where it takes long and where the person has moved on. Of a reply that is rewritten an
/// `Option`: nothing may be asked.
pub fn think(env: &Env<'_>, cut: Cut<'_>, place: &str) -> TokenStream {
    match cut {
        Cut::Ask(ask) => {
            let question = question(env, ask, place);
            let said = |call: &Option<crate::ir::text::TextCall>| match call {
                Some(call) => {
                    let words = text::call(env, call);
                    quote!(Some(#words))
                }
                None => quote!(None),
            };
            let (long, late) = (said(&ask.long), said(&ask.late));
            quote!((#question, #long, #late))
        }
        Cut::Improve(reply, improve) => {
            let words = super::reply::words(env, reply);
            let Improve {
                compare,
                style,
                max_tokens,
            } = improve;
            let most = match max_tokens {
                Some(most) => {
                    let most = Literal::u32_unsuffixed(*most);
                    quote!(Some(#most))
                }
                None => quote!(None),
            };
            quote!({
                let text = #words;
                let ask = cx.improves(#place, #style, #most, #compare, &text);
                ask.map(|ask| (ask, None, None))
            })
        }
    }
}

fn question(env: &Env<'_>, ask: &Ask, place: &str) -> TokenStream {
    let prompt = text::call(env, &ask.prompt);
    let input = text::call(env, &ask.input);
    let given = match &ask.context {
        Some(context) => {
            let context = text::call(env, context);
            quote!(Some(#context.into_string()))
        }
        None => quote!(None),
    };
    let task = format_ident!(
        "{}",
        match ask.task {
            Task::Plain => "Plain",
            Task::Classify => "Classify",
            Task::Extract => "Extract",
            Task::Validate => "Validate",
            Task::Answer => "Answer",
        }
    );
    let keep = format_ident!(
        "{}",
        match ask.keep {
            Keep::Start => "Start",
            Keep::End => "End",
            Keep::Ends => "Ends",
        }
    );
    let format = match &ask.output {
        Output::Text => {
            let max = Literal::u32_unsuffixed(crate::ir::ask::ANSWER);
            quote!(asking::Format::Text { max: #max })
        }
        Output::Choice(id, abouts) => {
            let options = options(&env.cx.flow.choices[id.0].options, abouts);
            quote!(asking::Format::Choice { options: #options })
        }
        Output::Record(id) => {
            let fields = env.cx.flow.records[id.0]
                .fields
                .iter()
                .map(|field| self::field(env.cx, field));
            quote!(asking::Format::Record {
                fields: vec![#(#fields),*]
            })
        }
    };
    let tokens = Literal::u32_unsuffixed(ask.max_tokens);
    let temperature = Literal::u8_unsuffixed(ask.temperature);
    quote! {
        asking::Ask {
            place: #place.into(),
            task: asking::Task::#task,
            locale: cx.locale().into(),
            system: #prompt.into_string(),
            given: #given,
            text: #input.into_string(),
            keep: asking::Keep::#keep,
            format: #format,
            max_tokens: #tokens,
            temperature: #temperature,
        }
    }
}

fn options(options: &[ChoiceOption], abouts: &[String]) -> TokenStream {
    let options = options.iter().enumerate().map(|(at, option)| {
        let (value, about) = (&option.value, abouts.get(at).map_or("", String::as_str));
        quote!(asking::Choice { value: #value.into(), about: #about.into() })
    });
    quote!(vec![#(#options),*])
}

fn field(cx: FlowEmit<'_>, field: &Field) -> TokenStream {
    let (name, about, optional) = (&field.name, &field.about, field.ty.nullable);
    let kind = match &field.ty.base {
        Base::Int => {
            let (min, max) = field.bounds;
            let (min, max) = (bound(min), bound(max));
            quote!(Int { min: #min, max: #max })
        }
        Base::Decimal(scale) => {
            let scale = Literal::u8_unsuffixed(*scale);
            quote!(Decimal { scale: #scale })
        }
        Base::Bool => quote!(Bool),
        Base::Date => quote!(Date),
        Base::Time => quote!(Time),
        Base::DateTime => quote!(Datetime),
        Base::Choice(id) => {
            let options = options(&cx.flow.choices[id.0].options, &field.options);
            quote!(Choice { options: #options })
        }
        _ => {
            let max = Literal::i64_unsuffixed(field.bounds.1);
            quote!(Text { max: #max })
        }
    };
    quote!(asking::Field { name: #name.into(), kind: asking::Kind::#kind, optional: #optional, about: #about.into() })
}

fn bound(n: i64) -> TokenStream {
    match n {
        i64::MIN => quote!(i64::MIN),
        i64::MAX => quote!(i64::MAX),
        n => {
            let n = Literal::i64_unsuffixed(n);
            quote!(#n)
        }
    }
}

/// The record types of a flow.
pub fn record(cx: FlowEmit<'_>, record: &Record) -> TokenStream {
    let name = ident(&record.name);
    let docs = doc(&format!("The answer at {}.", record.origin.0));
    let fields = record.fields.iter().map(|field| {
        let (name, ty) = (ident(&field.ident), cx.owned(&field.ty));
        let docs = doc(&format!("`{}`.", field.name));
        quote!(#docs pub #name: #ty)
    });
    quote! {
        #docs
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(crate = "runtime_core::prelude::serde")]
        pub struct #name { #(#fields),* }
    }
}

/// The first statements of the next segment: the answer, and what goes with it.
pub fn receive<'a>(
    env: &mut Env<'a>,
    action: &Action,
    cut: Cut<'_>,
    leave: impl Fn(&Env<'a>) -> Option<TokenStream>,
) -> TokenStream {
    let conditional = action.when.is_some();
    match cut {
        Cut::Ask(ask) => {
            let value = answer(env, ask);
            let value = match (conditional, matches!(ask.fallback, Fallback::Null)) {
                (false, _) => value,
                (true, true) => quote!(if went.past() { None } else { #value }),
                (true, false) => quote!(if went.past() { None } else { Some(#value) }),
            };
            let name = ident(&ask.result.ident);
            env.local(&ask.result, Form::Owned);
            let ty = env.cx.owned(&ask.result.ty);
            let leave = leave(env).map(|leave| {
                if conditional {
                    quote!(if !went.past() { #leave })
                } else {
                    leave
                }
            });
            quote!(let #name: #ty = #value; #leave)
        }
        Cut::Improve(reply, _) => {
            let said = super::reply::statements_with(
                env,
                reply,
                |words| quote!(cx.reworded(#words, went.text())),
            );
            let leave = leave(env);
            if conditional {
                quote!(if !went.past() { #said #leave })
            } else {
                quote!(#said #leave)
            }
        }
    }
}

/// The variable's value: the answer, or the fallback. An `Option` where the fallback is null.
fn answer(env: &Env<'_>, ask: &Ask) -> TokenStream {
    let given = match &ask.output {
        Output::Text => quote!(went.text()),
        Output::Choice(..) => quote!(went.choice()),
        Output::Record(id) => {
            let record = &env.cx.flow.records[id.0];
            let name = ident(&record.name);
            let fields = record.fields.iter().map(|field| {
                let (name, key) = (ident(&field.ident), &field.name);
                let read = match &field.ty.base {
                    Base::Int => quote!(fields.int(#key)),
                    Base::Decimal(_) => quote!(fields.decimal(#key)),
                    Base::Bool => quote!(fields.bool(#key)),
                    Base::Date => quote!(fields.date(#key)),
                    Base::Time => quote!(fields.time(#key)),
                    Base::DateTime => quote!(fields.datetime(#key, cx.words())),
                    Base::Choice(_) => quote!(fields.choice(#key)),
                    _ => quote!(fields.text(#key)),
                };
                if field.ty.nullable {
                    quote!(#name: #read)
                } else {
                    quote!(#name: #read?)
                }
            });
            quote!(went.record(|fields| Some(#name { #(#fields),* })))
        }
    };
    match &ask.fallback {
        Fallback::Null => given,
        Fallback::Text(call) => {
            let words = text::call(env, call);
            quote!(match #given { Some(value) => value, None => #words.into_string() })
        }
        Fallback::Option(at) => {
            let Output::Choice(id, _) = &ask.output else {
                return given; // the checks give an option to a choice only
            };
            let choice = &env.cx.flow.choices[id.0];
            let (name, variant) = (ident(&choice.name), ident(&choice.options[*at].variant));
            quote!(#given.unwrap_or(#name::#variant))
        }
        Fallback::Fields(values) => {
            let Output::Record(id) = &ask.output else {
                return given; // likewise
            };
            let record = &env.cx.flow.records[id.0];
            let name = ident(&record.name);
            let fields = record.fields.iter().zip(values).map(|(field, e)| {
                let key = ident(&field.ident);
                let value = Values::new(env).value(e);
                let value = match (&field.ty.base, field.ty.nullable, e.ty.nullable) {
                    (Base::Text { .. }, false, _) => quote!(#value.to_owned()),
                    (Base::Text { .. }, true, false) => quote!(Some(#value.to_owned())),
                    (Base::Text { .. }, true, true)
                        if !matches!(e.kind, crate::ir::expr::ExprKind::Null) =>
                    {
                        quote!(#value.map(str::to_owned))
                    }
                    (_, true, false) => quote!(Some(#value)),
                    _ => value,
                };
                quote!(#key: #value)
            });
            quote!(match #given { Some(value) => value, None => #name { #(#fields),* } })
        }
    }
}
