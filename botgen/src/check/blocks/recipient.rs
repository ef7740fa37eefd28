//! Fields of whoever gets a broadcast: they are filled in when it is sent, so that nothing can be asked of them before.

use crate::check::FlowCx;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::broadcasts as codes;
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, Piece, Text, TextKind};

/// Whether the fields in a text stand where they can be filled in; else that is reported. Warns of the sender's own.
pub fn fields(cx: &mut FlowCx<'_>, text: &Text) -> bool {
    let mut found = Found::default();
    match &text.kind {
        TextKind::Key(key) => found.key(key),
        TextKind::Template(pieces) => found.pieces(pieces),
    }
    for (span, what) in &found.wrong {
        cx.sink.report(
            Diagnostic::new(
                &codes::RECIPIENT,
                *span,
                format!("the recipient is not known yet {what}"),
            )
            .help("the field is filled in when the message is sent: print it as it is, `{{recipient.first_name}}`, or hand it to a translation, `t:key {name=recipient.first_name}`"),
        );
    }
    if found.wrong.is_empty() {
        for (span, field, right) in found.sender {
            cx.sink.report(
                Diagnostic::new(
                    &codes::SENDER,
                    span,
                    format!("everybody reads the `{field}` of whoever starts the broadcast"),
                )
                .help(format!("for whoever gets it write {right}")),
            );
        }
    }
    found.wrong.is_empty()
}

/// Reports fields in buttons and files: those are the same for everybody. `true`: there are none.
pub fn nowhere_else(cx: &mut FlowCx<'_>, letter: &ast::Letter) -> bool {
    let mut found = Found::default();
    let outside = |found: &mut Found, text: &Text| match &text.kind {
        TextKind::Key(key) => key.args.iter().for_each(|(_, e)| found.inside(e, BUTTON)),
        TextKind::Template(pieces) => found.all(pieces),
    };
    for button in letter.keyboard.rows.iter().flatten() {
        outside(&mut found, &button.text);
        button.when.iter().for_each(|e| found.inside(e, BUTTON));
        match &button.does {
            ast::ButtonDoes::Callback { args, .. } => {
                args.iter().for_each(|(_, e)| found.inside(e, BUTTON));
            }
            ast::ButtonDoes::Url(text) | ast::ButtonDoes::Toast(text) => {
                outside(&mut found, text);
            }
        }
    }
    if let Some(ast::Media {
        file: ast::Field::Expr(file),
        ..
    }) = &letter.media
    {
        found.inside(file, "where the file is chosen");
    }
    let fine = found.wrong.is_empty();
    for (span, what) in found.wrong {
        cx.sink.report(
            Diagnostic::new(
                &codes::RECIPIENT,
                span,
                format!("the recipient is not known yet {what}"),
            )
            .help("buttons and files are the same for everybody: let the field stand in the text"),
        );
    }
    fine
}

const BUTTON: &str = "in a button";
const TEST: &str = "where it is tested";
const FILTER: &str = "where its characters are needed";

/// The first name of a path.
const NAME: &str = "recipient";

#[derive(Default)]
struct Found {
    wrong: Vec<(Span, &'static str)>,
    /// Where, what, and what to write instead.
    sender: Vec<(Span, String, String)>,
}

impl Found {
    fn key(&mut self, key: &ast::KeyRef) {
        for (_, value) in &key.args {
            self.value(value);
        }
    }

    /// A value that is printed.
    fn value(&mut self, value: &Expr) {
        self.senders(value, false);
        if !matches!(value.kind, ExprKind::Path(_)) {
            self.inside(value, FILTER);
        }
    }

    /// Fields of whoever starts the broadcast; `within`: a larger value, which a recipient's field cannot be a part of.
    fn senders(&mut self, value: &Expr, within: bool) {
        if let ExprKind::Path(path) = &value.kind {
            let names: Vec<&str> = path.iter().map(|p| p.node.as_str()).collect();
            if let ["user", field @ ("first_name" | "last_name" | "username")] = names[..] {
                let right = match within {
                    true => format!("the field alone, `{{{{recipient.{field}}}}}`"),
                    false => format!("`recipient.{field}`"),
                };
                self.sender.push((value.span, names.join("."), right));
            }
        }
        for inner in value.children() {
            self.senders(inner, true);
        }
    }

    fn pieces(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            match piece {
                Piece::Literal { .. } => {}
                Piece::Value(value) => self.value(value),
                Piece::Key(key) => self.key(key),
                Piece::Each {
                    list,
                    body,
                    otherwise,
                    ..
                } => {
                    self.inside(list, TEST);
                    self.pieces(body);
                    self.pieces(otherwise);
                }
                Piece::If {
                    arms, otherwise, ..
                } => {
                    for (test, body) in arms {
                        self.inside(test, TEST);
                        self.pieces(body);
                    }
                    self.pieces(otherwise);
                }
            }
        }
    }

    /// A text in which no field may stand at all.
    fn all(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            match piece {
                Piece::Literal { .. } => {}
                Piece::Value(value) => self.inside(value, BUTTON),
                Piece::Key(key) => key.args.iter().for_each(|(_, e)| self.inside(e, BUTTON)),
                Piece::Each {
                    list,
                    body,
                    otherwise,
                    ..
                } => {
                    self.inside(list, BUTTON);
                    self.all(body);
                    self.all(otherwise);
                }
                Piece::If {
                    arms, otherwise, ..
                } => {
                    for (test, body) in arms {
                        self.inside(test, BUTTON);
                        self.all(body);
                    }
                    self.all(otherwise);
                }
            }
        }
    }

    /// An expression in which no field may stand.
    fn inside(&mut self, e: &Expr, what: &'static str) {
        if let ExprKind::Path(path) = &e.kind {
            if path.first().is_some_and(|first| first.node == NAME) && path.len() > 1 {
                self.wrong.push((e.span, what));
            }
            return;
        }
        e.children().into_iter().for_each(|e| self.inside(e, what));
    }
}
