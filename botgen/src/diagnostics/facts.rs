//! What was proven, for those who ask: `check --verbose` and its JSON.

pub use botfactory_lang::diagnostics::facts::{Beyond, TextFact};

/// What a handler may do at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerFact {
    /// The bot's id.
    pub bot: String,
    /// `/book`, `/book step slot`, `/book complete`.
    pub handler: String,
    /// `pure`, `read`, `state`, `write`.
    pub effect: &'static str,
    /// What that costs on an engine with round trips: `one step`, `a transaction`, …
    pub protocol: &'static str,
}
