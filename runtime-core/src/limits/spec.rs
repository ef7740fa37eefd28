//! A limit as the compiler hands it over.

use std::fmt::{Display, Write as _};

/// What the compiler knows of a limit.
#[derive(Debug)]
pub struct LimitSpec {
    /// Which counters it has, the same after every build: a place or a `key`. Bounded, fit for a label.
    pub rule: &'static str,
    /// The command that it belongs to; empty for a limit of the whole bot.
    pub command: &'static str,
    /// Who has a counter of their own.
    pub scope: LimitScope,
    /// Seconds.
    pub window: i64,
    /// How many pass in any window.
    pub allowance: i64,
    /// What holds while the shared counters cannot be reached.
    pub on_error: OnError,
}

/// Who has a counter of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LimitScope {
    User,
    Chat,
    Bot,
}

/// What holds while the shared counters cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// Every instance counts for itself.
    Allow,
    /// Nobody passes.
    Deny,
}

/// What separates the counters of a limit. Only a hash of it leaves the process.
#[derive(Clone, Default)]
pub struct LimitKey(String);

impl std::fmt::Debug for LimitKey {
    /// Without the values: they may be what a person wrote.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LimitKey").finish_non_exhaustive()
    }
}

impl LimitKey {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }
    /// The author's words.
    #[must_use]
    pub fn word(self, word: &str) -> Self {
        self.part('w', word)
    }
    /// A value.
    #[must_use]
    pub fn value(self, value: impl Display) -> Self {
        let value = value.to_string();
        self.part('v', &value)
    }
    /// With its length, so that no value can look like two parts.
    fn part(mut self, kind: char, part: &str) -> Self {
        let _ = write!(self.0, "{kind}{}:{part}", part.len()); // memory does not fail
        self
    }
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
