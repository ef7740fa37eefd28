//! Names of tables and columns.

use std::ops::Range;

use sqlparser::ast::{Ident, ObjectName, Spanned, TableAlias};

use super::from::{columns_of, last};
use super::{Relation, Simple, Typed, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::runtime;
use crate::check::sql::tables::{is_catalogue, is_reserved};
use crate::check::sql::text::{quoted, range};
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::meant;
use crate::ir::types::Base;

impl Typer<'_> {
    /// A named relation: a CTE or a table. Always gives one, broken where the name is wrong.
    pub(super) fn named(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> usize {
        let at = range(name.span());
        let wanted = last(name);
        let mut relation = Relation {
            alias: alias.map_or_else(|| wanted.clone(), |a| a.name.value.clone()),
            table: None,
            columns: Vec::new(),
            outer: false,
            range: at.clone(),
            broken: false,
            open: false,
        };
        let cte = self
            .ctes
            .iter()
            .rev()
            .find(|(n, _)| name.0.len() == 1 && n.eq_ignore_ascii_case(&wanted));
        if let Some((_, columns)) = cte {
            relation.columns = columns.clone();
        } else if name.0.len() > 1 || (is_reserved(&wanted) && self.table(&wanted).is_none()) {
            relation.broken = true;
            let fault = if is_catalogue(name) {
                Fault::new(
                    &codes::CATALOGUE,
                    at,
                    format!("`{name}` is a table of the database itself, it differs between engines and versions"),
                )
                .help("keep what the bot must know in tables of its migrations")
            } else if is_reserved(&wanted) {
                Fault::new(
                    &codes::RESERVED,
                    at,
                    format!("`{wanted}` belongs to the runtime, a bot cannot use it"),
                )
                .help(if self.in_migration {
                    "keep the bot's own data in tables of its migrations".to_owned()
                } else {
                    format!(
                        "a bot keeps its data in tables of its migrations; of the runtime's it may read {}",
                        runtime::names()
                    )
                })
            } else {
                Fault::new(
                    &codes::UNKNOWN_TABLE,
                    at,
                    "a table is named without a schema before it",
                )
                .help(format!("write `{wanted}`"))
            };
            self.fault(fault);
        } else if let Some(table) = self.table(&wanted) {
            relation.table = Some(table.name.clone());
            relation.columns = columns_of(table);
        } else {
            relation.broken = true;
            let fault = self.unknown_table(&wanted, at);
            self.fault(fault);
        }
        self.relations.push(relation);
        self.relations.len() - 1
    }

    fn unknown_table(&self, wanted: &str, at: Range<usize>) -> Fault {
        let fault = Fault::new(
            &codes::UNKNOWN_TABLE,
            at,
            format!("there is no table `{wanted}`"),
        );
        if let Some(other) = self.tables.get(wanted) {
            return fault
                .note(other.defined, format!("`{}` made it", other.owner))
                .help(format!(
                    "it belongs to `{0}`; bots that share tables name one owner: `migrations: ../{0}/migrations`",
                    other.owner
                ));
        }
        let own = || self.tables.iter().filter(|t| t.owner == self.owner);
        let help = match meant(wanted, own().map(|t| t.name.as_str())) {
            Some(near) => return fault.suggest(wanted, Some(near)),
            None if own().next().is_none() => {
                "tables are made by `migrations/0001_name.sql`".to_owned()
            }
            None => format!(
                "the tables are {}",
                own()
                    .map(|t| format!("`{}`", t.name))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        fault.help(help)
    }

    /// A column by name. Reports what is wrong.
    pub(super) fn column(&mut self, qualifier: Option<&Ident>, name: &Ident) -> Typed {
        let at = match qualifier {
            Some(q) => range(q.span).start..range(name.span).end,
            None => range(name.span),
        };
        match self.find(qualifier.map(|q| q.value.as_str()), &name.value) {
            Found::One(rel, column, depth) => {
                // Postgres also sees `excluded` here.
                if qualifier.is_none() && self.upserted == Some(rel) {
                    let table = quoted(&self.relations[rel].alias);
                    self.edits.replace(at.start..at.start, format!("{table}."));
                }
                self.column_typed(rel, column, depth, at)
            }
            Found::Open => Typed::untyped(at),
            Found::Silent => Typed::unknown(at),
            Found::Many(names) => {
                self.fault(
                    Fault::new(
                        &codes::AMBIGUOUS,
                        at.clone(),
                        format!("`{}` is a column of several tables", name.value),
                    )
                    .help(format!("say which: {}", names.join(" or "))),
                );
                Typed::unknown(at)
            }
            Found::None => {
                let fault = self.unknown_column(qualifier, name, at.clone());
                self.fault(fault);
                Typed::unknown(at)
            }
        }
    }

    fn column_typed(&mut self, rel: usize, column: usize, depth: usize, at: Range<usize>) -> Typed {
        let relation = &self.relations[rel];
        let c = &relation.columns[column];
        let null = (c.null && !self.narrowed.contains(&(rel, column))) || relation.outer;
        let typed = Typed {
            base: c.base.clone(),
            untyped: c.untyped,
            by_param: c.by_param,
            is: Some(Simple::Column(rel, column)),
            ..Typed::of(Base::Null, null, at.clone())
        };
        let frame = &mut self.frames[depth];
        if !frame.covered {
            frame.bare.push((at, rel, column));
        }
        typed
    }

    /// Finds a column without reporting: relation, column, and the frame's index.
    pub(super) fn find(&self, qualifier: Option<&str>, name: &str) -> Found {
        for (depth, frame) in self.frames.iter().enumerate().rev() {
            let rels: Vec<usize> = frame
                .relations
                .iter()
                .copied()
                .filter(|&r| {
                    qualifier.is_none_or(|q| self.relations[r].alias.eq_ignore_ascii_case(q))
                })
                .collect();
            let hits: Vec<(usize, usize)> = rels
                .iter()
                .flat_map(|&r| {
                    self.relations[r]
                        .columns
                        .iter()
                        .enumerate()
                        .filter(|(_, c)| {
                            c.name.eq_ignore_ascii_case(name) && (qualifier.is_some() || !c.merged)
                        })
                        .map(move |(i, _)| (r, i))
                })
                .collect();
            match hits[..] {
                [(rel, column)] => return Found::One(rel, column, depth),
                [] => {}
                _ => {
                    return Found::Many(
                        hits.iter()
                            .map(|&(r, _)| format!("`{}.{name}`", self.relations[r].alias))
                            .collect(),
                    );
                }
            }
            if rels.iter().any(|&r| self.relations[r].open) {
                return Found::Open;
            }
            if rels.iter().any(|&r| self.relations[r].broken)
                || (qualifier.is_none()
                    && frame.relations.iter().any(|&r| self.relations[r].broken))
            {
                return Found::Silent;
            }
            if qualifier.is_some() && !rels.is_empty() {
                return Found::None;
            }
        }
        Found::None
    }

    fn unknown_column(&self, qualifier: Option<&Ident>, name: &Ident, at: Range<usize>) -> Fault {
        let visible: Vec<usize> = self
            .frames
            .iter()
            .rev()
            .flat_map(|f| f.relations.iter().copied())
            .collect();
        if let Some(q) = qualifier {
            let known = visible
                .iter()
                .any(|&r| self.relations[r].alias.eq_ignore_ascii_case(&q.value));
            if !known {
                let aliases = visible.iter().map(|&r| self.relations[r].alias.as_str());
                let near = meant(&q.value, aliases.clone()).filter(|_| q.value.len() > 2);
                let aliases: Vec<String> = aliases.map(|a| format!("`{a}`")).collect();
                return Fault::new(
                    &codes::UNKNOWN_TABLE,
                    range(q.span),
                    format!("there is no table `{}` in this statement", q.value),
                )
                .help(format!("it reads {}", aliases.join(", ")))
                .suggest(&q.value, near);
            }
        }
        let candidates: Vec<usize> = match qualifier {
            Some(q) => visible
                .into_iter()
                .filter(|&r| self.relations[r].alias.eq_ignore_ascii_case(&q.value))
                .collect(),
            None => visible,
        };
        let names: Vec<&str> = candidates
            .iter()
            .flat_map(|&r| self.relations[r].columns.iter().map(|c| c.name.as_str()))
            .collect();
        let of = match candidates[..] {
            [only] if !self.relations[only].alias.is_empty() => {
                format!(" in `{}`", self.relations[only].alias)
            }
            _ => String::new(),
        };
        let near = meant(&name.value, names.iter().copied());
        let help = if name.quote_style.is_some() && names.is_empty() {
            Some(format!("a text stands in single quotes: '{}'", name.value))
        } else if near.is_some() {
            None
        } else if name.quote_style == Some('"') {
            Some(format!("a text stands in single quotes: '{}'", name.value))
        } else if self.params.iter().any(|p| p.name == name.value) {
            Some(format!("a variable is written `:{}`", name.value))
        } else if names.is_empty() {
            None
        } else {
            Some(format!(
                "the columns are {}",
                names
                    .iter()
                    .map(|n| format!("`{n}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ))
        };
        Fault::new(
            &codes::UNKNOWN_COLUMN,
            at,
            format!("there is no column `{}`{of}", name.value),
        )
        .maybe_help(help)
        .suggest(&name.value, near)
    }
}

/// Result of a look-up.
#[derive(Debug)]
pub enum Found {
    /// Relation, column, index of the frame.
    One(usize, usize, usize),
    /// Qualified names of the candidates.
    Many(Vec<String>),
    /// A table there has an error already.
    Silent,
    /// A function's column, which Postgres looks up.
    Open,
    None,
}
