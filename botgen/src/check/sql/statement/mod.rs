//! One statement, from YAML to IR.

mod engines;
mod kept;

use super::fault::Fault;
use super::kinds::{allowed, first_word, foreign, one};
use super::last_word::Draft;
use super::naming::{row_name, unique};
use super::text::{lex, with_stack};
use super::typer::{Typer, Verb};
use super::{
    Checked, Kind, cache, conflicts, lint, owned, pages, parameters, recipients, result, runtime,
    segments, tables,
};
use crate::Engine;
use crate::check::scope::Scope;
use crate::check::{FlowCx, expr};
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::remove_entry;
use crate::diagnostics::{Diagnostic, Severity};
use crate::ir::expr::{Builtin, Expr, ExprKind};
use crate::ir::sql::{Param, Query, QueryId, Shape, Text};
use crate::ir::types::{Base, Ty};
use crate::syntax::ast;
use engines::{Asked, ask, sqlite_agrees};
use kept::{kept, shaped};

/// Most rows that a query without LIMIT gives.
const ROWS: usize = botfactory_lang::limits::QUERY_ROWS;
/// The same for what a calendar asks: one more than it takes, so that it sees that there are too many.
const MOMENTS: usize = botfactory_lang::limits::CALENDAR_ROWS + 1;

/// The same for an audience: as many people as a broadcast takes by name.
const AUDIENCE: usize = 100_000;

