//! What the model wrote reaches statements, other people and commands only where somebody has vouched for it.

use crate::check::flow::FlowCheck;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::models::UNTRUSTED;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::text::{How, KeyArg, Piece, Print, Text, TextCall};
use crate::ir::types::Base;
use crate::ir::{Button, ButtonDoes};
use crate::source::Str;

/// What to do about it.
const HELP: &str = "they are a machine's, made of what a person wrote: use a choice or a typed field instead, or say why they may be used so: `trust: \"a summary for the desk\"`";

/// A variable with texts of the model that nobody has vouched for.
#[derive(Debug)]
pub struct Doubt {
    /// In Rust.
    ident: String,
    /// Where it is written.
    name: Str,
    /// One finding says enough.
    told: bool,
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
            told: false,
        });
    }
}

/// What goes to others.
#[derive(Debug)]
pub struct Letter<'a> {
    /// All of them.
    pub texts: Vec<&'a TextCall>,
    /// Its file, and what decides how often something of it is said.
    pub values: Vec<&'a Expr>,
    /// Rows.
    pub keyboard: &'a [Vec<Button>],
}

/// Others must not get what the model wrote.
pub fn sent(check: &mut FlowCheck<'_>, letter: &Letter<'_>) {
    report(check, "are sent to others", |ident, texts| {
        let said = |call: &TextCall| texts.get(call.id.0).is_some_and(|t| says(&t.pieces, ident));
        letter.texts.iter().any(|call| said(call))
            || letter.values.iter().any(|value| carries(value, ident))
            || letter.keyboard.iter().flatten().any(|button| {
                let list = button
                    .each
                    .as_ref()
                    .is_some_and(|e| carries(&e.list, ident));
                let does = match &button.does {
                    ButtonDoes::Url(url) => said(url),
                    ButtonDoes::Command { args, .. } => args.iter().any(|a| carries(a, ident)),
                    ButtonDoes::Toast(_) => false,
                };
                list || does || said(&button.text)
            })
    });
}

/// Arguments of a command: there they would be like what a person wrote.
pub fn passed(check: &mut FlowCheck<'_>, args: &[Expr]) {
    report(check, "become an argument of a command", |ident, _| {
        args.iter().any(|arg| carries(arg, ident))
    });
}

/// The same of buttons, for each of a list's items too.
pub fn pressed(check: &mut FlowCheck<'_>, keyboard: &[Vec<Button>]) {
    report(check, "become an argument of a command", |ident, _| {
        keyboard.iter().flatten().any(|button| {
            let ButtonDoes::Command { args, .. } = &button.does else {
                return false;
            };
            let item = button.each.as_ref().filter(|e| carries(&e.list, ident));
            args.iter()
                .any(|arg| carries(arg, ident) || item.is_some_and(|each| carries(arg, &each.item)))
        })
    });
}

/// Parameters of statements. All queries are known.
pub fn bound(check: &mut FlowCheck<'_>) {
    let queries = std::mem::take(&mut check.cx.queries);
    report(check, "are bound in a statement", |ident, _| {
        let mut params = queries.iter().flat_map(|query| &query.params);
        params.any(|param| carries(&param.value, ident))
    });
    check.cx.queries = queries;
}

fn report(check: &mut FlowCheck<'_>, what: &str, used: impl Fn(&str, &[Text]) -> bool) {
    for at in 0..check.doubts.len() {
        let Some(doubt) = check.doubts.get(at).filter(|doubt| !doubt.told) else {
            continue;
        };
        if !used(&doubt.ident, &check.cx.texts) {
            continue;
        }
        let (ident, name) = (doubt.ident.clone(), doubt.name.clone());
        let message = format!("words that the model puts into `{}` {what}", name.value);
        check
            .cx
            .sink
            .report(Diagnostic::new(&UNTRUSTED, name.span, message).help(HELP));
        for doubt in &mut check.doubts {
            doubt.told |= doubt.ident == ident;
        }
    }
}

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
