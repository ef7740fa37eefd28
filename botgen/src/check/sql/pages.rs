//! The queries behind a list that is shown in pages: the author writes which rows there are and in which order; the
//! rows of one page, how many there are and where a page begins are asked by texts made of that one.

use std::ops::Range;

use sqlparser::ast::Statement;

use super::fault::Fault;
use super::naming::row_name;
use super::postgres::Refusal;
use super::text::{Lexed, quoted};
use super::{Check, cache, key_of, statement, types};
use crate::Engine;
use crate::check::FlowCx;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::lists as page_codes;
use crate::diagnostics::codes::sql as codes;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::pages::{CHOSEN, Chosen, LIMIT, Mark, OFFSET, mark_name};
use crate::ir::sql::{Column, Param, Query, QueryId, Shape, Storage, Text};
use crate::ir::types::{Base, Ty};
use crate::source::Span;

/// What is known of the order of a query's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// Of each column, where something is known: that no two rows share its value, or that some may.
    pub unique: Vec<Option<bool>>,
    /// What ORDER BY names, where that is columns of the result: which, and whether the greatest comes first.
    pub columns: Option<Vec<(usize, bool)>>,
}

/// What keeps a query from being shown in pages.
pub(super) fn unfit(parsed: &Statement, lexed: &Lexed<'_>, tokens: &Range<usize>) -> Vec<Fault> {
    let Statement::Query(query) = parsed else {
        return Vec::new();
    };
    let last = |words: &[&str]| {
        tokens
            .clone()
            .filter_map(|i| lexed.tokens.get(i))
            .rfind(|t| t.within.is_none() && words.iter().any(|w| t.is_word(w)))
            .map(|t| t.range.clone())
    };
    if query.limit_clause.is_some() || query.fetch.is_some() {
        let words = ["LIMIT", "OFFSET", "FETCH"];
        let first = tokens
            .clone()
            .filter_map(|i| lexed.tokens.get(i))
            .find(|t| t.within.is_none() && words.iter().any(|w| t.is_word(w)));
        let at = first.map_or(lexed.bytes(tokens), |t| t.range.clone());
        let word = lexed.slice(&at).to_ascii_uppercase();
        return vec![
            Fault::new(
                &page_codes::SOURCE_LIMIT,
                at,
                format!("{word} is not for the author to write here"),
            )
            .help("leave LIMIT and OFFSET out: `page_size` says how many rows a page has, the rest is counted for you"),
        ];
    }
    if query.order_by.is_none() {
        let at = last(&["FROM"]).unwrap_or_else(|| lexed.bytes(tokens));
        let at = at.start..lexed.bytes(tokens).end;
        return vec![
            Fault::new(
                &page_codes::SOURCE_ORDER,
                at,
                "nothing says in which order the rows come, so that pages could repeat and lose some",
            )
            .help("end it with ORDER BY"),
        ];
    }
    Vec::new()
}

/// What a list wants of its source.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The column that tells rows apart.
    pub id: usize,
    /// Rows on a page.
    pub size: usize,
    /// How the place of a page is found again.
    pub mark: &'a Mark,
    /// An id may be chosen: it must be among the rows. The number of rows that are read is then a parameter.
    pub chosen: bool,
}

