//! Writing YAML that reads well and that neither YAML nor the language misreads: texts are quoted or stand in
//! block scalars, regexes in single quotes, small maps on one line.

use std::fmt::Write as _;

/// A node to write. Keys are the language's own words or names that need no quotes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// A command, name, number or other word that needs no quotes (quoted when it does).
    Word(String),
    /// An author's text: a block scalar when it has several lines, else in double quotes.
    Text(String),
    /// `true`.
    Flag,
    /// A regex: single quotes.
    Regex(String),
    /// Always a block scalar: SQL.
    Block(String),
    Map(Vec<(String, Node)>),
    List(Vec<Node>),
    /// A map or list on one line.
    Inline(Box<Node>),
    /// What was made of the value at this JSON path.
    From(String, Box<Node>),
}

/// Which bytes of a document were made of what: the JSON path of the old spec.
pub(super) type Origins = Vec<(std::ops::Range<usize>, String)>;

impl Node {
    pub(super) fn word(word: impl Into<String>) -> Self {
        Self::Word(word.into())
    }
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
    pub(super) fn inline(node: Node) -> Self {
        Self::Inline(Box::new(node))
    }
    pub(super) fn from(self, path: &str) -> Self {
        Self::From(path.to_owned(), Box::new(self))
    }
    /// Without what it was made of.
    pub(super) fn bare(&self) -> &Self {
        match self {
            Self::From(_, inner) => inner.bare(),
            other => other,
        }
    }
}

/// Collects a map's entries in the order in which they are to be read.
#[derive(Debug, Default)]
pub(super) struct Entries(pub Vec<(String, Node)>);

impl Entries {
    pub(super) fn add(&mut self, key: &str, node: Node) {
        self.0.push((key.to_owned(), node));
    }
    pub(super) fn maybe(&mut self, key: &str, node: Option<Node>) {
        if let Some(node) = node {
            self.add(key, node);
        }
    }
    pub(super) fn map(self) -> Node {
        Node::Map(self.0)
    }
    /// On one line.
    pub(super) fn inline(self) -> Node {
        Node::inline(self.map())
    }
    /// A block with its parameters as one map.
    pub(super) fn block(self, name: &str) -> Node {
        Node::Map(vec![(name.to_owned(), self.map())])
    }
}

