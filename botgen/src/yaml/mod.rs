//! A spanned node tree over the events of granit-parser.
//!
//! After this stage every node knows its bytes, keys are scalars and unique, nothing is nested too deep, and
//! anchors, aliases, tags and merge keys do not exist: the language does not have them, they are errors here.
//! What was reported here is [`Kind::Broken`] in the tree, so that later stages stay silent about it.

mod node;
mod parse;
mod scalar_map;
mod syntax_error;

pub use node::{Entry, Kind, List, Map, Node, Scalar, Style};
pub use parse::{NODES, parse};

use crate::diagnostics::Sink;
use crate::source::SourceMap;

/// The scalar under a key of the root mapping, without any report.
pub fn root_scalar(text: &str, key: &str) -> Option<String> {
    let mut sources = SourceMap::default();
    let file = sources.add(String::new(), text.to_owned());
    let root = parse(file, &sources, &mut Sink::default())?;
    let Kind::Map(map) = root.kind else {
        return None;
    };
    let entry = map.entries.into_iter().find(|e| e.key.text.value == key)?;
    match entry.value.kind {
        Kind::Scalar(scalar) => Some(scalar.text.value),
        _ => None,
    }
}
