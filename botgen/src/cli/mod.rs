//! The command line: a thin shell around the library. The only part that prints.

mod engines;
mod explain;
mod fix;
mod graph;
mod import;
mod new;
mod postgres;
mod prepare;
mod serve;
mod test;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::diagnostics::render;
use crate::{Compiled, Input, Options, build_script, compile, emit, schema};
use engines::{Engines, Which};

/// No errors.
const GOOD: u8 = 0;
/// Errors in a bot.
const ERRORS: u8 = 1;
/// Wrong use of the command.
const WRONG_USE: u8 = 2;

/// The compiler of BotFactory: bot folders in, typed Rust out.
#[derive(Debug, Parser)]
#[command(name = "botgen", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check bots and report every mistake
    Check {
        /// Bots' folders, or folders of them [default: bots]
        dirs: Vec<PathBuf>,
        #[command(flatten)]
        engines: Engines,
        /// The form of the report; human on standard error, the others on standard output
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
        /// Show how long every text can be, what makes it so, and what every handler may do (human and json)
        #[arg(short, long)]
        verbose: bool,
    },
    /// Check bots and write the Rust of a deployment, as build.rs does
    Build {
        /// Bots' folders, or folders of them [default: bots]
        dirs: Vec<PathBuf>,
        /// The folder that receives the generated files
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        engines: Engines,
    },
    /// Ask Postgres about every statement of the bots and keep its answers in their folders
    Prepare {
        /// Bots' folders, or folders of them [default: bots]
        dirs: Vec<PathBuf>,
        /// Write nothing; exit code 1 if the kept answers are out of date
        #[arg(long)]
        check: bool,
    },
    /// Look after the private Postgres server that checks use
    Postgres {
        /// What to do
        #[arg(value_enum)]
        what: postgres::What,
    },
    /// Print the JSON Schema of bot.yaml, or the reference of the language
    Schema {
        /// What to print
        #[arg(value_enum, default_value_t = SchemaOf::Bot)]
        of: SchemaOf,
    },
    /// Explain codes: what they mean, why, and how to write it right
    Explain {
        /// For example BF0101 [default: a list of all]
        codes: Vec<String>,
        /// The form of the answer
        #[arg(long, value_enum, default_value_t = explain::Format::Human)]
        format: explain::Format,
    },
    /// Show how commands, questions and buttons lead to each other
    Graph {
        /// Bots' folders, or folders of them [default: bots]
        dirs: Vec<PathBuf>,
        /// The form of the graph
        #[arg(long, value_enum, default_value_t = graph::Format::Mermaid)]
        format: graph::Format,
    },
    /// Mend what has only one right answer, and report the rest
    Fix {
        /// Bots' folders, or folders of them [default: bots]
        dirs: Vec<PathBuf>,
        /// Show the changes and write nothing; exit code 1 if there are any
        #[arg(long)]
        dry_run: bool,
    },
    /// Translate an old system's JSON spec into a new bot folder and report every change
    Import {
        /// The spec
        spec: PathBuf,
        /// The new folder; its name is the bot's id
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Texts of its keys, as the old system's API took or gave them; one file or several
        #[arg(long, value_name = "FILE")]
        keys: Vec<PathBuf>,
        /// The engines that the new bot is checked for; what they refuse is taken back
        #[arg(long, value_enum, default_value_t = import::Engines::Auto)]
        engine: import::Engines,
    },
    /// Write a small complete bot into a new folder
    New {
        /// The folder; its name is the bot's id
        dir: PathBuf,
    },
    /// Answer HTTP: check and mend bots for editors, web tools and models that write bots
    Serve {
        /// Where to listen; beyond this machine everybody who reaches it can have bots checked
        #[arg(long, default_value = "127.0.0.1:8001")]
        listen: std::net::SocketAddr,
        /// Origins whose pages may read the answers, such as https://editor.example.org
        #[arg(long, value_name = "ORIGIN")]
        allow_origin: Vec<String>,
        /// The databases that the SQL is checked for; Postgres is found or started once, not for each request
        #[arg(long, value_enum, default_value_t = engines::Which::Sqlite)]
        engine: engines::Which,
    },
    /// One task of `serve`
    #[command(hide = true, name = crate::serve::worker::COMMAND)]
    ServeWorker {
        /// `validate` or `fix`
        what: String,
        /// `json` or `text`
        kind: String,
        /// `sqlite`, `postgres` or `all`
        engines: String,
    },
    /// Run the conversation tests (chats/*.yaml) of the workspace's bots
    Test {
        /// Bots' folders [default: all bots of the workspace]
        dirs: Vec<PathBuf>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// With the source line and a caret
    Human,
    /// {"diagnostics": [{"code", "severity", "message", "help", "file", "line", …}]}
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// GitHub's workflow commands
    Github,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SchemaOf {
    /// The schema of bot.yaml
    Bot,
    /// The schema of flows/*.yaml
    Flows,
    /// chats/*.yaml
    Chats,
    /// The reference page, docs/dsl.md
    Reference,
}

/// Runs the command of this process' arguments.
pub fn main() -> ExitCode {
    let code = match Cli::parse().command {
        Command::Check {
            dirs,
            engines,
            format,
            verbose,
        } => check(&dirs, engines, format, verbose),
        Command::Build { dirs, out, engines } => build(&dirs, &out, engines),
        Command::Prepare { dirs, check } => prepare::run(&dirs, check),
        Command::Postgres { what } => postgres::run(what),
        Command::Schema { of } => print(&match of {
            SchemaOf::Bot => schema::bot_schema(),
            SchemaOf::Flows => schema::flows_schema(),
            SchemaOf::Chats => schema::chats_schema(),
            SchemaOf::Reference => schema::reference(),
        }),
        Command::Explain { codes, format } => explain::run(&codes, format),
        Command::Graph { dirs, format } => graph::run(&dirs, format),
        Command::Fix { dirs, dry_run } => fix::run(&dirs, dry_run),
        Command::Import {
            spec,
            out,
            keys,
            engine,
        } => import::run(&spec, &keys, &out, engine),
        Command::New { dir } => new::run(&dir),
        Command::Serve {
            listen,
            allow_origin,
            engine,
        } => serve::run(listen, allow_origin, engine),
        Command::ServeWorker {
            what,
            kind,
            engines,
        } => return crate::serve::worker::main(&what, &kind, &engines),
        Command::Test { dirs } => test::run(&dirs),
    };
    ExitCode::from(code)
}

/// Loads and compiles; a folder that cannot be loaded is wrong use (reported).
fn load(dirs: &[PathBuf]) -> Option<(Input, Compiled)> {
    let input = load_input(dirs)?;
    let compiled = compile(&input, &Options::now());
    Some((input, compiled))
}

/// The files; a folder that cannot be loaded is wrong use (reported).
fn load_input(dirs: &[PathBuf]) -> Option<Input> {
    // Without a name: the bots of the repository, or the bot whose folder this is.
    let here = !Path::new("bots").is_dir() && Path::new("bot.yaml").is_file();
    let default = [PathBuf::from(if here { "." } else { "bots" })];
    let dirs = if dirs.is_empty() { &default[..] } else { dirs };
    match Input::load(Path::new("."), dirs) {
        Ok(input) => Some(input),
        Err(error) => {
            complain(&error.to_string());
            None
        }
    }
}

fn check(dirs: &[PathBuf], engines: Engines, format: Format, verbose: bool) -> u8 {
    let Some(input) = load_input(dirs) else {
        return WRONG_USE;
    };
    let Some(compiled) = engines.compile(&input) else {
        return WRONG_USE;
    };
    let (sources, list) = (&compiled.sources, &compiled.diagnostics);
    let (texts, handlers) = (&compiled.texts, &compiled.handlers);
    let written = match format {
        Format::Human => {
            if verbose {
                let shown = render::verbose(sources, texts, handlers);
                let _ = std::io::stderr().write_all(shown.as_bytes());
            }
            report(&compiled, input.bots.len())
        }
        Format::Json if verbose => {
            print(&(render::json_verbose(sources, list, texts, handlers) + "\n"))
        }
        Format::Json => print(&(render::json(sources, list) + "\n")),
        Format::Sarif => print(&(render::sarif(sources, list) + "\n")),
        Format::Github => print(&render::github(sources, list)),
    };
    match (written, compiled.has_errors()) {
        (GOOD, false) => GOOD,
        (GOOD, true) => ERRORS,
        (other, _) => other,
    }
}

fn build(dirs: &[PathBuf], out: &Path, engines: Engines) -> u8 {
    if engines.engine == Which::Postgres {
        complain("what `build` writes runs on SQLite, with Postgres beside it: `--engine all`");
        return WRONG_USE;
    }
    let Some(input) = load_input(dirs) else {
        return WRONG_USE;
    };
    let Some(compiled) = engines.compile(&input) else {
        return WRONG_USE;
    };
    report(&compiled, input.bots.len());
    let Some(program) = &compiled.program else {
        return ERRORS;
    };
    match build_script::write(out, program, &emit::emit(program)) {
        Ok(()) => GOOD,
        Err(e) => {
            complain(&format!("cannot write to `{}`: {e}", out.display()));
            ERRORS
        }
    }
}

/// Everything that was found, for people.
fn report(compiled: &Compiled, bots: usize) -> u8 {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut text = render::human(&compiled.sources, &compiled.diagnostics, colour);
    match render::summary(&compiled.diagnostics, bots) {
        Some(summary) => text.push_str(&summary),
        None => text.push_str(&format!(
            "{bots} bot{} checked, no errors",
            if bots == 1 { "" } else { "s" }
        )),
    }
    text.push('\n');
    // Nobody is left to tell if standard error is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
    GOOD
}

/// To standard output. A closed pipe (`| head`) is no error.
fn print(text: &str) -> u8 {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("cannot write: {e}"));
            WRONG_USE
        }
        _ => GOOD,
    }
}

fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "error: {message}");
}
