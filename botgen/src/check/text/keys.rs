//! `t:KEY {…}`: the message in every locale, and the arguments against what it needs.

use botfactory_lang::proof::message::{self, Given, Message, Type};
use botfactory_lang::proof::shape::Kind as HoleKind;
use botfactory_lang::words;

use super::bounds::{Bound, Bounds};
use crate::check::FlowCx;
use crate::check::expr::{self, Printing};
use crate::check::i18n::Translations;
use crate::check::scope::Scope;
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::text::{How, KeyArg};
use crate::ir::types::{Base, Ty};
use crate::syntax::ast;

/// A message with its arguments.
pub(super) struct Key {
    pub args: Vec<(String, KeyArg)>,
    pub message: Message,
}

/// Proves a use of a message.
pub(super) fn key<'a>(
    cx: &mut FlowCx<'a>,
    scope: &Scope,
    k: &ast::KeyRef,
    id: usize,
) -> Option<Key> {
    let words: &'a Translations = cx.bot.words;
    let attribute = k.attribute.as_ref().map(|a| a.node.as_str());
    words.mark_used(&k.key.node, attribute);
    if !message::exists(&words.locales, &k.key.node, attribute) {
        unknown(cx, words, k);
        // The arguments can be wrong by themselves.
        for (_, e) in &k.args {
            expr::print(cx, scope, e, Printing::Value);
        }
        return None;
    }
    let rows = scope.loops().last().and_then(|l| l.most);
    let (mut given, mut args) = (Vec::new(), Vec::new());
    let mut whole = true;
    for (name, e) in &k.args {
        let Some(print) = expr::print(cx, scope, e, Printing::Value) else {
            whole = false;
            continue;
        };
        let ty = print.value.ty.clone();
        let bare = print.how == How::Plain;
        let (printed, arg) = if bare && !matches!(ty.base, Base::Choice(_)) {
            (false, KeyArg::Value(print.value))
        } else {
            (!bare, KeyArg::Printed(print))
        };
        let filled = usize::from(expr::is_filled(scope, e));
        let bound = |locale| {
            let bound = Bounds { cx, locale, rows }.argument(&arg);
            Bound {
                least: bound.least.max(filled),
                ..bound
            }
        };
        given.push(Given {
            name: name.node.clone(),
            name_span: name.span,
            span: e.span,
            shown: ty.describe(),
            printed,
            bounds: (0..words.locales.len()).map(bound).collect(),
            kind: match ty.base {
                Base::Text { .. } => HoleKind::Text,
                _ if printed => HoleKind::Text,
                _ => HoleKind::Line,
            },
            ty: type_of(cx, &ty),
        });
        args.push((name.node.clone(), arg));
    }
    let mut message = Message {
        id,
        key: k.key.node.clone(),
        attribute: attribute.map(str::to_owned),
        span: k.key.span,
        given,
        locales: Vec::new(),
    };
    let names: Vec<&str> = k.args.iter().map(|(n, _)| n.node.as_str()).collect();
    let sources = cx.bot.sources;
    let fine = message::arguments(&mut cx.proof(), &message, &names, Some(sources));
    if !whole || !fine {
        return None;
    }
    message.locales = message::grow(&words.locales, &cx.bot.lengths, &message);
    Some(Key { args, message })
}

/// A type as far as translations tell types apart.
fn type_of(cx: &FlowCx<'_>, ty: &Ty) -> Type {
    match ty.base {
        Base::Text { .. } => Type::Text,
        Base::Int => Type::Int,
        Base::Decimal(digits) => Type::Decimal(digits),
        Base::Real => Type::Real,
        Base::Date => Type::Date,
        Base::Time => Type::Time,
        Base::DateTime => Type::DateTime,
        Base::Choice(id) => {
            let options = cx.choices.get(id.0).map(|c| c.options.as_slice());
            let values = options.unwrap_or_default().iter().map(|o| o.value.clone());
            Type::Choice(values.collect())
        }
        _ => Type::Other,
    }
}

fn unknown(cx: &mut FlowCx<'_>, words: &Translations, k: &ast::KeyRef) {
    if words.broken() {
        return;
    }
    let key = k.key.node.as_str();
    let messages: Vec<_> = words
        .locales
        .iter()
        .filter_map(|l| l.messages.get(key))
        .collect();
    if let Some(first) = messages.first() {
        let attributes = messages.iter().flat_map(|m| &m.attributes);
        let names: Vec<&str> = attributes.map(|a| a.name.as_str()).collect();
        let attribute = k.attribute.as_ref();
        let near = attribute.and_then(|a| meant(&a.node, names.iter().copied()));
        let (span, message, help) = match attribute {
            Some(attribute) => (
                attribute.span,
                format!("`{key}` has no attribute `{}`", attribute.node),
                near.map_or_else(
                    || format!("write `.{} = …` below the message", attribute.node),
                    |near| format!("did you mean `t:{key}.{}`?", near.word),
                ),
            ),
            None => (
                k.key.span,
                format!("`{key}` has attributes but no text of its own"),
                names.first().map_or_else(String::new, |name| {
                    format!("name one of them: `t:{key}.{name}`")
                }),
            ),
        };
        let d = Diagnostic::new(&codes::UNKNOWN_KEY, span, message)
            .note(first.span, "the message")
            .help(help);
        cx.sink.report(match (attribute, near) {
            (Some(attribute), Some(near)) => d.rename(&attribute.node, &near),
            _ => d,
        });
        return;
    }
    let known = words.keys();
    let files: Vec<String> = words
        .locales
        .iter()
        .map(|l| format!("`locales/{}.ftl`", l.tag))
        .collect();
    let files = files.join(", ");
    let own = key.starts_with("bf-") && words::own_ids().iter().any(|(id, _)| *id == key);
    let near = meant(key, known.iter().copied()).filter(|_| !own);
    let help = if own {
        "the runtime's own words are printed by the runtime only; write a message of your own"
            .to_owned()
    } else if let Some(near) = near {
        format!("did you mean `t:{}`?", near.word)
    } else {
        format!("write it in {files}: `{key} = …`")
    };
    let message = if words.locales.len() == 1 {
        format!("there is no message `{key}`")
    } else {
        format!("no locale has a message `{key}`")
    };
    let d = Diagnostic::new(&codes::UNKNOWN_KEY, k.key.span, message).help(help);
    cx.sink.report(match near {
        Some(near) => d.rename(key, &near),
        None => d,
    });
}

/// The length of a message without arguments in one locale.
pub(super) fn fixed(cx: &FlowCx<'_>, k: &ast::KeyRef, locale: usize) -> Bound {
    let key = (
        k.key.node.as_str(),
        k.attribute.as_ref().map(|a| a.node.as_str()),
    );
    message::fixed(&cx.bot.words.locales, &cx.bot.lengths, key, locale)
}
