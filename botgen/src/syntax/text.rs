//! Texts (placeholder until the parser lands).

use crate::diagnostics::Sink;
use crate::source::{Spanned, Str};
use crate::syntax::ast::{ButtonDoes, Piece, Text, TextKind};

/// A text: `t:key {…}` or a template.
pub fn parse(text: &Str, _sink: &mut Sink) -> Option<Text> {
    let piece = Piece::Literal {
        text: text.value.clone(),
        span: text.span,
    };
    Some(Text {
        source: text.clone(),
        kind: TextKind::Template(vec![piece]),
    })
}

/// `/command {arg=EXPR, …}` of a button.
pub fn parse_callback(text: &Str, _sink: &mut Sink) -> Option<ButtonDoes> {
    Some(ButtonDoes::Callback {
        command: Spanned {
            node: text.value.clone(),
            span: text.span,
        },
        args: Vec::new(),
        span: text.span,
    })
}
