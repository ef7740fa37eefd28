//! SQL and migrations.

super::codes! {
    /// Names and numbers of files.
    FILES = "BF0501" error "a migration with a wrong name or number";
    /// Two makers of one table.
    TAKEN = "BF0502" error "a name of the database that is taken";
    /// `bf_`, `sqlite_`, `pg_`.
    RESERVED = "BF0503" error "a table that belongs to the runtime";
    /// Not expressible.
    MIGRATION_FORM = "BF0504" error "a migration that the engine cannot express";
    /// The engine refuses it.
    MIGRATION = "BF0505" error "a migration that fails";
    /// Rows or columns go.
    DESTRUCTIVE = "BF0506" warning "a migration that destroys data";
    /// Others wait.
    LOCKING = "BF0507" warning "a migration that locks a table";
    /// Rows that are there may not fit.
    RISKY = "BF0508" warning "a migration that existing rows can make fail";
    /// `-- botgen: allow(…)`.
    ALLOW = "BF0509" warning "an `allow` in a migration that does not work";
    /// Not SQL.
    SYNTAX = "BF0510" error "SQL that cannot be read";
    /// None or several.
    ONE = "BF0511" error "not exactly one statement";
    /// A write in a query, DDL.
    KIND = "BF0512" error "a statement that its block does not allow";
    /// Postgres's own forms.
    FORM = "BF0513" error "a form that the engine does not know";
    /// UPDATE or DELETE of everything.
    NO_WHERE = "BF0514" error "UPDATE or DELETE without WHERE";
    /// No text for the engine.
    NO_ENGINE = "BF0515" error "no statement for the engine being built for";
    /// `migrations/sqlite/` and `migrations/postgres/` differ.
    TABLES_DIFFER = "BF0516" error "tables that differ between the engines";
    /// `sqlite:` and `postgres:` differ.
    STATEMENTS_DIFFER = "BF0517" error "a statement that gives something else on the other engine";
    /// No such table.
    UNKNOWN_TABLE = "BF0520" error "a table that does not exist";
    /// No such column.
    UNKNOWN_COLUMN = "BF0521" error "a column that does not exist";
    /// No such function.
    FUNCTION = "BF0522" error "a function that does not exist";
    /// A column of several tables.
    AMBIGUOUS = "BF0523" error "a column that several tables have";
    /// The engine refuses it.
    ENGINE = "BF0524" error "a statement that the engine refuses";
    /// Many values in one group.
    GROUPING = "BF0525" error "a column or aggregate outside of its group";
    /// ON CONFLICT of no key.
    CONFLICT_TARGET = "BF0526" error "ON CONFLICT on columns that are no key";
    /// No variable of the name.
    PARAMETER = "BF0530" error "a parameter that nothing provides";
    /// `params:` named like a built-in.
    SHADOWED = "BF0531" error "a parameter that shadows a built-in";
    /// Rows, lists, contacts.
    UNBINDABLE = "BF0532" error "a value that cannot be a parameter";
    /// An entry of `params:` that is not used.
    UNUSED_PARAMETER = "BF0533" warning "an entry of `params` that the statement does not use";
    /// Types that do not fit.
    TYPE = "BF0534" error "SQL values of different types";
    /// Null into NOT NULL.
    NULL = "BF0535" error "a null where SQL needs a value";
    /// CAST needed.
    UNTYPED = "BF0536" error "an SQL expression of unknown type";
    /// NOT NULL column left out.
    MISSING = "BF0537" error "an INSERT without a column that needs a value";
    /// Our type and Postgres's.
    DISAGREE = "BF0538" error "an SQL expression that Postgres gives another type";
    /// No or no unique name.
    COLUMN_NAME = "BF0540" error "a result column without a usable name";
    /// Number of columns.
    SHAPE = "BF0541" error "a wrong number of columns";
    /// Nothing to keep, nowhere to keep it.
    RESULT = "BF0542" error "a result that is missing or that nothing keeps";
    /// RETURNING for nobody.
    UNUSED_RESULT = "BF0543" warning "RETURNING that nothing keeps";
    /// Rows of others.
    UNSCOPED = "BF0550" error "a statement that reaches rows of others";
    /// `unscoped` for nothing.
    NEEDLESS_UNSCOPED = "BF0551" warning "`unscoped` on a statement that is scoped";
    /// `on_conflict` is missing.
    CONFLICT = "BF0555" error "a constraint that can refuse the statement";
    /// `on_conflict` for nothing.
    NEEDLESS_CONFLICT = "BF0556" warning "`on_conflict` where nothing can refuse";
    /// A row by an id of the person's choice.
    TAINTED = "BF0560" error "a row of somebody else, by an id that the person chooses";
    /// A reference of the person's choice.
    FOREIGN_ROW = "BF0561" error "a reference to a row of somebody else";
    /// Changes, locks and tables inside of a query.
    QUERY_WRITES = "BF0562" error "a query that changes or locks rows";
    /// `single` of many.
    SEVERAL = "BF0563" warning "one row of several";
    /// More than fit.
    CUT_OFF = "BF0564" warning "a list that is cut off without a word";
    /// A scan for a lookup.
    NO_INDEX = "BF0565" warning "a lookup without an index";
    /// Sleeps and locks.
    WAITS = "BF0566" error "a function that waits or locks";
    /// Files, other databases, settings, counters.
    OUTSIDE = "BF0567" error "a function that reaches outside";
    /// Random values.
    VOLATILE = "BF0568" warning "a function that gives another value in every run";
    /// The engine's own time.
    CLOCK = "BF0569" warning "the database's clock";
    /// Tables of the engine itself.
    CATALOGUE = "BF0570" error "a table of the database itself";
    /// Names that the previous version uses.
    RENAMES = "BF0571" warning "a migration that breaks the version before it";
    /// Nothing equals null.
    NULL_COMPARED = "BF0572" warning "a comparison with what may be null";
    /// `doctor = doctor`.
    ITSELF = "BF0573" warning "a column compared with itself";
    /// `botgen prepare` was not run.
    STALE = "BF0591" error "kept answers of Postgres that are out of date";
    /// sqlx or SQLite does not run.
    DATABASE = "BF0590" error "the check database does not work";
    /// Not JSON, another version.
    BROKEN = "BF0592" error "a kept answer of Postgres that cannot be read";
}
