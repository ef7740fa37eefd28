//! What nobody means well with, against the built binary: odd updates, random bodies, words that are code elsewhere, forged
//! and replayed presses, tricks with headers and paths, peers that dawdle, secrets that want out. Never a 500, a panic, a leak
//! or an effect: the database is compared before and after.
//!
//! | module | shows |
//! |---|---|
//! | `kinds` | every kind of update there is, as it comes and with every field replaced by odd ones |
//! | `bodies` | random bodies for every route that takes one |
//! | `injection` | SQL, templates, Fluent, markup through every field that a person controls, on both engines |
//! | `presses` | payloads of buttons that are forged, replayed, somebody else's |
//! | `headers` | heads of requests: smuggling, doubles, sizes, encodings; paths and ids |
//! | `slow` | peers that send or read too slowly, or not at all |
//! | `leaks` | secrets and words planted everywhere, and looked for wherever something comes out |
//! | `access` | who is let in, and whose word about it counts |
//! | `people` | what is stored about a person, over HTTP and at the command line |
//!
//! Short by default; `HOSTILE_LONG=1` (`scripts/hostile.sh`) runs long and prints figures.
#![allow(missing_docs)]

#[allow(dead_code, unused_imports)]
#[path = "../e2e/support/mod.rs"]
mod support;

mod access;
mod bodies;
mod dice;
mod ground;
mod headers;
mod injection;
mod kinds;
mod leaks;
mod people;
mod presses;
mod slow;
mod wire;

/// Whether this run may take long.
pub fn long() -> bool {
    std::env::var("HOSTILE_LONG").is_ok_and(|long| long == "1")
}
