//! Tables guessed from the SQL that uses them.

use std::collections::{BTreeMap, BTreeSet};

use super::sql::Ty;
use super::sql::facts::{Facts, Node, Null};
use super::sql::quoted::quoted;
use super::sql::scope::{Col, Known};
use super::yaml::Origins;

/// What a type belongs to, across all statements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Typed {
    /// A variable, by its index in the bot.
    Var(usize),
    Col(Col),
}

/// Everything known about types, gathered before it is decided.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// In order of appearance.
    pub columns: Vec<Col>,
    pub tables: BTreeSet<String>,
    pub links: Vec<(Typed, Typed)>,
    /// What, which type, and whether surely.
    pub is: Vec<(Typed, Ty, bool)>,
    /// Per INSERT: its table and columns.
    pub inserts: Vec<(String, Vec<String>)>,
    pub nullable: BTreeSet<Col>,
    pub unique: BTreeSet<(String, Vec<String>)>,
    /// Whole numbers without an upper bound that a person may type.
    pub wide: BTreeSet<usize>,
}

impl Evidence {
    /// Adds a statement's facts; `var` says which variable a parameter is, and a built-in's type is known.
    pub(super) fn add(
        &mut self,
        facts: &Facts,
        var: impl Fn(&str) -> Option<usize>,
        may_be_null: impl Fn(&str) -> bool,
    ) {
        self.tables.extend(facts.tables.iter().cloned());
        for col in &facts.columns {
            if !self.columns.contains(col) {
                self.columns.push(col.clone());
            }
        }
        let typed = |node: &Node| match node {
            Node::Col(col) => Ok(Typed::Col(col.clone())),
            Node::Param(name) => var(name).map(Typed::Var).ok_or(built_in(name)),
        };
        for (a, b) in &facts.links {
            match (typed(a), typed(b)) {
                (Ok(a), Ok(b)) => self.links.push((a, b)),
                (Ok(node), Err(Some(ty))) | (Err(Some(ty)), Ok(node)) => {
                    self.is.push((node, ty, true));
                }
                _ => {}
            }
        }
        for (node, ty, surely) in &facts.is {
            if let Ok(node) = typed(node) {
                self.is.push((node, *ty, *surely));
            }
        }
        for insert in &facts.inserts {
            self.inserts
                .push((insert.table.clone(), insert.columns.clone()));
        }
        for (col, null) in &facts.nulls {
            let nullable = match null {
                Null::Itself => true,
                Null::Param(name) => may_be_null(name),
            };
            if nullable {
                self.nullable.insert(col.clone());
            }
        }
        self.nullable.extend(facts.tested.iter().cloned());
        self.unique.extend(facts.unique.iter().cloned());
    }

    /// Whether anything tells the column's type.
    pub(super) fn has_type(&self, col: &Col) -> bool {
        let node = Typed::Col(col.clone());
        self.is.iter().any(|(n, ..)| *n == node)
            || self.links.iter().any(|(a, b)| *a == node || *b == node)
    }

    /// Columns of every table, for reading statements again.
    pub(super) fn known(&self) -> Known {
        let mut known = Known::default();
        for table in &self.tables {
            known.tables.entry(table.clone()).or_default();
        }
        for (table, column) in &self.columns {
            let columns = known.tables.entry(table.clone()).or_default();
            columns.insert(column.clone());
        }
        known
    }
}

/// The type of a built-in parameter.
fn built_in(name: &str) -> Option<Ty> {
    Some(match name {
        "bot_id" | "locale" => Ty::Text,
        "user_id" | "chat_id" => Ty::Int,
        "now" => Ty::DateTime,
        "today" => Ty::Date,
        // `params:` that the rewriting made; `date ± days` stays close enough to an instant.
        name if name.starts_with("since") || name.starts_with("until") => Ty::DateTime,
        _ => return None,
    })
}

/// A guessed column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    pub ty: Ty,
    pub nullable: bool,
    /// The type as the migration writes it, with constraints.
    pub sql: String,
}

/// A guessed table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub unique: Vec<Vec<String>>,
}

