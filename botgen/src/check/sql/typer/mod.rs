//! Names and types of a statement: SQLite's own description only counts parameters, so botgen infers the rest.
//!
//! Literals and parameters are *open*: they take the type of what they meet (a column they are compared with or
//! stored into), and are rewritten where the engine keeps that type in another form (`9.99` in a `NUMERIC(10,2)` is
//! 999 on SQLite). Everything else has one type from the start. After an error the type is unknown and stays silent.

mod catalogue;
mod expr;
mod forms;
mod from;
mod functions;
mod names;
mod open;
mod postgres;
mod query;
mod row;
mod rows;
mod seen;
mod select;
mod upsert;
mod write;

use std::collections::BTreeSet;
use std::ops::Range;

use super::fault::Fault;
use super::tables::{Table, Tables};
use super::text::{Edits, Lexed};
use crate::Engine;
use crate::ir::types::Base;

pub use from::{Relation, last};
pub use open::{mismatch, short, untyped};
pub use seen::Op;
pub use select::{Output, Results};
pub use write::{Handled, Verb, Write};

/// A parameter, as the statement sees it.
#[derive(Debug, Clone)]
pub struct Given {
    /// Without the `:`.
    pub name: String,
    /// The value's own type, in a form that a database knows; `None` where it has an error that was reported.
    pub base: Option<Base>,
    /// May be null.
    pub null: bool,
    /// The built-in of the same name.
    pub owner: Option<&'static str>,
}

/// An expression's type.
#[derive(Debug, Clone)]
pub struct Typed {
    /// `None`: unknown, after an error, or of a function whose result is not known (`untyped`).
    pub base: Option<Base>,
    /// What is still open in it; `base` is then what it would be by itself.
    pub leaves: Vec<Leaf>,
    /// May be null.
    pub null: bool,
    /// Type or nullability depend on a parameter's.
    pub by_param: bool,
    /// Not an error so far: nobody has asked for the type.
    pub untyped: bool,
    /// It is just this.
    pub is: Option<Simple>,
    /// Its place.
    pub range: Range<usize>,
}

/// An expression that is just a column or a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simple {
    /// Relation and column.
    Column(usize, usize),
    /// A parameter.
    Param(usize),
}

/// An open end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// Index into [`Typer::binds`].
    Param(usize),
    /// Index into the literals.
    Literal(usize),
}

/// A place where a parameter stands.
#[derive(Debug, Clone)]
pub struct Bind {
    /// `:name`.
    pub range: Range<usize>,
    /// Index into the parameters.
    pub param: usize,
    /// The type it is bound as, once that is known.
    pub base: Option<Base>,
}

/// Something that WHERE and ON say about owner columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// `relation.column = :builtin`.
    Is((usize, usize), &'static str),
    /// The first equals the second, so what holds for the second holds for the first.
    Same((usize, usize), (usize, usize)),
    /// The column equals the parameter.
    Bound((usize, usize), usize),
    /// The same inside an EXISTS that must hold.
    Proven((usize, usize), usize),
}

/// A statement being typed.
#[derive(Debug)]
pub struct Typer<'a> {
    /// What there is.
    pub tables: &'a Tables,
    /// The text.
    pub lexed: &'a Lexed<'a>,
    /// Whose statement it is: other owners' tables are not there.
    pub owner: &'a str,
    /// What it is given.
    pub params: &'a [Given],
    /// Findings.
    pub faults: Vec<Fault>,
    /// Changes of the text for SQLite.
    pub edits: Edits,
    /// Where parameters stand.
    pub binds: Vec<Bind>,
    /// Every table that is named.
    pub relations: Vec<Relation>,
    /// What constrains them.
    pub facts: Vec<Fact>,
    /// A migration: `now()` is CURRENT_TIMESTAMP.
    pub in_migration: bool,
    /// What is written.
    pub write: Option<Write>,
    /// What the lints look at.
    pub seen: seen::Seen,
    literals: Vec<open::Literal>,
    frames: Vec<Frame>,
    ctes: Vec<(String, Vec<from::RelColumn>)>,
    narrowed: BTreeSet<(usize, usize)>,
    /// DO UPDATE: bare names are this relation's, and Postgres wants to be told.
    upserted: Option<usize>,
}

/// The names that one SELECT (or INSERT, UPDATE, DELETE) sees.
#[derive(Debug, Default)]
struct Frame {
    relations: Vec<usize>,
    /// Result columns by alias, for ORDER BY, GROUP BY and HAVING.
    aliases: Vec<(String, Typed)>,
    /// Has GROUP BY.
    grouped: bool,
    /// Its expressions, printed.
    groups: Vec<String>,
    /// Its plain columns.
    group_columns: Vec<(usize, usize)>,
    /// Inside the arguments of an aggregate, or a grouped expression.
    covered: bool,
    /// An aggregate was met.
    aggregated: bool,
    /// Columns outside of aggregates.
    bare: Vec<(Range<usize>, usize, usize)>,
    /// Aggregates may stand here.
    may_aggregate: bool,
}

impl<'a> Typer<'a> {
    /// Nothing typed yet.
    pub fn new(
        tables: &'a Tables,
        lexed: &'a Lexed<'a>,
        owner: &'a str,
        params: &'a [Given],
    ) -> Self {
        Self {
            tables,
            lexed,
            owner,
            params,
            faults: Vec::new(),
            edits: Edits::default(),
            binds: Vec::new(),
            relations: Vec::new(),
            facts: Vec::new(),
            in_migration: false,
            write: None,
            seen: seen::Seen::default(),
            literals: Vec::new(),
            frames: Vec::new(),
            ctes: Vec::new(),
            narrowed: BTreeSet::new(),
            upserted: None,
        }
    }

    /// Postgres has the last word: what we do not know, it says.
    fn pg(&self) -> bool {
        self.lexed.engine == Engine::Postgres
    }

    fn frame(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// A table that this statement may use.
    fn table(&self, name: &str) -> Option<&'a Table> {
        let own = |t: &&Table| t.owner == self.owner;
        // Views of the runtime: read by bots, no part of what they keep.
        let given = |t: &&Table| t.owner.is_empty() && !self.in_migration;
        self.tables.get(name).filter(|t| own(t) || given(t))
    }
}

impl Typed {
    /// Of this type.
    pub fn of(base: Base, null: bool, range: Range<usize>) -> Self {
        Self {
            base: Some(base),
            leaves: Vec::new(),
            null,
            by_param: false,
            untyped: false,
            is: None,
            range,
        }
    }
    /// Unknown after an error.
    pub fn unknown(range: Range<usize>) -> Self {
        Self {
            base: None,
            ..Self::of(Base::Null, true, range)
        }
    }
    /// Of no known type; an error only for whom it matters, and on Postgres for nobody: it says the type itself.
    pub fn untyped(range: Range<usize>) -> Self {
        Self {
            untyped: true,
            ..Self::unknown(range)
        }
    }
    fn or_null(mut self, null: bool) -> Self {
        self.null = null;
        self
    }
    fn by(mut self, others: &[&Typed]) -> Self {
        self.by_param |= others.iter().any(|t| t.by_param);
        self
    }
    fn at(mut self, range: Range<usize>) -> Self {
        self.range = range;
        self
    }
}
