//! What is fuzzed, and what must hold: a function per target, which panics when it does not.
//!
//! Two users: libFuzzer (`fuzz_targets/`, started by `scripts/fuzz.sh`) and the short run among the tests
//! (`botgen/tests/fuzz.rs`, which also writes the [`seeds`]).

mod front;
mod held;
mod lang;
mod parts;
pub mod seeds;

pub use front::{fluent, front, import, slots, sql};
pub use lang::{markup, values};
pub use parts::{expression, template, yaml};

/// A target: the bytes are its whole input.
pub type Target = fn(&[u8]);

/// All of them, by name.
pub const TARGETS: [(&str, Target); 10] = [
    ("yaml", yaml),
    ("template", template),
    ("expression", expression),
    ("fluent", fluent),
    ("sql", sql),
    ("slots", slots),
    ("front", front),
    ("import", import),
    ("markup", markup),
    ("values", values),
];
