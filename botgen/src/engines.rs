//! One deployment on both engines: two runs over the same files, told as one.

use std::collections::HashMap;

use crate::check::sql::compare;
use crate::diagnostics::codes::shape;
use crate::diagnostics::{Diagnostic, Severity, Sink};
use crate::source::Span;
use crate::{Compiled, Engine, Input, Options, run};

/// Compiles for both engines, compares what they make of the migrations and the statements, and puts Postgres's texts
/// beside SQLite's. A finding of both stands once; one of a single engine says so. `options.engine` is not read.
pub fn compile_all(input: &Input, options: &Options) -> Compiled {
    let on = |engine| {
        let options = Options {
            engine,
            ..options.clone()
        };
        run(input, &options)
    };
    let (sqlite, (postgres, other_tables)) = std::thread::scope(|scope| {
        let sqlite = scope.spawn(|| on(Engine::Sqlite));
        let postgres = on(Engine::Postgres);
        (sqlite.join(), postgres)
    });
    let (sqlite, tables) = sqlite.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let mut sink = Sink::default();
    if tables.is_whole() && other_tables.is_whole() {
        compare::tables(&tables, &other_tables, &mut sink);
    }
    let sources = sqlite.sources;
    let program = if sink.errors() == 0 {
        let (ours, theirs) = (sqlite.program, postgres.program);
        compare::programs(ours, theirs, &sources, &mut sink)
    } else {
        None
    };
    // Both have read the same files in the same order: a place is the same place.
    let mut diagnostics = join(sqlite.diagnostics, postgres.diagnostics);
    diagnostics.extend(sink.finish());
    diagnostics.sort_by(|a, b| (a.span, a.code.id).cmp(&(b.span, b.code.id)));
    Compiled {
        program: program.filter(|_| diagnostics.iter().all(|d| d.severity != Severity::Error)),
        sources,
        diagnostics,
        // Texts are the same on both: columns have the types of one migration.
        texts: sqlite.texts,
        handlers: sqlite.handlers,
    }
}

/// The findings of both runs: what both found once, in the words of the first; what only one found says which.
fn join(ours: Vec<Diagnostic>, theirs: Vec<Diagnostic>) -> Vec<Diagnostic> {
    // A run with errors says less of the rest: that it is silent about a warning means nothing.
    let failed = |list: &[Diagnostic]| list.iter().any(|d| d.severity == Severity::Error);
    let silent = [failed(&theirs), failed(&ours)];
    let mut theirs: Vec<Option<Diagnostic>> = theirs.into_iter().map(Some).collect();
    let mut by_place: HashMap<(&'static str, Span), Vec<usize>> = HashMap::new();
    for (i, d) in theirs.iter().enumerate() {
        if let Some(d) = d {
            by_place.entry((d.code.id, d.span)).or_default().push(i);
        }
    }
    // The same words first; then the same code at the same place: the engines put one mistake in their own words.
    let mut alone: Vec<Option<Diagnostic>> = ours.into_iter().map(Some).collect();
    let mut found = Vec::new();
    for same_words in [true, false] {
        for slot in &mut alone {
            let Some(d) = slot else { continue };
            let there = by_place.get(&(d.code.id, d.span));
            let twin = there.into_iter().flatten().copied().find(|i| {
                theirs[*i]
                    .as_ref()
                    .is_some_and(|other| !same_words || words(&other.message) == words(&d.message))
            });
            if let Some(twin) = twin {
                theirs[twin] = None;
                found.extend(slot.take());
            }
        }
    }
    for (list, engine, silent) in [
        (alone, Engine::Sqlite, silent[0]),
        (theirs, Engine::Postgres, silent[1]),
    ] {
        // A lint without effect on one engine may have one on the other.
        let list = list.into_iter().flatten();
        found.extend(list.filter(|d| d.code.id != shape::LINT_IDLE.id).map(|d| {
            if silent && d.severity == Severity::Warning {
                d
            } else {
                only(d, engine)
            }
        }));
    }
    found
}

/// A message without the engine's name.
fn words(message: &str) -> String {
    message.replace(Engine::Postgres.name(), Engine::Sqlite.name())
}

fn only(mut d: Diagnostic, engine: Engine) -> Diagnostic {
    if !d.message.contains(engine.name()) {
        d.message = format!("{} (on {} only)", d.message, engine.name());
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::codes;
    use crate::source::FileId;

    fn run(found: &[(&str, &str, u32)]) -> Vec<Diagnostic> {
        let make = |(code, message, lo): &(&str, &str, u32)| {
            let span = Span {
                file: FileId(0),
                lo: *lo,
                hi: lo + 1,
            };
            Diagnostic::new(codes::find(code).unwrap(), span, *message)
        };
        found.iter().map(make).collect()
    }

    fn said(sqlite: &[(&str, &str, u32)], postgres: &[(&str, &str, u32)]) -> Vec<String> {
        let joined = join(run(sqlite), run(postgres));
        joined.into_iter().map(|d| d.message).collect()
    }

    #[test]
    fn one_finding_of_two_runs() {
        let sqlite = [
            ("BF0521", "no `x`", 0),
            ("BF0524", "SQLite refuses this: near", 0),
            ("BF0520", "no `t`", 1),
            ("BF0521", "no `y`", 0),
        ];
        let postgres = [
            ("BF0521", "no `y`", 0),
            ("BF0524", "Postgres refuses this: syntax", 0),
            ("BF0521", "no `x`", 0),
            ("BF0510", "no", 1),
        ];
        assert_eq!(
            said(&sqlite, &postgres),
            [
                "no `x`",
                "no `y`",
                "SQLite refuses this: near",
                "no `t` (on SQLite only)",
                "no (on Postgres only)",
            ]
        );
    }

    #[test]
    fn silence_of_a_run_that_failed_means_nothing() {
        let warning = [("BF0242", "unused", 0)];
        let error = [("BF0521", "no `x`", 1)];
        assert_eq!(
            said(&warning, &error),
            ["unused", "no `x` (on Postgres only)"]
        );
        assert_eq!(said(&warning, &[]), ["unused (on SQLite only)"]);
    }
}