/// What a table of the migration is called among what is taken back.
pub(super) fn table_origin(table: &str) -> String {
    format!("table {table}")
}

/// All tables, and the type decided for each variable.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub tables: BTreeMap<String, Table>,
    pub vars: BTreeMap<usize, Ty>,
}

/// A view of the runtime: nobody makes it.
pub(super) fn is_view(name: &str) -> bool {
    name.starts_with("bf_")
}

impl Schema {
    pub(super) fn column(&self, (table, column): &Col) -> Option<&Column> {
        self.tables
            .get(table)?
            .columns
            .iter()
            .find(|c| c.name == *column)
    }

    /// The migration and which bytes of it are which table, or nothing without tables.
    pub(super) fn migration(&self) -> Option<(String, Origins)> {
        let own = || self.tables.values().filter(|t| !is_view(&t.name));
        own().next()?;
        let mut out = String::from(
            "-- Guessed by `botgen import` from the statements of the old spec. Compare with the old database.\n",
        );
        let mut origins = Origins::new();
        for table in own() {
            let from = out.len();
            out.push_str(&format!("\nCREATE TABLE {} (\n", quoted(&table.name)));
            let mut lines: Vec<String> = table
                .columns
                .iter()
                .map(|c| format!("    {} {}", quoted(&c.name), c.sql))
                .collect();
            for columns in &table.unique {
                let columns: Vec<String> = columns.iter().map(|c| quoted(c)).collect();
                lines.push(format!("    UNIQUE ({})", columns.join(", ")));
            }
            out.push_str(&lines.join(",\n"));
            out.push_str("\n);\n");
            let has = |name: &str| table.columns.iter().any(|c| c.name == name);
            // A UNIQUE that begins with the owner is an index already.
            let indexed = table
                .unique
                .iter()
                .any(|u| u.starts_with(&["bot_id".into(), "user_id".into()]));
            if has("bot_id") && has("user_id") && !indexed {
                out.push_str(&format!(
                    "CREATE INDEX {} ON {} (bot_id, user_id);\n",
                    quoted(&format!("{}_bot_id_user_id_idx", table.name)),
                    quoted(&table.name)
                ));
            }
            origins.push((from..out.len(), table_origin(&table.name)));
        }
        Some((out, origins))
    }
}

