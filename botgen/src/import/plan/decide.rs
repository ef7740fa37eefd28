//! Tables, types, what each query gives, and what each statement must declare.

use std::collections::BTreeMap;

use super::{Def, Plan, Stmt};
use crate::import::pattern::Meaning;
use crate::import::report::Notes;
use crate::import::schema::{self, Evidence, Typed};
use crate::import::sql::scope::Known;
use crate::import::sql::{self, Kind, Ty, casts, facts, outputs, print, scoping};

impl Plan {
    /// Decides tables, types, what each query gives, and what each statement must declare.
    pub(in crate::import) fn decide(&mut self, notes: &mut Notes) {
        // The second reading knows the columns that surely belong to a table, the third guesses the rest.
        let mut evidence = Evidence::default();
        for guess in [false, false, true] {
            let known = Known {
                guess,
                ..evidence.known()
            };
            evidence = Evidence::default();
            for stmt in &self.stmts {
                let facts = facts::of(&stmt.ast, &known);
                let var = |name: &str| self.param(stmt, name);
                evidence.add(&facts, var, |name| {
                    var(name).is_some_and(|v| self.may_be_null(v))
                });
            }
        }
        let known = evidence.known();
        for stmt in &mut self.stmts {
            if scoping::constrain(&mut stmt.ast, &known) {
                notes.changed(
                    &stmt.path,
                    "the statement itself is limited to the bot and the person, as its subquery was",
                );
                // Fresh places for the parameters.
                if let Ok(ast) = sql::parse_sqlite(&print::line(&stmt.ast)) {
                    stmt.ast = ast;
                }
            }
            stmt.outputs = outputs::of(&stmt.ast, &known);
            stmt.one = outputs::always_one(&stmt.ast);
        }
        self.evidence_of_vars(&mut evidence);
        self.schema = schema::decide(&evidence);
        self.evidence_of_questions(&mut evidence);
        self.schema = schema::decide(&evidence);
        for index in 0..self.stmts.len() {
            self.finish(index, &known, notes);
        }
    }

    fn evidence_of_vars(&self, evidence: &mut Evidence) {
        for (index, var) in self.vars.iter().enumerate() {
            let node = Typed::Var(index);
            match &var.def {
                Def::Answer(meaning) => {
                    let ty = match meaning {
                        Some(Meaning::DateTime) => Ty::DateTime,
                        Some(Meaning::Date) => Ty::Date,
                        Some(Meaning::Int { max, .. }) => {
                            if max.is_none_or(|m| m > i64::from(i32::MAX)) {
                                evidence.wide.insert(index);
                            }
                            Ty::Int
                        }
                        _ => Ty::Text,
                    };
                    evidence.is.push((node, ty, false));
                }
                Def::Calendar(ty) => evidence.is.push((node, *ty, true)),
                Def::Scalar(_) | Def::Flat(_) | Def::Picked(..) => {
                    let output = match &var.def {
                        Def::Picked(stmt, column) => {
                            let mut outputs = self.stmts[*stmt].outputs.iter();
                            outputs.find(|o| o.name == *column)
                        }
                        Def::Scalar(stmt) | Def::Flat(stmt) => self.stmts[*stmt].outputs.first(),
                        _ => None,
                    };
                    match output.map(|o| &o.origin) {
                        Some(outputs::Origin::Column(col)) => {
                            evidence.links.push((node, Typed::Col(col.clone())));
                        }
                        Some(outputs::Origin::Type(ty)) => evidence.is.push((node, *ty, true)),
                        _ => {}
                    }
                }
                Def::Rows(_) | Def::Single(_) | Def::Missing => {}
            }
        }
        for stmt in &self.stmts {
            for (name, ty) in &stmt.casts {
                if let Some(var) = self.param(stmt, name) {
                    evidence.is.push((Typed::Var(var), *ty, true));
                }
            }
            for (column, filter) in &stmt.formats {
                let origin = stmt.outputs.iter().find(|o| o.name == *column);
                if let Some(outputs::Origin::Column(col)) = origin.map(|o| &o.origin) {
                    let sure = !filter.starts_with("date:");
                    let ty = Ty::DateTime;
                    evidence.is.push((Typed::Col(col.clone()), ty, sure));
                }
            }
        }
    }

    /// What `{{#if column}}` tells: the column is a bool, or may be missing.
    fn evidence_of_questions(&self, evidence: &mut Evidence) {
        for (stmt, name, printed) in &self.asked {
            let stmt = &self.stmts[*stmt];
            let name = stmt.renamed.get(name).unwrap_or(name);
            let origin = stmt.outputs.iter().find(|o| o.name == *name);
            if let Some(outputs::Origin::Column(col)) = origin.map(|o| &o.origin) {
                let ty = self.schema.column(col).map(|c| c.ty);
                if ty == Some(Ty::Bool) {
                } else if *printed || evidence.has_type(col) {
                    evidence.nullable.insert(col.clone());
                } else {
                    evidence.is.push((Typed::Col(col.clone()), Ty::Bool, false));
                }
            }
        }
    }

