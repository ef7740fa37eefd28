//! Lints: statements that every engine runs, and that still do something else than their author means. They work on
//! what the typer has [seen](super::typer) and on tokens, so that both engines share them.
//!
//! | file | says |
//! |---|---|
//! | [`taint`] | an id that the person controls reaches a row without an owner check |
//! | [`query`] | a query that changes or locks rows |
//! | [`rows`] | one row of several, a list that is cut off |
//! | [`index`] | a lookup without an index |
//! | [`null`] | a comparison with what may be null |
//! | [`itself`] | a column compared with itself |
//! | [`migration`], [`allow`] | what a migration does to rows that are there, and that it is meant |
//! | [`calls`] | functions that wait, reach outside, or change from run to run |

pub mod allow;
pub mod calls;
mod hangs;
mod index;
mod itself;
pub mod migration;
mod null;
pub mod query;
mod rows;
pub mod taint;
mod written;

use crate::check::graph::reads::Reads;
use crate::check::sql::Kind;
use crate::check::sql::fault::Fault;
use crate::check::sql::text::quoted;
use crate::check::sql::typer::{Results, Typer};
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::{Diagnostic, Severity, Sink};
use crate::ir;
use crate::ir::text::Piece;
use crate::source::Str;
use crate::syntax::ast;
pub use written::written;

/// What the lints know about a flow so far.
#[derive(Debug, Default)]
pub struct Advice {
    /// Who chooses the values of variables.
    pub origins: taint::Origins,
    /// Advice: said when nothing is wrong.
    later: Vec<Diagnostic>,
    /// Lists that are cut off: worth a word where they are shown.
    cut: Vec<rows::Cut>,
}

/// Drops what is said better by another finding at the same place; advice waits.
pub fn merge(advice: &mut Advice, faults: &mut Vec<Fault>, mut calls: Vec<Fault>, text: &Str) {
    let engine = [codes::FORM.id, codes::FUNCTION.id, codes::UNKNOWN_TABLE.id];
    let at = |f: &Fault| f.range().start;
    let stronger: Vec<usize> = calls
        .iter()
        .filter(|f| f.code().severity == Severity::Error)
        .map(at)
        .collect();
    let said = |f: &Fault| stronger.iter().any(|at| f.range().contains(at));
    faults.retain(|f| !(engine.contains(&f.code().id) && said(f)));
    let taken: Vec<usize> = faults.iter().map(at).collect();
    calls.retain(|f| f.code().severity == Severity::Error || !taken.contains(&at(f)));
    for fault in calls {
        if fault.code().severity == Severity::Error {
            faults.push(fault);
        } else {
            advice.later.push(fault.at(text));
        }
    }
}

/// What is said about a statement that is right: about its rows and their way.
pub fn rows(
    advice: &mut Advice,
    typer: &Typer<'_>,
    results: &Results,
    st: &ast::Statement,
    kind: Kind,
    text: &Str,
) {
    let found = index::check(typer).into_iter().chain(null::check(typer));
    for fault in found.chain(itself::check(typer)) {
        advice.later.push(fault.at(text));
    }
    if let Some(cut) = rows::cut(typer, results, st, kind, text) {
        advice.cut.push(cut);
    }
    if let Some(fault) = rows::several(typer, results, st) {
        advice.later.push(fault.at(text));
    }
}

impl Advice {
    /// Adds what waits until nothing is wrong.
    pub fn later(&mut self, found: Option<Diagnostic>) {
        self.later.extend(found);
    }

    /// Says what waits until nothing is wrong.
    pub fn report(&mut self, flow: &Shown<'_>, sink: &mut Sink) {
        for d in self.later.drain(..) {
            sink.report(d);
        }
        let shown = flow.lists();
        for cut in self.cut.drain(..) {
            if shown.contains(&(flow.ident_of)(&cut.name)) {
                sink.report(cut.diagnostic);
            }
        }
    }
}

/// The texts of a flow, to see which lists they show.
pub struct Shown<'a> {
    /// Of the flow.
    pub texts: &'a [ir::text::Text],
    /// The Rust identifier of a variable.
    pub ident_of: &'a dyn Fn(&str) -> String,
}

impl Shown<'_> {
    /// Variables whose elements, or whose number of elements, are printed.
    fn lists(&self) -> std::collections::BTreeSet<String> {
        let mut reads = Reads::new(self.texts, &[]);
        for text in self.texts {
            walked(&text.pieces, &mut reads);
        }
        reads.found
    }
}

fn walked(pieces: &[Piece], reads: &mut Reads<'_>) {
    for piece in pieces {
        match piece {
            Piece::Each {
                list,
                body,
                otherwise,
                ..
            } => {
                reads.expr(list);
                walked(body, reads);
                walked(otherwise, reads);
            }
            Piece::If { arms, otherwise } => {
                for (_, body) in arms {
                    walked(body, reads);
                }
                walked(otherwise, reads);
            }
            Piece::Value { print, .. } => reads.expr(&print.value),
            Piece::Key { args, .. } => {
                for (_, arg) in args {
                    match arg {
                        ir::text::KeyArg::Value(e) => reads.expr(e),
                        ir::text::KeyArg::Printed(print) => reads.expr(&print.value),
                    }
                }
            }
            Piece::Literal(_) => {}
        }
    }
}

/// A name in an example of SQL: quoted only where nobody would write it bare.
fn name(name: &str) -> String {
    const TAKEN: &[&str] = &[
        "case",
        "check",
        "default",
        "from",
        "group",
        "index",
        "limit",
        "order",
        "primary",
        "references",
        "select",
        "table",
        "to",
        "unique",
        "user",
        "values",
        "where",
    ];
    let plain = name
        .chars()
        .enumerate()
        .all(|(i, c)| c == '_' || c.is_ascii_lowercase() || (i > 0 && c.is_ascii_digit()));
    if plain && !TAKEN.contains(&name) {
        name.to_owned()
    } else {
        quoted(name)
    }
}