/// Decides every type.
pub(super) fn decide(evidence: &Evidence) -> Schema {
    let mut groups = Groups::default();
    for col in &evidence.columns {
        groups.index(&Typed::Col(col.clone()));
    }
    for (a, b) in &evidence.links {
        groups.join(a, b);
    }
    let explicit_id = |table: &str| {
        let mut inserts = evidence.inserts.iter();
        inserts.any(|(t, columns)| t == table && columns.iter().any(|c| c == "id"))
    };
    let mut found: BTreeMap<usize, Vec<(Ty, bool)>> = BTreeMap::new();
    let mut wide = BTreeSet::new();
    let add = |groups: &mut Groups, node: &Typed, ty, surely, found: &mut BTreeMap<_, Vec<_>>| {
        let group = groups.group(node);
        found.entry(group).or_default().push((ty, surely));
    };
    for (node, ty, surely) in &evidence.is {
        add(&mut groups, node, *ty, *surely, &mut found);
    }
    for col in &evidence.columns {
        let node = Typed::Col(col.clone());
        if let Some(ty) = match col.1.as_str() {
            "user_id" | "chat_id" => Some(Ty::Int),
            "bot_id" => Some(Ty::Text),
            "id" if !explicit_id(&col.0) => Some(Ty::Int),
            _ => None,
        } {
            add(&mut groups, &node, ty, true, &mut found);
        }
    }
    // A group that nothing tells about has the type of a column's name.
    for col in &evidence.columns {
        let group = groups.group(&Typed::Col(col.clone()));
        let guess = || vec![(by_name(&col.1), false)];
        found.entry(group).or_insert_with(guess);
    }
    for var in &evidence.wide {
        wide.insert(groups.group(&Typed::Var(*var)));
    }
    let ty_of = |groups: &mut Groups, node: &Typed| -> Option<Ty> {
        let all = found.get(&groups.group(node))?;
        let surely = all.iter().filter(|(_, s)| *s).map(|(ty, _)| *ty).max();
        // Guesses count only when they agree; text takes everything.
        surely.or_else(|| {
            let first = all.first()?.0;
            Some(if all.iter().all(|(ty, _)| *ty == first) {
                first
            } else {
                Ty::Text
            })
        })
    };

    let mut schema = Schema::default();
    let vars: Vec<Typed> = groups
        .nodes
        .keys()
        .filter(|n| matches!(n, Typed::Var(_)))
        .cloned()
        .collect();
    for node in vars {
        if let (Typed::Var(var), Some(ty)) = (&node, ty_of(&mut groups, &node)) {
            schema.vars.insert(*var, ty);
        }
    }
    for table in &evidence.tables {
        let mut names: Vec<String> = evidence
            .columns
            .iter()
            .filter(|(t, _)| t == table)
            .map(|(_, c)| c.clone())
            .collect();
        // The key first, then the owner; the rest as the statements list it.
        names.sort_by_key(|n| match n.as_str() {
            "id" => 0,
            "bot_id" => 1,
            "user_id" => 2,
            "created_at" => 4,
            "updated_at" => 5,
            _ => 3,
        });
        let generated = !explicit_id(table);
        if generated && names.first().is_none_or(|n| n != "id") {
            names.insert(0, "id".to_owned());
        }
        let inserts: Vec<&Vec<String>> = evidence
            .inserts
            .iter()
            .filter(|(t, _)| t == table)
            .map(|(_, columns)| columns)
            .collect();
        let columns = names.into_iter().map(|name| {
            let col = (table.clone(), name.clone());
            let node = Typed::Col(col.clone());
            let ty = ty_of(&mut groups, &node).unwrap_or_else(|| by_name(&name));
            let always = !inserts.is_empty() && inserts.iter().all(|i| i.contains(&name));
            let owner = name == "bot_id" || name == "user_id";
            let stamped = ty == Ty::DateTime && (name == "created_at" || name == "updated_at");
            let tested = evidence.nullable.contains(&col);
            let nullable = tested || !(always || owner || stamped);
            if name == "id" && generated {
                return Column {
                    name,
                    ty: Ty::Int,
                    nullable: false,
                    sql: "BIGSERIAL PRIMARY KEY".to_owned(),
                };
            }
            let big = name.ends_with("_id") || name == "id" || wide.contains(&groups.group(&node));
            let mut sql = match ty {
                Ty::Text => "TEXT",
                Ty::Int if big => "BIGINT",
                Ty::Int => "INTEGER",
                Ty::Real => "DOUBLE PRECISION",
                Ty::Decimal => "NUMERIC(12,2)",
                Ty::Bool => "BOOLEAN",
                Ty::Date => "DATE",
                Ty::DateTime => "TIMESTAMPTZ",
            }
            .to_owned();
            if !nullable {
                sql.push_str(" NOT NULL");
            }
            if stamped && !always && !tested {
                sql.push_str(" DEFAULT CURRENT_TIMESTAMP");
            }
            Column {
                name,
                ty,
                nullable,
                sql,
            }
        });
        let columns = columns.collect();
        let unique = evidence.unique.iter().filter(|(t, _)| t == table);
        schema.tables.insert(
            table.clone(),
            Table {
                name: table.clone(),
                columns,
                // The key is unique already.
                unique: unique
                    .map(|(_, columns)| columns.clone())
                    .filter(|columns| !(generated && *columns == ["id"]))
                    .collect(),
            },
        );
    }
    schema
}

/// The type of a column that nothing else tells about.
fn by_name(name: &str) -> Ty {
    match name {
        _ if name.ends_with("_at") || name == "last_active" => Ty::DateTime,
        _ if name.ends_with("_date") || name == "date" => Ty::Date,
        _ if name.starts_with("is_") || name.starts_with("has_") || name.starts_with("in_") => {
            Ty::Bool
        }
        _ if name.ends_with("_id")
            || name.ends_with("_count")
            || ["id", "count", "age", "rating", "quantity", "year"].contains(&name) =>
        {
            Ty::Int
        }
        _ if ["price", "amount", "total", "sum", "cost"].contains(&name) => Ty::Decimal,
        _ => Ty::Text,
    }
}

