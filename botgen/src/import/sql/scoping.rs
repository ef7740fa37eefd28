//! Whether every owned table of a statement is constrained by the acting bot and person.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, ConflictTarget, Expr, Ident, JoinConstraint, JoinOperator, OnConflictAction,
    OnInsert, Select, SelectItem, SetExpr, Statement, TableWithJoins, Visit, Visitor,
};

use super::scope::{self, Ctes, Known, Scope, Source};
use super::{last, name, param, param_expr};

/// What a statement is not constrained by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::import) struct Missing {
    pub bot: bool,
    pub user: bool,
}

impl Missing {
    pub(in crate::import) fn any(self) -> bool {
        self.bot || self.user
    }
}

const OWNERS: [&str; 2] = ["bot_id", "user_id"];

/// Looks at every SELECT and at the table that is written.
pub(in crate::import) fn missing(ast: &Statement, known: &Known) -> Missing {
    let mut reader = Reader {
        known,
        ctes: Ctes::new(),
        missing: Missing::default(),
    };
    let _ = ast.visit(&mut reader);
    reader.missing
}

/// Adds the constraints to an UPDATE or DELETE whose own subquery on the same table has them.
pub(in crate::import) fn constrain(ast: &mut Statement, known: &Known) -> bool {
    if !missing(ast, known).any() {
        return false;
    }
    let inner = {
        let selection = match &*ast {
            Statement::Update(update) => update.selection.as_ref(),
            Statement::Delete(delete) => delete.selection.as_ref(),
            _ => None,
        };
        let mut same = SameTable {
            table: Scope::of_statement(ast, &Ctes::new(), known)
                .relations
                .first()
                .map(|r| r.alias.clone())
                .unwrap_or_default(),
            found: false,
        };
        if let Some(selection) = selection {
            let _ = selection.visit(&mut same);
        }
        same.found
    };
    if !inner {
        return false;
    }
    let before = ast.clone();
    let owners = OWNERS.map(|owner| Expr::BinaryOp {
        left: Box::new(Expr::Identifier(Ident::new(owner))),
        op: BinaryOperator::Eq,
        right: Box::new(param_expr(owner)),
    });
    let selection = match ast {
        Statement::Update(update) => &mut update.selection,
        Statement::Delete(delete) => &mut delete.selection,
        _ => return false,
    };
    for owner in owners {
        *selection = Some(match selection.take() {
            None => owner,
            Some(first) => Expr::BinaryOp {
                left: Box::new(first),
                op: BinaryOperator::And,
                right: Box::new(owner),
            },
        });
    }
    if missing(ast, known).any() {
        *ast = before;
        return false;
    }
    true
}

struct SameTable {
    table: String,
    found: bool,
}

impl Visitor for SameTable {
    type Break = ();
    fn pre_visit_relation(&mut self, relation: &sqlparser::ast::ObjectName) -> ControlFlow<()> {
        self.found |= last(relation) == self.table;
        ControlFlow::Continue(())
    }
}

struct Reader<'a> {
    known: &'a Known,
    ctes: Ctes,
    missing: Missing,
}

impl Reader<'_> {
    fn lacks(&mut self, owner: &str) {
        match owner {
            "bot_id" => self.missing.bot = true,
            _ => self.missing.user = true,
        }
    }

    fn look(&mut self, scope: &Scope, conditions: &[&Expr]) {
        for (i, relation) in scope.relations.iter().enumerate() {
            let Source::Table(table) = &relation.source else {
                continue;
            };
            for owner in OWNERS {
                let owned = self.known.has(table, owner);
                let held = conditions
                    .iter()
                    .any(|c| holds(c, owner, scope, i, self.known));
                if owned && !held {
                    self.lacks(owner);
                }
            }
        }
    }
}

/// Whether the condition, or a part of its ANDs, says `relation.owner = :owner`.
fn holds(condition: &Expr, owner: &str, scope: &Scope, relation: usize, known: &Known) -> bool {
    match condition {
        Expr::Nested(inner) => holds(inner, owner, scope, relation, known),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            holds(left, owner, scope, relation, known)
                || holds(right, owner, scope, relation, known)
        }
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } => [(left, right), (right, left)]
            .into_iter()
            .any(|(col, value)| {
                param(value) == Some(owner)
                    && scope.find(col, known).is_some_and(|(found, column)| {
                        column == owner && std::ptr::eq(found, &scope.relations[relation])
                    })
            }),
        _ => false,
    }
}

/// The ON conditions of inner joins: they hold for every row.
pub(super) fn inner_conditions(from: &[TableWithJoins]) -> impl Iterator<Item = &Expr> {
    from.iter()
        .flat_map(|t| &t.joins)
        .filter_map(|join| match &join.join_operator {
            JoinOperator::Join(JoinConstraint::On(on))
            | JoinOperator::Inner(JoinConstraint::On(on)) => Some(on),
            _ => None,
        })
}

/// The ON conditions of a FROM.
fn join_conditions(from: &[TableWithJoins]) -> impl Iterator<Item = &Expr> {
    from.iter()
        .flat_map(|t| &t.joins)
        .filter_map(|join| match &join.join_operator {
            JoinOperator::Join(JoinConstraint::On(on))
            | JoinOperator::Inner(JoinConstraint::On(on))
            | JoinOperator::Left(JoinConstraint::On(on))
            | JoinOperator::LeftOuter(JoinConstraint::On(on))
            | JoinOperator::Right(JoinConstraint::On(on))
            | JoinOperator::RightOuter(JoinConstraint::On(on))
            | JoinOperator::FullOuter(JoinConstraint::On(on)) => Some(on),
            _ => None,
        })
}

