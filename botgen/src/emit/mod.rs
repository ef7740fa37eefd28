//! IR to Rust that a reviewer can read: one module per flow, formatted, every item naming its place in the YAML.
//!
//! Cannot fail: the checks have proven what is needed here. Generated code names nothing outside
//! `runtime_core::prelude` and sqlx's query macros, and contains no `unwrap`, `expect`, `panic!` or indexing.

mod actions;
mod blocks;
mod bot;
mod choice;
mod compiled;
mod conversations;
mod env;
mod expr;
mod flow;
mod format;
pub mod graph;
pub mod handed;
mod query;
mod rule;
mod segments;
mod tables;
mod text;
mod types;
mod wizard;

use std::cell::RefCell;
use std::collections::BTreeMap;

pub use bot::{module_name, type_name};

use crate::ir::{Bot, Flow, Program};

/// Everything that a build writes into `OUT_DIR`.
#[derive(Debug, Default)]
pub struct Output {
    /// Rust files: `bots/booking/mod.rs`, `bots/booking/book.rs`.
    pub files: BTreeMap<String, String>,
    /// sqlx's offline cache: `sqlx/query-<hash>.json`.
    pub cache: BTreeMap<String, String>,
}

/// Writes the program down.
pub fn emit(program: &Program) -> Output {
    let mut output = Output::default();
    for bot in &program.bots {
        let root = format!("bots/{}", bot.id);
        output.files.insert(
            format!("{root}/mod.rs"),
            format::file(&bot::header(bot), bot::module(bot)),
        );
        for flow in &bot.flows {
            let cuts = RefCell::default();
            let cx = FlowEmit {
                bot,
                flow,
                cuts: &cuts,
            };
            output.files.insert(
                // `mod r#type;` is read from `type.rs`.
                format!("{root}/{}.rs", flow.module.trim_start_matches("r#")),
                format::file(&flow::header(&cx), flow::module(&cx)),
            );
            for query in &flow.queries {
                for text in query.sqlite.iter().chain(&query.postgres) {
                    let name = format!("sqlx/{}", text.cache.file);
                    output.cache.insert(name, text.cache.json.clone());
                }
            }
        }
    }
    if !program.conversations.is_empty() {
        let tests = conversations::module(&program.conversations);
        output.files.insert(
            "bots/conversations.rs".to_owned(),
            format::file(&conversations::header(), tests),
        );
    }
    output
}

/// What every part of a flow's emission can see.
#[derive(Debug, Clone, Copy)]
struct FlowEmit<'a> {
    bot: &'a Bot,
    flow: &'a Flow,
    /// Segments that were written so far.
    cuts: &'a RefCell<segments::Cuts>,
}
