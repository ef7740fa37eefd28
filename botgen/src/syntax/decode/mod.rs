//! Nodes into typed parts: every error of a file is reported once, and none hides another.
//!
//! A decoder opens a mapping with [`Cx::fields`], which knows the allowed and required keys from the published
//! type, decodes *every* field, and only then gives up (`?`) on what it needs. What an earlier stage or another
//! field has reported is [`Kind::Broken`] or `None` and never mentioned again; it counts as a fault, see [`Cx::faults`].

mod fields;
mod scalar;
pub(in crate::syntax) mod synonyms;
mod words;

pub use fields::Fields;
pub use scalar::Want;
pub(in crate::syntax) use words::respelt;

use crate::diagnostics::codes::shape;
use crate::diagnostics::{Code, Diagnostic, Sink};
use crate::source::{SourceMap, Span, Spanned};
use crate::syntax::registry;
use crate::yaml::{Kind, List, Map, Node, Style};

/// What a mapping is called.
const PAIRS: &str = "`key: value` pairs";

/// What decoding needs and collects.
pub struct Cx<'a> {
    /// Where findings go.
    pub sink: &'a mut Sink,
    /// The files, to look at what is written around a node.
    pub sources: &'a SourceMap,
    /// Blocks used so far.
    pub blocks: Vec<Spanned<&'static str>>,
    broken: usize,
}

impl<'a> Cx<'a> {
    /// Starts decoding a bot.
    pub fn new(sources: &'a SourceMap, sink: &'a mut Sink) -> Self {
        Self {
            sink,
            sources,
            blocks: Vec::new(),
            broken: 0,
        }
    }

    /// Reports an error and counts it.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.broken += 1;
        self.sink.report(diagnostic);
    }

    /// Reports an error without further ado.
    pub fn error(
        &mut self,
        code: &'static Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(Diagnostic::new(code, span, message).help(help));
    }

    /// Notes that something reported elsewhere is missing here.
    pub fn fault(&mut self) {
        self.broken += 1;
    }

    /// Grows with every error and every hole: compare before and after to know whether a part is complete.
    pub fn faults(&self) -> usize {
        self.broken + self.sink.errors()
    }

    /// A mapping.
    pub fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Map> {
        match &node.kind {
            Kind::Map(map) => {
                if map.truncated {
                    self.fault();
                }
                Some(map)
            }
            _ => self.wrong_type(node, what, PAIRS),
        }
    }

    /// A list; `allow_empty: false` reports one without elements.
    pub fn list<'n>(&mut self, node: &'n Node, what: &str, allow_empty: bool) -> Option<&'n List> {
        match &node.kind {
            Kind::List(list) => {
                if list.truncated {
                    self.fault();
                }
                if list.items.is_empty() && !list.truncated && !allow_empty {
                    self.error(
                        &shape::EMPTY_LIST,
                        node.span,
                        format!("{what} is empty"),
                        "add an element, or remove the key if it is not required",
                    );
                }
                Some(list)
            }
            _ => self.wrong_type(node, what, "a list"),
        }
    }

    /// Decodes every element of a list; elements with errors are left out.
    pub fn each<T>(
        &mut self,
        node: Option<&Node>,
        what: &str,
        allow_empty: bool,
        mut decode: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        let list = node.and_then(|node| self.list(node, what, allow_empty));
        list.into_iter()
            .flat_map(|list| &list.items)
            .filter_map(|item| decode(self, item))
            .collect()
    }

    /// Reports that a node is not what was expected. Always `None`.
    pub fn wrong_type<T>(&mut self, node: &Node, what: &str, expected: &str) -> Option<T> {
        if matches!(node.kind, Kind::Broken) {
            self.fault();
            return None;
        }
        let found = self.found(node);
        let mut d = Diagnostic::new(
            &shape::TYPE,
            node.span,
            format!("{what} is {found}, it should be {expected}"),
        );
        if let Some(help) = self.type_help(node, expected) {
            d = d.help(help);
        }
        self.report(d);
        None
    }

    fn found(&self, node: &Node) -> &'static str {
        match &node.kind {
            Kind::Scalar(s) if s.is_null() => "empty",
            Kind::Scalar(s) if s.style == Style::Plain => match s.text.value.as_str() {
                "true" | "false" => "a truth value",
                v if v.parse::<f64>().is_ok() => "a number",
                _ => "a text",
            },
            Kind::Scalar(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) | Kind::Broken => "a mapping",
        }
    }

    fn type_help(&self, node: &Node, expected: &str) -> Option<String> {
        let written = self.sources.slice(node.span);
        match &node.kind {
            Kind::Scalar(s) if s.is_null() => {
                Some(format!("write {expected} below the key, indented"))
            }
            Kind::Scalar(s) if expected.starts_with('`') && written.contains(':') => {
                let colon = s.text.value.split_once(':');
                match colon.filter(|(key, _)| !key.is_empty() && !key.contains(' ')) {
                    Some((key, value)) if s.style == Style::Plain => Some(format!(
                        "write a space after the colon: `{key}: {}`",
                        value.trim()
                    )),
                    _ => None,
                }
            }
            Kind::Scalar(s) if expected == PAIRS && registry::find(&s.text.value).is_some() => {
                let name = &s.text.value;
                Some(format!(
                    "write `- {name}: {{}}`, its parameters between the braces"
                ))
            }
            Kind::Scalar(_) if expected == PAIRS && !written.contains(':') => Some(
                "write its keys below it, indented: `key: value`; `{}` if there are none"
                    .to_owned(),
            ),
            Kind::Scalar(_)
                if expected == "a list"
                    && written
                        .chars()
                        .all(|c| c.is_alphanumeric() || "_-, ".contains(c)) =>
            {
                Some(format!(
                    "write `[{written}]`, or each element on a line of its own, after `- `"
                ))
            }
            Kind::Scalar(_) if expected == "a list" => {
                Some("each element stands on a line of its own and begins with `- `".to_owned())
            }
            Kind::Scalar(_) if expected.starts_with("a whole number") => {
                Some("write digits alone: `5`".to_owned())
            }
            Kind::Map(_) if expected == "a text" => Some(
                "write the text itself, in quotes; further keys stand beside it, not in it"
                    .to_owned(),
            ),
            Kind::Map(_) if expected == "a list" => Some("begin each element with `- `".to_owned()),
            Kind::List(list)
                if list.flow && expected == "a text" && !written.contains(['\n', '"', '\\']) =>
            {
                Some(format!(
                    "quote a text that begins with `[`: `\"{written}\"`"
                ))
            }
            Kind::List(list) if list.flow && expected == "a text" => {
                Some("write one text, in quotes".to_owned())
            }
            Kind::List(_) if expected == "a text" => {
                Some("for several lines write `|` after the key and indent the text".to_owned())
            }
            Kind::List(list) if list.items.len() == 1 && !list.flow => {
                Some("remove the `- `".to_owned())
            }
            _ => None,
        }
    }
}