impl Visitor for Reader<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        let mut scope = Scope::of_statement(statement, &self.ctes, self.known);
        match statement {
            Statement::Update(update) => {
                let conditions: Vec<&Expr> = update.selection.iter().collect();
                self.look(&scope, &conditions);
            }
            Statement::Delete(delete) => {
                let conditions: Vec<&Expr> = delete.selection.iter().collect();
                self.look(&scope, &conditions);
            }
            Statement::Insert(insert) => {
                scope.relations.truncate(1);
                let columns: Vec<String> = insert.columns.iter().map(last).collect();
                let rows: Vec<Vec<&Expr>> = match insert.source.as_deref().map(|q| &*q.body) {
                    Some(SetExpr::Values(values)) => values
                        .rows
                        .iter()
                        .map(|row| row.content.iter().collect())
                        .collect(),
                    Some(SetExpr::Select(select)) => vec![
                        select
                            .projection
                            .iter()
                            .filter_map(|item| match item {
                                SelectItem::UnnamedExpr(e)
                                | SelectItem::ExprWithAlias { expr: e, .. } => Some(e),
                                _ => None,
                            })
                            .collect(),
                    ],
                    _ => Vec::new(),
                };
                for owner in OWNERS {
                    let owned = scope.relations.iter().any(|r| match &r.source {
                        Source::Table(t) => self.known.has(t, owner),
                        Source::Derived(_) => false,
                    });
                    let at = columns.iter().position(|c| c == owner);
                    let held = at.is_some_and(|at| {
                        rows.iter()
                            .all(|row| row.get(at).is_some_and(|v| param(v) == Some(owner)))
                    });
                    // DO UPDATE changes a row that was there: whose, says the conflict's target.
                    let updates_others = matches!(&insert.on, Some(OnInsert::OnConflict(on))
                        if matches!(on.action, OnConflictAction::DoUpdate(_))
                            && !matches!(&on.conflict_target, Some(ConflictTarget::Columns(columns))
                                if columns.iter().any(|c| name(c) == owner)));
                    if owned && (!held || updates_others) {
                        self.lacks(owner);
                    }
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &sqlparser::ast::Query) -> ControlFlow<()> {
        scope::add_ctes(query, &mut self.ctes, self.known);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        let scope = Scope::of_select(select, &self.ctes, self.known);
        let conditions: Vec<&Expr> = select
            .selection
            .iter()
            .chain(join_conditions(&select.from))
            .collect();
        self.look(&scope, &conditions);
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_sqlite;
    use super::*;

    fn known() -> Known {
        let owners = ["bot_id", "user_id", "id", "x"].map(str::to_owned);
        Known {
            tables: [
                ("t".into(), owners.clone().into()),
                ("u".into(), owners.into()),
                ("free".into(), ["x".to_owned()].into()),
            ]
            .into(),
            guess: false,
        }
    }
    fn check(sql: &str) -> (bool, bool) {
        let missing = missing(&parse_sqlite(sql).expect(sql), &known());
        (missing.bot, missing.user)
    }

    #[test]
    fn what_is_constrained() {
        for sql in [
            "SELECT x FROM t WHERE bot_id = :bot_id AND user_id = :user_id AND (x = 1 OR x = 2)",
            "SELECT x FROM free",
            "SELECT t.x FROM t JOIN u ON u.bot_id = :bot_id AND :user_id = u.user_id WHERE t.bot_id = :bot_id AND (t.user_id = :user_id)",
            "INSERT INTO t (bot_id, user_id, x) VALUES (:bot_id, :user_id, 1)",
            "DELETE FROM t WHERE user_id = :user_id AND bot_id = :bot_id",
        ] {
            assert_eq!(check(sql), (false, false), "{sql}");
        }
    }

    #[test]
    fn what_is_not() {
        for (sql, missing) in [
            (
                "SELECT COUNT(*) FROM t WHERE bot_id = :bot_id",
                (false, true),
            ),
            (
                "SELECT x FROM t WHERE bot_id = :bot_id OR user_id = :user_id",
                (true, true),
            ),
            (
                "SELECT t.x FROM t JOIN u ON u.user_id = t.user_id WHERE t.bot_id = :bot_id AND t.user_id = :user_id",
                (true, true),
            ),
            (
                "INSERT INTO t (bot_id, x) VALUES (:bot_id, 1)",
                (false, true),
            ),
            ("DELETE FROM t", (true, true)),
            (
                "INSERT INTO t (bot_id, user_id, x) VALUES (:bot_id, :user_id, 1) ON CONFLICT (bot_id, x) DO UPDATE SET x = 2",
                (false, true),
            ),
        ] {
            assert_eq!(check(sql), missing, "{sql}");
        }
    }

    #[test]
    fn a_delete_by_its_own_subquery_is_constrained_too() {
        let mut ast = parse_sqlite(
            "DELETE FROM t WHERE id = (SELECT id FROM t WHERE bot_id = :bot_id AND user_id = :user_id LIMIT 1)",
        )
        .unwrap();
        assert!(constrain(&mut ast, &known()));
        assert_eq!(
            ast.to_string(),
            "DELETE FROM t WHERE id = (SELECT id FROM t WHERE bot_id = :bot_id AND user_id = :user_id LIMIT 1) AND bot_id = :bot_id AND user_id = :user_id"
        );
        let mut ast = parse_sqlite("DELETE FROM t WHERE x = 1").unwrap();
        assert!(!constrain(&mut ast, &known()));
    }
}
