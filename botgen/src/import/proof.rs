//! The compiler's word on a translated bot.

use super::mend::{Files, Finding};
use crate::diagnostics::Severity;
use crate::{Compiled, Engine, Input, Options, compile, compile_all};

/// The errors for SQLite.
pub fn on_sqlite(files: &Files) -> Vec<Finding> {
    with(files, |input| compile(input, &Options::default()))
}

/// The errors for SQLite and Postgres; `options` hold who answers for Postgres.
pub fn on_both(files: &Files, options: &Options) -> Vec<Finding> {
    with(files, |input| compile_all(input, options))
}

/// The errors for Postgres alone.
pub fn on_postgres(files: &Files, options: &Options) -> Vec<Finding> {
    let options = Options {
        engine: Engine::Postgres,
        ..options.clone()
    };
    with(files, |input| compile(input, &options))
}

fn with(files: &Files, run: impl Fn(&Input) -> Compiled) -> Vec<Finding> {
    const FOLDER: &str = "bots/imported";
    let bytes = files
        .iter()
        .map(|(path, content)| (path.as_str(), content.as_bytes()))
        .collect();
    let compiled = run(&Input::from_memory([(FOLDER, bytes)]));
    let errors = compiled.diagnostics.into_iter();
    errors
        .filter(|d| d.severity == Severity::Error)
        .map(|d| {
            let path = compiled.sources.file(d.span.file).path.as_str();
            Finding {
                file: path
                    .strip_prefix(FOLDER)
                    .map_or(path, |p| p.trim_start_matches('/'))
                    .to_owned(),
                at: d.span.lo as usize,
                code: d.code.id,
                message: d.message,
            }
        })
        .collect()
}