/// Proves a statement and pushes it to [`FlowCx::queries`]. `None`: something is wrong and was reported.
/// `block` is the block's name for messages.
pub fn statement(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    st: &ast::Statement,
    kind: Kind,
    block: &str,
) -> Option<Checked> {
    let errors = cx.sink.errors();
    let engine = cx.bot.schema.engine;
    let own = match engine {
        Engine::Sqlite => &st.sql.sqlite,
        Engine::Postgres => &st.sql.postgres,
    };
    let text = match own.as_ref().or(st.sql.both.as_ref()) {
        Some(text) => text.clone(),
        None => {
            let name = engine.name();
            cx.sink.report(
                Diagnostic::new(
                    &codes::NO_ENGINE,
                    st.sql.span,
                    format!("there is no SQL for {name}"),
                )
                .help(format!(
                    "write `sql: …` for both engines, or add `{}: …`",
                    name.to_lowercase()
                )),
            );
            return None;
        }
    };
    let report = |cx: &mut FlowCx<'_>, fault: Fault| cx.sink.report(fault.at(&text));
    let lexed = match lex(&text.value, engine) {
        Ok(lexed) => lexed,
        Err(fault) => {
            report(cx, fault);
            return None;
        }
    };
    let tokens = match one(&lexed) {
        Ok(tokens) => tokens,
        Err(fault) => {
            report(cx, fault);
            return None;
        }
    };
    let parsed = first_word(&lexed, &tokens, block)
        .and_then(|()| lexed.parse(&tokens))
        .and_then(|parsed| allowed(&parsed, kind, block, &lexed, &tokens).map(|()| parsed));
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(fault) => {
            report(cx, foreign(fault, &lexed, engine));
            return None;
        }
    };

    let mut hidden = lint::query::check(&parsed, kind, &lexed);
    if kind == Kind::Source {
        hidden.extend(pages::unfit(&parsed, &lexed, &tokens));
    }
    if !hidden.is_empty() {
        for fault in hidden {
            report(cx, fault);
        }
        return None;
    }

    let params = parameters::resolve(cx, scope, st, &text, &lexed);
    let schema = cx.bot.schema;
    let owner = owner(cx.bot.ast);
    let mut typer = Typer::new(&schema.tables, &lexed, &owner, &params.given);
    let deep = lexed.depth(&tokens).unwrap_or(true);
    let mut results = match with_stack(deep, || typer.statement(&parsed)) {
        Ok(results) => results,
        Err(fault) => {
            report(cx, fault);
            return None;
        }
    };
    let mut faults = std::mem::take(&mut typer.faults);
    let calls = lint::calls::check(&lexed, &tokens, false);
    lint::merge(&mut cx.advice, &mut faults, calls, &text);

    if let Some(write) = typer
        .write
        .as_ref()
        .filter(|w| w.verb != Verb::Insert && !w.filtered)
    {
        let verb = if write.verb == Verb::Update {
            "UPDATE"
        } else {
            "DELETE"
        };
        faults.push(
            Fault::new(
                &codes::NO_WHERE,
                write.range.clone(),
                format!("this {verb} changes every row of `{}`", write.table),
            )
            .help("add WHERE; `WHERE TRUE` if every row is meant"),
        );
    } else {
        scoped(cx, scope, st, kind, &typer, &params, &mut faults);
    }
    let may_conflict = conflicting(cx, st, &typer, &mut faults);
    let broken = faults.iter().any(|f| f.code().severity == Severity::Error);
    // What a broken migration should have made is not missing.
    let unmade = schema.owners.get(&owner).is_some_and(|o| o.broken);
    for fault in faults {
        if !(unmade && fault.is_absence()) {
            report(cx, fault);
        }
    }

    let mut faults = Vec::new();
    if !cx.bot.ast.incomplete {
        faults.extend(segments::check(&typer, &lexed, &cx.bot.ast.segments));
    }
    let shape = kept(cx, st, kind, &results, broken);
    // A scalar reads the first column only, sqlx's macros take exactly one.
    let mut gone = 0..0;
    let mut edits = typer.edits.clone();
    if matches!(shape, Some((ast::Shape::Scalar, _))) && results.outputs.len() > 1 {
        match result::first_only(&parsed, &results, &lexed, &mut edits) {
            Some(cut) => {
                // What was put around columns that are gone goes with them.
                edits.0.retain(|(r, _)| {
                    *r == cut || cut.is_empty() || r.start < cut.start || r.end > cut.end
                });
                gone = cut;
            }
            None => faults.push(
                Fault::new(
                    &codes::SHAPE,
                    results.outputs[1].typed.range.clone(),
                    "`scalar` takes the first column, the others decide about the rows here",
                )
                .help("select one column"),
            ),
        }
    }
    // Parameters are numbered by name and type: a variable that meets two types is bound twice.
    let mut slots: Vec<(usize, Base)> = Vec::new();
    let mut binds = Vec::new();
    for bind in &typer.binds {
        if bind.range.start >= gone.start && bind.range.end <= gone.end && !gone.is_empty() {
            continue;
        }
        let Some(base) = bind
            .base
            .clone()
            .or_else(|| params.given[bind.param].base.clone())
        else {
            continue; // it has an error
        };
        let slot = (bind.param, base);
        let number = slots.iter().position(|s| *s == slot).unwrap_or_else(|| {
            slots.push(slot);
            slots.len() - 1
        });
        binds.push((bind.range.clone(), number));
    }
    let bounded = matches!(shape, Some((ast::Shape::Rows | ast::Shape::Flatten, _)));
    let rows = match kind {
        Kind::Query => Some(ROWS),
        Kind::Moments => Some(MOMENTS),
        Kind::Audience => Some(AUDIENCE),
        Kind::Exec | Kind::Source => None,
    };
    // What a query without a LIMIT gets.
    let added = rows.filter(|_| !results.limited && !results.always);
    let draft = Draft {
        lexed: &lexed,
        tokens: &tokens,
        edits,
        binds,
        slots: slots.iter().map(|(_, base)| base.clone()).collect(),
        tail: match added.filter(|_| bounded) {
            Some(rows) => format!(" LIMIT {rows}"),
            None => String::new(),
        },
    };
    let mut sql = draft.text(engine);
    let outputs = if gone.end > 0 {
        1
    } else {
        results.outputs.len()
    };
    let sound = faults.is_empty() && !broken && cx.sink.errors() == errors && !params.broken;
    if engine == Engine::Postgres {
        let asked = sound.then(|| ask(cx, &owner, &draft, &results, outputs, &text));
        let deferred = match asked {
            Some(Asked::Told(answer)) => {
                sql = answer.sql;
                answer.deferred
            }
            // What only Postgres knows stays unknown, and silent.
            Some(Asked::Nobody) | None => vec![None; outputs],
            Some(Asked::Refused) => return None,
        };
        for (output, base) in results.outputs.iter_mut().zip(deferred) {
            if output.typed.base.is_none() {
                output.typed.base = base;
                output.typed.untyped = false;
            }
        }
    }
    let one = match kind {
        Kind::Moments => Some(("a calendar", "select the day or the time alone")),
        Kind::Audience => Some(("an audience", "select the people's `user_id` alone")),
        _ => None,
    };
    if let (Some((who, help)), Some(second)) = (one, results.outputs.get(1)) {
        faults.push(
            Fault::new(
                &codes::SHAPE,
                second.typed.range.clone(),
                format!(
                    "{who} takes one column, these are {}",
                    results.outputs.len()
                ),
            )
            .help(help),
        );
    }
    if kind == Kind::Audience && sound {
        let (wrong, odd) = recipients::check(&typer, &results);
        faults.extend(wrong);
        cx.advice.later(odd.map(|fault| fault.at(&text)));
    }
    let columns = match &shape {
        Some(_) if one.is_some() && results.outputs.len() > 1 => None,
        Some(_) if results.outputs.is_empty() => None,
        Some((written, _)) => result::columns(&results, *written, &lexed, &mut faults),
        None => Some((Vec::new(), Vec::new())),
    };
    for fault in faults {
        report(cx, fault);
    }
    if broken || cx.sink.errors() > errors || params.broken {
        return None;
    }
    let (columns, origins) = columns?;
    // sqlx finds the description by the text alone: one that depends on variables says so in it.
    if kind != Kind::Source && results.outputs.iter().any(|o| o.typed.by_param) {
        let types: Vec<String> = columns.iter().map(|c| c.ty.describe()).collect();
        sql.push_str(&format!(" -- {}", types.join(", ")));
    }
    if engine == Engine::Sqlite && !sqlite_agrees(cx, &owner, &sql, &draft, outputs, &text) {
        return None;
    }

    lint::rows(&mut cx.advice, &typer, &results, st, kind, &text);
    // Previews have names of their own in the runtime's views, and there alone.
    let views = runtime::alone(&typer);
    let mut bound = Vec::new();
    for (param, base) in slots {
        let name = &params.given[param].name;
        let value = params.values[param].clone()?;
        let ty = Ty {
            base: if base == Base::Null {
                Base::Text { max: None }
            } else {
                base
            },
            nullable: value.ty.nullable,
        };
        let what = format!("`:{name}`");
        let value = match value.kind {
            ExprKind::Builtin(Builtin::BotId) if views => Expr {
                kind: ExprKind::Builtin(Builtin::BotInViews),
                ..value
            },
            _ => value,
        };
        let value = expr::coerce(cx, value, &ty, params.places[param], &what)?;
        cx.bound.push((value.clone(), params.places[param]));
        let ident = unique(crate::check::snake(name), &bound);
        bound.push(Param { ident, value, ty });
    }

    let id = QueryId(cx.queries.len());
    let (shape, ty) = match shape {
        None => (Shape::Nothing, None),
        Some((written, always)) => {
            let most = results
                .most
                .map_or(added, |n| Some(added.map_or(n, |added| n.min(added))));
            shaped(written, always, id, columns.first().map(|c| &c.ty), most)
        }
    };
    let verb = match typer.write.as_ref().map(|w| w.verb) {
        None => "select",
        Some(Verb::Insert) => "insert",
        Some(Verb::Update) => "update",
        Some(Verb::Delete) => "delete",
    };
    let table = typer
        .relations
        .iter()
        .find_map(|r| r.table.as_deref())
        .or(st.result_var.as_ref().map(|v| v.value.as_str()))
        .unwrap_or("value");
    let ident = cx.ident(&format!("{verb}_{table}"));
    let named = st.result_var.as_ref().map_or(table, |v| v.value.as_str());
    let row = row_name(cx, named);
    let types: Vec<Base> = bound.iter().map(|p: &Param| p.ty.base.clone()).collect();
    // Without parameters both engines' texts may be one, and sqlx tells descriptions apart by the text alone.
    if kind != Kind::Source && engine == Engine::Postgres && bound.is_empty() {
        sql.push_str(" -- Postgres");
    }
    let written = Text {
        cache: cache::entry(engine, &sql, &types, &columns, &origins),
        params: (0..bound.len()).collect(),
        sql,
    };
    let (sqlite, postgres) = match engine {
        Engine::Sqlite => (Some(written), None),
        Engine::Postgres => (None, Some(written)),
    };
    cx.queries.push(Query {
        ident,
        row,
        origin: cx.origin(st.sql.span),
        sqlite,
        postgres,
        params: bound,
        columns,
        shape,
        writes: typer.write.is_some(),
        may_conflict,
    });
    Some(Checked {
        query: id,
        result: ty,
        may_conflict,
        order: pages::Order {
            unique: results.unique,
            columns: results.order,
        },
    })
}

