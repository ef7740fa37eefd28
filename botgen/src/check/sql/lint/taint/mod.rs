//! Ids that the person controls: arguments of callbacks and deep links, typed answers, and what was found by them.
//!
//! A table without owner columns may still belong to somebody: its rows hang by a FOREIGN KEY on rows that do. A
//! statement that finds such a row by an id of the person's choice, or stores such an id as a reference, must show
//! that the row is the person's own: by a join or subquery that is constrained by the built-ins, or by an earlier
//! statement that looked the id up so.

mod learnt;
mod origins;

use std::collections::BTreeSet;

use super::hangs::{DEPTH, hangs, is_person, join, references, referred};
use crate::check::scope::Scope;
use crate::check::sql::fault::Fault;
use crate::check::sql::lint::name;
use crate::check::sql::owned::constrained;
use crate::check::sql::parameters::Parameters;
use crate::check::sql::tables::{Foreign, Table};
use crate::check::sql::typer::{Fact, Handled, Op, Typer, Verb};
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::Base;

pub use origins::{Origins, Source};

/// A parameter and its place.
type Given = (usize, std::ops::Range<usize>);

/// Whether an answer of this type is any value that the person likes.
pub fn is_free(base: &Base) -> bool {
    matches!(
        base,
        Base::Text { .. } | Base::Int | Base::Decimal(_) | Base::Contact
    )
}

/// A statement, and what is known around it.
pub struct Case<'c, 'a> {
    /// The statement.
    pub typer: &'c Typer<'a>,
    /// Its parameters.
    pub params: &'c Parameters,
    /// Of the flow.
    pub origins: &'c Origins,
    /// Where it stands.
    pub scope: &'c Scope,
    /// The flow's command.
    pub command: &'c str,
    holds: BTreeSet<((usize, usize), String)>,
}

impl<'c, 'a> Case<'c, 'a> {
    /// Of a statement that was typed.
    pub fn new(
        typer: &'c Typer<'a>,
        params: &'c Parameters,
        origins: &'c Origins,
        scope: &'c Scope,
        command: &'c str,
    ) -> Self {
        Self {
            holds: constrained(typer),
            typer,
            params,
            origins,
            scope,
            command,
        }
    }

