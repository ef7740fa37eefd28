//! What the compiler says of a bot's own tables.

/// The migrations of one owner of tables.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct MigrationSet {
    pub owner: &'static str,
    pub files: &'static [Migration],
}

/// A table of the bot's.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct TableSpec {
    pub name: &'static str,
    /// It has the column `bot_id`.
    pub bot: bool,
    /// Migrations insert rows.
    pub seeded: bool,
    /// Deletes rows of the bot (`$1`: its id) or, of a table without `bot_id`, any: at most [`TableSpec::BATCH`], or all
    /// where they refer to each other.
    pub sqlite: &'static str,
    /// The same.
    pub postgres: &'static str,
}

impl TableSpec {
    /// Rows that one statement deletes.
    pub const BATCH: u64 = 500;
}

/// One migration.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Migration {
    pub version: i64,
    pub name: &'static str,
    pub sqlite: &'static str,
    /// In a build with the engine of that name.
    pub postgres: Option<&'static str>,
}

/// A table of the bot's with rows of people: what is exported for them, and erased.
#[derive(Debug)]
pub struct PersonTable {
    /// As the migrations name it.
    pub table: &'static str,
    /// Which rows, in SQL: `$1` is the person, `$2` the bot's id.
    pub condition: &'static str,
    /// `$2` stands in it.
    pub by_bot: bool,
    /// Its columns.
    pub columns: &'static [&'static str],
}

/// Where a bot keeps what is about people.
#[derive(Debug, Clone, Copy)]
pub struct HeldByBot {
    /// The bot's folder: `:bot_id` of its SQL.
    pub id: &'static str,
    /// Those that refer to others stand before them.
    pub tables: &'static [PersonTable],
}
