//! The compiler of BotFactory: bot folders in, typed Rust out. One way through:
//!
//! | stage | takes → gives | after it |
//! |---|---|---|
//! | [`source`] | bytes → files with line tables | every place is a [`source::Span`] |
//! | [`yaml`] | a file → a spanned node tree | no YAML events, anchors or tabs exist any more |
//! | [`syntax`] | nodes → [`syntax::ast`] | no unknown keys, no wrong YAML types; texts and expressions are parsed |
//! | [`resolve`] | AST → symbol tables | every name that is written once is known |
//! | [`check`] | AST + symbols → [`ir`] | every reference, type, query, translation and limit is proven |
//! | [`ir`] | the typed program | nothing is optional that cannot be absent |
//! | [`emit`] | IR → formatted Rust | |
//!
//! The core ([`compile`]) is a pure function of its input files: no clock, environment, network or
//! cargo. [`fn@build_script`] and the command line are thin shells around it.

pub mod build_script;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
mod clock;
pub mod diagnostics;
pub mod emit;
pub mod engines;
pub mod fix;
pub mod import;
pub mod input;
pub mod ir;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod resolve;
pub mod schema;
#[cfg(feature = "serve")]
pub mod serve;
pub mod source;
pub mod syntax;
pub mod yaml;

use std::sync::Arc;

pub use build_script::build as build_script;
use check::sql::kept;
use diagnostics::{Diagnostic, Severity, Sink};
pub use engines::compile_all;
pub use input::Input;
use source::SourceMap;

/// The database that a run is for. The language is one for both; what differs is the engine's last word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// Embedded, the default of the runtime.
    #[default]
    Sqlite,
    /// The production engine.
    Postgres,
}

impl Engine {
    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "Postgres",
        }
    }
}

/// What a run is for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The database that statements and migrations are proven on.
    pub engine: Engine,
    /// The server that answers for Postgres. `None`: what `botgen prepare` has kept in the bots' folders answers.
    pub postgres: Option<Arc<dyn check::sql::postgres::Oracle>>,
    /// When it is. `None`: nothing is said of moments that have passed.
    pub now: Option<botfactory_lang::value::Instant>,
}

/// What a run found and made.
#[derive(Debug)]
pub struct Compiled {
    /// The files, for rendering.
    pub sources: SourceMap,
    /// In order of file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// What was proven of every text that could be read, in order of place.
    pub texts: Vec<diagnostics::facts::TextFact>,
    /// What every handler may do; nothing where there is an error.
    pub handlers: Vec<diagnostics::facts::HandlerFact>,
    /// The program; `None` if there is any error.
    pub program: Option<ir::Program>,
}

impl Compiled {
    /// Whether anything stands in the way of building.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|d| d.severity == Severity::Error)
    }
}

/// Compiles the bots of `input`. The same bytes in give the same result out.
pub fn compile(input: &Input, options: &Options) -> Compiled {
    run(input, options).0
}

fn run(input: &Input, options: &Options) -> (Compiled, check::sql::Schema) {
    let mut sources = SourceMap::default();
    let mut sink = Sink::default();
    let folders = source::folder::read(input, &mut sources, &mut sink);
    let mut options = options.clone();
    let mut whole = true;
    if options.engine == Engine::Postgres && options.postgres.is_none() {
        let answers;
        (answers, whole) = kept::Answers::read(&folders, &sources, &mut sink);
        options.postgres = Some(Arc::new(kept::Kept(Arc::new(answers))));
    }
    let bots = syntax::parse(folders, &sources, &mut sink);
    let (program, schema) = check::program::check(&bots, input, &options, &mut sources, &mut sink);
    if !whole {
        // The answer that is missing stands in the file that cannot be read.
        let echo = |d: &Diagnostic| d.code.id == diagnostics::codes::sql::STALE.id;
        sink.settle(|d| (!echo(d)).then_some(d.severity));
    }
    check::lints::settle(&bots, &sources, options.engine, &mut sink);
    sink.place_fixes(&sources);
    let texts = sink.take_facts();
    // A warning that the bot denies is an error like any other.
    let program = program.filter(|_| sink.errors() == 0);
    let compiled = Compiled {
        handlers: program
            .as_ref()
            .map(check::handlers::of)
            .unwrap_or_default(),
        program,
        texts,
        diagnostics: sink.finish(),
        sources,
    };
    (compiled, schema)
}
