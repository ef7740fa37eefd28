//! A bot's `lints` over all that was found in its folder. Comes last: only now it is known what had an effect.

use crate::Engine;
use crate::diagnostics::codes::{self, shape};
use crate::diagnostics::{Diagnostic, Severity, Sink};
use crate::source::SourceMap;
use crate::syntax::Parsed;
use crate::syntax::ast::{Level, Lint};

/// Gives every finding the severity that its bot wants, and reports what had no effect.
pub fn settle(parsed: &[Parsed], sources: &SourceMap, engine: Engine, sink: &mut Sink) {
    let mut used: Vec<Vec<bool>> = parsed
        .iter()
        .map(|p| vec![false; p.bot.lints.len()])
        .collect();
    // An error hides what comes after it: an allow may wait for just that.
    let complete = sink.errors() == 0;
    let apply = |sink: &mut Sink, used: &mut Vec<Vec<bool>>| {
        sink.settle(|d| {
            if d.severity == Severity::Error {
                return Some(d.severity);
            }
            let path = &sources.file(d.span.file).path;
            let owner = parsed.iter().zip(used.iter_mut());
            let owner = owner.filter(|(p, _)| holds(&p.folder.path, path));
            let Some((p, used)) = owner.max_by_key(|(p, _)| p.folder.path.len()) else {
                return Some(d.severity);
            };
            let Some(at) = rule(&p.bot.lints, d.code.id) else {
                return Some(d.severity);
            };
            if let Some(used) = used.get_mut(at) {
                *used = true;
            }
            match p.bot.lints[at].level.node {
                Level::Allow => None,
                Level::Warn => Some(Severity::Warning),
                Level::Deny => Some(Severity::Error),
            }
        });
    };
    apply(sink, &mut used);
    if !complete {
        return;
    }
    let of_this = |lint: &Lint| shape::LINT_IDLE.id.starts_with(&lint.name.value);
    for (p, used) in parsed.iter().zip(&used) {
        for (lint, used) in p.bot.lints.iter().zip(used) {
            if !of_this(lint) {
                let used = *used || waits(lint, engine);
                idle(&p.bot.lints, lint, used, sink);
            }
        }
    }
    // What was reported just now has a code as well.
    apply(sink, &mut used);
    for (p, used) in parsed.iter().zip(&used) {
        for (lint, used) in p.bot.lints.iter().zip(used) {
            if of_this(lint) {
                idle(&p.bot.lints, lint, *used, sink);
            }
        }
    }
}

/// The lint that decides about a code: its own before its family's.
fn rule(lints: &[Lint], id: &str) -> Option<usize> {
    let own = lints.iter().position(|l| l.name.value == id);
    own.or_else(|| lints.iter().position(|l| l.name.value == id[..4]))
}

fn holds(folder: &str, path: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Only Postgres locks: the lint waits for a check of that engine.
fn waits(lint: &Lint, engine: Engine) -> bool {
    lint.name.value == codes::sql::LOCKING.id && engine == Engine::Sqlite
}

fn idle(all: &[Lint], lint: &Lint, used: bool, sink: &mut Sink) {
    let name = &lint.name.value;
    let family = |l: &Lint| l.name.value.len() == 4 && name.starts_with(&l.name.value);
    let message = match lint.level.node {
        Level::Allow if !used => format!("`{name}` is allowed, but there is no such finding"),
        Level::Warn if !all.iter().any(|l| family(l) && l.name.value != *name) => {
            format!("`{name}` is a warning already")
        }
        _ => return,
    };
    let d = Diagnostic::new(&shape::LINT_IDLE, lint.name.span, message);
    sink.report(d.help("remove it from `lints`"));
}