    fn finish(&mut self, index: usize, known: &Known, notes: &mut Notes) {
        let facts = facts::of(&self.stmts[index].ast, known);
        let stmt = &self.stmts[index];
        let types: BTreeMap<String, Ty> = stmt
            .scope
            .values()
            .chain(stmt.missing.values())
            .map(|&var| (self.vars[var].name.clone(), self.ty(var)))
            .collect();
        let missing = scoping::missing(&stmt.ast, known);
        let params = stmt
            .params
            .iter()
            .map(|(name, value)| {
                let value = match (value.as_str(), types.get(name)) {
                    ("", Some(Ty::Int | Ty::Real | Ty::Decimal)) if name.starts_with("limit") => {
                        "100"
                    }
                    ("", Some(Ty::Int | Ty::Real | Ty::Decimal)) => "0",
                    ("", Some(Ty::Bool)) => "false",
                    ("", Some(Ty::Date)) => "today",
                    ("", Some(Ty::DateTime)) => "now",
                    ("", _) => "''",
                    (value, _) => value,
                };
                (name.clone(), value.to_owned())
            })
            .collect();
        let written = match stmt.kind {
            Kind::Read => None,
            _ => facts.tables.iter().next(),
        };
        let conflicts = written.is_some_and(|table| {
            let keys = self.schema.tables.get(table).map(|t| t.unique.as_slice());
            keys.unwrap_or_default().iter().any(|key| match stmt.kind {
                Kind::Insert => !facts.unique.iter().any(|(t, k)| t == table && k == key),
                Kind::Update => key.iter().any(|c| facts.changed.contains(c)),
                Kind::Read | Kind::Delete => false,
            })
        });
        let stmt = &mut self.stmts[index];
        stmt.params = params;
        stmt.conflicts = conflicts;
        // Admins see who talks to the bot; that the bot's own rows are meant the statement says.
        let views = facts.tables.iter().all(|table| table.starts_with("bf_"));
        if missing.any() && (!views || missing.bot) {
            stmt.unscoped = Some(if missing.bot {
                "imported: the old statement was not limited to one bot"
            } else {
                "imported: the old statement covers everyone who uses the bot"
            });
            notes.person(
                &stmt.path,
                "the statement is not limited to the acting bot and person; it says `unscoped:`",
            );
        }
        if conflicts {
            notes.person(
                &stmt.path,
                "the table has a UNIQUE that this statement may violate; `on_conflict:` says a default text",
            );
        }
        casts::cast_loose(&mut stmt.ast, &facts.placed, &types);
    }

    /// The variable behind a parameter of a statement.
    fn param(&self, stmt: &Stmt, name: &str) -> Option<usize> {
        let own = stmt.missing.get(name).copied();
        own.or_else(|| {
            stmt.scope
                .values()
                .copied()
                .find(|&var| self.vars[var].name == name)
        })
    }

    fn may_be_null(&self, var: usize) -> bool {
        match self.vars[var].def {
            Def::Scalar(stmt) => {
                let stmt = &self.stmts[stmt];
                // Before the outputs are known only a count is surely there.
                !(outputs::always_one(&stmt.ast)
                    && outputs::of(&stmt.ast, &Known::default())
                        .first()
                        .is_some_and(|o| o.null == outputs::Nullness::Never))
            }
            _ => false,
        }
    }

    /// The decided type of a variable that holds one value.
    pub(in crate::import) fn ty(&self, var: usize) -> Ty {
        self.schema.vars.get(&var).copied().unwrap_or(Ty::Text)
    }

    /// Type and nullness of a query's column.
    pub(in crate::import) fn output(&self, output: &outputs::Output) -> (Option<Ty>, bool) {
        let (ty, nullable) = match &output.origin {
            outputs::Origin::Column(col) => match self.schema.column(col) {
                Some(column) => (Some(column.ty), column.nullable),
                None => (None, true),
            },
            outputs::Origin::Type(ty) => (Some(*ty), false),
            outputs::Origin::Param(name) => match name.as_str() {
                "now" => (Some(Ty::DateTime), false),
                _ => (None, false),
            },
            outputs::Origin::Unknown => (None, true),
        };
        let nullable = match output.null {
            outputs::Nullness::Never => false,
            outputs::Nullness::Maybe => true,
            outputs::Nullness::AsOrigin => nullable,
        };
        (ty, nullable)
    }
}
