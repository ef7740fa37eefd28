//! `action.sql_query.v1` and `action.sql_exec.v1`: the statement itself is proven in [`crate::check::sql`].

use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::check::sql::{self, Kind};
use crate::check::text;
use crate::check::text::TextUse;
use crate::ir::{ActionKind, OnConflict, Target};
use crate::syntax::ast;
use botfactory_lang::markup::ParseMode;

/// Checks the action. The result's type does not yet say that `when` may skip it.
pub fn check(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    statement: &ast::Statement,
    kind: Kind,
    action: &ast::Action,
) -> Option<ActionKind> {
    let written = [
        &statement.sql.both,
        &statement.sql.sqlite,
        &statement.sql.postgres,
    ];
    if check.flow.incomplete && written.iter().all(|s| s.is_none()) {
        // What stood there could not be read.
        return None;
    }
    let checked = sql::statement(&mut check.cx, scope, statement, kind, action.block.node);
    let on_conflict = match &statement.on_conflict {
        Some(conflict) => on_conflict(check, scope, conflict).map(Some),
        None => Some(None),
    };
    let checked = checked?;
    let result = match (&statement.result_var, checked.result) {
        (Some(name), Some(ty)) => Some(check.variable(&name.value, ty)),
        _ => None,
    };
    Some(ActionKind::Sql {
        query: checked.query,
        result,
        on_conflict: on_conflict?,
    })
}

fn on_conflict(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    written: &ast::OnConflict,
) -> Option<OnConflict> {
    let usage = TextUse::message(ParseMode::Html, "conflict");
    let reply = text::text(&mut check.cx, scope, &written.reply, usage);
    let target = match &written.goto {
        Some(goto) => check.target(goto),
        None => Some(Target::End),
    };
    Some(OnConflict {
        reply: reply?.call,
        target: target?,
    })
}
