//! What every handler of a program may do at most, for `check --verbose`.

use crate::diagnostics::facts::HandlerFact;
use crate::ir::{Effect, Program};

/// In order of writing: a command, then the steps of its wizard.
pub fn of(program: &Program) -> Vec<HandlerFact> {
    let mut all = Vec::new();
    for bot in &program.bots {
        let mut add = |handler: String, effect: Effect| {
            all.push(HandlerFact {
                bot: bot.id.clone(),
                handler,
                effect: match effect {
                    Effect::Pure => "pure",
                    Effect::Read => "read",
                    Effect::State => "state",
                    Effect::Write => "write",
                },
            });
        };
        for flow in &bot.flows {
            add(format!("/{}", flow.command), flow.effect);
            if let Some(wizard) = &flow.wizard {
                for step in &wizard.steps {
                    add(format!("/{} step {}", flow.command, step.id), step.effect);
                }
                add(
                    format!("/{} complete", flow.command),
                    wizard.complete_effect,
                );
            }
        }
    }
    all
}
