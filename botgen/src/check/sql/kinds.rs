//! Which statements a block runs, and how the others are refused.

use std::ops::Range;

use sqlparser::ast::{Spanned, Statement};

use super::Kind;
use super::fault::Fault;
use super::text::{Lexed, range};
use crate::Engine;
use crate::diagnostics::codes::sql as codes;

/// The only statement, as a range of tokens.
pub(super) fn one(lexed: &Lexed<'_>) -> Result<Range<usize>, Fault> {
    let mut list = lexed.statements().into_iter();
    match (list.next(), list.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Fault::new(
            &codes::ONE,
            0..lexed.text.len(),
            "there is no statement here",
        )),
        (Some(_), Some(second)) => Err(Fault::new(
            &codes::ONE,
            lexed.bytes(&second),
            "this is a second statement",
        )
        .help("write one action per statement: they share one transaction")),
    }
}

/// Statements that no block runs are not even parsed: the parser knows them only in part.
pub(super) fn first_word(
    lexed: &Lexed<'_>,
    tokens: &Range<usize>,
    block: &str,
) -> Result<(), Fault> {
    const OTHERS: &[&str] = &[
        "ALTER",
        "ANALYZE",
        "ATTACH",
        "BEGIN",
        "CALL",
        "COMMIT",
        "COPY",
        "CREATE",
        "DETACH",
        "DO",
        "DROP",
        "EXECUTE",
        "EXPLAIN",
        "GRANT",
        "LISTEN",
        "LOCK",
        "MERGE",
        "NOTIFY",
        "PRAGMA",
        "REINDEX",
        "RELEASE",
        "REVOKE",
        "ROLLBACK",
        "SAVEPOINT",
        "SET",
        "SHOW",
        "TRUNCATE",
        "VACUUM",
    ];
    let word = lexed.tokens[tokens.start].word().unwrap_or_default();
    if OTHERS.contains(&word.as_str()) {
        Err(not_run(lexed, tokens, block))
    } else {
        Ok(())
    }
}

pub(super) fn not_run(lexed: &Lexed<'_>, tokens: &Range<usize>, block: &str) -> Fault {
    let first = &lexed.tokens[tokens.start];
    let word = first.word().unwrap_or_default();
    let ddl = ["CREATE", "ALTER", "DROP", "TRUNCATE"].contains(&word.as_str());
    Fault::new(
        &codes::KIND,
        first.range.clone(),
        format!("`{block}` does not run {word}"),
    )
    .help(if ddl {
        "tables are made and changed by `migrations/NNNN_name.sql`"
    } else {
        "a statement is SELECT, INSERT, UPDATE or DELETE"
    })
}

/// Whether a block may run this.
pub(super) fn allowed(
    statement: &Statement,
    kind: Kind,
    block: &str,
    lexed: &Lexed<'_>,
    tokens: &Range<usize>,
) -> Result<(), Fault> {
    use sqlparser::ast::SetExpr;
    let writes = match statement {
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => true,
        Statement::Query(query) => match &*query.body {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) => {
                let at = range(query.body.span());
                return Err(Fault::new(
                    &codes::KIND,
                    at,
                    "WITH before a change of data is not supported",
                )
                .help("write the subquery where it is used: `WHERE id IN (SELECT …)`"));
            }
            SetExpr::Values(_) => {
                let at = lexed.bytes(tokens);
                return Err(
                    Fault::new(&codes::KIND, at, "VALUES alone is no query").help("write SELECT")
                );
            }
            _ => false,
        },
        _ => return Err(not_run(lexed, tokens, block)),
    };
    match (kind, writes) {
        (Kind::Query | Kind::Moments | Kind::Source | Kind::Audience, true) => Err(Fault::new(
            &codes::KIND,
            lexed.tokens[tokens.start].range.clone(),
            format!("`{block}` only reads"),
        )
        .help("write it in `action.sql_exec.v1`; RETURNING gives `result_var` its rows")),
        (Kind::Exec, false) => Err(Fault::new(
            &codes::KIND,
            lexed.tokens[tokens.start].range.clone(),
            format!("`{block}` runs INSERT, UPDATE and DELETE"),
        )
        .help("write it in `action.sql_query.v1`")),
        _ => Ok(()),
    }
}

/// A syntax error that is a form of Postgres gets the spelling that works.
pub(super) fn foreign(fault: Fault, lexed: &Lexed<'_>, engine: Engine) -> Fault {
    if fault.code() != &codes::SYNTAX || engine != Engine::Sqlite {
        return fault;
    }
    use sqlparser::tokenizer::Token;
    for (i, token) in lexed.tokens.iter().enumerate() {
        let help = if token.token == Token::DoubleColon {
            "write `CAST(… AS type)`; a parameter takes the type of its column by itself"
        } else if token.is_word("INTERVAL") {
            "bind the moment: `params: { since: now - 7d }`, and compare with `:since`"
        } else if token.is_word("ARRAY") || (token.is_word("ANY") && i > 0) {
            "there are no arrays: use IN (…) or a table of its own"
        } else {
            continue;
        };
        return Fault::new(
            &codes::FORM,
            token.range.clone(),
            format!("SQLite does not know `{}`", lexed.slice(&token.range)),
        )
        .help(help);
    }
    fault
}
