//! The bot between old and new: every variable has its new name, every statement is rewritten, and what the
//! statements and patterns tell about types is gathered; [`Plan::decide`] then decides the types.

mod decide;
mod flows;
mod statements;
mod widgets;

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::Statement;

use super::old::{self, Said};
use super::pattern::Meaning;
use super::schema::Schema;
use super::sql::{Kind, Ty, outputs};

/// Old names of variables and which they are, at one place of a flow.
pub(in crate::import) type Scope = BTreeMap<String, usize>;

/// A variable.
#[derive(Debug, Clone)]
pub(in crate::import) struct Var {
    /// New name, unique in its flow.
    pub name: String,
    pub def: Def,
}

/// Where a variable comes from.
#[derive(Debug, Clone)]
pub(in crate::import) enum Def {
    /// A step's answer, and what its pattern means.
    Answer(Option<Meaning>),
    /// A step that is a calendar: its type is given.
    Calendar(Ty),
    /// The column of a query's row that was chosen.
    Picked(usize, String),
    /// A query's rows, its first row, its first value, its only column.
    Rows(usize),
    Single(usize),
    Scalar(usize),
    Flat(usize),
    /// A parameter that nothing provides.
    Missing,
}

/// A statement.
#[derive(Debug)]
pub(in crate::import) struct Stmt {
    pub path: String,
    pub kind: Kind,
    pub ast: Statement,
    pub scope: Scope,
    /// `params:`; an empty value is decided by type.
    pub params: Vec<(String, String)>,
    /// Variables for parameters that nothing provides, by new name.
    pub missing: BTreeMap<String, usize>,
    pub casts: Vec<(String, Ty)>,
    pub formats: BTreeMap<String, String>,
    pub renamed: BTreeMap<String, String>,
    pub result: Option<usize>,
    // Decided at the end.
    pub outputs: Vec<outputs::Output>,
    pub one: bool,
    pub unscoped: Option<&'static str>,
    pub conflicts: bool,
}

/// A flow.
#[derive(Debug)]
pub(in crate::import) struct Flow {
    pub path: String,
    pub cmd: String,
    pub description: Option<Said>,
    pub kind: FlowKind,
    pub on_enter: Vec<Action>,
}

/// See [`Flow`].
#[derive(Debug)]
pub(in crate::import) enum FlowKind {
    Menu {
        title: Option<Said>,
        options: Vec<Vec<old::Button>>,
        scope: Scope,
    },
    Wizard {
        ttl: i64,
        steps: Vec<Step>,
        on_step: Vec<Action>,
        on_complete: Vec<Action>,
    },
    Generic,
    /// `/lang` that only said so.
    Language,
}

/// A step.
#[derive(Debug)]
pub(in crate::import) struct Step {
    pub path: String,
    pub var: usize,
    pub ask: Option<Said>,
    pub regex: Option<Said>,
    pub msg: Option<Said>,
    pub widget: Option<Widget>,
    /// What is known when it is asked, and after its answer.
    pub before: Scope,
    pub after: Scope,
    pub on_step: Vec<Action>,
}

/// What a step shows.
#[derive(Debug)]
pub(in crate::import) enum Widget {
    Calendar {
        path: String,
        with_time: bool,
        min: Option<Said>,
        max: Option<Said>,
        tz: Option<Said>,
    },
    Pages {
        path: String,
        stmt: usize,
        /// The variable that holds the rows, where they are loaded already.
        list: Option<usize>,
        id: String,
        item: Option<Said>,
        page_size: Option<i64>,
        empty: Option<Said>,
        extra: Vec<Vec<old::Button>>,
    },
}

/// An action.
#[derive(Debug)]
pub(in crate::import) enum Action {
    Sql(usize),
    Reply(Box<old::Reply>, Scope),
    Limit(Box<old::Limit>, Scope),
    Broadcast(Box<old::Broadcast>, Scope),
    /// The importer's own word of a flow that says nothing.
    Done,
}

impl Action {
    fn replies(&self) -> bool {
        matches!(self, Self::Reply(..) | Self::Done)
    }
}

/// The whole bot.
#[derive(Debug, Default)]
pub(in crate::import) struct Plan {
    pub vars: Vec<Var>,
    pub stmts: Vec<Stmt>,
    pub flows: Vec<Flow>,
    pub schema: Schema,
    /// Tables that are called something else now.
    pub tables: BTreeMap<String, String>,
    /// `YYYY-MM-DD`, where it is known.
    pub today: Option<String>,
    /// Names of segments.
    pub segments: BTreeSet<String>,
    /// Answers that are a choice now, and its values.
    pub choices: BTreeMap<usize, Vec<String>>,
    /// What texts ask of columns with `#if`: column name, its statement, and whether the text prints it too.
    asked: Vec<(usize, String, bool)>,
}
