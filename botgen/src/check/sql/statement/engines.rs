//! The engine has the last word on the final text.

use crate::check::FlowCx;
use crate::check::sql::fault::Fault;
use crate::check::sql::last_word::{Draft, Failed};
use crate::check::sql::typer::Results;
use crate::check::sql::{Check, key_of, last_word, runtime};
use crate::diagnostics::codes::sql as codes;
use crate::source::Str;

/// What came of asking Postgres.
pub(super) enum Asked {
    /// Its answer.
    Told(last_word::Answer),
    /// Nobody answers, or does not know the tables: that is said elsewhere.
    Nobody,
    /// Something is wrong, and was reported.
    Refused,
}

/// Postgres describes the final text.
pub(super) fn ask(
    cx: &mut FlowCx<'_>,
    owner: &str,
    draft: &Draft<'_>,
    results: &Results,
    outputs: usize,
    text: &Str,
) -> Asked {
    let schema = cx.bot.schema;
    let owned = schema.owners.get(owner);
    let (Some(Check::Postgres(database)), false) =
        (&schema.database, owned.is_some_and(|o| o.broken || o.stale))
    else {
        return Asked::Nobody;
    };
    let mut migrations = owned.map_or_else(String::new, |o| o.key.clone());
    // What is kept of such a statement hangs on the runtime's views too.
    if draft.lexed.text.to_ascii_lowercase().contains("bf_") {
        migrations = key_of(&migrations, runtime::POSTGRES);
    }
    match last_word::ask(&**database, &migrations, draft, results, outputs) {
        Ok(answer) => return Asked::Told(answer),
        Err(Failed::Faults(faults)) => {
            for fault in faults {
                cx.sink.report(fault.at(text));
            }
        }
        Err(Failed::Missing) => {
            let bot = &cx.bot.ast.folder;
            if schema.say_once(bot) {
                let at = text.span_of(draft.lexed.bytes(draft.tokens));
                cx.sink.report(crate::check::sql::stale(at, bot));
            }
        }
        Err(Failed::Gone(words)) => {
            if schema.say_once("") {
                let at = text.span_of(draft.lexed.bytes(draft.tokens));
                cx.sink
                    .report(crate::check::sql::no_database(at, schema.engine, &words));
            }
        }
    }
    Asked::Refused
}

/// SQLite prepares the final text: the last word on it.
pub(super) fn sqlite_agrees(
    cx: &mut FlowCx<'_>,
    owner: &str,
    sql: &str,
    draft: &Draft<'_>,
    columns: usize,
    text: &Str,
) -> bool {
    let schema = cx.bot.schema;
    let whole = schema.owners.get(owner).is_none_or(|o| !o.broken);
    let (Some(Check::Sqlite(database)), true) = (&schema.database, whole) else {
        return true;
    };
    let fault = match database.prepare(sql) {
        Ok(prepared)
            if prepared.parameters == draft.slots.len() && prepared.columns.len() == columns =>
        {
            return true;
        }
        Ok(_) => Fault::new(
            &codes::ENGINE,
            draft.lexed.bytes(draft.tokens),
            "SQLite counts other parameters or columns than botgen does",
        )
        .help("this is a fault of botgen: write the statement in a simpler way"),
        Err(words) => {
            crate::check::sql::engine::fault(&words, draft.lexed, draft.tokens, &codes::ENGINE)
        }
    };
    cx.sink.report(fault.at(text));
    false
}
