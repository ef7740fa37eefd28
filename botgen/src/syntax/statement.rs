//! What the two SQL actions share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ast::{Expr, OnConflict, Shape, Sql, Statement};
use super::decode::{Cx, Fields};
use crate::diagnostics::codes::shape;
use crate::schema::{Name, SqlText, Template};
use crate::source::{Spanned, Str};
use crate::yaml::{Kind, Node};

/// A statement, or one for each engine where dialects must differ.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum SqlItem {
    /// For every engine.
    Both(SqlText),
    /// By engine.
    PerEngine(EngineSql),
}

/// One statement for each engine.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SqlByEngine")]
pub struct EngineSql {
    /// SQLite's.
    pub sqlite: Option<SqlText>,
    /// Postgres'.
    pub postgres: Option<SqlText>,
}

/// What happens when the database refuses a statement: the update's SQL is rolled back, the answers stay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OnConflict")]
pub struct ConflictItem {
    /// What the person is told.
    pub reply: Template,
    /// The step they go to; without it the flow ends.
    pub goto: Option<Name>,
}

/// Values for `:name` parameters.
pub type Params = BTreeMap<String, crate::schema::Expression>;

impl Cx<'_> {
    /// Everything but `on_conflict`, which only one of them has.
    pub(in crate::syntax) fn statement(&mut self, f: &mut Fields<'_>) -> Option<Statement> {
        let sql = f.get("sql").and_then(|node| self.sql(node));
        let result_var = self.name(f.get("result_var"), "`result_var`");
        let result_shape = self.result_shape(f);
        let params = f.get("params").map(|node| self.params(node));
        let unscoped = self.value(f.get("unscoped"), "`unscoped`");
        if result_var.is_none()
            && let Some(flag) = f.any_of(&["single", "scalar", "flatten"])
            && f.any_of(&["result_var"]).is_none()
            && let Some(span) = f.key_span(flag)
        {
            self.error(
                &shape::NOT_HERE,
                span,
                format!("`{flag}` says what `result_var` holds, and there is none"),
                "add `result_var`, or remove the key",
            );
        }
        if result_var.is_none() && f.key_span("result_var").is_some() {
            return None;
        }
        Some(Statement {
            sql: sql?,
            result_var,
            shape: result_shape,
            params: params.unwrap_or_default(),
            unscoped,
            on_conflict: None,
            conflict_lost: f.truncated || f.any_unknown(),
        })
    }

    pub(in crate::syntax) fn sql(&mut self, node: &Node) -> Option<Sql> {
        let mut sql = Sql {
            span: node.span,
            both: None,
            sqlite: None,
            postgres: None,
        };
        if let Kind::Map(map) = &node.kind
            && !(map.flow && map.truncated)
        {
            let mut f = self.fields::<EngineSql>(node, "`sql`")?;
            sql.sqlite = self.sql_text(f.get("sqlite"), "`sqlite`");
            sql.postgres = self.sql_text(f.get("postgres"), "`postgres`");
            if f.any_of(&["sqlite", "postgres"]).is_none() && !map.truncated {
                self.error(
                    &shape::MISSING_KEY,
                    node.span,
                    "`sql` has neither `sqlite` nor `postgres`",
                    "write one statement, or `{ sqlite: \"…\", postgres: \"…\" }`",
                );
            }
            f.finish();
            return (sql.sqlite.is_some() || sql.postgres.is_some()).then_some(sql);
        }
        sql.both = Some(self.sql_text(Some(node), "`sql`")?);
        Some(sql)
    }

    fn result_shape(&mut self, f: &mut Fields<'_>) -> Spanned<Shape> {
        let mut chosen: Option<(&str, Spanned<Shape>)> = None;
        let flags = [
            ("single", Shape::Single),
            ("scalar", Shape::Scalar),
            ("flatten", Shape::Flatten),
        ];
        for (key, value) in flags {
            let flag = self.bool(f.get(key), &format!("`{key}`"));
            let Some(flag) = flag.filter(|b| b.node) else {
                continue;
            };
            if let Some((first, _)) = chosen {
                self.error(
                    &shape::EXCLUSIVE,
                    f.key_span(key).unwrap_or(flag.span),
                    format!("`{first}` and `{key}` exclude each other"),
                    "`single` is the first row, `scalar` its first column, `flatten` all values of the only column: keep one",
                );
                continue;
            }
            chosen = Some((
                key,
                Spanned {
                    node: value,
                    span: f.key_span(key).unwrap_or(flag.span),
                },
            ));
        }
        chosen.map_or(
            Spanned {
                node: Shape::Rows,
                span: f.span,
            },
            |(_, shape)| shape,
        )
    }

    pub(in crate::syntax) fn params(&mut self, node: &Node) -> Vec<(Str, Expr)> {
        let Some(map) = self.map(node, "`params`") else {
            return Vec::new();
        };
        map.entries
            .iter()
            .filter_map(|entry| {
                let name = self.check_name(&entry.key.text, "the name of a parameter");
                let value = self.expr(Some(&entry.value), &format!("`{}`", entry.key.text.value));
                Some((name?, value?))
            })
            .collect()
    }

    /// `on_conflict:`.
    pub(in crate::syntax) fn on_conflict(&mut self, node: Option<&Node>) -> Option<OnConflict> {
        let mut f = self.fields::<ConflictItem>(node?, "`on_conflict`")?;
        let reply = self.text(f.get("reply"), "`reply`");
        let goto = self.goto(f.get("goto"));
        let span = f.span;
        f.finish();
        Some(OnConflict {
            span,
            reply: reply?,
            goto,
        })
    }
}
