//! The compiler of BotFactory: bot folders in, typed Rust out. One way through:
//!
//! | stage | takes → gives | after it |
//! |---|---|---|
//! | [`source`] | bytes → files with line tables | every place is a [`source::Span`] |
//! | [`yaml`] | a file → a spanned node tree | no YAML events, anchors or tabs exist any more |
//! | [`syntax`] | nodes → [`syntax::ast`] | no unknown keys, no wrong YAML types; texts and expressions are parsed |
//! | [`resolve`] | AST → symbol tables | every name that is written once is known |
//! | [`check`] | AST + symbols → [`ir`] | every reference, type, query, translation and limit is proven |
//! | [`ir`] | the typed program | nothing is optional that cannot be absent |
//! | [`emit`] | IR → formatted Rust | |
//!
//! The core ([`compile`]) is a pure function of its input files: no clock, environment, network or
//! cargo. [`build_script`] and the command line are thin shells around it.

pub mod check;
pub mod diagnostics;
pub mod emit;
pub mod ir;
pub mod resolve;
pub mod source;
pub mod syntax;
pub mod yaml;