    fn table(&self, rel: usize) -> Option<&'a Table> {
        let name = self.typer.relations.get(rel)?.table.as_ref()?;
        self.typer.tables.get(name)
    }

    fn chosen(&self, param: usize) -> Option<Source> {
        let value = self.params.values.get(param)?.as_ref()?;
        self.origins.of(value)
    }

    /// The person chooses it, and nothing has shown that it is of their own rows.
    fn doubtful(&self, param: usize, table: &str) -> Option<Source> {
        let value = self.params.values.get(param)?.as_ref()?;
        let source = self.origins.of(value)?;
        (!self.origins.proven(value, table, self.scope)).then_some(source)
    }

    /// Columns that equal this one, by joins, subqueries and shared parameters; and parameters that do.
    fn equals(&self, from: (usize, usize)) -> (BTreeSet<(usize, usize)>, BTreeSet<usize>) {
        let mut columns = BTreeSet::from([from]);
        let mut params = BTreeSet::new();
        let home = |rel: usize| self.typer.seen.homes.get(&rel);
        loop {
            let before = (columns.len(), params.len());
            for column in columns.clone() {
                let source = self
                    .typer
                    .relations
                    .get(column.0)
                    .and_then(|r| r.columns.get(column.1));
                columns.extend(source.and_then(|c| c.source));
            }
            for fact in &self.typer.facts {
                match fact {
                    Fact::Same(a, b) if columns.contains(a) => {
                        columns.insert(*b);
                    }
                    // ON of a LEFT JOIN, whose other side WHERE shows to be there.
                    Fact::Same(a, b)
                        if columns.contains(b)
                            && home(a.0) == home(b.0)
                            && self.typer.relations.get(a.0).is_some_and(|r| !r.outer) =>
                    {
                        columns.insert(*a);
                    }
                    Fact::Bound(c, p) if columns.contains(c) => {
                        params.insert(*p);
                    }
                    // A row that must be there has the parameter's value.
                    Fact::Bound(c, p) if params.contains(p) && home(c.0) == home(from.0) => {
                        columns.insert(*c);
                    }
                    Fact::Proven(c, p) if params.contains(p) => {
                        columns.insert(*c);
                    }
                    _ => {}
                }
            }
            if (columns.len(), params.len()) == before {
                return (columns, params);
            }
        }
    }

    /// The relation's rows are the person's own.
    fn safe(&self, rel: usize, depth: usize) -> bool {
        let (Some(table), Some(relation)) = (self.table(rel), self.typer.relations.get(rel)) else {
            return false;
        };
        if table.owned.iter().any(|o| o == "user_id") {
            return table.owned.iter().all(|owner| {
                self.holds.iter().any(|((r, c), builtin)| {
                    *r == rel
                        && builtin == owner
                        && relation
                            .columns
                            .get(*c)
                            .is_some_and(|c| c.name.eq_ignore_ascii_case(owner))
                })
            });
        }
        depth < DEPTH
            && hangs(self.typer.tables, table, 0)
                .iter()
                .any(|fk| self.tied(rel, table, fk, depth))
    }

    /// The relation's rows hang on rows that are the person's own.
    fn tied(&self, rel: usize, table: &Table, fk: &Foreign, depth: usize) -> bool {
        let Some(parent) = self.typer.tables.get(&fk.table) else {
            return false;
        };
        let keys = referred(parent, fk);
        fk.columns.iter().zip(&keys).all(|(own, key)| {
            let Some((own, _)) = table.column(own) else {
                return false;
            };
            let (columns, params) = self.equals((rel, own));
            let joined = columns.iter().any(|(r, c)| {
                *r != rel
                    && self.table(*r).is_some_and(|t| t.name == parent.name)
                    && self.typer.relations[*r]
                        .columns
                        .get(*c)
                        .is_some_and(|c| c.name.eq_ignore_ascii_case(key))
                    && self.safe(*r, depth + 1)
            });
            joined
                || params
                    .iter()
                    .any(|p| self.doubtful(*p, &parent.name).is_none())
        })
    }

    /// Parameters that find a row of the relation: by the reference that it hangs on, or by a key.
    fn finds(
        &self,
        rel: usize,
        table: &Table,
        links: &[Foreign],
    ) -> Option<(usize, std::ops::Range<usize>, Source)> {
        let relation = self.typer.relations.get(rel)?;
        let of = |column: usize| {
            relation
                .columns
                .get(column)
                .map(|c| c.name.to_ascii_lowercase())
        };
        let atoms: Vec<(String, Op, &[Given])> = self
            .typer
            .seen
            .atoms
            .iter()
            .filter(|a| a.column.0 == rel)
            .filter_map(|a| Some((of(a.column.1)?, a.op, a.params.as_slice())))
            .collect();
        let doubt = |params: &[Given], of: &str| {
            params
                .iter()
                .find_map(|(p, at)| Some((*p, at.clone(), self.doubtful(*p, of)?)))
        };
        for fk in links {
            let of_link = atoms
                .iter()
                .filter(|(c, ..)| fk.columns.contains(c))
                .find_map(|(.., params)| doubt(params, &fk.table));
            if of_link.is_some() {
                return of_link;
            }
        }
        let by = |columns: &[String]| {
            let equal = |c: &String, atom: &(String, Op, _)| {
                atom.0 == *c && matches!(atom.1, Op::Equal(_) | Op::Within)
            };
            if !columns.iter().all(|c| atoms.iter().any(|a| equal(c, a))) {
                return None;
            }
            atoms
                .iter()
                .filter(|a| columns.iter().any(|c| equal(c, a)))
                .find_map(|(.., params)| doubt(params, &table.name))
        };
        let key = table.keys.iter().find_map(|k| by(&k.columns));
        if key.is_some() || !table.keys.is_empty() {
            return key;
        }
        table
            .columns
            .iter()
            .find_map(|c| by(&[c.name.to_ascii_lowercase()]))
    }

    /// Everything that is wrong.
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for rel in 0..self.typer.relations.len() {
            faults.extend(self.reached(rel));
        }
        faults.extend(self.stored());
        faults
    }

    fn reached(&self, rel: usize) -> Option<Fault> {
        let table = self.table(rel)?;
        if table.owned.iter().any(|o| o == "user_id") {
            return None; // said by the check of owners
        }
        let links = hangs(self.typer.tables, table, 0);
        if links.is_empty() {
            return None;
        }
        let write = self.typer.write.as_ref().filter(|w| w.relation == rel);
        let inserts = write.is_some_and(|w| w.verb == Verb::Insert);
        if self.safe(rel, 0) || self.nobodys(rel, table, &links) {
            return None;
        }
        let (param, at, source) = if inserts {
            // DO UPDATE finds a row by the key that is inserted.
            let write = write?;
            let Handled::Key(key) = &write.handled else {
                return None;
            };
            if write.updated.is_empty() {
                return None;
            }
            let links: Vec<&Foreign> = links
                .iter()
                .filter(|f| f.columns.iter().all(|c| key.contains(c)))
                .collect();
            if !links.is_empty() {
                return None; // the reference is of the key, and proven where it is stored
            }
            self.typer
                .seen
                .stored
                .iter()
                .filter(|s| key.contains(&s.column))
                .flat_map(|s| &s.params)
                .find_map(|(p, at)| Some((*p, at.clone(), self.doubtful(*p, &table.name)?)))?
        } else {
            self.finds(rel, table, &links)?
        };
        let relation = &self.typer.relations[rel];
        let fk = &links[0];
        let fix = self.fix(&relation.alias, fk);
        let mut fault = Fault::new(
            &codes::TAINTED,
            at,
            format!(
                "{}, and this reaches a row of `{}` that belongs to somebody else",
                self.witness(param, source),
                table.name
            ),
        )
        .note(fk.defined, format!("whose row it is says `{}`", fk.table));
        fault = fault.help(format!(
            "{fix}; if every row is meant, say why: `unscoped: \"…\"`"
        ));
        Some(fault)
    }

    /// `reference IS NULL`: the row hangs on nothing.
    fn nobodys(&self, rel: usize, table: &Table, links: &[Foreign]) -> bool {
        links.iter().all(|fk| {
            fk.columns.iter().any(|c| {
                table
                    .column(c)
                    .is_some_and(|(i, _)| self.typer.seen.nulls.contains(&(rel, i)))
            })
        })
    }

    fn witness(&self, param: usize, source: Source) -> String {
        let given = self.params.given.get(param);
        let param = given.map_or("", |g| g.name.as_str());
        let example = match given.and_then(|g| g.base.as_ref()) {
            Some(Base::Int) => "42",
            _ => "x",
        };
        match source {
            Source::Argument => format!(
                "anybody can send `/{} {example}` as well as press the button: `:{param}` is then theirs to choose",
                self.command
            ),
            Source::Answer => {
                format!("anybody can answer `{example}`: `:{param}` is theirs to choose")
            }
            Source::Result => {
                format!(
                    "`:{param}` was found by what the person chose, without a check whose it is"
                )
            }
        }
    }

    /// The condition that ties the rows to the person.
    fn fix(&self, alias: &str, fk: &Foreign) -> String {
        let tables = self.typer.tables;
        if let Some(parent) = tables.get(&fk.table).filter(|p| is_person(p, fk)) {
            let tests: Vec<String> = fk
                .columns
                .iter()
                .zip(referred(parent, fk))
                .map(|(own, key)| format!("{}.{} = :{key}", name(alias), name(own)))
                .collect();
            return format!("add `{}` to its condition", tests.join(" AND "));
        }
        let mut from = name(&fk.table);
        let mut on = vec![join(alias, fk, tables)];
        let mut last = fk.clone();
        for _ in 0..DEPTH {
            let Some(parent) = tables.get(&last.table) else {
                break;
            };
            if parent.owned.iter().any(|o| o == "user_id") {
                on.extend(
                    parent
                        .owned
                        .iter()
                        .map(|o| format!("{}.{o} = :{o}", name(&parent.name))),
                );
                break;
            }
            let Some(next) = hangs(tables, parent, 0).into_iter().next() else {
                break;
            };
            from.push_str(&format!(
                " JOIN {} ON {}",
                name(&next.table),
                join(&parent.name, &next, tables)
            ));
            last = next;
        }
        format!(
            "add `EXISTS (SELECT 1 FROM {from} WHERE {})` to its condition",
            on.join(" AND ")
        )
    }

    /// References that are stored.
    fn stored(&self) -> Vec<Fault> {
        let Some(write) = &self.typer.write else {
            return Vec::new();
        };
        let Some(table) = self.typer.tables.get(&write.table) else {
            return Vec::new();
        };
        let mut faults = Vec::new();
        for fk in references(self.typer.tables, table) {
            // The reference holds the person's own id: the database refuses the rows of others.
            let guarded = fk.columns.iter().any(|c| {
                c == "user_id" && write.given.get(c).copied().flatten() == Some("user_id")
            });
            if guarded {
                continue;
            }
            let Some(parent) = self.typer.tables.get(&fk.table) else {
                continue;
            };
            let doubt = self
                .typer
                .seen
                .stored
                .iter()
                .filter(|s| fk.columns.contains(&s.column) && s.is.is_none())
                .flat_map(|s| &s.params)
                .find_map(|(p, at)| {
                    let source = self.doubtful(*p, &parent.name)?;
                    (!self.shown_here(*p, parent, &fk)).then(|| (*p, at.clone(), source))
                });
            let Some((param, at, source)) = doubt else {
                continue;
            };
            let direct = parent.owned.iter().any(|o| o == "user_id");
            let owners = if direct { parent.owned.as_slice() } else { &[] };
            let key = referred(parent, &fk).join(", ");
            let given = self.params.given.get(param).map_or("", |g| g.name.as_str());
            let found = format!(
                "SELECT {key} FROM {} WHERE {key} = :{given}{}",
                name(&parent.name),
                owners
                    .iter()
                    .map(|o| format!(" AND {o} = :{o}"))
                    .collect::<String>()
            );
            faults.push(
                Fault::new(
                    &codes::FOREIGN_ROW,
                    at,
                    format!(
                        "{}, and this can refer to a row of `{}` that belongs to somebody else",
                        self.witness(param, source),
                        parent.name
                    ),
                )
                .note(fk.defined, "the reference")
                .help(if owners.is_empty() {
                    format!("look it up among the person's own rows of `{}` before, and leave where there is none; if any row is meant, say why: `unscoped: \"…\"`", parent.name)
                } else {
                    format!("look it up before, `{found}`, and leave where there is none; if any row is meant, say why: `unscoped: \"…\"`")
                }),
            );
        }
        faults
    }

    /// The statement itself finds the row that the parameter names among the person's own.
    fn shown_here(&self, param: usize, parent: &Table, fk: &Foreign) -> bool {
        let keys = referred(parent, fk);
        let top = self.typer.seen.top;
        self.typer.facts.iter().any(|fact| {
            let ((r, c), must) = match fact {
                Fact::Bound(c, p) if *p == param => {
                    (*c, self.typer.seen.homes.get(&c.0).copied() == top)
                }
                Fact::Proven(c, p) if *p == param => (*c, true),
                _ => return false,
            };
            must && self.table(r).is_some_and(|t| t.name == parent.name)
                && self.typer.relations[r]
                    .columns
                    .get(c)
                    .is_some_and(|c| keys.iter().any(|k| k.eq_ignore_ascii_case(&c.name)))
                && self.typer.write.as_ref().is_none_or(|w| w.relation != r)
                && self.safe(r, 0)
        })
    }
}
