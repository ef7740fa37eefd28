//! The bots of `botgen/tests/good`, compiled: what `check` accepts, rustc must accept. Building this crate is the
//! test; the bots are odd on purpose (names that Rust keeps for itself, a null in every place, every type).

#![allow(clippy::all)] // the style of odd bots is not judged; the denied lints of each bot hold

include!(concat!(env!("OUT_DIR"), "/bots.rs"));
