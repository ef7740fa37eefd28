//! Pieces of the AST to pieces of the IR, and to the shape on which markup and lengths are proven.

use botfactory_lang::markup::Place;
use botfactory_lang::proof::shape::{At, Hole, Kind, Node};

use super::bounds::{Bound, Bounds};
use super::keys;
use crate::check::FlowCx;
use crate::check::expr::{self, Printing, a};
use crate::check::facts;
use crate::check::scope::{Loop, Scope};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::expressions;
use crate::ir;
use crate::ir::expr::Expr;
use crate::ir::types::Base;
use crate::source::Spanned;
use crate::syntax::ast::{self, Piece};

/// Lowers one text.
pub(super) struct Lower<'c, 'a> {
    pub cx: &'c mut FlowCx<'a>,
    /// Holes that have a place so far. Numbered in the order of the pieces, outer before inner.
    pub holes: usize,
    /// Lists walked at top level.
    pub top_lists: Vec<Expr>,
    /// Rust names of loop items.
    pub items: Vec<String>,
}

type Lowered = (Vec<ir::text::Piece>, Vec<Node>);

impl Lower<'_, '_> {
    fn hole(&mut self) -> usize {
        self.holes += 1;
        self.holes - 1
    }

    /// A template. Goes on after an error, so that all of them are found.
    pub(super) fn pieces(&mut self, scope: &Scope, pieces: &[Piece], top: bool) -> Option<Lowered> {
        let lowered: Vec<Option<_>> = pieces.iter().map(|p| self.piece(scope, p, top)).collect();
        let lowered: Vec<_> = lowered.into_iter().collect::<Option<_>>()?;
        Some(lowered.into_iter().unzip())
    }

    fn piece(
        &mut self,
        scope: &Scope,
        piece: &Piece,
        top: bool,
    ) -> Option<(ir::text::Piece, Node)> {
        match piece {
            Piece::Literal { text, at, .. } => Some((
                ir::text::Piece::Literal(text.clone()),
                Node::Words {
                    text: text.clone(),
                    at: At::Scalar(*at),
                },
            )),
            Piece::Value(e) => {
                let id = self.hole();
                let print = expr::print(self.cx, scope, e, Printing::Text)?;
                let filled = expr::is_filled(scope, e);
                let bounds = each_locale(self.cx, scope, |b| {
                    let bound = b.print(&print);
                    Bound {
                        least: bound.least.max(usize::from(filled)),
                        ..bound
                    }
                });
                let node = Node::Hole(Hole {
                    bounds,
                    id: Some(id),
                    what: format!("{{{{{}}}}}", self.written(e)),
                    span: e.span,
                    kind: kind(self.cx, &print),
                });
                let place = Place::Text;
                Some((ir::text::Piece::Value { print, place }, node))
            }
            Piece::Key(k) => self.key(scope, k),
            Piece::Each {
                list,
                alias,
                body,
                otherwise,
                ..
            } => {
                let list_as_written = list;
                let entered = self.enter(scope, list, alias.as_ref());
                if top && let Some((list, _)) = &entered {
                    self.top_lists.push(list.clone());
                }
                let entered = entered.and_then(|(list, entered)| {
                    let item = entered.ident.clone();
                    let body = self.pieces(&scope.inside(entered), body, false)?;
                    Some((list, item, body))
                });
                let otherwise = self.pieces(scope, otherwise, false);
                let (list, item, (ir_body, node_body)) = entered?;
                let (otherwise, otherwise_nodes) = otherwise?;
                let most = match list.ty.base {
                    Base::List { most, .. } => most,
                    _ => None,
                };
                let piece = ir::text::Piece::Each {
                    list,
                    item,
                    indexed: reads_index(body),
                    body: ir_body,
                    otherwise,
                };
                let node = Node::Loop {
                    list: self.written(list_as_written),
                    span: list_as_written.span,
                    most,
                    body: node_body,
                    otherwise: otherwise_nodes,
                };
                Some((piece, node))
            }
            Piece::If {
                arms, otherwise, ..
            } => self.branches(scope, arms, otherwise),
        }
    }

