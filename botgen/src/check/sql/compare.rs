//! Both engines side by side: a bot reads and writes the same on either, so their tables and statements must agree.

use super::Schema;
use super::tables::{Column, Table};
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::ir;
use crate::ir::sql::{Query, Shape};
use crate::ir::types::{Base, Ty};
use crate::source::{FileId, SourceMap, Span};

/// The tables that the migrations make: names, columns, their types, nullability and defaults, keys and references.
pub fn tables(sqlite: &Schema, postgres: &Schema, sink: &mut Sink) {
    for table in sqlite.tables.iter() {
        match postgres.tables.get(&table.name) {
            Some(other) => same_table(table, other, sink),
            None => only(
                &table.name,
                kind(table),
                "SQLite",
                "Postgres",
                table.defined,
                sink,
            ),
        }
    }
    for table in postgres.tables.iter() {
        if sqlite.tables.get(&table.name).is_none() {
            only(
                &table.name,
                kind(table),
                "Postgres",
                "SQLite",
                table.defined,
                sink,
            );
        }
    }
}

fn kind(table: &Table) -> &'static str {
    if table.view { "view" } else { "table" }
}

fn only(name: &str, what: &str, there: &str, not_here: &str, at: Span, sink: &mut Sink) {
    sink.report(
        Diagnostic::new(
            &codes::TABLES_DIFFER,
            at,
            format!("`{name}` is a {what} on {there} only"),
        )
        .help(format!(
            "make it in `migrations/{}/` too",
            not_here.to_lowercase()
        )),
    );
}

fn same_table(a: &Table, b: &Table, sink: &mut Sink) {
    let name = &a.name;
    if a.view != b.view {
        differ(
            format!(
                "`{name}` is a {} on SQLite and a {} on Postgres",
                kind(a),
                kind(b)
            ),
            a.defined,
            b.defined,
            sink,
        );
        return;
    }
    for column in &a.columns {
        match b.column(&column.name) {
            Some((_, other)) => same_column(name, column, other, sink),
            None => only_column(name, column, "SQLite", "Postgres", sink),
        }
    }
    for column in &b.columns {
        if a.column(&column.name).is_none() {
            only_column(name, column, "Postgres", "SQLite", sink);
        }
    }
    let order = |t: &Table, other: &Table| -> Vec<String> {
        t.columns
            .iter()
            .map(|c| c.name.to_ascii_lowercase())
            .filter(|c| other.column(c).is_some())
            .collect()
    };
    if order(a, b) != order(b, a) {
        differ(
            format!("the columns of `{name}` stand in another order: `SELECT *` gives them so"),
            a.defined,
            b.defined,
            sink,
        );
    }
    lists(name, (&keys(a), a.defined), (&keys(b), b.defined), sink);
    lists(
        name,
        (&references(a), a.defined),
        (&references(b), b.defined),
        sink,
    );
    lists(
        name,
        (&conditions(a), a.defined),
        (&conditions(b), b.defined),
        sink,
    );
}

fn only_column(table: &str, column: &Column, there: &str, not_here: &str, sink: &mut Sink) {
    sink.report(
        Diagnostic::new(
            &codes::TABLES_DIFFER,
            column.defined,
            format!("`{table}.{}` is a column on {there} only", column.name),
        )
        .help(format!(
            "add it in `migrations/{}/` too",
            not_here.to_lowercase()
        )),
    );
}

fn same_column(table: &str, a: &Column, b: &Column, sink: &mut Sink) {
    let says = |c: &Column| match (&c.base, c.null) {
        (Some(base), null) => spoken(&Ty {
            base: base.clone(),
            nullable: null,
        }),
        (None, _) => String::new(),
    };
    let what = format!("`{table}.{}`", a.name);
    if a.base.is_some() && b.base.is_some() && (&a.base, a.null) != (&b.base, b.null) {
        let message = format!(
            "{what} is {} on SQLite and {} on Postgres",
            says(a),
            says(b)
        );
        differ(message, a.defined, b.defined, sink);
        return;
    }
    let counts = |c: &Column| {
        if c.serial {
            "counts up by itself".to_owned()
        } else {
            match (&c.default_text, c.default) {
                (Some(text), true) => format!("has the default `{text}`"),
                (None, true) => "has a default".to_owned(),
                (_, false) => "has no default".to_owned(),
            }
        }
    };
    if counts(a) != counts(b) {
        let message = format!(
            "{what} {} on SQLite, on Postgres it {}",
            counts(a),
            counts(b)
        );
        differ(message, a.defined, b.defined, sink);
    }
}

fn differ(message: String, sqlite: Span, postgres: Span, sink: &mut Sink) {
    let mut finding = Diagnostic::new(&codes::TABLES_DIFFER, postgres, message)
        .help("a bot reads and writes the same on both engines: make the migrations agree");
    if sqlite != postgres {
        finding = finding.note(sqlite, "on SQLite");
    }
    sink.report(finding);
}

/// Constraints in words, sorted.
fn lists(table: &str, a: (&[String], Span), b: (&[String], Span), sink: &mut Sink) {
    for (here, there, on) in [(&a, &b, "SQLite"), (&b, &a, "Postgres")] {
        for one in here.0.iter().filter(|one| !there.0.contains(one)) {
            differ(format!("`{table}` has {one} on {on} only"), a.1, b.1, sink);
        }
    }
}

