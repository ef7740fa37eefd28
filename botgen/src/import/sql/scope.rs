//! Which table a column belongs to.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    Delete, Expr, FromTable, Insert, JoinOperator, Query, Select, SelectItem, SetExpr, Statement,
    TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};

use super::{last, name};

/// Table and column.
pub(in crate::import) type Col = (String, String);

/// Columns of every table as far as they are known.
#[derive(Debug, Clone, Default)]
pub(in crate::import) struct Known {
    pub tables: BTreeMap<String, BTreeSet<String>>,
    /// A column that no table is known to have belongs to the first one.
    pub guess: bool,
}

impl Known {
    pub(in crate::import) fn has(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|c| c.contains(column))
    }
}

/// Columns of a subquery and the table column behind each.
pub(super) type Derived = BTreeMap<String, Option<Col>>;

/// Subqueries that have a name.
pub(super) type Ctes = BTreeMap<String, Derived>;

/// Something in FROM.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub alias: String,
    pub source: Source,
    /// On the side of an outer join that may be missing.
    pub outer: bool,
}

/// See [`Relation`].
#[derive(Debug, Clone)]
pub(super) enum Source {
    Table(String),
    Derived(Derived),
}

/// The names that stand in one FROM, and the names its SELECT gives.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub relations: Vec<Relation>,
    pub aliases: BTreeSet<String>,
    /// Relation's alias and column: not null where the conditions hold.
    pub there: BTreeSet<(String, String)>,
}

impl Scope {
    pub(super) fn of_select(select: &Select, ctes: &Ctes, known: &Known) -> Self {
        let mut scope = Self::of_from(&select.from, ctes, known);
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                scope.aliases.insert(name(alias));
            }
        }
        scope
    }

    pub(super) fn of_from(from: &[TableWithJoins], ctes: &Ctes, known: &Known) -> Self {
        let mut scope = Self::default();
        for table in from {
            let first = scope.relations.len();
            scope.add(&table.relation, false, ctes, known);
            for join in &table.joins {
                let (left, right) = match join.join_operator {
                    JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => (false, true),
                    JoinOperator::Right(_) | JoinOperator::RightOuter(_) => (true, false),
                    JoinOperator::FullOuter(_) => (true, true),
                    _ => (false, false),
                };
                if left {
                    for relation in &mut scope.relations[first..] {
                        relation.outer = true;
                    }
                }
                scope.add(&join.relation, right, ctes, known);
            }
        }
        scope
    }

    /// The scope of the tables a statement writes.
    pub(super) fn of_statement(ast: &Statement, ctes: &Ctes, known: &Known) -> Self {
        match ast {
            Statement::Insert(insert) => {
                let mut scope = Self::default();
                if let Some(table) = insert_table(insert) {
                    for alias in [table.clone(), "excluded".to_owned()] {
                        scope.relations.push(Relation {
                            alias,
                            source: Source::Table(table.clone()),
                            outer: false,
                        });
                    }
                }
                scope
            }
            Statement::Update(update) => Self::of_from(&update_from(update), ctes, known),
            Statement::Delete(delete) => Self::of_from(&delete_from(delete), ctes, known),
            _ => Self::default(),
        }
    }

    fn add(&mut self, factor: &TableFactor, outer: bool, ctes: &Ctes, known: &Known) {
        let relation = match factor {
            TableFactor::Table {
                name: table, alias, ..
            } => {
                let table = last(table);
                Relation {
                    alias: alias.as_ref().map_or(table.clone(), |a| name(&a.name)),
                    source: match ctes.get(&table) {
                        Some(derived) => Source::Derived(derived.clone()),
                        None => Source::Table(table),
                    },
                    outer,
                }
            }
            TableFactor::Derived {
                subquery, alias, ..
            } => Relation {
                alias: alias.as_ref().map(|a| name(&a.name)).unwrap_or_default(),
                source: Source::Derived(derived(subquery, ctes, known)),
                outer,
            },
            _ => return,
        };
        self.relations.push(relation);
    }

    /// The relation that a column expression means, and the column's name.
    pub(super) fn find<'a>(&'a self, expr: &Expr, known: &Known) -> Option<(&'a Relation, String)> {
        match expr {
            Expr::CompoundIdentifier(parts) => {
                let [.., table, column] = parts.as_slice() else {
                    return None;
                };
                let (table, column) = (name(table), name(column));
                let relation = self.relations.iter().find(|r| r.alias == table)?;
                Some((relation, column))
            }
            Expr::Identifier(ident) => {
                let column = name(ident);
                let has = |relation: &&Relation| match &relation.source {
                    Source::Table(table) => known.has(table, &column),
                    Source::Derived(columns) => columns.contains_key(&column),
                };
                if let Some(relation) = self.relations.iter().find(has) {
                    return Some((relation, column));
                }
                if self.aliases.contains(&column) {
                    return None;
                }
                let mut tables = self
                    .relations
                    .iter()
                    .filter(|r| matches!(r.source, Source::Table(_)) && r.alias != "excluded");
                match (tables.next(), tables.next()) {
                    (Some(first), second) if second.is_none() || known.guess => {
                        Some((first, column))
                    }
                    _ => None,
                }
            }
            Expr::Nested(inner) => self.find(inner, known),
            _ => None,
        }
    }

    /// The table column that a column expression means.
    pub(super) fn column(&self, expr: &Expr, known: &Known) -> Option<Col> {
        let (relation, column) = self.find(expr, known)?;
        match &relation.source {
            Source::Table(table) => Some((table.clone(), column)),
            Source::Derived(columns) => columns.get(&column).cloned().flatten(),
        }
    }
}

/// The columns a query gives.
pub(super) fn derived(query: &Query, ctes: &Ctes, known: &Known) -> Derived {
    let mut body = query.body.as_ref();
    let select = loop {
        match body {
            SetExpr::Select(select) => break select,
            SetExpr::Query(inner) => body = inner.body.as_ref(),
            // The first branch of a UNION names its columns.
            SetExpr::SetOperation { left, .. } => body = left,
            _ => return Derived::new(),
        }
    };
    let scope = Scope::of_select(select, ctes, known);
    select
        .projection
        .iter()
        .filter_map(|item| match item {
            SelectItem::UnnamedExpr(expr) => {
                let (_, column) = scope.find(expr, known)?;
                Some((column, scope.column(expr, known)))
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                Some((name(alias), scope.column(expr, known)))
            }
            _ => None,
        })
        .collect()
}

/// Adds the named subqueries of a query.
pub(super) fn add_ctes(query: &Query, ctes: &mut Ctes, known: &Known) {
    for cte in query.with.iter().flat_map(|w| &w.cte_tables) {
        let columns = derived(&cte.query, ctes, known);
        ctes.insert(name(&cte.alias.name), columns);
    }
}

/// The table an INSERT writes.
pub(super) fn insert_table(insert: &Insert) -> Option<String> {
    match &insert.table {
        TableObject::TableName(table) => Some(last(table)),
        _ => None,
    }
}

fn update_from(update: &Update) -> Vec<TableWithJoins> {
    let mut from = vec![update.table.clone()];
    match &update.from {
        Some(UpdateTableFromKind::AfterSet(more) | UpdateTableFromKind::BeforeSet(more)) => {
            from.extend(more.iter().cloned());
        }
        None => {}
    }
    from
}

fn delete_from(delete: &Delete) -> Vec<TableWithJoins> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let mut from = from.clone();
    from.extend(delete.using.iter().flatten().cloned());
    from
}
