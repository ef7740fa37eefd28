//! A bot as operators see it (`GET /bots/{id}/spec` and `/graph`): what the compiler has made of it, as JSON.

use serde_json::{Value, json};

use super::graph::Graph;
use crate::ir::cost::{self, Cost};
use crate::ir::{Bot, Effect, Flow, Origin, Timeout, Wizard};

/// What stands in generated code.
pub fn form(bot: &Bot) -> String {
    let graph = Graph::of(bot);
    let commands: Vec<Value> = bot.flows.iter().map(|flow| command(bot, flow)).collect();
    let tables: Vec<Value> = bot
        .tables
        .iter()
        .map(|table| json!({ "name": table.name, "bot_id": table.bot, "user_id": table.person }))
        .collect();
    json!({
        "commands": commands,
        "tables": tables,
        "graph": { "nodes": graph.nodes, "edges": graph.edges, "mermaid": graph.mermaid() },
    })
    .to_string()
}

fn command(bot: &Bot, flow: &Flow) -> Value {
    let args: Vec<Value> = flow
        .args
        .iter()
        .map(|arg| {
            json!({
                "name": arg.var.name,
                "type": arg.var.ty.clone().with_null(false).describe(),
                "optional": arg.optional,
            })
        })
        .collect();
    let queries: Vec<Value> = flow
        .queries
        .iter()
        .map(|query| {
            let engines = [("sqlite", &query.sqlite), ("postgres", &query.postgres)];
            let sql: serde_json::Map<String, Value> = engines
                .into_iter()
                .filter_map(|(engine, text)| {
                    Some((engine.to_owned(), text.as_ref()?.sql.as_str().into()))
                })
                .collect();
            json!({ "at": at(bot, &query.origin), "writes": query.writes, "sql": sql })
        })
        .collect();
    json!({
        "command": flow.command,
        "block": flow.block,
        "at": at(bot, &flow.origin),
        "listed": flow.description.is_some(),
        "args": args,
        "effect": effect(flow.effect),
        "protocol": cost::of_command(flow).protocol(flow.effect),
        "dialogue": flow.wizard.as_ref().map(|wizard| dialogue(bot, flow, wizard)),
        "queries": queries,
    })
}

fn dialogue(bot: &Bot, flow: &Flow, wizard: &Wizard) -> Value {
    let protocol = |what: Effect, cost: Cost| cost.protocol(what);
    let steps: Vec<Value> = wizard
        .steps
        .iter()
        .enumerate()
        .map(|(position, step)| {
            json!({
                "id": step.id,
                "var": step.var.name,
                "type": step.var.ty.clone().with_null(false).describe(),
                "optional": step.optional,
                "conditional": step.when.is_some(),
                "at": at(bot, &step.origin),
                "effect": effect(step.effect),
                "protocol": protocol(step.effect, cost::of_step(flow, wizard, position)),
            })
        })
        .collect();
    json!({
        "ttl_sec": wizard.ttl,
        "on_timeout": match &wizard.timeout {
            None => "forget",
            Some(Timeout::Reply { .. }) => "reply",
            Some(Timeout::Goto(_)) => "goto",
            Some(Timeout::Cancel) => "cancel",
        },
        "steps": steps,
        "complete": {
            "effect": effect(wizard.complete_effect),
            "protocol": protocol(wizard.complete_effect, cost::of_completion(flow, wizard)),
        },
    })
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Pure => "pure",
        Effect::Read => "read",
        Effect::State => "state",
        Effect::Write => "write",
        Effect::Slow => "slow",
    }
}

/// A place within the bot's folder.
fn at<'o>(bot: &Bot, origin: &'o Origin) -> &'o str {
    let inside = origin.0.strip_prefix(bot.folder.as_str());
    inside.map_or(origin.0.as_str(), |path| path.trim_start_matches('/'))
}
