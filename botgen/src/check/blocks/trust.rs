//! What the model wrote reaches statements, other people and commands only where somebody has vouched for it.

use std::collections::BTreeSet;

use crate::check::flow::FlowCheck;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::models::UNTRUSTED;
use crate::ir::expr::{Builtin, Expr, ExprKind};
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
        note(check, SENT, *span, |of, texts| said(texts, call, of));
    }
    for (value, span) in &letter.values {
        note(check, SENT, *span, |of, _| carries(value, of));
    }
    for (button, written) in both(letter.keyboard, letter.written) {
        note(check, SENT, written.span, |of, texts| {
            let list = button.each.as_ref().is_some_and(|e| carries(&e.list, of));
            let does = match &button.does {
                ButtonDoes::Url(url) => said(texts, url, of),
                ButtonDoes::Command { args, .. } => args.iter().any(|a| carries(a, of)),
                ButtonDoes::Toast(_) => false,
            };
            list || does || said(texts, &button.text, of)
        });
    }
}

fn said(texts: &[Text], call: &TextCall, of: Of<'_>) -> bool {
    texts
        .get(call.id.0)
        .is_some_and(|text| says(&text.pieces, of))
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
    note(check, ARGUMENT, span, |of, _| {
        args.iter().any(|arg| carries(arg, of))
    });
}

/// The same of buttons, for each of a list's items too.
pub fn pressed(check: &mut FlowCheck<'_>, keyboard: &[Vec<Button>], written: &ast::Keyboard) {
    for (button, written) in both(keyboard, written) {
        let ButtonDoes::Command { args, .. } = &button.does else {
            continue;
        };
        note(check, ARGUMENT, written.span, |of, _| {
            let item = button.each.as_ref().filter(|e| carries(&e.list, of));
            args.iter().any(|arg| {
                carries(arg, of) || item.is_some_and(|each| carries(arg, Of::Variable(&each.item)))
            })
        });
    }
}

fn note(
    check: &mut FlowCheck<'_>,
    what: &'static str,
    span: Span,
    used: impl Fn(Of<'_>, &[Text]) -> bool,
) {
    for doubt in &mut check.doubts {
        if used(Of::Variable(&doubt.ident), &check.cx.texts) {
            doubt.uses.insert((span, what));
        }
    }
}

/// Says it, once for each variable. All statements are known.
pub fn report(check: &mut FlowCheck<'_>) {
    for (value, span) in std::mem::take(&mut check.cx.bound) {
        note(check, BOUND, span, |of, _| carries(&value, of));
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

/// Whose words are looked for.
#[derive(Debug, Clone, Copy)]
enum Of<'a> {
    /// Those that a variable holds.
    Variable(&'a str),
    /// Those that a person has chosen outside of every flow.
    Person(Builtin),
}

impl Of<'_> {
    fn is(self, ident: &str) -> bool {
        matches!(self, Self::Variable(wanted) if wanted == ident)
    }
}

/// What people write of themselves, and after a command, as authors name it.
const WRITTEN: [(Builtin, &str); 4] = [
    (Builtin::UserFirstName, "user.first_name"),
    (Builtin::UserLastName, "user.last_name"),
    (Builtin::UserUsername, "user.username"),
    (Builtin::Args, "args"),
];

/// Words in a prompt that are not the author's, by their name, and whose they are.
pub fn instructs(check: &FlowCheck<'_>, prompt: &TextCall) -> Option<(String, &'static str)> {
    let text = check.cx.texts.get(prompt.id.0)?;
    let person = "what a person writes";
    for var in &text.params {
        let told = |of| says(&text.pieces, of).then(|| var.name.clone());
        if let Some(name) = told(Of::Variable(&var.ident)) {
            if check.cx.advice.origins.chosen(&var.ident) {
                return Some((name, person));
            }
            if check.doubts.iter().any(|doubt| doubt.ident == var.ident) {
                return Some((name, "what a model made of a person's words"));
            }
        }
    }
    let written = WRITTEN
        .iter()
        .find(|(builtin, _)| says(&text.pieces, Of::Person(*builtin)));
    written.map(|(_, name)| ((*name).to_owned(), person))
}

/// Whether a text says something of it.
fn says(pieces: &[Piece], of: Of<'_>) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::Literal(_) => false,
        Piece::Value { print, .. } => prints(print, of),
        Piece::Key { args, .. } => args.iter().any(|(_, arg)| match arg {
            KeyArg::Value(value) => carries(value, of),
            KeyArg::Printed(print) => prints(print, of),
        }),
        Piece::Each {
            list,
            body,
            otherwise,
            ..
        } => carries(list, of) || says(body, of) || says(otherwise, of),
        Piece::If { arms, otherwise } => {
            arms.iter().any(|(_, body)| says(body, of)) || says(otherwise, of)
        }
    })
}

/// Whether what is printed holds a text of it.
fn prints(print: &Print, of: Of<'_>) -> bool {
    carries(&print.value, of) || instead(&print.how, of)
}

/// Whether what is printed instead does.
fn instead(how: &How, of: Of<'_>) -> bool {
    match how {
        How::Or(other, how) => prints(other, of) || instead(how, of),
        How::Join { each: how, .. } | How::Upper(how) | How::Lower(how) | How::Truncate(_, how) => {
            instead(how, of)
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

/// Whether a value is, holds or is made of a text of it. Numbers and truth values that follow from it hold none
/// of its words.
fn carries(e: &Expr, of: Of<'_>) -> bool {
    let text = matches!(e.ty.base, Base::Text { .. });
    match &e.kind {
        ExprKind::Var { ident, .. } => text && of.is(ident),
        ExprKind::Field { of: whole, .. } => match &whole.kind {
            ExprKind::Var { ident, .. } => text && of.is(ident),
            _ => carries(whole, of),
        },
        ExprKind::Builtin(builtin) => matches!(of, Of::Person(written) if written == *builtin),
        ExprKind::List(items) => items.iter().any(|item| carries(item, of)),
        ExprKind::Widen(a) | ExprKind::ChoiceValue(a) => carries(a, of),
        ExprKind::Default(a, b) | ExprKind::Arithmetic(_, a, b) => carries(a, of) || carries(b, of),
        ExprKind::Printed(print) => prints(print, of),
        ExprKind::Negate(_)
        | ExprKind::Count(_)
        | ExprKind::Not(_)
        | ExprKind::And(..)
        | ExprKind::Or(..)
        | ExprKind::Compare(..)
        | ExprKind::In { .. }
        | ExprKind::IsNull { .. }
        | ExprKind::IsEmpty { .. }
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
