//! The views that the runtime's migrations make for bots: who talks to a bot, who belongs to which segment, what was
//! broadcast. They are read, never written, and every query of them names the bot.

use super::tables::{Column, OWNER_COLUMNS, Table, Tables};
use super::typer::Typer;
use crate::ir::types::Base;
use crate::source::{FileId, Span};

/// The same on Postgres, whose checks run without the runtime's migrations: the views as tables of the same columns.
pub const POSTGRES: &str = "
CREATE TABLE bf_people (bot_id text NOT NULL, user_id bigint NOT NULL, first_name text NOT NULL, last_name text,
  username text, language text, first_seen timestamptz NOT NULL, last_seen timestamptz NOT NULL, private boolean NOT NULL,
  subscribed boolean NOT NULL, reachable boolean NOT NULL);
CREATE TABLE bf_segments (bot_id text NOT NULL, segment text NOT NULL, user_id bigint NOT NULL,
  joined_at timestamptz NOT NULL);
CREATE TABLE bf_broadcasts (bot_id text NOT NULL, id bigint NOT NULL, name text NOT NULL, audience text NOT NULL,
  status text NOT NULL, per_second bigint NOT NULL, total bigint NOT NULL, sent bigint NOT NULL, failed bigint NOT NULL,
  blocked bigint NOT NULL, ambiguous bigint NOT NULL, skipped bigint NOT NULL, created_at timestamptz NOT NULL,
  starts_at timestamptz NOT NULL, started_at timestamptz, finished_at timestamptz);
";

/// Their names, for a help line.
pub fn names() -> String {
    let names: Vec<_> = VIEWS.iter().map(|(name, _)| format!("`{name}`")).collect();
    names.join(", ")
}

/// Columns by view; `?` after a type: may be null.
const VIEWS: [(&str, &str); 3] = [
    (
        "bf_people",
        "bot_id:text user_id:int first_name:text last_name:text? username:text? language:text? first_seen:datetime \
         last_seen:datetime private:bool subscribed:bool reachable:bool",
    ),
    (
        "bf_segments",
        "bot_id:text segment:text user_id:int joined_at:datetime",
    ),
    (
        "bf_broadcasts",
        "bot_id:text id:int name:text audience:text status:text per_second:int total:int sent:int failed:int blocked:int \
         ambiguous:int skipped:int created_at:datetime starts_at:datetime started_at:datetime? finished_at:datetime?",
    ),
];

/// The views, as the checks see them.
pub fn tables() -> Tables {
    let mut tables = Tables::default();
    for (name, columns) in VIEWS {
        let mut table = Table {
            name: name.to_owned(),
            owner: String::new(),
            defined: NOWHERE,
            columns: columns.split_whitespace().filter_map(column).collect(),
            keys: Vec::new(),
            checks: Vec::new(),
            foreign: Vec::new(),
            view: true,
            indexes: Vec::new(),
            shows: Vec::new(),
            seeds: 0,
            owned: Vec::new(),
        };
        table.own();
        debug_assert!(table.owned.iter().any(|owner| owner == OWNER_COLUMNS[0]));
        tables.insert(table);
    }
    tables
}

/// A statement reads views of the runtime's, and no table of a bot's beside them.
pub fn alone(typer: &Typer<'_>) -> bool {
    let mut tables = typer.relations.iter().filter_map(|r| r.table.as_ref());
    let view = |name: &String| {
        let table = typer.tables.get(name);
        table.is_some_and(|table| table.view && table.owner.is_empty())
    };
    let first = tables.next().is_some_and(view);
    first && tables.all(view)
}

/// No file of a bot.
const NOWHERE: Span = Span {
    file: FileId(0),
    lo: 0,
    hi: 0,
};

fn column(written: &str) -> Option<Column> {
    let (name, ty) = written.split_once(':')?;
    let base = match ty.trim_end_matches('?') {
        "text" => Base::Text { max: None },
        "int" => Base::Int,
        "bool" => Base::Bool,
        _ => Base::DateTime,
    };
    Some(Column {
        name: name.to_owned(),
        base: Some(base),
        null: ty.ends_with('?'),
        default: false,
        default_text: None,
        serial: false,
        defined: NOWHERE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the runtime's migrations make has the columns that are promised, in that order.
    #[test]
    fn the_views_are_those_of_the_migrations() {
        for migrations in [
            include_str!("../../../../migrations/sqlite/0004_people.sql"),
            include_str!("../../../../migrations/postgres/0004_people.sql"),
        ] {
            for table in tables().iter() {
                let head = format!("CREATE VIEW {} (", table.name);
                let made = migrations.split(&head).nth(1).unwrap();
                let made = made.split(')').next().unwrap();
                let made: Vec<_> = made.split(',').map(str::trim).collect();
                let promised: Vec<_> = table.columns.iter().map(|c| c.name.as_str()).collect();
                assert_eq!(made, promised, "{}", table.name);
                let head = format!("CREATE TABLE {} (", table.name);
                let stands = POSTGRES.split(&head).nth(1).unwrap();
                let stands = stands.split(");").next().unwrap();
                let stands = stands
                    .split(',')
                    .map(|c| c.split_whitespace().next().unwrap());
                assert_eq!(stands.collect::<Vec<_>>(), promised, "{}", table.name);
            }
        }
    }
}
