//! What the model wrote reaches statements, other people and commands only where somebody has vouched for it.

use std::collections::BTreeSet;

use crate::check::flow::FlowCheck;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::models::UNTRUSTED;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::text::{How, KeyArg, Piece, Print, Text, TextCall};
use crate::ir::types::Base;
use crate::ir::{Button, ButtonDoes};
use crate::source::{Span, Str};
use crate::syntax::ast;

/// What to do about it.
const HELP: &str = "they are a machine's, made of what a person wrote: use a choice or a typed field instead, or say why they may be used so: `trust: \"a summary for the desk\"`";
const SENT: &str = "sent to others";
const ARGUMENT: &str = "made an argument of a command";
const BOUND: &str = "bound in a statement";

/// A variable with texts of the model that nobody has vouched for.
#[derive(Debug)]
pub struct Doubt {
    /// In Rust.
    ident: String,
    /// Where it is written.
    name: Str,
    /// Where others would get them, and how.
    uses: BTreeSet<(Span, &'static str)>,
}

/// Nobody has vouched for what the model puts there.
pub fn doubt(check: &mut FlowCheck<'_>, ident: &str, name: &Str) {
    // What follows every step is looked at several times.
    if check
        .doubts
        .iter()
        .all(|known| known.name.span != name.span)
    {
        check.doubts.push(Doubt {
            ident: ident.to_owned(),
            name: name.clone(),
            uses: BTreeSet::new(),
        });
    }
}

/// What goes to others, with the places where it is written.
#[derive(Debug)]
pub struct Letter<'a> {
    /// All of them.
    pub texts: Vec<(&'a TextCall, Span)>,
    /// Its file.
    pub values: Vec<(&'a Expr, Span)>,
    /// Rows.
    pub keyboard: &'a [Vec<Button>],
    /// The same as written.
    pub written: &'a ast::Keyboard,
}

/// Others must not get what the model wrote.
pub fn sent(check: &mut FlowCheck<'_>, letter: &Letter<'_>) {
    for (call, span) in &letter.texts {
        note(check, SENT, *span, |ident, texts| said(texts, call, ident));
    }
    for (value, span) in &letter.values {
        note(check, SENT, *span, |ident, _| carries(value, ident));
    }
    for (button, written) in both(letter.keyboard, letter.written) {
        note(check, SENT, written.span, |ident, texts| {
            let list = button
                .each
                .as_ref()
                .is_some_and(|e| carries(&e.list, ident));
            let does = match &button.does {
                ButtonDoes::Url(url) => said(texts, url, ident),
                ButtonDoes::Command { args, .. } => args.iter().any(|a| carries(a, ident)),
                ButtonDoes::Toast(_) => false,
            };
            list || does || said(texts, &button.text, ident)
        });
    }
}

fn said(texts: &[Text], call: &TextCall, ident: &str) -> bool {
    texts
        .get(call.id.0)
        .is_some_and(|text| says(&text.pieces, ident))
}

/// Buttons beside what is written of them.
fn both<'b, 'w>(
    rows: &'b [Vec<Button>],
    written: &'w ast::Keyboard,
) -> impl Iterator<Item = (&'b Button, &'w ast::Button)> {
    rows.iter().flatten().zip(written.rows.iter().flatten())
}

/// Arguments of a command: there they would be like what a person wrote.
pub fn passed(check: &mut FlowCheck<'_>, args: &[Expr], span: Span) {
    note(check, ARGUMENT, span, |ident, _| {
        args.iter().any(|arg| carries(arg, ident))
    });
}

/// The same of buttons, for each of a list's items too.
pub fn pressed(check: &mut FlowCheck<'_>, keyboard: &[Vec<Button>], written: &ast::Keyboard) {
    for (button, written) in both(keyboard, written) {
        let ButtonDoes::Command { args, .. } = &button.does else {
            continue;
        };
        note(check, ARGUMENT, written.span, |ident, _| {
            let item = button.each.as_ref().filter(|e| carries(&e.list, ident));
            args.iter()
                .any(|arg| carries(arg, ident) || item.is_some_and(|each| carries(arg, &each.item)))
        });
    }
}

fn note(
    check: &mut FlowCheck<'_>,
    what: &'static str,
    span: Span,
    used: impl Fn(&str, &[Text]) -> bool,
) {
    for doubt in &mut check.doubts {
        if used(&doubt.ident, &check.cx.texts) {
            doubt.uses.insert((span, what));
        }
    }
}

/// Says it, once for each variable. All statements are known.
pub fn report(check: &mut FlowCheck<'_>) {
    for (value, span) in std::mem::take(&mut check.cx.bound) {
        note(check, BOUND, span, |ident, _| carries(&value, ident));
    }
    let mut told: BTreeSet<String> = BTreeSet::new();
    for doubt in std::mem::take(&mut check.doubts) {
        let mut uses = doubt.uses.iter();
        let Some((span, what)) = uses.next() else {
            continue;
        };
        // A variable that several questions write has the same uses.
        if !told.insert(doubt.ident.clone()) {
            continue;
        }
        let message = format!(
            "words that the model puts into `{}` are {what}",
            doubt.name.value
        );
        let mut d =
            Diagnostic::new(&UNTRUSTED, *span, message).note(doubt.name.span, "the model's answer");
        for (span, what) in uses.filter(|(other, _)| other != span).take(MORE) {
            d = d.note(*span, format!("here they are {what}"));
        }
        check.cx.sink.report(d.help(HELP));
    }
}

/// Further uses that are shown.
const MORE: usize = 4;

/// Whether a text says something of the variable.
fn says(pieces: &[Piece], ident: &str) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::Literal(_) => false,
        Piece::Value { print, .. } => prints(print, ident),
        Piece::Key { args, .. } => args.iter().any(|(_, arg)| match arg {
            KeyArg::Value(value) => carries(value, ident),
            KeyArg::Printed(print) => prints(print, ident),
        }),
        Piece::Each {
            list,
            body,
            otherwise,
            ..
        } => carries(list, ident) || says(body, ident) || says(otherwise, ident),
        Piece::If { arms, otherwise } => {
            arms.iter().any(|(_, body)| says(body, ident)) || says(otherwise, ident)
        }
    })
}

