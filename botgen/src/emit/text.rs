//! Texts: one function each, `write!` calls and `push`es of the author's words.

use std::collections::BTreeSet;

use botfactory_lang::markup::{ParseMode, Place};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::FlowEmit;
use super::env::{Binding, Env, Form, Site};
use super::expr::{Values, is_fallible, object_of, walk};
use super::format::{doc, ident};
use crate::ir::expr::{Builtin, Expr, ExprKind};
use crate::ir::text::{DateStyle, How, KeyArg, Piece, Print, Text, TextCall};
use crate::ir::types::{Base, Ty, Variable};

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

/// Statements that print the pieces into `out`.
fn pieces(env: &Env<'_>, list: &[Piece], top: bool) -> TokenStream {
    let mut out = TokenStream::new();
    let mut line = Line::default();
    for piece in list {
        match piece {
            Piece::Literal(words) => line.literal(words),
            Piece::Value { print, place } => {
                let mut values = Values::new(env);
                let shown = shown(&mut values, print, *place);
                line.value(&mut out, values, shown);
            }
            Piece::Key {
                key,
                attribute,
                args,
                place,
            } => {
                let mut values = Values::new(env);
                let args = args
                    .iter()
                    .map(|(name, arg)| key_arg(&mut values, name, arg))
                    .collect::<Vec<_>>();
                let args = quote!(Args::new() #(#args)*);
                let p = printer(*place);
                let shown = match attribute {
                    Some(attribute) => quote!(#p.t_attribute(#key, #attribute, #args)),
                    None => quote!(#p.t(#key, #args)),
                };
                line.value(&mut out, values, shown);
            }
            Piece::Each {
                list,
                item,
                indexed,
                body,
                otherwise,
            } => {
                line.flush(&mut out);
                out.extend(each(env, list, item, *indexed, body, otherwise, top));
            }
            Piece::If { arms, otherwise } => {
                line.flush(&mut out);
                out.extend(branches(env, arms, otherwise, top));
            }
        }
    }
    line.flush(&mut out);
    out
}

fn each(
    env: &Env<'_>,
    list: &Expr,
    item: &str,
    indexed: bool,
    body: &[Piece],
    otherwise: &[Piece],
    top: bool,
) -> TokenStream {
    let mut values = Values::new(env);
    let rows = values.value(list);
    let item_ty = match &list.ty.base {
        Base::List { item, .. } => (**item).clone(),
        _ => Ty::some(Base::Null),
    };
    let mut inner = env.clone();
    let name = ident(item);
    inner.bind(item, quote!(#name), item_ty, Form::Reference);
    let body = pieces(&inner, body, false);
    let row_end = top.then(|| quote!(out.row();));
    let walk = if indexed {
        quote!(for (index, #name) in (1_i64..).zip(#rows) { #body #row_end })
    } else {
        quote!(for #name in #rows { #body #row_end })
    };
    let statement = if otherwise.is_empty() {
        walk
    } else {
        let otherwise = pieces(env, otherwise, top);
        let list = object_of(rows);
        quote!(if #list.is_empty() { #otherwise } else { #walk })
    };
    values.guard(statement)
}

fn branches(
    env: &Env<'_>,
    arms: &[(Expr, Vec<Piece>)],
    otherwise: &[Piece],
    top: bool,
) -> TokenStream {
    let mut out = TokenStream::new();
    for (position, (condition, body)) in arms.iter().enumerate() {
        if position > 0 {
            out.extend(quote!(else));
        }
        // `{{#if x is not null}}` reads best as a pattern that binds `x`.
        if let Some((binder, option)) = tested(env, condition) {
            let mut inner = env.clone();
            inner.bound.insert(option.to_string(), binder.clone());
            let body = pieces(&inner, body, top);
            let pattern = if mentions(&body, &binder) {
                quote!(#binder)
            } else {
                quote!(_)
            };
            out.extend(quote!(if let Some(#pattern) = #option { #body }));
        } else {
            let test = Values::new(env).condition(condition);
            let body = pieces(env, body, top);
            out.extend(quote!(if #test { #body }));
        }
    }
    if !otherwise.is_empty() {
        let body = pieces(env, otherwise, top);
        out.extend(quote!(else { #body }));
    }
    out
}

/// `x is not null` on a variable or field that is nullable here: `(name to bind, option)`.
fn tested(env: &Env<'_>, condition: &Expr) -> Option<(syn::Ident, TokenStream)> {
    let ExprKind::IsNull {
        value,
        negated: true,
    } = &condition.kind
    else {
        return None;
    };
    let hint = match &value.kind {
        ExprKind::Var {
            ident: name,
            narrowed: false,
        } => {
            if !env.vars.get(name)?.ty.nullable {
                return None;
            }
            name.trim_start_matches("r#").to_owned()
        }
        ExprKind::Builtin(Builtin::UserLastName) => "user_last_name".to_owned(),
        ExprKind::Builtin(Builtin::UserUsername) => "user_username".to_owned(),
        ExprKind::Field {
            of,
            ident: field,
            narrowed: false,
        } if value.ty.nullable => {
            let ExprKind::Var { ident: of, .. } = &of.kind else {
                return None;
            };
            format!(
                "{}_{}",
                of.trim_start_matches("r#"),
                field.trim_start_matches("r#")
            )
        }
        _ => return None,
    };
    let mut values = Values::new(env);
    let option = values.value(value);
    if !values.unwraps.is_empty() {
        return None;
    }
    let binder = env.binder(&hint, &option, |_| false);
    Some((binder, option))
}

fn mentions(tokens: &TokenStream, name: &syn::Ident) -> bool {
    tokens.clone().into_iter().any(|tree| match tree {
        proc_macro2::TokenTree::Ident(word) => word == *name,
        proc_macro2::TokenTree::Group(group) => mentions(&group.stream(), name),
        _ => false,
    })
}

/// Collects literals and values into one `write!`.
#[derive(Default)]
struct Line {
    format: String,
    values: Vec<TokenStream>,
    plain: String,
    before: TokenStream,
    /// Values that stand before the `write!`, under a name.
    bound: usize,
}

impl Line {
    fn literal(&mut self, words: &str) {
        self.plain.push_str(words);
        self.format
            .push_str(&words.replace('{', "{{").replace('}', "}}"));
    }

    fn value(&mut self, out: &mut TokenStream, values: Values<'_, '_>, shown: TokenStream) {
        if values.unwraps.is_empty() {
            // rustfmt's like cannot break a macro's arguments: what is long stands before it, under a name.
            if shown.to_string().len() > 48 {
                let name = quote::format_ident!("shown_{}", self.bound + 1);
                self.before.extend(quote!(let #name = #shown;));
                self.format.push_str(&format!("{{{name}}}"));
                self.bound += 1;
            } else {
                self.format.push_str("{}");
                self.values.push(shown);
            }
        } else {
            self.flush(out);
            out.extend(values.guard(quote!(write!(out, "{}", #shown);)));
        }
    }

    fn flush(&mut self, out: &mut TokenStream) {
        let line = std::mem::take(self);
        if !line.values.is_empty() || line.bound > 0 {
            let (values, before) = (line.values, line.before);
            // clippy's `write_with_newline`.
            let (verb, format) = match line.format.strip_suffix('\n') {
                Some(format) => (quote!(writeln!), format),
                None => (quote!(write!), line.format.as_str()),
            };
            let format = Literal::string(format);
            out.extend(quote!(#before #verb(out, #format #(, #values)*);));
        } else if !line.plain.is_empty() {
            let words = Literal::string(&line.plain);
            out.extend(quote!(out.push(#words);));
        }
    }
}

fn printer(place: Place) -> TokenStream {
    match place {
        Place::Text => quote!(p),
        Place::Code => quote!(p.code()),
        Place::Attribute => quote!(p.attribute()),
        Place::Address => quote!(p.address()),
    }
}

fn key_arg(values: &mut Values<'_, '_>, name: &str, arg: &KeyArg) -> TokenStream {
    let value = match arg {
        KeyArg::Value(e) if matches!(e.ty.base, Base::Choice(_)) => {
            let value = values.value(e);
            let value = object_of(value);
            quote!(#value.value())
        }
        KeyArg::Value(e) => values.value(e),
        KeyArg::Printed(Print {
            value,
            how: How::Plain,
        }) if matches!(value.ty.base, Base::Choice(_)) => {
            let value = values.value(value);
            let value = object_of(value);
            quote!(#value.value())
        }
        KeyArg::Printed(Print {
            value,
            how: How::Plain,
        }) if matches!(value.ty.base, Base::Text { .. }) => values.value(value),
        KeyArg::Printed(print) => string(values, print),
    };
    quote!(.with(#name, #value))
}

/// Something that displays the value, escaped for `place`.
fn shown(values: &mut Values<'_, '_>, print: &Print, place: Place) -> TokenStream {
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
fn printed(p: &TokenStream, value: TokenStream, base: &Base, how: &How) -> TokenStream {
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

/// The printed value as a `String`, not escaped.
pub fn string(values: &mut Values<'_, '_>, print: &Print) -> TokenStream {
    if let How::Or(other, how) = &print.how {
        let other = string(values, other);
        let option = values.value(&print.value);
        let mut inner = values.env.clone();
        inner.bind(
            "value",
            quote!(value),
            print.value.ty.clone().with_null(false),
            Form::Borrowed,
        );
        let value = Expr {
            ty: print.value.ty.clone().with_null(false),
            kind: ExprKind::Var {
                ident: "value".into(),
                narrowed: false,
            },
        };
        let some = string(
            &mut Values::new(&inner),
            &Print {
                value,
                how: (**how).clone(),
            },
        );
        return quote!(#option.map_or_else(|| #other, |value| #some));
    }
    let value = values.value(&print.value);
    string_of(values.env, value, &print.value.ty, &print.how)
}

fn string_of(env: &Env<'_>, value: TokenStream, ty: &Ty, how: &How) -> TokenStream {
    let words = env.words();
    match (how, &ty.base) {
        (How::Plain, Base::Text { .. }) => {
            let value = object_of(value);
            quote!(#value.to_owned())
        }
        (How::Plain, Base::Choice(_)) => {
            let value = object_of(value);
            quote!(#value.value().to_owned())
        }
        (How::Label(_), _) => {
            let value = object_of(value);
            quote!(#value.label(#words).into_string())
        }
        (How::LabelOf { command, choice }, _) => {
            let Some(flow) = env
                .cx
                .bot
                .flows
                .iter()
                .find(|flow| flow.command == *command)
            else {
                return quote!(#value.to_owned());
            };
            let name = ident(&flow.choices[choice.0].name);
            let path = if flow.module == env.cx.flow.module {
                quote!(#name)
            } else {
                let module = ident(&flow.module);
                quote!(super::#module::#name)
            };
            quote!(label_of::<#path>(#value, #words))
        }
        (How::Upper(inner), _) => {
            let inner = string_of(env, value, ty, inner);
            quote!(#inner.to_uppercase())
        }
        (How::Lower(inner), _) => {
            let inner = string_of(env, value, ty, inner);
            quote!(#inner.to_lowercase())
        }
        (How::Truncate(max, inner), _) => {
            let inner = string_of(env, value, ty, inner);
            let max = Literal::usize_unsuffixed(*max);
            quote!(cut(&#inner, #max).into_owned())
        }
        (How::Join { separator, each }, Base::List { item: item_ty, .. }) => {
            let item = Binding {
                tokens: quote!(each),
                ty: (**item_ty).clone(),
                form: Form::Reference,
            }
            .borrowed();
            let each = string_of(env, item, item_ty, each);
            let value = object_of(value);
            quote!(#value.iter().map(|each| #each).collect::<Vec<_>>().join(#separator))
        }
        (How::Or(..), _) => quote!(#value.to_string()),
        (how, base) => {
            let shown = printed(&quote!(#words.plain()), value, base, how);
            quote!(#shown.to_string())
        }
    }
}

fn prints(list: &[Piece]) -> bool {
    list.iter().any(|piece| match piece {
        Piece::Literal(_) => false,
        Piece::Value { .. } | Piece::Key { .. } => true,
        Piece::Each {
            body, otherwise, ..
        } => prints(body) || prints(otherwise),
        Piece::If { arms, otherwise } => {
            arms.iter().any(|(_, body)| prints(body)) || prints(otherwise)
        }
    })
}

/// Every expression of a text.
pub fn walk_pieces<'e>(list: &'e [Piece], visit: &mut dyn FnMut(&'e Expr)) {
    for piece in list {
        match piece {
            Piece::Literal(_) => {}
            Piece::Value { print, .. } => walk_print(print, visit),
            Piece::Key { args, .. } => args.iter().for_each(|(_, arg)| match arg {
                KeyArg::Value(e) => walk(e, visit),
                KeyArg::Printed(print) => walk_print(print, visit),
            }),
            Piece::Each {
                list,
                body,
                otherwise,
                ..
            } => {
                walk(list, visit);
                walk_pieces(body, visit);
                walk_pieces(otherwise, visit);
            }
            Piece::If { arms, otherwise } => {
                for (condition, body) in arms {
                    walk(condition, visit);
                    walk_pieces(body, visit);
                }
                walk_pieces(otherwise, visit);
            }
        }
    }
}

/// Every expression of a printing.
pub fn walk_print<'e>(print: &'e Print, visit: &mut dyn FnMut(&'e Expr)) {
    walk(&print.value, visit);
    let mut how = &print.how;
    loop {
        how = match how {
            How::Upper(inner)
            | How::Lower(inner)
            | How::Truncate(_, inner)
            | How::Join { each: inner, .. } => inner,
            How::Or(other, inner) => {
                walk_print(other, visit);
                inner
            }
            _ => return,
        };
    }
}
