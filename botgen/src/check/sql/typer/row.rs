//! Expressions of the migrations: defaults, CHECKs, expressions of indexes.

use sqlparser::ast::Expr;

use super::from::columns_of;
use super::{Frame, Relation, Typer};
use crate::check::sql::tables::{Column, Table};

impl Typer<'_> {
    /// A DEFAULT.
    pub fn default(&mut self, expr: &Expr, column: Option<&Column>, table: &Table) {
        let typed = self.infer(expr);
        match column {
            Some(column) => self.store(&typed, column, Some(table)),
            None => self.settle(&typed),
        }
    }

    /// A condition on a row of the table; gives the columns it mentions, lower case.
    pub fn row_condition(&mut self, expr: &Expr, table: &Table, of: &str) -> Vec<String> {
        self.row(table);
        self.condition(expr, of);
        self.mentioned()
    }

    /// An expression on a row of the table; gives the columns it mentions, lower case.
    pub fn row_expression(&mut self, expr: &Expr, table: &Table) -> Vec<String> {
        self.row(table);
        let typed = self.infer(expr);
        self.settle(&typed);
        self.mentioned()
    }

    fn row(&mut self, table: &Table) {
        self.relations.push(Relation {
            alias: table.name.clone(),
            table: Some(table.name.clone()),
            columns: columns_of(table),
            outer: false,
            range: 0..0,
            broken: false,
            open: false,
        });
        let relation = self.relations.len() - 1;
        self.frames.push(Frame {
            relations: vec![relation],
            ..Frame::default()
        });
    }

    fn mentioned(&mut self) -> Vec<String> {
        let frame = self.frames.pop().unwrap_or_default();
        let mut names: Vec<String> = frame
            .bare
            .iter()
            .map(|(_, rel, column)| {
                self.relations[*rel].columns[*column]
                    .name
                    .to_ascii_lowercase()
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }
}
