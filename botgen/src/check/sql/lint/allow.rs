//! `-- botgen: allow(BF0506) the table was never used`: a finding about a statement of a migration that is meant.

use std::ops::Range;

use crate::Engine;
use crate::check::sql::fault::Fault;
use crate::check::sql::text::Lexed;
use crate::diagnostics::codes::sql as codes;

const FORM: &str = "write `-- botgen: allow(BF0506) reason` before the statement or at its end";

/// A comment that is meant for us.
#[derive(Debug)]
pub struct Allow {
    /// The statement's index.
    statement: Option<usize>,
    /// Codes, with their places.
    codes: Vec<(String, Range<usize>)>,
    reason: bool,
    range: Range<usize>,
    readable: bool,
}

/// All of a file. `statements`: their bytes, in order.
pub fn read(lexed: &Lexed<'_>, statements: &[Range<usize>]) -> Vec<Allow> {
    let mut list = Vec::new();
    let mut from = 0;
    let ends = lexed.tokens.iter().map(|t| t.range.clone());
    let end = lexed.text.len();
    // Between tokens there are only blanks and comments.
    for token in ends.chain(std::iter::once(end..end)) {
        comments(lexed.text, from..token.start.max(from), &mut |range| {
            list.extend(directive(lexed.text, range, statements));
        });
        from = token.end.max(from);
    }
    list
}

fn comments(text: &str, gap: Range<usize>, found: &mut dyn FnMut(Range<usize>)) {
    let mut at = gap.start;
    while let Some(rest) = text.get(at..gap.end) {
        let line = rest.find("--");
        let block = rest.find("/*");
        let (start, length) = match (line, block) {
            (Some(l), b) if b.is_none_or(|b| l < b) => {
                (l, rest[l..].find('\n').unwrap_or(rest.len() - l))
            }
            (_, Some(b)) => (b, rest[b..].find("*/").map_or(rest.len() - b, |n| n + 2)),
            _ => return,
        };
        found(at + start..at + start + length);
        at += start + length.max(1);
    }
}

fn directive(text: &str, comment: Range<usize>, statements: &[Range<usize>]) -> Option<Allow> {
    let whole = text.get(comment.clone())?;
    let inner = whole.trim_start_matches(['-', '/', '*', ' ', '\t']);
    let after = inner.strip_prefix("botgen:")?;
    let offset = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
    let body = after.trim_end_matches("*/").trim();
    let mut codes = Vec::new();
    let listed = body
        .strip_prefix("allow")
        .map(str::trim_start)
        .and_then(|rest| rest.strip_prefix('('))
        .and_then(|rest| rest.split_once(')'));
    if let Some((list, _)) = listed {
        for code in list.split(',').map(str::trim) {
            let at = offset(code);
            codes.push((code.to_owned(), at..at + code.len()));
        }
    }
    let next = statements.iter().position(|s| s.end > comment.start);
    let before = next.unwrap_or(statements.len()).checked_sub(1);
    // At the end of a statement's line it belongs to that statement.
    let same_line = before.filter(|&i| {
        text.get(statements[i].end..comment.start)
            .is_some_and(|gap| !gap.contains('\n'))
    });
    Some(Allow {
        statement: same_line.or(next),
        readable: listed.is_some() && codes.iter().all(|(c, _)| !c.is_empty()),
        reason: listed.is_some_and(|(_, reason)| reason.chars().any(char::is_alphanumeric)),
        codes,
        range: comment,
    })
}

/// Takes back what is allowed; what remains is said, with what is wrong with the comments themselves.
pub fn settle(allows: &[Allow], findings: Vec<(usize, Fault)>, engine: Engine) -> Vec<Fault> {
    let known = [
        codes::DESTRUCTIVE.id,
        codes::LOCKING.id,
        codes::RISKY.id,
        codes::RENAMES.id,
    ];
    let mut out = Vec::new();
    for allow in allows {
        if !allow.readable {
            out.push(
                Fault::new(
                    &codes::ALLOW,
                    allow.range.clone(),
                    "this comment is for botgen, and cannot be read",
                )
                .help(FORM),
            );
            continue;
        }
        if !allow.reason {
            out.push(
                Fault::new(&codes::ALLOW, allow.range.clone(), "`allow` says why")
                    .help("write the reason behind the parenthesis: `-- botgen: allow(BF0506) nothing was ever stored there`"),
            );
        }
        for (code, at) in &allow.codes {
            if !known.contains(&code.as_str()) {
                out.push(
                    Fault::new(
                        &codes::ALLOW,
                        at.clone(),
                        format!("`{code}` cannot be allowed by a comment"),
                    )
                    .help(format!(
                        "a comment in a migration allows {}",
                        known.join(", ")
                    )),
                );
                continue;
            }
            let silences = findings
                .iter()
                .any(|(i, f)| Some(*i) == allow.statement && f.code().id == code.as_str());
            // Only Postgres locks: the comment waits for a check of that engine.
            let elsewhere = code == codes::LOCKING.id && engine == Engine::Sqlite;
            if !silences && !elsewhere {
                out.push(
                    Fault::new(
                        &codes::ALLOW,
                        at.clone(),
                        format!("there is no {code} to allow in this statement"),
                    )
                    .help("remove it, or move it to the statement that it is meant for"),
                );
            }
        }
    }
    out.extend(findings.into_iter().filter_map(|(i, fault)| {
        let allowed = allows.iter().any(|a| {
            a.readable
                && a.reason
                && a.statement == Some(i)
                && a.codes.iter().any(|(c, _)| c == fault.code().id)
        });
        (!allowed).then_some(fault)
    }));
    out
}
