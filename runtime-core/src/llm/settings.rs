//! What an operator says of the model and of those who ask it; [`crate::config`] reads it.

use std::time::Duration;

use secrecy::SecretString;

use super::moderation::Rule;

/// Most tokens of a day, in the configuration and by the API.
pub const BUDGET_MOST: i64 = 1_000_000;
/// Where the model is, and what bots may ask of it.
#[derive(Debug, Clone)]
pub struct LlmConfig {
    /// `None`: there is no model.
    pub upstream: Option<Upstream>,
    /// Longest a question may take, with everything.
    pub deadline: Duration,
    /// Calls after one that failed.
    pub retries: u32,
    /// Calls at one moment, of all bots together.
    pub parallel: usize,
    /// How long answers are kept; zero: not at all.
    pub cache: Duration,
    /// Questions of one person a minute; 0: any number.
    pub user_per_minute: u32,
    /// Questions of one bot a minute; 0: any number.
    pub bot_per_minute: u32,
    /// Tokens of one bot a day, where none is set for it; 0: any number.
    pub daily_budget: i64,
    /// The endpoint that is asked about texts.
    pub moderation: Option<Moderation>,
    /// Rules of the operator's own.
    pub rules: Vec<Rule>,
}

/// A server with a model.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Where `/chat/completions` is appended: without a slash at the end.
    pub base: String,
    /// Its name there.
    pub model: String,
    /// Sent as a bearer token.
    pub key: Option<SecretString>,
    /// Longest a call may take.
    pub timeout: Duration,
    /// Tokens that fit into its context, the answer's included.
    pub context: u32,
    /// Nucleus sampling.
    pub top_p: f32,
}

/// A moderation endpoint.
#[derive(Debug, Clone)]
pub struct Moderation {
    /// The whole address.
    pub url: String,
    /// Sent as a bearer token.
    pub key: Option<SecretString>,
}

impl Default for LlmConfig {
    /// No model, usual limits.
    fn default() -> Self {
        Self {
            upstream: None,
            deadline: Duration::from_secs(30),
            retries: 2,
            parallel: 32,
            cache: Duration::from_secs(900),
            user_per_minute: 10,
            bot_per_minute: 600,
            daily_budget: 10_000,
            moderation: None,
            rules: Vec::new(),
        }
    }
}
