//! SQL: migrations make the deployment's one check database, statements are proven against it.

use crate::check::FlowCx;
use crate::check::scope::Scope;
use crate::diagnostics::Sink;
use crate::ir;
use crate::ir::types::Ty;
use crate::source::{FileId, Span};
use crate::syntax::ast;

/// One owner's migrations, as found in its folder.
#[derive(Debug, Clone)]
pub struct OwnerMigrations {
    /// The bot's id: name in `bf_migrations.owner`.
    pub owner: String,
    /// The owner's `bot.yaml`, for findings about a folder.
    pub place: Span,
    /// Every `.sql` file below `migrations/`.
    pub files: Vec<MigrationFile>,
}

/// One file.
#[derive(Debug, Clone)]
pub struct MigrationFile {
    /// Relative to `migrations/`: `0001_init.sql`, `sqlite/0001_init.sql`.
    pub name: String,
    /// Its place in the source map.
    pub file: FileId,
    /// Its contents.
    pub text: String,
}

/// Tables of the deployment, and the check database.
#[derive(Debug, Default)]
pub struct Schema {}

impl Schema {
    /// Applies the runtime's migrations (SQLite's own text) and every owner's to one in-memory database.
    /// What is wrong with one owner's files is reported and does not hide the others.
    pub fn build(_owners: &[OwnerMigrations], _runtime_migrations: &str, _sink: &mut Sink) -> Self {
        Self {}
    }
    /// The owner's migrations, translated; in order. Empty for an unknown owner.
    pub fn migrations_of(&self, _owner: &str) -> Vec<ir::Migration> {
        Vec::new()
    }
}

/// Which block a statement stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `action.sql_query.v1`: reads.
    Query,
    /// `action.sql_exec.v1`: writes.
    Exec,
}

/// A statement that was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// In [`FlowCx::queries`].
    pub query: ir::sql::QueryId,
    /// Type of `result_var`, where there is one.
    pub result: Option<Ty>,
    /// It may violate a constraint of the migrations (then `on_conflict` is there).
    pub may_conflict: bool,
}

/// Proves a statement and pushes it to [`FlowCx::queries`]. `None`: something is wrong and was reported.
/// `block` is the block's name for messages.
pub fn statement(
    _cx: &mut FlowCx<'_>,
    _scope: &Scope,
    _st: &ast::Statement,
    _kind: Kind,
    _block: &str,
) -> Option<Checked> {
    None
}
