//! `botgen graph`.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::{ERRORS, WRONG_USE, load, print, report};
use crate::emit::graph::Graph;

/// What is printed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    /// A flowchart that Mermaid draws, one after the other
    Mermaid,
    /// {"bots": [{"bot_id", "nodes": [{"id", "kind"}], "edges": [{"from", "to", "by"}]}]}
    Json,
}

/// The graph of each bot; errors are reported as `check` does.
pub fn run(dirs: &[PathBuf], format: Format) -> u8 {
    let Some((input, compiled)) = load(dirs) else {
        return WRONG_USE;
    };
    let Some(program) = &compiled.program else {
        report(&compiled, input.bots.len());
        return ERRORS;
    };
    let graphs = program.bots.iter().map(|bot| (bot, Graph::of(bot)));
    match format {
        Format::Mermaid => {
            let drawn = graphs.map(|(bot, graph)| format!("%% {}\n{}", bot.id, graph.mermaid()));
            print(&drawn.collect::<Vec<_>>().join("\n"))
        }
        Format::Json => {
            let list = graphs.map(|(bot, graph)| {
                json!({ "bot_id": bot.id, "nodes": graph.nodes, "edges": graph.edges })
            });
            print(&(json!({ "bots": list.collect::<Vec<_>>() }).to_string() + "\n"))
        }
    }
}