/// Seconds as the language writes durations.
pub(super) fn duration(seconds: i64) -> String {
    match seconds {
        s if s > 86_400 && s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3600 == 0 => format!("{}h", s / 3600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// A document that is being written.
#[derive(Debug, Default)]
struct Out {
    text: String,
    origins: Origins,
}

/// A whole document: a map whose sections are set apart by blank lines.
pub(super) fn document(entries: &[(String, Node)]) -> (String, Origins) {
    let mut out = Out::default();
    for (i, (key, node)) in entries.iter().enumerate() {
        let section = matches!(node, Node::List(_));
        if i > 0 && section {
            out.text.push('\n');
        }
        entry(&mut out, key, node, 0);
    }
    (out.text, out.origins)
}

/// A whole document that is a list.
pub(super) fn list(items: &[Node]) -> String {
    let mut out = Out::default();
    for node in items {
        item(&mut out, node, 0);
    }
    out.text
}

impl Out {
    fn indent(&mut self, columns: usize) {
        for _ in 0..columns {
            self.text.push(' ');
        }
    }

    /// Writes something that was made of the value at `path`.
    fn from(&mut self, path: &str, write: impl FnOnce(&mut Self)) {
        let start = self.text.len();
        write(self);
        self.origins.push((start..self.text.len(), path.to_owned()));
    }
}

/// `key: node` with its line break; the cursor stands where the key begins, at `column`.
fn entry(out: &mut Out, key: &str, node: &Node, column: usize) {
    if let Node::From(path, inner) = node {
        return out.from(path, |out| entry(out, key, inner, column));
    }
    out.text.push_str(&word(key));
    out.text.push(':');
    match node {
        Node::Map(entries) if !entries.is_empty() => {
            out.text.push('\n');
            for (key, node) in entries {
                out.indent(column + 2);
                entry(out, key, node, column + 2);
            }
        }
        Node::List(items) if !items.is_empty() => {
            out.text.push('\n');
            for node in items {
                out.indent(column + 2);
                item(out, node, column + 2);
            }
        }
        other => {
            out.text.push(' ');
            scalar(out, other, column + 2);
            out.text.push('\n');
        }
    }
}

fn item(out: &mut Out, node: &Node, column: usize) {
    if let Node::From(path, inner) = node {
        return out.from(path, |out| item(out, inner, column));
    }
    out.text.push_str("- ");
    match node {
        Node::Map(entries) if !entries.is_empty() => {
            for (i, (key, node)) in entries.iter().enumerate() {
                if i > 0 {
                    out.indent(column + 2);
                }
                entry(out, key, node, column + 2);
            }
        }
        other => {
            scalar(out, other, column + 2);
            out.text.push('\n');
        }
    }
}

fn scalar(out: &mut Out, node: &Node, column: usize) {
    match node {
        Node::Block(text) if is_block(text) => block(&mut out.text, text, column),
        Node::Text(text) if text.contains('\n') && is_block(text) => {
            block(&mut out.text, text, column);
        }
        other => flow(out, other),
    }
}

fn block(out: &mut String, text: &str, column: usize) {
    out.push('|');
    for line in text.trim_end_matches('\n').split('\n') {
        out.push('\n');
        if !line.is_empty() {
            for _ in 0..column {
                out.push(' ');
            }
            out.push_str(line);
        }
    }
}

/// Whether a block scalar keeps the text as it is.
fn is_block(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with([' ', '\n', '\t'])
        && text.lines().all(|line| !line.chars().any(needs_escape))
        && !text
            .lines()
            .any(|line| line.chars().all(|c| c == ' ') && !line.is_empty())
}

/// Anything on one line.
fn flow(out: &mut Out, node: &Node) {
    match node {
        Node::Word(text) => out.text.push_str(&word(text)),
        Node::Flag => out.text.push_str("true"),
        Node::Text(text) | Node::Block(text) => out.text.push_str(&quoted(text)),
        Node::Regex(text) => {
            if text.chars().any(needs_escape) || text.contains('\n') {
                out.text.push_str(&quoted(text));
            } else {
                out.text
                    .push_str(&format!("'{}'", text.replace('\'', "''")));
            }
        }
        Node::Inline(inner) => flow(out, inner),
        Node::From(path, inner) => out.from(path, |out| flow(out, inner)),
        Node::Map(entries) if entries.is_empty() => out.text.push_str("{}"),
        Node::Map(entries) => {
            out.text.push_str("{ ");
            for (i, (key, node)) in entries.iter().enumerate() {
                out.text.push_str(if i > 0 { ", " } else { "" });
                out.text.push_str(&word(key));
                out.text.push_str(": ");
                flow(out, node);
            }
            out.text.push_str(" }");
        }
        Node::List(items) => {
            out.text.push('[');
            for (i, node) in items.iter().enumerate() {
                out.text.push_str(if i > 0 { ", " } else { "" });
                flow(out, node);
            }
            out.text.push(']');
        }
    }
}

/// Characters that YAML does not print or that some reader takes for a line break.
pub(super) fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'
        )
}

/// Double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Writing to a String cannot fail.
            c if needs_escape(c) => drop(write!(out, "\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Without quotes where every YAML reader takes it for what it is: words, commands, numbers, and
/// expressions of words with single spaces.
fn word(text: &str) -> String {
    const TRAPS: &[&str] = &[
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~",
    ];
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/' || c == '_')
        && !text.ends_with(' ')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | '+' | ' '))
        && !TRAPS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<(String, Node)> {
        let mut reply = Entries::default();
        reply.add("text", Node::text("one: # two\n\n  \"three\"\n- four"));
        reply.add("when", Node::word("me is null"));
        let mut step = Entries::default();
        step.add("regex", Node::Regex("^\\d's$".into()));
        step.add("msg", Node::text("say \"a\\b\"\nor\u{7}"));
        vec![
            ("locale".into(), Node::word("ru")),
            (
                "flows".into(),
                Node::List(vec![
                    reply.block("action.reply_template.v1"),
                    step.inline(),
                    Node::inline(Node::List(vec![Node::word("no"), Node::word("/my")])),
                    Node::Block("SELECT 1".into()),
                ]),
            ),
        ]
    }

    #[test]
    fn reads_well() {
        assert_eq!(
            document(&sample()).0,
            r#"locale: ru

flows:
  - action.reply_template.v1:
      text: |
        one: # two

          "three"
        - four
      when: me is null
  - { regex: '^\d''s$', msg: "say \"a\\b\"\nor\u0007" }
  - ["no", /my]
  - |
    SELECT 1
"#
        );
    }

    #[test]
    fn serde_yaml_reads_back_what_was_meant() {
        let read: serde_yaml::Value = serde_yaml::from_str(&document(&sample()).0).unwrap();
        let flows = &read["flows"];
        assert_eq!(
            flows[0]["action.reply_template.v1"]["text"].as_str(),
            Some("one: # two\n\n  \"three\"\n- four\n")
        );
        assert_eq!(flows[1]["regex"].as_str(), Some("^\\d's$"));
        assert_eq!(flows[1]["msg"].as_str(), Some("say \"a\\b\"\nor\u{7}"));
        assert_eq!(flows[2][0].as_str(), Some("no"));
    }

    #[test]
    fn durations() {
        let all = [1800, 86_400, 172_800, 90, 7200].map(duration);
        assert_eq!(all, ["30m", "24h", "2d", "90s", "2h"]);
    }
}
