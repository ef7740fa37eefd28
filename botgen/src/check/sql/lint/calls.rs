//! Functions by name, as the tokens have them: both engines' at once.

use std::ops::Range;

use sqlparser::tokenizer::Token;

use crate::check::sql::fault::Fault;
use crate::check::sql::text::{Lexed, Tok};
use crate::diagnostics::codes::sql as codes;

/// What is called by a statement that it should not. `migration`: defaults may use the clock and random values.
pub fn check(lexed: &Lexed<'_>, tokens: &Range<usize>, migration: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    for i in tokens.clone() {
        let Token::Word(word) = &lexed.tokens[i].token else {
            continue;
        };
        let next = lexed.tokens.get(i + 1).filter(|_| i + 1 < tokens.end);
        let called = next.is_some_and(|t| t.token == Token::LParen);
        let name = word.value.to_ascii_lowercase();
        let at = match next.and_then(|t| t.pair) {
            Some(close) if called => lexed.tokens[i].range.start..lexed.tokens[close].range.end,
            _ => lexed.tokens[i].range.clone(),
        };
        let declared = i.checked_sub(1).is_some_and(|b| {
            [
                "INTO",
                "TABLE",
                "INDEX",
                "ON",
                "REFERENCES",
                "AS",
                "VIEW",
                "EXISTS",
                "WITH",
                "CONFLICT",
            ]
            .iter()
            .any(|w| lexed.tokens[b].is_word(w))
        });
        if called && !declared {
            faults.extend(of_call(&name, at.clone()));
        }
        if !migration {
            let quoted = word.quote_style.is_some();
            let arguments = called.then(|| arguments(lexed, i + 1)).flatten();
            faults.extend(of_moment(&name, called, quoted, arguments, at));
        }
    }
    faults
}

fn of_call(name: &str, at: Range<usize>) -> Option<Fault> {
    let waits = name.starts_with("pg_sleep")
        || name.starts_with("pg_advisory")
        || name.starts_with("pg_try_advisory");
    if waits {
        let (does, help) = if name.starts_with("pg_sleep") {
            (
                "waits, and the whole update with it",
                "leave it out: what happens later is a reminder, not a statement that waits",
            )
        } else {
            (
                "takes a lock that other updates wait for",
                "leave it out: updates of one conversation run one after the other; for all of them, a UNIQUE and `on_conflict` decide",
            )
        };
        return Some(Fault::new(&codes::WAITS, at, format!("`{name}` {does}")).help(help));
    }
    if ["nextval", "setval", "currval", "lastval"].contains(&name) {
        return Some(
            Fault::new(
                &codes::OUTSIDE,
                at,
                format!("`{name}` counts outside of the transaction: what is rolled back and runs again counts twice"),
            )
            .help("leave the column out, a BIGSERIAL counts by itself; RETURNING gives its number"),
        );
    }
    let outside = name.starts_with("pg_")
        || name.starts_with("lo_")
        || name.starts_with("dblink")
        || name.starts_with("postgres_fdw")
        || name.starts_with("pragma_")
        || [
            "set_config",
            "current_setting",
            "load_extension",
            "readfile",
            "writefile",
            "edit",
            "fts3_tokenizer",
            "query_to_xml",
            "table_to_xml",
            "schema_to_xml",
            "database_to_xml",
            "txid_current",
            "inet_server_addr",
            "inet_client_addr",
            "sqlite_version",
            "sqlite_source_id",
            "sqlite_compileoption_used",
            "sqlite_compileoption_get",
        ]
        .contains(&name);
    outside.then(|| {
        Fault::new(
            &codes::OUTSIDE,
            at,
            format!("`{name}` reaches outside of the bot's tables"),
        )
        .help("leave it out: a statement reads and writes the tables of the migrations, and a rollback undoes all of it")
    })
}

/// Values that differ from run to run.
fn of_moment(
    name: &str,
    called: bool,
    quoted: bool,
    arguments: Option<Vec<&[Tok]>>,
    at: Range<usize>,
) -> Option<Fault> {
    let random = [
        "random",
        "randomblob",
        "gen_random_uuid",
        "gen_random_bytes",
        "uuidv4",
        "uuidv7",
        "random_normal",
    ];
    if called && (random.contains(&name) || name.starts_with("uuid_generate_")) {
        return Some(
            Fault::new(
                &codes::VOLATILE,
                at,
                format!("`{name}` gives another value in every run: a conversation test cannot expect one"),
            )
            .help("a BIGSERIAL key numbers rows; an order of the rows can come from a column"),
        );
    }
    let bare = !quoted && !called;
    let clock = match name {
        "current_timestamp" | "localtimestamp" if bare || called => Some(":now"),
        "current_date" if bare || called => Some(":today"),
        "current_time" | "localtime" if bare || called => Some(":now"),
        "now"
        | "transaction_timestamp"
        | "statement_timestamp"
        | "clock_timestamp"
        | "timeofday"
            if called =>
        {
            Some(":now")
        }
        "date" | "time" | "datetime" | "julianday" | "unixepoch" if called => {
            is_now(arguments.as_ref()?.first().copied()).then_some(if name == "date" {
                ":today"
            } else {
                ":now"
            })
        }
        "strftime" if called => is_now(arguments.as_ref()?.get(1).copied()).then_some(":now"),
        _ => None,
    }?;
    let help = match name {
        "date" | "time" | "datetime" | "julianday" | "unixepoch" | "strftime" => {
            format!(
                "write `:now` in place of `'now'`, or bind the moment: `params: {{ since: now - 7d }}`; today is `{clock}`"
            )
        }
        _ => format!("write `{clock}`"),
    };
    let help = if clock == ":now" {
        help.replace("; today is `:now`", "")
    } else {
        help
    };
    Some(
        Fault::new(
            &codes::CLOCK,
            at,
            "this is the database's clock: a conversation test that sets the time does not move it",
        )
        .help(help),
    )
}

/// The moment of a date function is the present: `'now'`, or nothing at all.
fn is_now(argument: Option<&[Tok]>) -> bool {
    match argument {
        None | Some([]) => true,
        Some([one]) => {
            matches!(&one.token, Token::SingleQuotedString(s) if s.eq_ignore_ascii_case("now"))
        }
        _ => false,
    }
}

/// The arguments between the parenthesis of this index and its pair.
fn arguments<'l>(lexed: &'l Lexed<'_>, open: usize) -> Option<Vec<&'l [Tok]>> {
    let close = lexed.tokens.get(open)?.pair?;
    let mut list = Vec::new();
    let mut from = open + 1;
    for i in open + 1..=close {
        let comma = lexed.tokens[i].token == Token::Comma && lexed.tokens[i].within == Some(open);
        if comma || i == close {
            list.push(lexed.tokens.get(from..i)?);
            from = i + 1;
        }
    }
    Some(list)
}
