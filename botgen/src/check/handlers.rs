//! What every handler of a program may do at most, for `check --verbose`.

use crate::diagnostics::facts::HandlerFact;
use crate::ir::cost::{self, Cost};
use crate::ir::{Effect, Program};

/// In order of writing: a command, then the steps of its wizard.
pub fn of(program: &Program) -> Vec<HandlerFact> {
    let mut all = Vec::new();
    for bot in &program.bots {
        let mut add = |handler: String, effect: Effect, cost: Cost| {
            all.push(HandlerFact {
                bot: bot.id.clone(),
                handler,
                effect: match effect {
                    Effect::Pure => "pure",
                    Effect::Read => "read",
                    Effect::State => "state",
                    Effect::Write => "write",
                    Effect::Slow => "slow",
                },
                protocol: cost.protocol(effect),
            });
        };
        for flow in &bot.flows {
            add(
                format!("/{}", flow.command),
                flow.effect,
                cost::of_command(flow),
            );
            if let Some(wizard) = &flow.wizard {
                for (position, step) in wizard.steps.iter().enumerate() {
                    let cost = cost::of_step(flow, wizard, position);
                    add(
                        format!("/{} step {}", flow.command, step.id),
                        step.effect,
                        cost,
                    );
                }
                add(
                    format!("/{} complete", flow.command),
                    wizard.complete_effect,
                    cost::of_completion(flow, wizard),
                );
            }
        }
    }
    all
}
