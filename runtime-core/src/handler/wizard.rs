//! Dialogues: what the runtime knows of a wizard, and a stored conversation.

use serde::de::DeserializeOwned;

use super::error::HandlerError;

/// A wizard.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct WizardSpec {
    /// Its command, without `/`: the name of the flow in stored conversations.
    pub command: &'static str,
    /// Seconds that a waiting conversation lives.
    pub ttl: i64,
    pub steps: &'static [StepSpec],
}

/// A step.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct StepSpec {
    pub id: &'static str,
    pub optional: bool,
    /// Values of a choice's options (buttons), in order; `bool` steps have `["true", "false"]`.
    pub options: &'static [&'static str],
    /// What it waits for.
    pub wanted: botfactory_lang::answer::Wanted,
}

/// A conversation that waits for an answer: the flow, the run, the step, and the states (JSON) for now and for `back`.
#[derive(Debug, Clone)]
pub struct Waiting {/* private */}

impl Waiting {
    /// Command of the flow.
    pub fn flow(&self) -> &str {
        todo!()
    }
    /// Id of the step.
    pub fn step(&self) -> &str {
        todo!()
    }
    /// What was loaded on entry, and the state.
    pub fn read<L: DeserializeOwned, S: DeserializeOwned>(&self) -> Result<(L, S), HandlerError> {
        todo!()
    }
}