fn keys(table: &Table) -> Vec<String> {
    table
        .keys
        .iter()
        .map(|k| {
            let mut columns = k.columns.clone();
            columns.sort();
            let kind = match (k.primary, k.partial) {
                (true, _) => "PRIMARY KEY",
                (false, true) => "a partial UNIQUE",
                (false, false) => "UNIQUE",
            };
            format!("{kind} ({})", columns.join(", "))
        })
        .collect()
}

fn references(table: &Table) -> Vec<String> {
    table
        .foreign
        .iter()
        .map(|f| {
            let mut text = format!("FOREIGN KEY ({}) to `{}`", f.columns.join(", "), f.table);
            if !f.referred.is_empty() {
                text.push_str(&format!(" ({})", f.referred.join(", ")));
            }
            text.push_str(
                &format!(", {:?} on delete, {:?} on update", f.on_delete, f.on_update)
                    .to_lowercase(),
            );
            text
        })
        .collect()
}

fn conditions(table: &Table) -> Vec<String> {
    table
        .checks
        .iter()
        .map(|c| format!("a CHECK on {}", c.columns.join(", ")))
        .collect()
}

/// The statements, and Postgres's texts put beside SQLite's. `None`: they differ, or a program is missing.
pub fn programs(
    sqlite: Option<ir::Program>,
    postgres: Option<ir::Program>,
    sources: &SourceMap,
    sink: &mut Sink,
) -> Option<ir::Program> {
    let (mut program, mut other) = (sqlite?, postgres?);
    for (bot, theirs) in program.bots.iter_mut().zip(&mut other.bots) {
        for (file, their) in bot
            .migrations
            .files
            .iter_mut()
            .zip(&mut theirs.migrations.files)
        {
            file.postgres = their.postgres.take();
        }
        for (flow, their) in bot.flows.iter_mut().zip(&mut theirs.flows) {
            for (query, their) in flow.queries.iter_mut().zip(&mut their.queries) {
                if let Some(message) = difference(query, their) {
                    let place = line(&query.origin, sources);
                    let finding = Diagnostic::new(&codes::STATEMENTS_DIFFER, place, message)
                        .help("make them the same: an alias, a CAST, COALESCE");
                    sink.report(finding);
                } else {
                    join(query, their);
                }
            }
        }
    }
    (sink.errors() == 0).then_some(program)
}

/// In what a statement gives something else on Postgres.
fn difference(a: &Query, b: &Query) -> Option<String> {
    if a.columns.len() != b.columns.len() {
        return Some(format!(
            "this gives {} columns on SQLite and {} on Postgres",
            a.columns.len(),
            b.columns.len()
        ));
    }
    for (x, y) in a.columns.iter().zip(&b.columns) {
        if x.name != y.name {
            return Some(format!(
                "a column is called `{}` on SQLite and `{}` on Postgres",
                x.name, y.name
            ));
        }
        if x.ty != y.ty {
            let what = match a.shape {
                Shape::Scalar { .. } | Shape::Flatten => "the result".to_owned(),
                _ => format!("`{}`", x.name),
            };
            return Some(format!(
                "{what} is {} on SQLite and {} on Postgres",
                spoken(&x.ty),
                spoken(&y.ty)
            ));
        }
    }
    let always = |q: &Query| {
        matches!(
            q.shape,
            Shape::Single { always: true } | Shape::Scalar { always: true }
        )
    };
    if a.shape != b.shape {
        let says = |q| {
            if always(q) {
                "always gives a row"
            } else {
                "may give no row"
            }
        };
        return Some(format!(
            "this {} on SQLite and {} on Postgres",
            says(a),
            says(b)
        ));
    }
    (a.writes != b.writes).then(|| "this writes on one engine only".to_owned())
}

/// Postgres's text beside SQLite's, over the parameters of both.
fn join(query: &mut Query, theirs: &mut Query) {
    let mut places = Vec::new();
    for param in theirs.params.drain(..) {
        let known = query.params.iter().position(|p| {
            p.ty == param.ty
                && p.ident.trim_end_matches(char::is_numeric)
                    == param.ident.trim_end_matches(char::is_numeric)
        });
        places.push(known.unwrap_or_else(|| {
            let mut param = param;
            let base = param.ident.clone();
            let mut n = 2;
            while query.params.iter().any(|p| p.ident == param.ident) {
                param.ident = format!("{base}_{n}");
                n += 1;
            }
            query.params.push(param);
            query.params.len() - 1
        }));
    }
    query.may_conflict |= theirs.may_conflict;
    query.postgres = theirs.postgres.take().map(|mut text| {
        text.params = places;
        text
    });
}

fn spoken(ty: &Ty) -> String {
    match &ty.base {
        Base::Text { max: Some(max) } => {
            let bounded = format!("text of at most {max}");
            if ty.nullable {
                format!("{bounded} or null")
            } else {
                bounded
            }
        }
        _ => ty.describe(),
    }
}

/// The line of `bots/booking/bot.yaml:21`, without its indentation.
fn line(origin: &ir::Origin, sources: &SourceMap) -> Span {
    let found = origin
        .0
        .rsplit_once(':')
        .and_then(|(path, line)| sources.line(path, line.parse().ok()?));
    found.unwrap_or(Span {
        file: FileId(0),
        lo: 0,
        hi: 0,
    })
}
