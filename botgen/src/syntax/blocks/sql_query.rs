//! `action.sql_query.v1`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{Bool, Expression, Name, Shape};
use crate::syntax::ast::ActionKind;
use crate::syntax::decode::{Cx, Fields};
use crate::syntax::registry::{Block, Decode};
use crate::syntax::statement::SqlItem;

/// Reads from the bot's tables.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SqlQuery")]
pub struct Published {
    /// One SELECT. `:name` is a variable, bound and typed.
    pub sql: SqlItem,
    /// The variable that holds the rows.
    pub result_var: Name,
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
    /// Why the query may see rows of other people: it does not name `:bot_id` or `:user_id`.
    pub unscoped: Option<String>,
    /// Runs only when this holds.
    pub when: Option<Expression>,
    /// Where to go afterwards: a step of this wizard, or `end`.
    pub goto: Option<Name>,
}

/// The registry's line.
pub static BLOCK: Block = Block {
    name: "action.sql_query.v1",
    shape: Shape::of::<Published>,
    decode: Decode::Action(decode),
    example: r#"on_enter:
  - action.sql_query.v1:
      sql: SELECT title, price FROM items WHERE bot_id = :bot_id ORDER BY price
      result_var: items
  - action.reply_template.v1:
      text: |
        {{#each items}}
        • {{title}} — {{price | money: 'EUR'}}
        {{/each}}
      empty_text: "Nothing here yet."
"#,
};

fn decode(cx: &mut Cx<'_>, f: &mut Fields<'_>) -> Option<ActionKind> {
    let statement = cx.statement(f)?;
    statement
        .result_var
        .is_some()
        .then_some(ActionKind::Query(statement))
}