    /// An expression as the author wrote it, on one line.
    fn written(&self, e: &ast::Expr) -> String {
        const LONGEST: usize = 40;
        let file = self.cx.bot.sources.file(e.span.file);
        let source = file.text.get(e.span.lo as usize..e.span.hi as usize);
        let line = source.unwrap_or("…").split_whitespace().collect::<Vec<_>>();
        botfactory_lang::length::cut(&line.join(" "), LONGEST).into_owned()
    }

    /// A `t:` text.
    pub(super) fn key(
        &mut self,
        scope: &Scope,
        k: &ast::KeyRef,
    ) -> Option<(ir::text::Piece, Node)> {
        let id = self.hole();
        let key = keys::key(self.cx, scope, k, id)?;
        let piece = ir::text::Piece::Key {
            key: k.key.node.clone(),
            attribute: k.attribute.as_ref().map(|a| a.node.clone()),
            args: key.args,
            place: Place::Text,
        };
        Some((piece, Node::Message(key.message)))
    }

    /// The list of an `#each` and the loop it opens.
    fn enter(
        &mut self,
        scope: &Scope,
        list: &ast::Expr,
        alias: Option<&Spanned<String>>,
    ) -> Option<(Expr, Loop)> {
        let entered = enter(self.cx, scope, list, alias, "`{{#each}}`")?;
        self.items.push(entered.1.ident.clone());
        Some(entered)
    }

    fn branches(
        &mut self,
        scope: &Scope,
        arms: &[(ast::Expr, Vec<Piece>)],
        otherwise: &[Piece],
    ) -> Option<(ir::text::Piece, Node)> {
        let mut scope = scope.clone();
        let mut out = Vec::new();
        let mut nodes = Vec::new();
        let mut whole = true;
        // What a condition with an error should have shown is not known.
        let mut unguarded = None;
        for (condition, body) in arms {
            let word = if nodes.is_empty() { "#if" } else { "else if" };
            let label = format!("`{{{{{word} {}}}}}`", self.written(condition));
            let checked = expr::condition_in_text(self.cx, &scope, condition);
            if checked.is_none() {
                unguarded.get_or_insert(self.cx.sink.mark());
            }
            let mut inner = expr::narrowed_in_text(&scope, condition, true);
            if let Some(typed) = &checked {
                let means = ("this is never printed", "it needs no `{{#if}}`");
                facts::judge(self.cx, &scope, condition, typed, means);
                facts::learn(self.cx, &mut inner, condition, typed, true);
            }
            let body = self.pieces(&inner, body, false);
            scope = expr::narrowed_in_text(&scope, condition, false);
            if let Some(typed) = &checked {
                facts::learn(self.cx, &mut scope, condition, typed, false);
            }
            match checked.zip(body) {
                Some((condition, (body, body_nodes))) => {
                    out.push((condition, body));
                    nodes.push((label, body_nodes));
                }
                None => whole = false,
            }
        }
        let otherwise = self.pieces(&scope, otherwise, false);
        if let Some(mark) = unguarded {
            self.cx.sink.take_back(mark, &expressions::NULLABLE);
        }
        let (otherwise, otherwise_nodes) = otherwise?;
        nodes.push(("`{{else}}`".to_owned(), otherwise_nodes));
        let piece = ir::text::Piece::If {
            arms: out,
            otherwise,
        };
        whole.then_some((piece, Node::Branches(nodes)))
    }
}

/// In every locale of the bot.
pub(super) fn each_locale(
    cx: &FlowCx<'_>,
    scope: &Scope,
    bound: impl Fn(Bounds<'_, '_>) -> Bound,
) -> Vec<Bound> {
    let rows = scope.loops().last().and_then(|l| l.most);
    (0..cx.bot.words.locales.len().max(1))
        .map(|locale| bound(Bounds { cx, locale, rows }))
        .collect()
}