/// Whose migrations the bot's tables are: its own, or those of the folder that `migrations:` names.
pub fn owner(bot: &ast::Bot) -> String {
    bot.migrations
        .as_ref()
        .and_then(|path| {
            let path = path.value.trim_end_matches('/');
            let folder = path.strip_suffix("/migrations").unwrap_or(path);
            folder.rsplit('/').next()
        })
        .filter(|id| !id.is_empty() && *id != "." && *id != "..")
        .unwrap_or(&bot.id)
        .to_owned()
}

fn scoped(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    st: &ast::Statement,
    kind: Kind,
    typer: &Typer<'_>,
    params: &parameters::Parameters,
    faults: &mut Vec<Fault>,
) {
    if typer.relations.iter().any(|r| r.broken) {
        return;
    }
    // `bot_id = $1`: the condition is there, and what is wrong with it was said.
    let slipped = |f: &Fault| {
        let code = f.code().id == codes::SYNTAX.id || f.code().id == codes::PARAMETER.id;
        let before = typer.lexed.slice(&(0..f.range().start)).trim_end();
        let column = before.strip_suffix('=').map(str::trim_end);
        code && column.is_some_and(|c| c.ends_with("bot_id") || c.ends_with("user_id"))
    };
    if faults.iter().chain(&typer.faults).any(slipped) {
        return;
    }
    // An audience is other people; admins see who talks to the bot.
    let admins = cx.only_admins();
    let people =
        |table: &tables::Table| kind == Kind::Audience || (admins && table.owner.is_empty());
    let owned::Open { own, runtime } = owned::check(typer, &people, admins);
    let mut open = own;
    let others = !runtime.is_empty();
    faults.extend(runtime);
    let origins = &cx.advice.origins;
    let case = lint::taint::Case::new(typer, params, origins, scope, cx.command);
    open.extend(case.check());
    let result = st.result_var.as_ref().map(|v| v.value.as_str());
    let learnt = case.learn(result);
    cx.advice.origins.keep(learnt, result);
    match &st.unscoped {
        None => faults.extend(open),
        Some(reason) if reason.value.trim().is_empty() => cx.sink.report(
            Diagnostic::new(&codes::UNSCOPED, reason.span, "`unscoped` says why")
                .help("write the reason: `unscoped: \"the bot's total, shown to everyone\"`"),
        ),
        Some(_) if others => {}
        Some(reason) if open.is_empty() => cx.sink.report(
            Diagnostic::new(
                &codes::NEEDLESS_UNSCOPED,
                reason.span,
                match kind {
                    Kind::Audience => "an audience is other people: only the bot's rows are asked for, and these are",
                    _ => "the statement is scoped to the bot and the person as it is",
                },
            )
            .help("remove `unscoped`")
            .removing(remove_entry(cx.bot.sources, reason.span)),
        ),
        Some(_) => {}
    }
}

