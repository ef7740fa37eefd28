//! The moment of a run: shells ask the clock, the core is told what it says.

use botfactory_lang::value::Instant;

use crate::Options;

impl Options {
    /// What nobody has chosen, now.
    pub(crate) fn now() -> Self {
        Self {
            now: Some(Instant::now()),
            ..Self::default()
        }
    }
}
