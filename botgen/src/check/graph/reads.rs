//! Which variables a piece of the typed program reads.

use std::collections::BTreeSet;

use crate::ir::broadcast::{Audience, Broadcast, Segment};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::pages::{Pages, Rows};
use crate::ir::sql::Query;
use crate::ir::text::{How, Print, Text, TextCall};
use crate::ir::{Action, ActionKind, Button, ButtonDoes, Choice, Limit, Rule};

/// Collects Rust identifiers of variables.
#[derive(Debug)]
pub struct Reads<'a> {
    /// Of the flow.
    pub texts: &'a [Text],
    /// Of the flow.
    pub queries: &'a [Query],
    /// What was found.
    pub found: BTreeSet<String>,
}

impl<'a> Reads<'a> {
    /// Nothing found yet.
    pub fn new(texts: &'a [Text], queries: &'a [Query]) -> Self {
        Self {
            texts,
            queries,
            found: BTreeSet::new(),
        }
    }

    /// A text.
    pub fn text(&mut self, call: &TextCall) {
        if let Some(text) = self.texts.get(call.id.0) {
            self.found
                .extend(text.params.iter().map(|p| p.ident.clone()));
        }
    }

    /// Actions, with their conditions, texts, queries and buttons.
    pub fn actions(&mut self, actions: &[Action]) {
        for action in actions {
            self.exprs(&action.when);
            match &action.kind {
                ActionKind::Sql {
                    query, on_conflict, ..
                } => {
                    if let Some(query) = self.queries.get(query.0) {
                        for param in &query.params {
                            self.expr(&param.value);
                        }
                    }
                    if let Some(conflict) = on_conflict {
                        self.text(&conflict.reply);
                    }
                }
                ActionKind::Reply(reply) => {
                    self.text(&reply.text);
                    if let Some((lists, text)) = &reply.empty {
                        self.exprs(lists);
                        self.text(text);
                    }
                    if let Some(crate::ir::To::Chat(chat)) = &reply.to {
                        self.expr(chat);
                    }
                    reply.keyboard.iter().flatten().for_each(|b| self.button(b));
                }
                ActionKind::Limit(limit) => {
                    self.exprs(&limit.suffix);
                    if let Some(message) = &limit.message {
                        self.text(message);
                    }
                    self.found.remove(Limit::RETRY_IN);
                }
                ActionKind::SetLocale { locale } => self.expr(locale),
                ActionKind::AskLocale | ActionKind::Subscribe(_) => {}
                ActionKind::Ask(ask) => {
                    use crate::ir::ask::Fallback;
                    self.text(&ask.prompt);
                    self.text(&ask.input);
                    for text in ask.context.iter().chain(&ask.long).chain(&ask.late) {
                        self.text(text);
                    }
                    match &ask.fallback {
                        Fallback::Text(text) => self.text(text),
                        Fallback::Fields(values) => self.exprs(values),
                        Fallback::Null | Fallback::Option(_) => {}
                    }
                }
                ActionKind::Broadcast(broadcast) => self.broadcast(broadcast),
                ActionKind::Segment(change) => {
                    if let Segment::Chosen(value) = &change.segment {
                        self.expr(value);
                    }
                    self.exprs(&change.user);
                }
                ActionKind::Pages(list) => {
                    self.text(&list.title);
                    self.pages(&list.pages);
                    self.exprs(&list.args);
                }
            }
        }
    }

    /// A list, with its texts, queries and buttons. Its row is among what is found.
    pub fn pages(&mut self, pages: &Pages) {
        for text in pages.texts() {
            self.text(text);
        }
        for query in pages.rows.queries() {
            if let Some(query) = self.queries.get(query.0) {
                self.exprs(query.params.iter().map(|p| &p.value));
            }
        }
        if let Rows::List { list, .. } = &pages.rows {
            self.expr(list);
        }
        pages.extra.iter().flatten().for_each(|b| self.button(b));
    }

