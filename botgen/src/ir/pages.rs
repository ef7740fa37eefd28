//! Lists that are shown a page at a time.

use super::expr::Expr;
use super::sql::QueryId;
use super::text::TextCall;
use super::types::Variable;
use super::{Button, Origin};

/// `widget.pagination.v1`.
#[derive(Debug, Clone)]
pub struct Pages {
    /// Its function, unique in the flow: `list_items`.
    pub ident: String,
    /// Where.
    pub origin: Origin,
    /// Instead of the title when there are no rows; `None`: the runtime's words.
    pub empty: Option<TextCall>,
    /// On a row's button. Reads `row`.
    pub item: TextCall,
    /// A row, as `item` and the arguments of `select` see it.
    pub row: Variable,
    /// The query whose rows these are.
    pub of: QueryId,
    /// Column of the id.
    pub id: usize,
    /// Rows on a page.
    pub size: usize,
    /// Where the rows come from.
    pub rows: Rows,
    /// Below the list.
    pub extra: Vec<Vec<Button>>,
}

/// Where a list's rows come from.
#[derive(Debug, Clone)]
pub enum Rows {
    /// A page at a time from the database.
    Query {
        /// The rows of a page; its last parameter is [`OFFSET`].
        page: QueryId,
        /// How many rows there are, and how many before the mark; its last parameters are [`mark_name`]s.
        place: QueryId,
        /// What the marks are.
        mark: Mark,
    },
    /// A list that is there as a whole.
    List {
        /// The list.
        list: Expr,
        /// [`Mark::Id`] or [`Mark::Number`].
        mark: Mark,
    },
}

/// How the place of a page is found again when rows have come or gone since it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// By the columns that order the rows, and whether the greatest comes first: exact whatever has changed.
    Keys(Vec<(usize, bool)>),
    /// By the id of the row at the border: exact while that row is there.
    Id,
    /// By the number of rows before it.
    Number,
}

/// An action that shows a list whose buttons run a command.
#[derive(Debug, Clone)]
pub struct PagesAction {
    /// The list.
    pub pages: Pages,
    /// What its buttons' payloads call it, the same in every build: `catalogue#item`.
    pub name: String,
    /// The command.
    pub command: String,
    /// Its arguments, as those of a button's.
    pub args: Vec<Expr>,
    /// Above the buttons.
    pub title: TextCall,
    /// Replaces the message whose button was pressed, where it is shown first.
    pub edit: bool,
    /// What it takes to show it again.
    pub carried: Carried,
}

/// A step that shows a list; its answer is the id of a row.
#[derive(Debug, Clone)]
pub struct PagesStep {
    /// The list.
    pub pages: Pages,
    /// What is typed is searched.
    pub search: bool,
    /// How it is found whether an id is one of the list's.
    pub chosen: Chosen,
}

/// See [`PagesStep`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// How many rows have the id [`CHOSEN`].
    Counted(QueryId),
    /// All ids: buttons hold no more than hashes of texts.
    Among(QueryId),
    /// The list is there.
    Listed,
}

/// What it takes to show a list again when its page is turned: no conversation knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// Variables whose values its buttons carry.
    pub inputs: Vec<Variable>,
    /// The actions before it that run again, by index in its list of actions: queries, and replies that leave.
    pub again: Vec<usize>,
}

/// The parameter that says how many rows stand before a page.
pub const OFFSET: &str = "offset_rows";

/// The parameter that says how many rows are read, where the statement does not.
pub const LIMIT: &str = "limit_rows";

/// The parameter that is an id somebody has chosen.
pub const CHOSEN: &str = "chosen_id";

/// The parameter of the `n`th value of a mark.
pub fn mark_name(n: usize) -> String {
    format!("mark_{n}")
}

impl Rows {
    /// The queries that showing a page runs.
    pub fn queries(&self) -> Vec<QueryId> {
        match self {
            Self::Query { page, place, .. } => vec![*place, *page],
            Self::List { .. } => Vec::new(),
        }
    }
}

impl Pages {
    /// Its texts, but for those of its buttons.
    pub fn texts(&self) -> impl Iterator<Item = &TextCall> {
        [&self.item].into_iter().chain(&self.empty)
    }
}
