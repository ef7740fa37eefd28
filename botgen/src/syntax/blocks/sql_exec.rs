//! `action.sql_exec.v1`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{Bool, Expression, Name, Shape};
use crate::syntax::ast::ActionKind;
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::registry::{Block, Decode};
use crate::syntax::statement::{ConflictItem, SqlItem};

/// Writes to the bot's tables.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SqlExec")]
pub struct Published {
    /// One INSERT, UPDATE or DELETE. `:name` is a variable, bound and typed.
    pub sql: SqlItem,
    /// The variable that holds what `RETURNING` gives.
    pub result_var: Option<Name>,
    /// Holds the first row instead; null when there is none.
    #[schemars(extend("default" = false))]
    pub single: Option<Bool>,
    /// Holds the first column of the first row instead.
    #[schemars(extend("default" = false))]
    pub scalar: Option<Bool>,
    /// Holds a list of the single column's values instead.
    #[schemars(extend("default" = false))]
    pub flatten: Option<Bool>,
    /// Further values for `:name` parameters.
    pub params: Option<BTreeMap<String, Expression>>,
    /// Why the statement may touch rows of other people: it does not name `:bot_id` or `:user_id`.
    pub unscoped: Option<String>,
    /// What happens when a UNIQUE, CHECK or FOREIGN KEY of the migrations refuses it.
    pub on_conflict: Option<ConflictItem>,
    /// Runs only when this holds.
    pub when: Option<Expression>,
    /// Where to go afterwards: a step of this wizard, or `end`.
    pub goto: Option<Name>,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "action.sql_exec.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Action(decode),
    example: r#"on_complete:
  - action.sql_exec.v1:
      sql: |
        INSERT INTO bookings (bot_id, user_id, slot)
        VALUES (:bot_id, :user_id, :slot) RETURNING id
      result_var: booking_id
      scalar: true
      on_conflict: { reply: "This hour has just been taken.", goto: slot }
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<ActionKind> {
    let on_conflict = cx.on_conflict(f.get("on_conflict"));
    let mut statement = cx.statement(f)?;
    statement.conflict_lost |= on_conflict.is_none() && f.key_span("on_conflict").is_some();
    statement.on_conflict = on_conflict;
    Some(ActionKind::Exec(statement))
}
