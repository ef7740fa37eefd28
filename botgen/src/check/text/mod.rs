//! Texts are typed and proven here: templates and `t:` texts take one road.
//!
//! | file | holds |
//! |---|---|
//! | this | the road: lower, then prove ([`botfactory_lang::proof`]) |
//! | [`lower`] | pieces to IR and to their shape |
//! | [`keys`] | `t:KEY {…}` against the translations |
//! | [`bounds`] | how long a printed value can be, by locale |
//! | [`labels`] | the longest label of a choice |
//! | [`params`] | which variables a finished text reads |
//! | [`slips`] | words that look meant for something else than to be printed |

pub use lower::enter;

pub mod bounds;
mod keys;
mod labels;
mod lower;
mod params;
mod slips;

use botfactory_lang::markup::{ParseMode, Place, escape_into};
use botfactory_lang::overrides::TextUse as Handed;
use botfactory_lang::proof::{self, Proven};

use super::FlowCx;
use super::scope::Scope;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::texts as codes;
use crate::ir;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::text::{How, Piece, Slot, TextCall, TextId};
use crate::source::Span;
use crate::syntax::ast;
use lower::Lower;

/// What a text is for.
#[derive(Debug, Clone, Copy)]
pub struct TextUse<'a> {
    /// Decides its limits.
    pub slot: Slot,
    /// How it is marked up; only messages have markup.
    pub mode: ParseMode,
    /// The wanted name of its function.
    pub hint: &'a str,
    /// What is to happen when values make a message too long.
    pub overflow: ast::Overflow,
    /// Several messages may be made of it where it is too long.
    pub splits: bool,
}

impl<'a> TextUse<'a> {
    /// A message that is split where it is too long.
    pub fn message(mode: ParseMode, hint: &'a str) -> Self {
        Self {
            slot: Slot::Message,
            mode,
            hint,
            overflow: ast::Overflow::Split,
            splits: true,
        }
    }
    /// A text without markup.
    pub fn plain(slot: Slot, hint: &'a str) -> Self {
        Self {
            slot,
            mode: ParseMode::Plain,
            hint,
            overflow: ast::Overflow::Split,
            splits: true,
        }
    }
    /// The same with the author's word on what is too long.
    #[must_use]
    pub fn overflow(mut self, overflow: ast::Overflow) -> Self {
        self.overflow = overflow;
        self
    }
    /// The same where all of it must be one message.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.splits = false;
        self
    }
}

/// A text that was proven.
#[derive(Debug, Clone)]
pub struct Checked {
    /// In [`FlowCx::texts`].
    pub call: TextCall,
    /// The lists that are walked at top level, for `empty_text`.
    pub top_lists: Vec<Expr>,
    /// It prints nothing when every one of `top_lists` is empty: a message needs an `empty_text` then
    /// ([`needs_empty_text`]).
    pub empty_with_lists: bool,
    /// Most UTF-16 units that it has in any locale; `None`: nothing bounds it.
    pub most: Option<usize>,
    /// What it says in each locale, where that is always the same.
    pub fixed: Vec<Option<String>>,
}

/// Proves a text and pushes it to [`FlowCx::texts`]. `None`: something is wrong and was reported.
pub fn text(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    t: &ast::Text,
    use_: TextUse<'_>,
) -> Option<Checked> {
    let checked = with_lists(cx, scope, t, use_)?;
    needs_empty_text(cx, &checked, t).then_some(checked)
}

/// [`text`] where an `empty_text` may stand beside it: the caller asks [`needs_empty_text`] when there is none.
pub fn with_lists(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    t: &ast::Text,
    use_: TextUse<'_>,
) -> Option<Checked> {
    let before = cx.sink.errors();
    let mode = match use_.slot {
        Slot::Message | Slot::Caption => use_.mode,
        _ => ParseMode::Plain,
    };
    if use_.slot == Slot::Description {
        same_for_everyone(cx, t);
    }
    let mut lower = Lower {
        cx,
        holes: 0,
        top_lists: Vec::new(),
        items: Vec::new(),
    };
    let (mut pieces, nodes) = match &t.kind {
        ast::TextKind::Key(k) => {
            let (piece, node) = lower.key(scope, k)?;
            (vec![piece], vec![node])
        }
        ast::TextKind::Template(pieces) => lower.pieces(scope, pieces, true)?,
    };
    let Lower {
        holes,
        top_lists,
        items,
        ..
    } = lower;
    slips::braces(cx, scope, t, &nodes);
    slips::buried_keys(cx, t, &nodes);
    if matches!(use_.slot, Slot::Message | Slot::Caption) {
        slips::dead_commands(cx, t, &nodes);
        slips::word_for_value(cx, scope, t);
        if mode == ParseMode::Html {
            slips::markdown(cx, t, &nodes);
        }
    }
    let written = proof::Text {
        source: &t.source,
        slot: use_.slot,
        mode,
        overflow: use_.overflow,
        splits: use_.splits,
        command: cx.command,
        place: use_.hint,
    };
    let proven = proof::text(&mut cx.proof(), &written, &nodes, holes, before)?;
    let Proven {
        places,
        empty_with_lists,
        most,
    } = proven;
    place(&mut pieces, mode, &mut places.into_iter());
    let params = params::of(scope, &items, &pieces);
    let text = ir::text::Text {
        ident: cx.ident(name_of(t, use_.hint)),
        origin: cx.origin(t.source.span),
        summary: summary(&t.source.value),
        slot: use_.slot,
        mode,
        params,
        pieces,
        handed: Handed::new(&written, within(cx, t.source.span), &nodes),
    };
    let locales = cx.bot.words.locales.len().max(1);
    let fixed = (0..locales)
        .map(|locale| proof::fixed(&nodes, locale))
        .collect();
    cx.texts.push(text);
    Some(Checked {
        call: TextCall {
            id: TextId(cx.texts.len() - 1),
        },
        top_lists,
        empty_with_lists,
        most,
        fixed,
    })
}