/// Makes the queries of a list out of its source, the flow's last query: that becomes the rows of a page, another one
/// counts, and a third knows whether an id is among the rows.
pub fn derive(
    cx: &mut FlowCx<'_>,
    order: &Order,
    wanted: &Wanted<'_>,
    at: Span,
) -> Option<(QueryId, QueryId, Chosen)> {
    let (id, mark) = (wanted.id, wanted.mark);
    let engine = cx.bot.schema.engine;
    let source = cx.queries.pop()?;
    let text = match engine {
        Engine::Sqlite => source.sqlite.clone()?,
        Engine::Postgres => source.postgres.clone()?,
    };
    let name = |column: usize| source.columns.get(column).map(|c| spelled(&c.name));
    let column = source.columns.get(id)?;
    let ordered_by_id = order
        .columns
        .as_ref()
        .is_some_and(|list| list.iter().any(|(c, _)| *c == id));
    // What is equal by the author's order comes in the order of its id, on every page alike.
    let ordered = if ordered_by_id {
        text.sql.clone()
    } else {
        // By its place in the result: of a join, several tables may have a column of its name.
        format!("{}, {}", text.sql, id + 1)
    };
    let many = source.params.len();
    let placeholder = |n: usize, base: &Base| match engine {
        Engine::Sqlite => format!("?{n}"),
        Engine::Postgres => format!("CAST(${n} AS {})", types::postgres(base)),
    };
    let bound = |n: usize| placeholder(many + n, &Base::Int);
    let (limit, offset, bounds) = if wanted.chosen {
        (bound(1), bound(2), vec![number(LIMIT), number(OFFSET)])
    } else {
        (wanted.size.to_string(), bound(1), vec![number(OFFSET)])
    };
    let page_sql = format!("{ordered} LIMIT {limit} OFFSET {offset}");
    let (marks, place_sql) = match mark {
        Mark::Keys(keys) => {
            let mut marks = Vec::new();
            let mut before = String::new();
            let mut same = Vec::new();
            for (n, (key, falling)) in keys.iter().enumerate().rev() {
                let key_column = source.columns.get(*key)?;
                let (column, value) = (
                    format!("bf_rows.{}", name(*key)?),
                    placeholder(many + 1 + n, &key_column.ty.base),
                );
                let sign = if *falling { ">" } else { "<" };
                before = if before.is_empty() {
                    format!("{column} {sign} {value}")
                } else {
                    format!("{column} {sign} {value} OR ({column} = {value} AND ({before}))")
                };
                same.insert(0, format!("{column} = {value}"));
                marks.insert(0, key_column.ty.base.clone());
            }
            let same = same.join(" AND ");
            let sql = format!(
                "SELECT COUNT(*) AS total, COUNT(CASE WHEN {before} THEN 1 END) AS earlier, \
                 COUNT(CASE WHEN {same} THEN 1 END) AS same FROM ({}) AS bf_rows",
                text.sql
            );
            (marks, sql)
        }
        Mark::Id => {
            let base = column.ty.base.clone();
            let (id, value) = (name(id)?, placeholder(many + 1, &base));
            // The bound keeps the order of the rows inside.
            let sql = format!(
                "SELECT COUNT(*) AS total, MIN(CASE WHEN bf_rows.{id} = {value} THEN bf_rows.bf_number END) - 1 AS earlier, \
                 COUNT(CASE WHEN bf_rows.{id} = {value} THEN 1 END) AS same FROM \
                 (SELECT bf_list.{id}, ROW_NUMBER() OVER () AS bf_number FROM ({ordered} LIMIT {}) AS bf_list) AS bf_rows",
                i64::MAX
            );
            (vec![base], sql)
        }
        Mark::Number => (
            Vec::new(),
            format!("SELECT COUNT(*) AS total FROM ({}) AS bf_rows", text.sql),
        ),
    };
    let page = Query {
        shape: Shape::Rows,
        ..with(&source, &page_sql, bounds)
    };
    let row = row_name(cx, "place");
    let ident = cx.ident(&format!("place_{}", source.ident.trim_start_matches("r#")));
    let marks = marks.into_iter().enumerate();
    let marks: Vec<Param> = marks
        .map(|(n, base)| param(&mark_name(n), Ty::maybe(base)))
        .collect();
    let counted = |name: &str, nullable: bool| Column {
        name: name.to_owned(),
        ident: name.to_owned(),
        ty: Ty::some(Base::Int).with_null(nullable),
        sqlite: Storage::Integer,
    };
    let mut columns = vec![counted("total", false)];
    if *mark != Mark::Number {
        columns.extend([counted("earlier", true), counted("same", false)]);
    }
    let place = Query {
        ident,
        row,
        columns,
        shape: Shape::Single { always: true },
        ..with(&source, &place_sql, marks)
    };
    let stem = source.ident.trim_start_matches("r#").to_owned();
    let value = |ty: &Ty, sqlite: Storage| Column {
        name: "value".to_owned(),
        ident: "value".to_owned(),
        ty: ty.clone(),
        sqlite,
    };
    let by_hash = matches!(column.ty.base, Base::Text { .. });
    let chosen = match (wanted.chosen, by_hash) {
        (false, _) => None,
        (true, true) => {
            let sql = format!(
                "SELECT bf_rows.{} AS value FROM ({}) AS bf_rows LIMIT {IDS}",
                name(id)?,
                text.sql
            );
            Some(Query {
                ident: cx.ident(&format!("ids_of_{stem}")),
                columns: vec![value(&column.ty, column.sqlite)],
                shape: Shape::Flatten,
                ..with(&source, &sql, Vec::new())
            })
        }
        (true, false) => {
            let sql = format!(
                "SELECT COUNT(*) AS value FROM ({}) AS bf_rows WHERE bf_rows.{} = {}",
                text.sql,
                name(id)?,
                placeholder(many + 1, &column.ty.base)
            );
            Some(Query {
                ident: cx.ident(&format!("count_of_{stem}")),
                columns: vec![value(&Ty::some(Base::Int), Storage::Integer)],
                shape: Shape::Scalar { always: true },
                ..with(&source, &sql, vec![param(CHOSEN, column.ty.clone())])
            })
        }
    };
    let page = prove(cx, page, at)?;
    let place = prove(cx, place, at)?;
    let first = cx.queries.len();
    cx.queries.extend([page, place]);
    let chosen = match chosen {
        None => Chosen::Listed,
        Some(query) => {
            let query = prove(cx, query, at)?;
            let found = QueryId(cx.queries.len());
            cx.queries.push(query);
            if by_hash {
                Chosen::Among(found)
            } else {
                Chosen::Counted(found)
            }
        }
    };
    Some((QueryId(first), QueryId(first + 1), chosen))
}