/// Union–find over everything that has a type.
#[derive(Debug, Default)]
struct Groups {
    nodes: BTreeMap<Typed, usize>,
    parent: Vec<usize>,
}

impl Groups {
    fn index(&mut self, node: &Typed) -> usize {
        if let Some(&index) = self.nodes.get(node) {
            return index;
        }
        let index = self.parent.len();
        self.parent.push(index);
        self.nodes.insert(node.clone(), index);
        index
    }
    fn group(&mut self, node: &Typed) -> usize {
        let mut index = self.index(node);
        while self.parent[index] != index {
            self.parent[index] = self.parent[self.parent[index]];
            index = self.parent[index];
        }
        index
    }
    fn join(&mut self, a: &Typed, b: &Typed) {
        let (a, b) = (self.group(a), self.group(b));
        self.parent[a] = b;
    }
}

#[cfg(test)]
mod tests {
    use super::super::sql::{facts, parse_sqlite};
    use super::*;

    fn schema(statements: &[&str], vars: &[(&str, Ty, bool)]) -> Schema {
        let mut evidence = Evidence::default();
        for sql in statements {
            let facts = facts::of(&parse_sqlite(sql).expect(sql), &evidence.known());
            evidence.add(
                &facts,
                |name| vars.iter().position(|(n, ..)| *n == name),
                |_| false,
            );
        }
        for (i, (_, ty, surely)) in vars.iter().enumerate() {
            evidence.is.push((Typed::Var(i), *ty, *surely));
        }
        decide(&evidence)
    }

    #[test]
    fn a_booking_table() {
        let schema = schema(
            &[
                "INSERT INTO bookings (bot_id, user_id, service, slot, note, created_at) VALUES (:bot_id, :user_id, :service, :slot, CASE WHEN :note = 'no' THEN NULL ELSE :note END, :now)",
                "SELECT id, service FROM bookings WHERE slot > :now AND status = 'new'",
            ],
            &[
                ("service", Ty::Text, false),
                ("slot", Ty::DateTime, true),
                ("note", Ty::Text, false),
            ],
        );
        assert_eq!(
            schema.migration().unwrap().0.split_once("\n\n").unwrap().1,
            "CREATE TABLE bookings (
    id BIGSERIAL PRIMARY KEY,
    bot_id TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    service TEXT NOT NULL,
    slot TIMESTAMPTZ NOT NULL,
    note TEXT,
    status TEXT,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX bookings_bot_id_user_id_idx ON bookings (bot_id, user_id);
"
        );
    }

    #[test]
    fn free_text_makes_a_guessed_number_text_and_a_sure_number_makes_free_text_a_number() {
        let insert = "INSERT INTO t (n) VALUES (:a)";
        let guessed = schema(&[insert], &[("a", Ty::Int, false)]);
        assert_eq!(guessed.vars[&0], Ty::Int);
        let mixed = schema(
            &[insert, "INSERT INTO t (n) VALUES (:b)"],
            &[("a", Ty::Int, false), ("b", Ty::Text, false)],
        );
        assert_eq!(mixed.vars[&0], Ty::Text);
        let compared = schema(
            &[insert, "SELECT n FROM t WHERE n > 5"],
            &[("a", Ty::Text, false)],
        );
        assert_eq!(compared.vars[&0], Ty::Int);
    }

    #[test]
    fn keys_that_are_given_are_no_serial() {
        let schema = schema(
            &["INSERT INTO t (id, x) VALUES (:a, 1) ON CONFLICT (id) DO NOTHING"],
            &[("a", Ty::Text, false)],
        );
        let table = &schema.tables["t"];
        assert_eq!(table.columns[0].sql, "TEXT NOT NULL");
        assert_eq!(table.unique, [["id".to_owned()]]);
    }
}
