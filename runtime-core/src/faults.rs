//! Named places of the protocols, where a test may end the process.

/// Nothing.
#[inline(always)]
pub fn point(_name: &'static str) {}
