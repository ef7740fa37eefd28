//! The parsers one by one.

use botgen::diagnostics::Sink;
use botgen::source::{SourceMap, Span, Str};
use botgen::syntax;
use botgen::yaml::{Kind, Node, Scalar};

use super::held;

/// A file of the language as a tree.
pub fn yaml(data: &[u8]) {
    let text = held::text(data);
    let mut sources = SourceMap::default();
    let file = sources.add("x.yaml".to_owned(), text.into_owned());
    let mut sink = Sink::default();
    let root = botgen::yaml::parse(file, &sources, &mut sink);
    let errors = sink.errors();
    held::findings(&sources, &sink.finish());
    if let Some(root) = root {
        let whole = walk(&root, &sources);
        assert!(whole || errors > 0, "a part is lost without a word");
    }
}

/// Checks the places of the tree; whether it is whole.
fn walk(node: &Node, sources: &SourceMap) -> bool {
    held::place(sources, node.span);
    match &node.kind {
        Kind::Scalar(s) => {
            scalar(s, sources);
            true
        }
        Kind::List(list) => {
            let parts = list.items.iter().filter(|n| !walk(n, sources)).count();
            parts == 0 && !list.truncated
        }
        Kind::Map(map) => {
            let broken = map.entries.iter().filter(|e| {
                scalar(&e.key, sources);
                !walk(&e.value, sources)
            });
            broken.count() == 0 && !map.truncated
        }
        Kind::Broken => false,
    }
}

/// Every character of a scalar has a place.
fn scalar(scalar: &Scalar, sources: &SourceMap) {
    held::place(sources, scalar.text.span);
    if let Some(comment) = scalar.comment {
        held::place(sources, comment);
    }
    let value = &scalar.text.value;
    for (at, c) in value.char_indices().take(200) {
        held::place(sources, scalar.text.span_of(at..at + c.len_utf8()));
    }
    held::place(sources, scalar.text.span_of(0..value.len()));
    held::place(sources, scalar.text.span_of(value.len()..value.len()));
}

/// The input as a scalar that stands alone in its file.
fn alone(data: &[u8]) -> (SourceMap, Str) {
    let value = held::text(data).into_owned();
    let mut sources = SourceMap::default();
    let file = sources.add("x.yaml".to_owned(), value.clone());
    let span = Span {
        file,
        lo: 0,
        hi: u32::try_from(value.len()).expect("a small input"),
    };
    let map = vec![(0, 0)].into();
    (sources, Str { value, span, map })
}

fn parsed<T>(sources: &SourceMap, part: Option<T>, sink: Sink, what: &str) {
    assert_eq!(
        part.is_none(),
        sink.errors() > 0,
        "{what}: refused ⇔ an error"
    );
    held::findings(sources, &sink.finish());
}

/// A text: a template, or `t:key {…}`; and the same bytes as a button's callback.
pub fn template(data: &[u8]) {
    let (sources, text) = alone(data);
    let mut sink = Sink::default();
    let read = syntax::text::parse(&text, &mut sink);
    parsed(&sources, read, sink, "text");
    let mut sink = Sink::default();
    let read = syntax::text::parse_callback(&text, &mut sink);
    parsed(&sources, read, sink, "callback");
}

/// An expression, by itself and as a field.
pub fn expression(data: &[u8]) {
    let (sources, text) = alone(data);
    let mut sink = Sink::default();
    let read = syntax::expr::parse_expr(&text, &mut sink);
    if let Some(expr) = &read {
        held::place(&sources, expr.span);
    }
    parsed(&sources, read, sink, "expression");
    let mut sink = Sink::default();
    let read = syntax::expr::parse_field(&text, &mut sink);
    parsed(&sources, read, sink, "field");
}