/// What a printed value can be made of.
fn kind(cx: &FlowCx<'_>, print: &ir::text::Print) -> Kind {
    use ir::expr::{Builtin, ExprKind};
    use ir::text::How;
    if print.how == How::Plain {
        let plain = |value: &str| {
            value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        match (&print.value.kind, &print.value.ty.base) {
            (ExprKind::Builtin(Builtin::Locale), _) => return Kind::Name,
            (_, Base::Choice(id))
                if cx
                    .choices
                    .get(id.0)
                    .is_some_and(|c| c.options.iter().all(|o| plain(&o.value))) =>
            {
                return Kind::Name;
            }
            _ => {}
        }
    }
    match (&print.how, &print.value.ty.base) {
        (How::Plain, Base::Int) => Kind::Whole,
        (
            How::Plain
            | How::Date(_)
            | How::Time(_)
            | How::DateTime(_)
            | How::Duration
            | How::Number { .. }
            | How::Money { .. },
            Base::Int
            | Base::Decimal(_)
            | Base::Real
            | Base::Bool
            | Base::Date
            | Base::Time
            | Base::DateTime
            | Base::Choice(_),
        ) => Kind::Line,
        _ => Kind::Text,
    }
}

/// Whether the body of a loop reads its `@index` (that of a loop inside it is another).
fn reads_index(pieces: &[Piece]) -> bool {
    pieces.iter().any(|p| match p {
        Piece::Literal { .. } => false,
        Piece::Value(e) => index_in(e),
        Piece::Key(k) => k.args.iter().any(|(_, e)| index_in(e)),
        Piece::Each {
            list, otherwise, ..
        } => index_in(list) || reads_index(otherwise),
        Piece::If {
            arms, otherwise, ..
        } => {
            arms.iter()
                .any(|(c, body)| index_in(c) || reads_index(body))
                || reads_index(otherwise)
        }
    })
}

fn index_in(e: &ast::Expr) -> bool {
    use ast::ExprKind as A;
    match &e.kind {
        A::Index => true,
        A::Path(_)
        | A::This
        | A::Text(_)
        | A::Int(_)
        | A::Decimal { .. }
        | A::Bool(_)
        | A::Null
        | A::Duration(_) => false,
        A::List(items) => items.iter().any(index_in),
        A::Not(e) | A::Negate(e) => index_in(e),
        A::And(a, b) | A::Or(a, b) | A::Compare(_, a, b) | A::Arithmetic(_, a, b) => {
            index_in(a) || index_in(b)
        }
        A::In { value, list, .. } => index_in(value) || index_in(list),
        A::IsNull { value, .. } | A::IsEmpty { value, .. } => index_in(value),
        A::Filter { value, args, .. } => index_in(value) || args.iter().any(index_in),
    }
}

/// Walks into a list. `what` walks it, for messages.
pub fn enter(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    list: &ast::Expr,
    alias: Option<&Spanned<String>>,
    what: &str,
) -> Option<(Expr, Loop)> {
    let free = alias.is_none_or(|alias| expr::alias_is_free(cx, scope, alias));
    let checked = expr::check(cx, scope, list)?;
    let Base::List { item, most } = checked.ty.base.clone() else {
        let help = match checked.ty.base {
            Base::Row(_) => {
                "it is one row: print its columns, `{{row.column}}`, or leave `single: true` out"
            }
            _ => "a query without `single` and `scalar` gives a list",
        };
        cx.sink.report(
            Diagnostic::new(
                &expressions::TYPE_MISMATCH,
                list.span,
                format!("{what} walks a list, this is {}", a(&checked.ty)),
            )
            .help(help),
        );
        return None;
    };
    if checked.ty.nullable {
        expr::report_nullable(cx, list);
        return None;
    }
    let ident = cx.ident(alias.map_or("item", |a| a.node.as_str()));
    let entered = Loop {
        ident,
        alias: alias.map(|a| a.node.clone()),
        item: *item,
        most,
        counted: true,
    };
    free.then_some((checked, entered))
}