/// Most ids among which a chosen text is looked for.
const IDS: usize = 10_000;

fn number(name: &str) -> Param {
    param(name, Ty::some(Base::Int))
}

/// A parameter that the list's own code gives.
fn param(name: &str, ty: Ty) -> Param {
    Param {
        ident: name.to_owned(),
        value: Expr {
            ty: ty.clone(),
            kind: ExprKind::Var {
                ident: name.to_owned(),
                narrowed: false,
            },
        },
        ty,
    }
}

/// A column of a derived table. What the author wrote without quotes is written without them.
fn spelled(name: &str) -> String {
    if name.chars().any(|c| c.is_ascii_uppercase()) {
        return quoted(name);
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The same query with other words and further parameters.
fn with(source: &Query, sql: &str, params: Vec<Param>) -> Query {
    let mut query = source.clone();
    query.params.extend(params);
    let text = |_: &Text| Text {
        sql: sql.to_owned(),
        params: Vec::new(),
        cache: crate::ir::sql::CacheEntry {
            file: String::new(),
            json: String::new(),
        },
    };
    query.sqlite = source.sqlite.as_ref().map(text);
    query.postgres = source.postgres.as_ref().map(text);
    query
}

/// Lets the engine read the text, and describes it for sqlx.
fn prove(cx: &mut FlowCx<'_>, mut query: Query, at: Span) -> Option<Query> {
    let schema = cx.bot.schema;
    let engine = schema.engine;
    let owner = statement::owner(cx.bot.ast);
    let owned = schema.owners.get(&owner);
    let text = match engine {
        Engine::Sqlite => query.sqlite.as_mut()?,
        Engine::Postgres => query.postgres.as_mut()?,
    };
    let refused = |words: String| {
        Diagnostic::new(
            &codes::ENGINE,
            at,
            format!("{} refuses the query of a page: {words}", engine.name()),
        )
        .help("write the source in a simpler way: columns with names of their own, ORDER BY by columns of the result")
    };
    let known = !owned.is_some_and(|o| o.broken || o.stale);
    let wanted = (query.params.len(), query.columns.len());
    if engine == Engine::Postgres && query.params.is_empty() {
        text.sql.push_str(" -- Postgres");
    }
    match &schema.database {
        Some(Check::Sqlite(database)) if known => match database.prepare(&text.sql) {
            Ok(prepared) if (prepared.parameters, prepared.columns.len()) == wanted => {}
            Ok(_) => {
                cx.sink
                    .report(refused("it counts other parameters or columns".to_owned()));
                return None;
            }
            Err(words) => {
                cx.sink.report(refused(words));
                return None;
            }
        },
        Some(Check::Postgres(database)) if known => {
            let key = key_of(owned.map_or("", |o| o.key.as_str()), &text.sql);
            match database.describe(&key, &text.sql) {
                Ok(said) if (said.parameters.len(), said.columns.len()) == wanted => {}
                Ok(_) => {
                    cx.sink
                        .report(refused("it counts other parameters or columns".to_owned()));
                    return None;
                }
                Err(Refusal::Refused { message, .. }) => {
                    cx.sink.report(refused(message));
                    return None;
                }
                Err(Refusal::Missing) => {
                    let bot = &cx.bot.ast.folder;
                    if schema.say_once(bot) {
                        cx.sink.report(super::stale(at, bot));
                    }
                    return None;
                }
                Err(Refusal::Gone(words)) => {
                    if schema.say_once("") {
                        cx.sink.report(super::no_database(at, engine, &words));
                    }
                    return None;
                }
            }
        }
        _ => {}
    }
    let types: Vec<Base> = query.params.iter().map(|p| p.ty.base.clone()).collect();
    text.params = (0..types.len()).collect();
    text.cache = cache::entry(engine, &text.sql, &types, &query.columns, &[]);
    Some(query)
}
