//! Statements: parsed, rewritten, and what they define.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::Statement;

use super::flows::Walk;
use super::{Def, Plan, Scope, Stmt, Var};
use crate::import::old;
use crate::import::report::{Notes, Severity};
use crate::import::schema::table_origin;
use crate::import::sql::{self, Kind, print, rewrite};
use crate::import::template;

/// A statement to plan.
pub(super) struct Asked<'a> {
    pub old: &'a old::Sql,
    /// Columns that texts read from its rows.
    pub wanted: &'a [String],
    /// What is changed before anything else.
    pub prepare: &'a dyn Fn(&mut Statement, &mut Notes),
}

impl Plan {
    /// A statement of a list of actions, with the variable it defines.
    pub(super) fn sql(
        &mut self,
        old: &old::Sql,
        walk: &mut Walk<'_>,
        notes: &mut Notes,
    ) -> Option<usize> {
        let result_var = old.result_var.clone().unwrap_or_else(|| "rows".to_owned());
        let wanted = walk.wanted.columns.get(&result_var);
        let asked = Asked {
            old,
            wanted: wanted.map_or(&[][..], Vec::as_slice),
            prepare: &|_, _| {},
        };
        let index = self.statement(&asked, walk, notes)?;
        if self.stmts[index].kind == Kind::Read {
            let def = if old.scalar {
                Def::Scalar(index)
            } else if old.flatten {
                Def::Flat(index)
            } else if walk.wanted.singles.contains(&result_var) {
                Def::Single(index)
            } else {
                Def::Rows(index)
            };
            self.stmts[index].result = Some(walk.define(self, &result_var, def));
        }
        Some(index)
    }

    /// A statement.
    pub(super) fn statement(
        &mut self,
        asked: &Asked<'_>,
        walk: &mut Walk<'_>,
        notes: &mut Notes,
    ) -> Option<usize> {
        let old = asked.old;
        let path = &old.sql.path;
        let refuse = |notes: &mut Notes, why: &str| {
            notes.person(
                path,
                format!("the statement is left out: {why}: {:?}", old.sql.text),
            );
            None
        };
        let (mut ast, doubled) = match sql::parse(&old.sql.text) {
            Ok(parsed) => parsed,
            Err(why) => return refuse(notes, &why),
        };
        (asked.prepare)(&mut ast, notes);
        let tables = sql::facts::of(&ast, &sql::scope::Known::default()).tables;
        let taken_back = |t: &&String| notes.left_out.contains(&table_origin(t));
        if let Some(table) = tables.iter().find(taken_back) {
            return refuse(notes, &format!("there is no table `{table}`"));
        }
        if doubled {
            notes.translated(path, "doubled quotes `''` are single again");
        }
        let mut names: BTreeMap<String, String> = walk
            .scope
            .iter()
            .map(|(old, var)| (old.clone(), self.vars[*var].name.clone()))
            .collect();
        for built_in in ["bot_id", "user_id", "chat_id"] {
            names.insert(built_in.to_owned(), built_in.to_owned());
        }
        let out = rewrite::rewrite(
            &mut ast,
            &rewrite::Around {
                names: &names,
                taken: &walk.taken,
                wanted: asked.wanted,
                tables: &self.tables,
            },
        );
        let ast = match sql::parse_sqlite(&print::line(&ast)) {
            Ok(ast) => ast,
            Err(why) => return refuse(notes, &format!("not expressible on SQLite, {why}")),
        };
        let kind = match sql::kind(&ast) {
            Ok(kind) => kind,
            Err(what) => return refuse(notes, what),
        };
        for (severity, message) in out.notes {
            match severity {
                Severity::Translated => notes.translated(path, message),
                Severity::Changed => notes.changed(path, message),
                Severity::NeedsPerson => notes.person(path, message),
            }
        }
        if (kind == Kind::Read) != old.reads {
            notes.changed(path, "the action's block now fits what the statement does");
        }
        let mut params = out.params;
        let mut missing = BTreeMap::new();
        for (old_name, new) in out.unknown {
            notes.person(
                path,
                format!("nothing provides `:{old_name}`; a placeholder stands in `params:`"),
            );
            walk.taken.insert(new.clone());
            self.vars.push(Var {
                name: new.clone(),
                def: Def::Missing,
            });
            missing.insert(new.clone(), self.vars.len() - 1);
            params.push((new, String::new()));
        }
        let scope = walk.scope.clone();
        let index = self.stmts.len();
        self.stmts.push(Stmt {
            path: path.clone(),
            kind,
            ast,
            scope,
            params,
            missing,
            casts: out.casts,
            formats: out.formats,
            renamed: out.renamed,
            result: None,
            outputs: Vec::new(),
            one: false,
            unscoped: None,
            conflicts: false,
        });
        Some(index)
    }

    /// Remembers which columns a reply asks about with `#if`.
    pub(super) fn asked_columns(&mut self, reply: &old::Reply, scope: &Scope) {
        let template::Parsed::Template(pieces) = reply.text.parsed() else {
            return;
        };
        let mut todo = pieces;
        while let Some(piece) = todo.pop() {
            match piece {
                template::Piece::Each { list, body } => {
                    if let Some(Def::Rows(stmt)) = scope.get(&list).map(|v| &self.vars[*v].def) {
                        let (mut conditions, mut printed) = (Vec::new(), BTreeSet::new());
                        conditions_in(&body, &mut conditions, &mut printed);
                        for name in conditions {
                            let both = printed.contains(&name);
                            self.asked.push((*stmt, name, both));
                        }
                    }
                    todo.extend(body);
                }
                template::Piece::If {
                    then, otherwise, ..
                } => {
                    todo.extend(then);
                    todo.extend(otherwise);
                }
                template::Piece::Words(_) | template::Piece::Value(_) => {}
            }
        }
    }
}

/// Names in conditions, and names that are printed.
fn conditions_in(
    pieces: &[template::Piece],
    conditions: &mut Vec<String>,
    printed: &mut BTreeSet<String>,
) {
    for piece in pieces {
        match piece {
            template::Piece::Words(_) => {}
            template::Piece::Value(name) => {
                printed.insert(name.clone());
            }
            template::Piece::Each { body, .. } => conditions_in(body, conditions, printed),
            template::Piece::If {
                condition,
                then,
                otherwise,
            } => {
                conditions.push(condition.clone());
                conditions_in(then, conditions, printed);
                conditions_in(otherwise, conditions, printed);
            }
        }
    }
}
