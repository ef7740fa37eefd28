//! What a name of a template means.

use super::Speaker;
use crate::import::plan::{Def, Scope};
use crate::import::sql::Ty;
use crate::import::sql::outputs::Output;

/// A value that a name means, as an expression.
pub(super) struct Seen {
    pub(super) expr: String,
    pub(super) ty: Option<Ty>,
    pub(super) nullable: bool,
    pub(super) filter: Option<String>,
}

/// What a name means.
pub(super) enum Lookup {
    Value(Seen),
    /// A list; its statement, and whether its elements are bare values.
    List(usize, bool),
    Unknown,
}

/// The row that stands in scope inside `#each`.
pub(super) struct Row<'a> {
    pub(super) stmt: usize,
    pub(super) outputs: &'a [Output],
    /// `row.` where a column's name is also a variable's.
    pub(super) prefix: String,
    pub(super) bare: bool,
}

impl<'a> Speaker<'a> {
    pub(super) fn lookup(&self, name: &str, scope: &Scope, row: Option<&Row<'_>>) -> Lookup {
        if let Some(row) = row {
            let stmt = &self.plan.stmts[row.stmt];
            let name = stmt.renamed.get(name).map_or(name, String::as_str);
            let element = row.bare && name == "this";
            let found = row.outputs.iter().find(|o| o.name == name || element);
            if let Some(output) = found {
                let (ty, nullable) = self.plan.output(output);
                return Lookup::Value(Seen {
                    expr: if row.bare {
                        "this".to_owned()
                    } else {
                        format!("{}{name}", row.prefix)
                    },
                    ty,
                    // A flattened list has no nulls.
                    nullable: nullable && !row.bare,
                    filter: stmt.formats.get(name).cloned(),
                });
            }
        }
        let Some(&var) = scope.get(name) else {
            return match name {
                "retry_in" if self.limit => Lookup::Value(Seen {
                    expr: name.to_owned(),
                    ty: Some(Ty::Int),
                    nullable: false,
                    filter: None,
                }),
                "bot_id" | "user_id" | "chat_id" => Lookup::Value(Seen {
                    expr: name.to_owned(),
                    ty: None,
                    nullable: false,
                    filter: None,
                }),
                _ => Lookup::Unknown,
            };
        };
        let expr = self.plan.vars[var].name.clone();
        match self.plan.vars[var].def {
            Def::Rows(stmt) => Lookup::List(stmt, false),
            Def::Flat(stmt) => Lookup::List(stmt, true),
            Def::Single(_) | Def::Missing => Lookup::Unknown,
            Def::Answer(_) | Def::Calendar(_) | Def::Picked(..) => Lookup::Value(Seen {
                expr,
                ty: Some(self.plan.ty(var)),
                nullable: false,
                filter: None,
            }),
            Def::Scalar(stmt) => {
                let stmt = &self.plan.stmts[stmt];
                let (ty, null) = stmt
                    .outputs
                    .first()
                    .map_or((None, true), |o| self.plan.output(o));
                Lookup::Value(Seen {
                    expr,
                    ty,
                    nullable: null || !stmt.one,
                    filter: stmt
                        .outputs
                        .first()
                        .and_then(|o| stmt.formats.get(&o.name).cloned()),
                })
            }
        }
    }
}
