//! The only user of granit-parser: its events become the tree.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

use botfactory_lang::limits::NESTING;
use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, Tag};

use super::scalar_map::runs;
use super::syntax_error;
use super::{Entry, Kind, List, Map, Node, Scalar, Style};
use crate::diagnostics::codes::files;
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::{FileId, SourceMap, Span, Str};

/// Most nodes of one file.
pub const NODES: usize = 200_000;

/// Most keys of one mapping: what looks for one key among the others need not count its steps.
const KEYS: usize = 1_000;

/// Reads one file. `None`: nothing in it can be used (reported). After a syntax error the tree holds what
/// stands before it.
pub fn parse(file: FileId, sources: &SourceMap, sink: &mut Sink) -> Option<Node> {
    let text = sources.file(file).text.as_str();
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: false,
        disallow_directives: true,
        // Our own limit is lower and has our own words.
        flow_nesting_limit: NESTING * 4,
        block_nesting_limit: NESTING * 4,
        simple_key_max_lookahead: 1024,
    };
    let mut builder = Builder {
        file,
        text,
        sink,
        stack: Vec::new(),
        root: None,
        nodes: 0,
        broken: false,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => {
                let span = builder.span(
                    span.byte_range(),
                    span.tag_span().and_then(|s| s.byte_range()),
                );
                if builder.event(event, span).is_break() {
                    break;
                }
            }
            Err(error) => {
                builder.sink.report(syntax_error::explain(
                    file,
                    text,
                    error.kind(),
                    error.marker().byte_offset().unwrap_or(text.len()),
                ));
                builder.broken = true;
                break;
            }
        }
    }
    builder.finish()
}

/// A collection that is being read.
struct Open {
    span: Span,
    what: Inside,
    /// Reported as a whole (too deep): what is in it is dropped.
    drop: bool,
    flow: bool,
}

enum Inside {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// First place of each key.
        keys: HashMap<String, Span>,
        key: Option<Key>,
        /// An entry was refused.
        refused: bool,
    },
}

enum Key {
    Good(Scalar),
    /// Reported; the value is dropped.
    Bad,
}

/// A place, and that of the node's tag.
#[derive(Clone, Copy)]
struct At {
    node: Span,
    tag: Option<Span>,
}

struct Builder<'a, 's> {
    file: FileId,
    text: &'a str,
    sink: &'s mut Sink,
    stack: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    /// A syntax error ended the file.
    broken: bool,
}

impl Builder<'_, '_> {
    fn span(&self, node: Option<Range<usize>>, tag: Option<Range<usize>>) -> At {
        let span = |range: Range<usize>| {
            let small = |n: usize| u32::try_from(n.min(self.text.len())).unwrap_or(u32::MAX);
            Span {
                file: self.file,
                lo: small(range.start),
                hi: small(range.end.max(range.start)),
            }
        };
        At {
            node: span(node.unwrap_or(0..0)),
            tag: tag.map(span),
        }
    }