fn conflicting(
    cx: &mut FlowCx<'_>,
    st: &ast::Statement,
    typer: &Typer<'_>,
    faults: &mut Vec<Fault>,
) -> bool {
    if faults.iter().any(|f| f.code() == &codes::CONFLICT_TARGET) {
        return false;
    }
    let risks = typer
        .write
        .as_ref()
        .map(|w| (w, conflicts::risks(typer.tables, w)))
        .filter(|(_, risks)| !risks.is_empty());
    match (risks, &st.on_conflict) {
        // It was refused, and with it what would have been done.
        (Some(_), None) if st.conflict_lost => true,
        (Some((write, risks)), None) => {
            let names: Vec<&str> = risks.iter().map(|r| r.name.as_str()).collect();
            let mut fault = Fault::new(
                &codes::CONFLICT,
                write.range.clone(),
                format!("`{}` can refuse this: {}", write.table, names.join("; ")),
            )
            .help("say what the person is told then: `on_conflict: { reply: …, goto: step }`");
            for risk in &risks {
                fault = fault.note(risk.defined, "declared here");
            }
            faults.push(fault);
            true
        }
        (Some(_), Some(_)) => true,
        (None, Some(on)) => {
            let broken = typer.relations.iter().any(|r| r.broken);
            if !broken {
                cx.sink.report(
                    Diagnostic::new(
                        &codes::NEEDLESS_CONFLICT,
                        on.span,
                        "no constraint of the migrations can refuse this statement",
                    )
                    .help("remove `on_conflict`")
                    .removing(remove_entry(cx.bot.sources, on.span)),
                );
            }
            false
        }
        (None, None) => false,
    }
}
