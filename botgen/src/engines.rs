//! One deployment on both engines: two runs over the same files, told as one.

use std::collections::HashMap;

use crate::diagnostics::{Diagnostic, Severity};
use crate::source::{FileId, SourceMap, Span};
use crate::{Compiled, Engine, ir};

/// Joins what two runs over the same input found and made. What both found is said once, in the words of the first; what
/// only one found says which.
pub fn join(sqlite: Compiled, postgres: Compiled) -> Compiled {
    let Compiled {
        mut sources,
        diagnostics,
        program,
        // Texts are the same on both: columns have the types of one migration.
        texts,
        handlers,
    } = sqlite;
    let mut files = Files::new(&mut sources, &postgres.sources);
    let theirs: Vec<Diagnostic> = postgres
        .diagnostics
        .into_iter()
        .map(|d| files.moved(d))
        .collect();
    let found = join_findings(diagnostics, theirs);
    let both = match (program, postgres.program) {
        (Some(mut program), Some(other)) => {
            join_programs(&mut program, other);
            Some(program)
        }
        _ => None,
    };
    Compiled {
        sources,
        // A finding of one engine only has become no error of the other, but stands in the way of both.
        program: both.filter(|_| found.iter().all(|d| d.severity != Severity::Error)),
        diagnostics: found,
        texts,
        handlers,
    }
}

/// Places of one run's files among the other's.
struct Files<'a> {
    to: &'a mut SourceMap,
    from: &'a SourceMap,
    ids: HashMap<FileId, FileId>,
    paths: HashMap<String, FileId>,
}

impl<'a> Files<'a> {
    fn new(to: &'a mut SourceMap, from: &'a SourceMap) -> Self {
        let ids = (0u32..).map(FileId);
        let paths = to
            .files
            .iter()
            .zip(ids)
            .map(|(file, id)| (file.path.clone(), id))
            .collect();
        Self {
            to,
            from,
            ids: HashMap::new(),
            paths,
        }
    }

    fn span(&mut self, span: Span) -> Span {
        let Self {
            to,
            from,
            ids,
            paths,
        } = self;
        let file = ids.entry(span.file).or_insert_with(|| {
            let file = from.file(span.file);
            match paths.get(&file.path) {
                Some(id) => *id,
                None => to.add(file.path.clone(), file.text.clone()),
            }
        });
        Span {
            file: *file,
            ..span
        }
    }

    fn moved(&mut self, mut d: Diagnostic) -> Diagnostic {
        d.span = self.span(d.span);
        for (span, _) in &mut d.notes {
            *span = self.span(*span);
        }
        for edit in d.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
            edit.span = self.span(edit.span);
        }
        d
    }
}

fn join_findings(ours: Vec<Diagnostic>, theirs: Vec<Diagnostic>) -> Vec<Diagnostic> {
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
            let there = by_place
                .get(&(d.code.id, d.span))
                .into_iter()
                .flatten()
                .copied();
            let twin = there.into_iter().find(|i| {
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
        found.extend(list.into_iter().flatten().map(|d| {
            if silent && d.severity == Severity::Warning {
                d
            } else {
                only(d, engine)
            }
        }));
    }
    found.sort_by(|a, b| (a.span, a.code.id).cmp(&(b.span, b.code.id)));
    found
}

/// A message without the engine's name.
fn words(message: &str) -> String {
    message.replace(Engine::Postgres.name(), Engine::Sqlite.name())
}

fn only(mut d: Diagnostic, engine: Engine) -> Diagnostic {
    if !d.message.contains(engine.name()) {
        d.message = format!("{} (only on {})", d.message, engine.name());
    }
    d
}

/// Puts what Postgres gets beside what SQLite gets. The files are the same, so everything stands in the same order.
fn join_programs(program: &mut ir::Program, other: ir::Program) {
    for (bot, other) in program.bots.iter_mut().zip(other.bots) {
        for (file, other) in bot.migrations.files.iter_mut().zip(other.migrations.files) {
            file.postgres = other.postgres;
        }
        for (flow, other) in bot.flows.iter_mut().zip(other.flows) {
            for (query, other) in flow.queries.iter_mut().zip(other.queries) {
                query.postgres = other.postgres;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::codes;

    fn run(files: &[&str], found: &[(&str, &str, usize)]) -> Compiled {
        let mut sources = SourceMap::default();
        for file in files {
            sources.add((*file).to_owned(), "0123456789".to_owned());
        }
        let diagnostics = found
            .iter()
            .map(|(code, message, file)| {
                let id = sources.find(files[*file]).unwrap();
                Diagnostic::new(
                    codes::find(code).unwrap(),
                    Span {
                        file: id,
                        lo: 1,
                        hi: 2,
                    },
                    *message,
                )
            })
            .collect();
        Compiled {
            sources,
            diagnostics,
            program: None,
            texts: Vec::new(),
            handlers: Vec::new(),
        }
    }

    #[test]
    fn one_finding_of_two_runs() {
        let sqlite = run(
            &["a", "b"],
            &[
                ("BF0521", "no `x`", 0),
                ("BF0524", "SQLite refuses this: near", 0),
                ("BF0520", "no `t`", 1),
                ("BF0521", "no `y`", 0),
            ],
        );
        let postgres = run(
            &["b", "new", "a"],
            &[
                ("BF0521", "no `y`", 2),
                ("BF0524", "Postgres refuses this: syntax", 2),
                ("BF0521", "no `x`", 2),
                ("BF0592", "broken", 1),
                ("BF0510", "no", 0),
            ],
        );
        let joined = join(sqlite, postgres);
        let said: Vec<_> = joined
            .diagnostics
            .iter()
            .map(|d| {
                (
                    d.code.id,
                    joined.sources.file(d.span.file).path.as_str(),
                    d.message.as_str(),
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                ("BF0521", "a", "no `x`"),
                ("BF0521", "a", "no `y`"),
                ("BF0524", "a", "SQLite refuses this: near"),
                ("BF0510", "b", "no (only on Postgres)"),
                ("BF0520", "b", "no `t` (only on SQLite)"),
                ("BF0592", "new", "broken (only on Postgres)"),
            ]
        );
        assert!(joined.program.is_none());
    }
}
