//! What a handler may do, decided by the compiler.

/// What a handler does at most: it picks the protocol (see `engine`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Effect {
    Pure,
    Read,
    State,
    Write,
}

/// How many queries may run before what a handler did is stored; several see one snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Reads {
    None,
    One,
    Many,
}

/// How many statements that write a handler may run. `One`: exactly one on every path that writes, whose result nothing
/// reads and after which nothing is read, so that it can be handed over ([`super::Cx::defer`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Writes {
    None,
    One,
    Many,
}
