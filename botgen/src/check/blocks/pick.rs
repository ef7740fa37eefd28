//! Options of a choice that are the rows of a list.

use crate::check::expr;
use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::check::text::{self, TextUse};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{graph, limits, widgets};
use crate::ir::text::Slot;
use crate::ir::types::{Base, Ty};
use crate::ir::widget::{Pick, Widget};
use crate::syntax::ast::{self, ExprKind};
use botfactory_lang::limits::{KEYBOARD_BUTTONS, QUERY_ROWS};

/// Most rows: back, skip and cancel need buttons too.
const ROWS: usize = KEYBOARD_BUTTONS - 3;

/// What the answer is, from the list's columns: known before the steps are checked. `None`: no column to choose by of a
/// list that is known there.
pub fn answer(check: &FlowCheck<'_>, pick: &ast::Pick) -> Option<Ty> {
    let ty = column(check, pick)?;
    let chooses = matches!(ty.base, Base::Int | Base::Text { .. }) && !ty.nullable;
    chooses.then_some(ty)
}

fn column(check: &FlowCheck<'_>, pick: &ast::Pick) -> Option<Ty> {
    let ExprKind::Path(list) = &pick.list.kind else {
        return None;
    };
    let [name] = list.as_slice() else { return None };
    let Base::List { item, .. } = &check.type_of(&name.node)?.base else {
        return None;
    };
    let query = match (&pick.value.kind, &item.base) {
        (ExprKind::This, _) => return Some((**item).clone()),
        (_, Base::Row(query)) => *query,
        _ => return None,
    };
    let ExprKind::Path(value) = &pick.value.kind else {
        return None;
    };
    let column = match (value.as_slice(), &pick.alias) {
        ([column], None) => column,
        ([alias, column], Some(known)) if alias.node == known.node => column,
        _ => return None,
    };
    let columns = &check.cx.queries.get(query.0)?.columns;
    columns
        .iter()
        .find(|c| c.name == column.node)
        .map(|c| c.ty.clone())
}

/// The options.
pub fn check(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    step: &ast::Step,
    pick: &ast::Pick,
) -> Option<Widget> {
    let what = "`from`";
    let entered = text::enter(&mut check.cx, scope, &pick.list, pick.alias.as_ref(), what);
    let (list, entered) = entered?;
    let item = entered.ident.clone();
    let most = entered.most.unwrap_or(QUERY_ROWS);
    if most > ROWS {
        let message = format!("this list can have {most} rows, which are {most} buttons");
        check.cx.sink.report(
            Diagnostic::new(&limits::BUTTONS, pick.list.span, message).help(format!(
                "a message has at most {KEYBOARD_BUTTONS} buttons, three of them are back, skip and cancel, and a query without LIMIT gives {QUERY_ROWS} rows: end it with `LIMIT {ROWS}`, or show the list with `widget.pagination.v1`"
            )),
        );
        return None;
    }
    let inside = scope.inside(entered);
    let hint = format!("{}_row", step.var.value);
    let usage = TextUse::plain(Slot::Button, &hint);
    let label = text::text(&mut check.cx, &inside, &pick.text, usage);
    let value = expr::check(&mut check.cx, &inside, &pick.value);
    let (label, value) = (label?, value?);
    rows_alike(check, &inside, &pick.text, &label);
    if !matches!(&pick.list.kind, ExprKind::Path(parts) if parts.len() == 1) {
        check.cx.sink.report(
            Diagnostic::new(
                &widgets::PICKED,
                pick.list.span,
                "`from` is a variable that holds a list",
            )
            .help("name the `result_var` of a query of `on_enter`; options that are known are written one by one"),
        );
        return None;
    }
    if answer(check, pick).is_none_or(|known| known != value.ty) {
        let message = format!(
            "`value` is {}, and no column to choose by",
            value.ty.describe()
        );
        check.cx.sink.report(
            Diagnostic::new(&widgets::PICKED, pick.value.span, message).help(
                "name a column of the list that is an int or a text and never null, such as `id`",
            ),
        );
        return None;
    }
    empty(check, step, pick);
    Some(Widget::Pick(Box::new(Pick {
        list,
        item,
        text: label.call,
        value,
    })))
}

/// Warns where the button of every row of the innermost list says the same.
pub fn rows_alike(
    check: &mut FlowCheck<'_>,
    inside: &Scope,
    written: &ast::Text,
    label: &text::Checked,
) {
    let (true, Some(row)) = (
        label.fixed.iter().all(Option::is_some),
        inside.loops().last(),
    ) else {
        return;
    };
    let columns = match &row.item.base {
        Base::Row(query) => check
            .cx
            .queries
            .get(query.0)
            .map_or(&[][..], |q| &q.columns),
        _ => &[],
    };
    let words = written.source.value.trim();
    let named = columns.iter().find(|c| c.name == words);
    let first = || {
        let mut texts = columns
            .iter()
            .filter(|c| matches!(c.ty.base, Base::Text { .. }));
        texts.next().or(columns.first())
    };
    let of = row
        .alias
        .as_ref()
        .map_or(String::new(), |alias| format!("{alias}."));
    let value = match named.or_else(first) {
        Some(column) => format!("{of}{}", column.name),
        None => row.alias.clone().unwrap_or_else(|| "this".to_owned()),
    };
    check.cx.sink.report(
        Diagnostic::new(
            &widgets::ROWS_ALIKE,
            written.source.span,
            "the button of every row says the same",
        )
        .help(match named {
            Some(_) => format!("for what the column holds write `\"{{{{{value}}}}}\"`"),
            None => format!("say something of the row, as `{{{{{value}}}}}`"),
        }),
    );
}

/// A list without rows: whoever is asked then can only leave.
fn empty(check: &mut FlowCheck<'_>, step: &ast::Step, pick: &ast::Pick) {
    // Whoever has nothing to choose from was sent away before, or passes the step over, or skips it.
    let sent_away = check.flow.on_enter.iter().any(|action| {
        let when = action.when.as_ref();
        action.goto.is_some() && when.is_some_and(|when| is_empty(when, pick, false))
    });
    let passed = step
        .when
        .as_ref()
        .is_some_and(|when| is_empty(when, pick, true));
    if sent_away || passed || step.optional.as_ref().is_some_and(|o| o.node) {
        return;
    }
    let list = match &pick.list.kind {
        ExprKind::Path(parts) => parts.first().map_or("xs", |p| p.node.as_str()),
        _ => "xs",
    };
    check.cx.sink.report(
        Diagnostic::new(
            &graph::NOTHING_TO_CHOOSE,
            pick.list.span,
            "the list may have no rows, and then there is nothing to choose",
        )
        .help(format!(
            "say so in `on_enter`: `action.reply_template.v1: {{ when: {list} is empty, text: …, goto: end }}`"
        )),
    );
}

/// Whether a condition says that the list is empty (holds where it is), or not empty (holds only where it is not).
fn is_empty(when: &ast::Expr, pick: &ast::Pick, not: bool) -> bool {
    match &when.kind {
        ExprKind::And(a, b) if not => is_empty(a, pick, not) || is_empty(b, pick, not),
        ExprKind::Or(a, b) if !not => is_empty(a, pick, not) || is_empty(b, pick, not),
        ExprKind::IsEmpty { value, negated } => *negated == not && path(value) == path(&pick.list),
        _ => false,
    }
}

fn path(e: &ast::Expr) -> Option<Vec<&str>> {
    match &e.kind {
        ExprKind::Path(parts) => Some(parts.iter().map(|p| p.node.as_str()).collect()),
        _ => None,
    }
}