/// Whether what is printed holds a text of the variable.
fn prints(print: &Print, ident: &str) -> bool {
    carries(&print.value, ident) || instead(&print.how, ident)
}

/// Whether what is printed instead does.
fn instead(how: &How, ident: &str) -> bool {
    match how {
        How::Or(other, how) => prints(other, ident) || instead(how, ident),
        How::Join { each: how, .. } | How::Upper(how) | How::Lower(how) | How::Truncate(_, how) => {
            instead(how, ident)
        }
        How::Plain
        | How::Date(_)
        | How::Time(_)
        | How::DateTime(_)
        | How::Number { .. }
        | How::Duration
        | How::Money { .. }
        | How::Label(_)
        | How::LabelOf { .. } => false,
    }
}

/// Whether a value is, holds or is made of a text of the variable. Numbers and truth values that follow from it hold none
/// of its words.
fn carries(e: &Expr, ident: &str) -> bool {
    let text = matches!(e.ty.base, Base::Text { .. });
    match &e.kind {
        ExprKind::Var { ident: name, .. } => text && name == ident,
        ExprKind::Field { of, .. } => match &of.kind {
            ExprKind::Var { ident: name, .. } => text && name == ident,
            _ => carries(of, ident),
        },
        ExprKind::List(items) => items.iter().any(|item| carries(item, ident)),
        ExprKind::Widen(a) | ExprKind::ChoiceValue(a) => carries(a, ident),
        ExprKind::Default(a, b) | ExprKind::Arithmetic(_, a, b) => {
            carries(a, ident) || carries(b, ident)
        }
        ExprKind::Printed(print) => prints(print, ident),
        ExprKind::Negate(_)
        | ExprKind::Count(_)
        | ExprKind::Not(_)
        | ExprKind::And(..)
        | ExprKind::Or(..)
        | ExprKind::Compare(..)
        | ExprKind::In { .. }
        | ExprKind::IsNull { .. }
        | ExprKind::IsEmpty { .. }
        | ExprKind::Builtin(_)
        | ExprKind::Index
        | ExprKind::Text(_)
        | ExprKind::Int(_)
        | ExprKind::Decimal { .. }
        | ExprKind::Bool(_)
        | ExprKind::Null
        | ExprKind::Duration(_)
        | ExprKind::DateLit(_)
        | ExprKind::TimeLit(_)
        | ExprKind::InstantLit(_)
        | ExprKind::Option(..) => false,
    }
}