    fn event(&mut self, event: Event<'_>, at: At) -> ControlFlow<()> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let help = "a file is one document; remove the `---`, or put the rest into a file of its own";
                self.sink.report(
                    Diagnostic::new(
                        &files::DOCUMENTS,
                        at.node,
                        "a second YAML document begins here",
                    )
                    .help(help),
                );
                return ControlFlow::Break(());
            }
            Event::Scalar(value, style, _, tag) => {
                let mut node = self.scalar(value.as_ref(), style, at);
                if self.tag(tag.as_deref(), at) {
                    node.kind = Kind::Broken;
                }
                return self.add(node);
            }
            Event::SequenceStart(style, _, tag) => {
                self.tag(tag.as_deref(), at);
                return self.open(Inside::List(Vec::new()), style, at.node);
            }
            Event::MappingStart(style, _, tag) => {
                self.tag(tag.as_deref(), at);
                let what = Inside::Map {
                    entries: Vec::new(),
                    keys: HashMap::new(),
                    key: None,
                    refused: false,
                };
                return self.open(what, style, at.node);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.stack.pop() {
                    let node = close(open, Some(at.node), false);
                    return self.add(node);
                }
            }
            Event::Anchor(_, name) => {
                self.sink.report(
                    Diagnostic::new(
                        &files::ANCHOR,
                        at.node,
                        format!("`&{name}` is a YAML anchor; a bot's files have none"),
                    )
                    .help("if it is part of a text, put the text in double quotes; else remove it and write the value out where it is used"),
                );
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let word = self.text.get(at.node.lo as usize..at.node.hi as usize);
                let word = word.unwrap_or("*");
                self.sink.report(
                    Diagnostic::new(
                        &files::ANCHOR,
                        at.node,
                        format!("`{word}` is a YAML alias; a bot's files have none"),
                    )
                    .help("if it is part of a text, put the text in double quotes; else write the value out"),
                );
                return self.add(Node {
                    span: at.node,
                    kind: Kind::Broken,
                });
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    /// Reports a tag. True: there was one.
    fn tag(&mut self, tag: Option<&Tag>, at: At) -> bool {
        let Some(tag) = tag else { return false };
        let written = tag.original();
        let span = at.tag.unwrap_or(at.node);
        self.sink.report(
            Diagnostic::new(
                &files::TAG,
                span,
                format!("`{written}` is a YAML tag; a bot's files have none"),
            )
            .help("if it is part of a text, put the text in double quotes; else remove it"),
        );
        true
    }

    fn scalar(&mut self, value: &str, style: ScalarStyle, at: At) -> Node {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let mut span = at.node;
        let absent = style == Style::Plain && span.lo == span.hi;
        let value = if absent { "" } else { value };
        let (lo, hi) = (span.lo as usize, span.hi as usize);
        let map = runs(self.text, lo, hi, style, value);
        if matches!(style, Style::Literal | Style::Folded) {
            // Without the line breaks that follow.
            let trimmed = self.text.get(lo..hi).map_or(0, |s| s.trim_end().len());
            span.hi = span.lo + u32::try_from(trimmed).unwrap_or(0);
        }
        Node {
            span,
            kind: Kind::Scalar(Scalar {
                text: Str {
                    value: value.to_owned(),
                    span,
                    map,
                },
                style,
                absent,
                comment: self.comment_after(hi),
                in_flow: self.stack.last().is_some_and(|o| o.flow),
            }),
        }
    }

    /// A comment on the same line after `offset` (also after the `:` of an absent value).
    fn comment_after(&self, offset: usize) -> Option<Span> {
        let rest = self.text.get(offset..)?;
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', ':']).len();
        let rest = rest[blank..].strip_prefix('#').filter(|_| blank > 0)?;
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let lo = offset + blank;
        Some(self.span(Some(lo..lo + 1 + length), None).node)
    }

    fn open(&mut self, what: Inside, style: StructureStyle, span: Span) -> ControlFlow<()> {
        let inherited = self.stack.last().is_some_and(|o| o.drop);
        let too_deep = self.stack.len() >= NESTING && !inherited;
        if too_deep {
            self.sink.report(
                Diagnostic::new(
                    &files::TOO_DEEP,
                    span,
                    format!("nested more than {NESTING} levels deep"),
                )
                .help("nothing in the language is nested this deep"),
            );
        }
        self.stack.push(Open {
            span,
            what,
            drop: inherited || too_deep,
            flow: style == StructureStyle::Flow,
        });
        ControlFlow::Continue(())
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node) -> ControlFlow<()> {
        self.nodes += 1;
        if self.nodes > NODES {
            return self.too_large(node.span, format!("the file has more than {NODES} values"));
        }
        let Some(top) = self.stack.last_mut() else {
            self.root = Some(node);
            return ControlFlow::Continue(());
        };
        if top.drop {
            return ControlFlow::Continue(());
        }
        match &mut top.what {
            Inside::List(items) => items.push(node),
            Inside::Map {
                entries,
                keys,
                key,
                refused,
            } => match key.take() {
                None => {
                    let accepted = check_key(node, keys, self.text, self.sink);
                    *refused |= accepted.is_none();
                    *key = Some(accepted.map_or(Key::Bad, Key::Good));
                }
                Some(Key::Good(key)) if entries.len() == KEYS => {
                    let message = format!("the mapping has more than {KEYS} keys");
                    return self.too_large(key.text.span, message);
                }
                Some(Key::Good(key)) => entries.push(Entry { key, value: node }),
                Some(Key::Bad) => {}
            },
        }
        ControlFlow::Continue(())
    }

    /// Reading ends here.
    fn too_large(&mut self, span: Span, message: String) -> ControlFlow<()> {
        let help = "split it: flows may stand in several files of `flows/`";
        self.sink
            .report(Diagnostic::new(&files::TOO_LARGE, span, message).help(help));
        self.broken = true;
        ControlFlow::Break(())
    }

    fn finish(mut self) -> Option<Node> {
        while let Some(open) = self.stack.pop() {
            let node = close(open, None, true);
            // The entry that was being read when the file broke off is not complete.
            match self.stack.last_mut().map(|o| &mut o.what) {
                Some(Inside::List(items)) => items.push(node),
                Some(Inside::Map { entries, key, .. }) => {
                    if let Some(Key::Good(key)) = key.take() {
                        entries.push(Entry { key, value: node });
                    }
                }
                None => self.root = Some(node),
            }
        }
        let mut root = self.root?;
        if self.broken {
            break_off(&mut root);
            // A file that breaks off before its first `key: value` says nothing.
            if matches!(root.kind, Kind::Scalar(_)) {
                return None;
            }
        }
        Some(root)
    }
}

/// Marks the last element of the last element …: what ended just before a syntax error may have ended because of it.
fn break_off(node: &mut Node) {
    match &mut node.kind {
        Kind::List(list) => {
            list.truncated = true;
            if let Some(last) = list.items.last_mut() {
                break_off(last);
            }
        }
        Kind::Map(map) => {
            map.truncated = true;
            if let Some(last) = map.entries.last_mut() {
                break_off(&mut last.value);
            }
        }
        Kind::Scalar(_) | Kind::Broken => {}
    }
}

/// Keys are scalars, unique, and no merge keys. `None`: reported.
fn check_key(
    node: Node,
    keys: &mut HashMap<String, Span>,
    text: &str,
    sink: &mut Sink,
) -> Option<Scalar> {
    let scalar = match node.kind {
        Kind::Scalar(scalar) => scalar,
        Kind::Broken => return None,
        Kind::List(_) | Kind::Map(_) => {
            let lo = node.span.lo.saturating_sub(1);
            sink.report(if text.get(lo as usize..).is_some_and(|t| t.starts_with("{{")) {
                syntax_error::bare_template(Span {
                    lo,
                    hi: lo + 2,
                    ..node.span
                })
            } else {
                Diagnostic::new(&files::KEY, node.span, "a key is a list or a mapping")
                    .help("a key is a single word; put a text that begins with `[` or `{` in double quotes")
            });
            return None;
        }
    };
    let name = &scalar.text.value;
    if let Some(c) = name
        .chars()
        .next()
        .filter(|c| c.is_whitespace() && !c.is_ascii())
        && scalar.style == Style::Plain
    {
        let hi = node.span.lo + u32::try_from(c.len_utf8()).unwrap_or(1);
        sink.report(syntax_error::wide_space(Span { hi, ..node.span }));
        return None;
    }
    if name == "<<" {
        sink.report(
            Diagnostic::new(
                &files::ANCHOR,
                node.span,
                "`<<` merges another mapping; a bot's files have no merge keys",
            )
            .help("write the keys out"),
        );
        return None;
    }
    if let Some(first) = keys.get(name) {
        sink.report(
            Diagnostic::new(
                &files::DUPLICATE_KEY,
                node.span,
                format!("`{name}` stands twice in one mapping"),
            )
            .note(*first, "first here")
            .help("remove one of them; a `- ` before it begins another element of a list"),
        );
        return None;
    }
    keys.insert(name.clone(), node.span);
    Some(scalar)
}

/// A finished collection; `end` is the place of its end event.
fn close(open: Open, end: Option<Span>, truncated: bool) -> Node {
    let mut span = open.span;
    let last = match &open.what {
        Inside::List(items) => items.last().map(|n| n.span),
        Inside::Map { entries, .. } => entries.last().map(|e| e.key.text.span.to(e.value.span)),
    };
    let end = if open.flow {
        end.or(last)
    } else {
        last.or(end)
    };
    if let Some(end) = end {
        span = span.to(end);
    }
    let kind = match open.what {
        _ if open.drop => Kind::Broken,
        Inside::List(items) => Kind::List(List {
            items,
            flow: open.flow,
            truncated,
        }),
        Inside::Map {
            entries, refused, ..
        } => Kind::Map(Map {
            entries,
            flow: open.flow,
            truncated: truncated || refused,
        }),
    };
    Node { span, kind }
}
