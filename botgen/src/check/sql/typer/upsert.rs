//! ON CONFLICT.

use sqlparser::ast::{ConflictTarget, DoUpdate, OnConflictAction, OnInsert, Spanned};

use super::from::columns_of;
use super::{Fact, Handled, Relation, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::tables::Table;
use crate::check::sql::text::range;
use crate::diagnostics::codes::sql as codes;

impl Typer<'_> {
    /// ON CONFLICT. True: a row results in every case.
    pub(super) fn on_conflict(&mut self, on: &OnInsert, rel: usize, table: Option<&Table>) -> bool {
        let OnInsert::OnConflict(on) = on else {
            self.fault(
                Fault::new(
                    &codes::FORM,
                    range(on.span()),
                    "ON DUPLICATE KEY is MySQL's",
                )
                .help("write ON CONFLICT (…) DO UPDATE SET …"),
            );
            return false;
        };
        let target = match &on.conflict_target {
            None => None,
            Some(ConflictTarget::OnConstraint(name)) if self.pg() => {
                self.constraint_key(name, table)
            }
            Some(ConflictTarget::OnConstraint(name)) => {
                self.fault(
                    Fault::new(
                        &codes::FORM,
                        range(name.span()),
                        "SQLite does not know ON CONSTRAINT",
                    )
                    .help("name the columns: ON CONFLICT (a, b)"),
                );
                return false;
            }
            Some(ConflictTarget::Columns(names)) => {
                let lower: Vec<String> =
                    names.iter().map(|n| n.value.to_ascii_lowercase()).collect();
                self.conflict_key(names, &lower, table);
                Some(lower)
            }
        };
        let handled = match (&target, &on.action) {
            (Some(columns), _) => Handled::Key(columns.clone()),
            (None, _) => Handled::All(false),
        };
        let mut updated = Vec::new();
        let mut certain = false;
        if let OnConflictAction::DoUpdate(update) = &on.action {
            updated = self.do_update(update, rel, table, target.as_deref().unwrap_or_default());
            certain = update.selection.is_none();
        }
        if let Some(write) = &mut self.write {
            write.handled = handled;
            write.updated = updated;
        }
        certain
    }

    pub(super) fn conflict_key(
        &mut self,
        names: &[sqlparser::ast::Ident],
        lower: &[String],
        table: Option<&Table>,
    ) {
        let (Some(table), Some(first), Some(end)) = (table, names.first(), names.last()) else {
            return;
        };
        let at = range(first.span).start..range(end.span).end;
        let same = |columns: &[String]| {
            columns.len() == lower.len() && columns.iter().all(|c| lower.contains(c))
        };
        if table.keys.iter().any(|k| same(&k.columns)) {
            return;
        }
        let keys: Vec<String> = table
            .keys
            .iter()
            .map(|k| format!("({})", k.columns.join(", ")))
            .collect();
        self.fault(
            Fault::new(
                &codes::CONFLICT_TARGET,
                at,
                format!("`{}` has no UNIQUE on these columns", table.name),
            )
            .help(if keys.is_empty() {
                "add one to the migrations".to_owned()
            } else {
                format!("its keys are {}", keys.join(", "))
            }),
        );
    }

    pub(super) fn do_update(
        &mut self,
        update: &DoUpdate,
        rel: usize,
        table: Option<&Table>,
        target: &[String],
    ) -> Vec<String> {
        // The row that would have been inserted.
        self.relations.push(Relation {
            alias: "excluded".to_owned(),
            table: None,
            columns: table.map(columns_of).unwrap_or_default(),
            outer: false,
            range: 0..0,
            broken: table.is_none(),
            open: false,
        });
        let excluded = self.relations.len() - 1;
        // Unqualified names are the table's own row.
        for column in &mut self.relations[excluded].columns {
            column.merged = true;
            column.origin = None;
        }
        self.frame().relations = vec![rel, excluded];
        self.upserted = self.pg().then_some(rel);
        if let Some(selection) = &update.selection {
            self.condition(selection, "WHERE");
            self.learn(selection, &[rel]);
        }
        // The row in the way shares the key with the inserted one: an owner column of the key is right already.
        if let (Some(table), Some(write)) = (table, &self.write) {
            for column in target {
                if let (Some((i, _)), Some(Some(owner))) =
                    (table.column(column), write.given.get(column))
                {
                    self.facts.push(Fact::Is((rel, i), owner));
                }
            }
        }
        let updated = self.assignments(&update.assignments, table);
        self.upserted = None;
        self.frame().relations = vec![rel];
        updated.into_keys().collect()
    }
}
