//! What a statement proves for those after it.

use super::Case;
use super::origins::{Origins, Proof, Source, variable};
use crate::check::sql::typer::{Fact, Verb};

impl<'c, 'a> Case<'c, 'a> {
    /// What the statement leaves behind: ids that it has looked up, and whose choice its result is.
    pub fn learn(&self, result: Option<&str>) -> Learnt {
        let mut learnt = Learnt::default();
        let any_chosen = self
            .typer
            .binds
            .iter()
            .any(|b| self.chosen(b.param).is_some());
        let any_safe = (0..self.typer.relations.len()).any(|r| self.safe(r, 0));
        learnt.chosen = any_chosen && !any_safe;
        let Some(result) = result else {
            return learnt;
        };
        let top = self.typer.seen.top;
        for fact in &self.typer.facts {
            let ((r, c), param, must) = match fact {
                Fact::Bound(c, p) => (*c, *p, self.typer.seen.homes.get(&c.0).copied() == top),
                Fact::Proven(c, p) => (*c, *p, true),
                _ => continue,
            };
            let inserted = self
                .typer
                .write
                .as_ref()
                .is_some_and(|w| w.relation == r && w.verb == Verb::Insert);
            let Some(table) = self.table(r).filter(|_| must && !inserted) else {
                continue;
            };
            let Some(column) = self.typer.relations[r].columns.get(c) else {
                continue;
            };
            let is_key = table.keys.iter().any(|k| {
                !k.partial
                    && k.columns
                        .iter()
                        .any(|k| k.eq_ignore_ascii_case(&column.name))
            });
            let value = self.params.values.get(param).and_then(Option::as_ref);
            if let Some(ident) = value.and_then(variable)
                && is_key
                && self.safe(r, 0)
            {
                learnt.proofs.push(Proof {
                    ident: ident.to_owned(),
                    table: table.name.to_ascii_lowercase(),
                    result: result.to_owned(),
                });
            }
        }
        learnt
    }
}

/// See [`Case::learn`].
#[derive(Debug, Default)]
pub struct Learnt {
    pub(super) chosen: bool,
    pub(super) proofs: Vec<Proof>,
}

impl Origins {
    /// Keeps what a statement has shown. `result`: its `result_var`.
    pub fn keep(&mut self, learnt: Learnt, result: Option<&str>) {
        if let Some(name) = result {
            let result = self.idents.get(name).cloned().unwrap_or(name.to_owned());
            let result = result.as_str();
            self.chosen.remove(result);
            if learnt.chosen {
                self.choose(result, Source::Result);
            }
        }
        self.proofs.extend(learnt.proofs);
    }
}