/// Reports a text that prints nothing when the lists it walks are empty, and has no `empty_text`. `true`: it is fine.
pub fn needs_empty_text(cx: &mut FlowCx<'_>, checked: &Checked, t: &ast::Text) -> bool {
    if checked.empty_with_lists {
        cx.sink.report(
            Diagnostic::new(
                &codes::EMPTY_TEXT,
                t.source.span,
                "this text prints nothing when its list is empty",
            )
            .help("add an `{{else}}`, words outside of the `{{#each}}`, or, where it may stand, an `empty_text`"),
        );
    }
    !checked.empty_with_lists
}

/// The place of a text within its bot's folder: `flows/book.yaml:17`.
fn within(cx: &FlowCx<'_>, span: Span) -> String {
    let place = cx.bot.sources.place(span);
    let inside = place.strip_prefix(cx.bot.ast.folder.as_str());
    inside
        .map_or(place.as_str(), |p| p.trim_start_matches('/'))
        .to_owned()
}

/// The author's source on one line, for a doc comment.
fn summary(source: &str) -> String {
    const LONGEST: usize = 80;
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Writes the places into the pieces, in the order in which the holes were numbered, and makes words of literals.
fn place(pieces: &mut [Piece], mode: ParseMode, places: &mut impl Iterator<Item = Place>) {
    for piece in pieces {
        match piece {
            Piece::Literal(_) => {}
            Piece::Value { print, place } => {
                *place = places.next().unwrap_or_default();
                if let (ExprKind::Text(words), How::Plain) = (&print.value.kind, &print.how) {
                    let mut out = String::new();
                    escape_into(mode, *place, words, &mut out);
                    *piece = Piece::Literal(out);
                }
            }
            Piece::Key { place, .. } => *place = places.next().unwrap_or_default(),
            Piece::Each {
                body, otherwise, ..
            } => {
                self::place(body, mode, places);
                self::place(otherwise, mode, places);
            }
            Piece::If { arms, otherwise } => {
                for (_, body) in arms {
                    self::place(body, mode, places);
                }
                self::place(otherwise, mode, places);
            }
        }
    }
}

/// Telegram keeps one description of a command for all people of a language.
fn same_for_everyone(cx: &mut FlowCx<'_>, t: &ast::Text) {
    fn constant(e: &ast::Expr) -> bool {
        match &e.kind {
            ast::ExprKind::Text(_) | ast::ExprKind::Int(_) | ast::ExprKind::Decimal { .. } => true,
            ast::ExprKind::Path(path) => {
                matches!(path.as_slice(), [one] if matches!(one.node.as_str(), "locale" | "bot_id"))
            }
            ast::ExprKind::Filter { value, args, .. } => {
                constant(value) && args.iter().all(constant)
            }
            _ => false,
        }
    }
    let mut wrong: Vec<Span> = Vec::new();
    let key = |k: &ast::KeyRef| {
        let values = k.args.iter().filter(|(_, e)| !constant(e));
        values.map(|(_, e)| e.span).collect::<Vec<_>>()
    };
    match &t.kind {
        ast::TextKind::Key(k) => wrong.extend(key(k)),
        ast::TextKind::Template(pieces) => {
            for piece in pieces {
                match piece {
                    ast::Piece::Literal { .. } => {}
                    ast::Piece::Key(k) => wrong.extend(key(k)),
                    ast::Piece::Value(e) if constant(e) => {}
                    ast::Piece::Value(e) => wrong.push(e.span),
                    ast::Piece::Each { span, .. } | ast::Piece::If { span, .. } => {
                        wrong.push(*span);
                    }
                }
            }
        }
    }
    for span in wrong {
        cx.sink.report(
            Diagnostic::new(
                &codes::DESCRIPTION_VALUE,
                span,
                "a description is the same for everyone",
            )
            .help("write it without variables: Telegram shows it in the menu of commands"),
        );
    }
}

#[cfg(test)]
mod tests;

/// The name of a text's function: its key where it is one, else what it is for.
fn name_of<'a>(text: &'a ast::Text, hint: &'a str) -> &'a str {
    match (&text.kind, hint) {
        (ast::TextKind::Key(key), _) if key.attribute.is_none() => &key.key.node,
        (_, "text") => "reply_text",
        _ => hint,
    }
}