    fn broadcast(&mut self, broadcast: &Broadcast) {
        match &broadcast.audience {
            Audience::Fixed(_) => {}
            Audience::Chosen(value, ..) => self.expr(value),
            Audience::People(query) => {
                if let Some(query) = self.queries.get(query.0) {
                    self.exprs(query.params.iter().map(|p| &p.value));
                }
            }
        }
        if let Some(text) = &broadcast.text {
            self.text(text);
        }
        let keyboard = broadcast.keyboard.iter().flatten();
        keyboard.for_each(|b| self.button(b));
        self.exprs(broadcast.media.iter().map(|(_, file)| file));
        self.exprs(&broadcast.pace);
        self.exprs(&broadcast.at);
    }

    fn button(&mut self, button: &Button) {
        if let Some(each) = &button.each {
            self.expr(&each.list);
        }
        self.text(&button.text);
        self.exprs(&button.when);
        match &button.does {
            ButtonDoes::Command { args, .. } => self.exprs(args),
            ButtonDoes::Url(url) => self.text(url),
            ButtonDoes::Toast(_) => {}
        }
    }

    /// Labels and conditions of a choice's options.
    pub fn choice(&mut self, choice: &Choice) {
        for option in &choice.options {
            self.text(&option.label);
            self.exprs(&option.when);
        }
    }

    /// Bounds.
    pub fn rule(&mut self, rule: &Rule) {
        match rule {
            Rule::Int { min, max, .. }
            | Rule::Decimal { min, max, .. }
            | Rule::Date { min, max, .. }
            | Rule::Time { min, max, .. }
            | Rule::DateTime { min, max, .. } => {
                self.exprs(min);
                self.exprs(max);
            }
            Rule::Widget(widget) => {
                self.exprs(widget.exprs());
                widget.texts().into_iter().for_each(|t| self.text(t));
                for query in widget.queries() {
                    let queries = self.queries;
                    if let Some(query) = queries.get(query.0) {
                        self.exprs(query.params.iter().map(|p| &p.value));
                    }
                }
            }
            _ => {}
        }
    }

    /// Several expressions.
    pub fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    /// An expression.
    pub fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Var { ident, .. } => {
                self.found.insert(ident.clone());
            }
            ExprKind::Field { of, .. } => self.expr(of),
            ExprKind::List(items) => self.exprs(items),
            ExprKind::Not(a)
            | ExprKind::Negate(a)
            | ExprKind::Widen(a)
            | ExprKind::ChoiceValue(a)
            | ExprKind::Count(a)
            | ExprKind::IsNull { value: a, .. }
            | ExprKind::IsEmpty { value: a, .. } => self.expr(a),
            ExprKind::And(a, b)
            | ExprKind::Or(a, b)
            | ExprKind::Compare(_, a, b)
            | ExprKind::Arithmetic(_, a, b)
            | ExprKind::Default(a, b)
            | ExprKind::In {
                value: a, list: b, ..
            } => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Printed(print) => self.print(print),
            ExprKind::Builtin(_)
            | ExprKind::Index
            | ExprKind::Text(_)
            | ExprKind::Int(_)
            | ExprKind::Decimal { .. }
            | ExprKind::Bool(_)
            | ExprKind::Null
            | ExprKind::Duration(_)
            | ExprKind::DateLit(_)
            | ExprKind::TimeLit(_)
            | ExprKind::InstantLit(_)
            | ExprKind::Option(..) => {}
        }
    }

    fn print(&mut self, print: &Print) {
        self.expr(&print.value);
        self.how(&print.how);
    }

    fn how(&mut self, how: &How) {
        match how {
            How::Join { each, .. } => self.how(each),
            How::Upper(inner) | How::Lower(inner) | How::Truncate(_, inner) => self.how(inner),
            How::Or(other, inner) => {
                self.print(other);
                self.how(inner);
            }
            _ => {}
        }
    }
}
