//! What a statement gives: columns, shape, type of `result_var`.

use sqlparser::ast::{SetExpr, Statement};
use sqlparser::tokenizer::Token;

use super::fault::Fault;
use super::text::{Edits, Lexed, quoted, range};
use super::typer::{Output, Results, Typed, short, untyped};
use crate::diagnostics::codes::sql as codes;
use crate::ir::sql::{Column, Storage};
use crate::ir::types::{Base, Ty};
use crate::syntax::ast::Shape;

/// Result columns for the IR, and the columns of tables behind them.
pub type Columns = (Vec<Column>, Vec<Option<(String, String)>>);

/// Checks the result against its shape. `named`: the author keeps it under a name.
pub fn columns(
    results: &Results,
    shape: Shape,
    lexed: &Lexed<'_>,
    faults: &mut Vec<Fault>,
) -> Option<Columns> {
    let before = faults.len();
    let outputs = match shape {
        Shape::Scalar => results.outputs.get(..1).unwrap_or_default(),
        Shape::Flatten => {
            if let [_, second, ..] = &results.outputs[..] {
                faults.push(
                    Fault::new(
                        &codes::SHAPE,
                        second.typed.range.clone(),
                        format!(
                            "`flatten` takes one column, these are {}",
                            results.outputs.len()
                        ),
                    )
                    .help("select one column, or leave `flatten` out for rows"),
                );
            }
            results.outputs.get(..1).unwrap_or_default()
        }
        Shape::Rows | Shape::Single => &results.outputs,
    };
    let one = matches!(shape, Shape::Scalar | Shape::Flatten);
    let mut list: Vec<Column> = Vec::new();
    let mut origins = Vec::new();
    for output in outputs {
        let name = if one {
            "value".to_owned()
        } else {
            match name(output, &list, lexed) {
                Ok(name) => name,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            }
        };
        let ty = match ty(&output.typed, lexed) {
            Ok(Some(ty)) => ty,
            Ok(None) => continue,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        list.push(Column {
            ident: ident(&name)?,
            sqlite: storage(&ty.base)?,
            name,
            ty,
        });
        origins.push(output.origin.clone());
    }
    (faults.len() == before && list.len() == outputs.len()).then_some((list, origins))
}

fn name(output: &Output, before: &[Column], lexed: &Lexed<'_>) -> Result<String, Fault> {
    let at = output.typed.range.clone();
    let text = short(lexed.slice(&at));
    let Some(name) = &output.name else {
        return Err(Fault::new(
            &codes::COLUMN_NAME,
            at,
            format!("`{text}` has no name to be used by"),
        )
        .help(format!("write `{text} AS name`")));
    };
    if ident(name).is_none() {
        return Err(Fault::new(
            &codes::COLUMN_NAME,
            at,
            format!("`{name}` cannot be used as a name in texts"),
        )
        .help("give it an alias of letters, digits and `_`"));
    }
    if before.iter().any(|c| c.name.eq_ignore_ascii_case(name)) {
        return Err(Fault::new(
            &codes::COLUMN_NAME,
            at,
            format!("two columns are called `{name}`"),
        )
        .help(format!("give one an alias: `… AS other_{name}`")));
    }
    Ok(name.clone())
}

/// The Rust field of a column, if its name can be one.
fn ident(name: &str) -> Option<String> {
    let plain = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().any(|c| c != '_');
    if !plain || matches!(name, "self" | "Self" | "super" | "crate") {
        return None;
    }
    if syn::parse_str::<syn::Ident>(name).is_ok() {
        Some(name.to_owned())
    } else {
        let raw = format!("r#{name}");
        syn::parse_str::<syn::Ident>(&raw).is_ok().then_some(raw)
    }
}

/// The type of a result column. `None`: an error that was reported.
fn ty(typed: &Typed, lexed: &Lexed<'_>) -> Result<Option<Ty>, Fault> {
    match &typed.base {
        Some(Base::Null) => Err(untyped(typed, lexed.slice(&typed.range))),
        // What a literal or a parameter is by itself says nothing about other rows' lengths.
        Some(base) => Ok(Some(Ty {
            base: base.clone(),
            nullable: typed.null,
        })),
        None if typed.untyped => Err(untyped(typed, lexed.slice(&typed.range))),
        None => Ok(None),
    }
}

fn storage(base: &Base) -> Option<Storage> {
    Some(match base {
        Base::Text { .. } | Base::Date | Base::Time | Base::DateTime => Storage::Text,
        Base::Int | Base::Decimal(_) => Storage::Integer,
        Base::Real => Storage::Real,
        Base::Bool => Storage::Bool,
        _ => return None,
    })
}

/// Cuts the result list to its first column. `None`: that would change the rows.
pub fn first_only(
    statement: &Statement,
    results: &Results,
    lexed: &Lexed<'_>,
    edits: &mut Edits,
) -> Option<std::ops::Range<usize>> {
    if !results.cuttable {
        return None;
    }
    // The word before the list.
    let start = match statement {
        Statement::Query(query) => match &*query.body {
            SetExpr::Select(select) => lexed.token_at(range(select.select_token.0.span).start)?,
            _ => return None,
        },
        _ => (0..lexed.tokens.len())
            .rev()
            .find(|&i| lexed.tokens[i].within.is_none() && lexed.tokens[i].is_word("RETURNING"))?,
    };
    let within = lexed.tokens[start].within;
    let level: Vec<usize> = (start + 1..lexed.tokens.len())
        .take_while(|&i| {
            let t = &lexed.tokens[i];
            let ends = t.token == Token::SemiColon
                || (t.token == Token::RParen && t.pair == within && within.is_some())
                || [
                    "FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "OFFSET",
                ]
                .iter()
                .any(|w| t.is_word(w));
            !(ends && t.within == within)
        })
        .collect();
    let last = *level.last()?;
    let end = lexed.tokens[last].range.end;
    let first = results.outputs.first()?;
    // `*` stands for several columns: its first is named.
    if results.outputs.iter().filter(|o| o.item == 0).count() > 1 {
        let star = first.typed.range.clone();
        edits.0.retain(|(r, _)| *r != star);
        let name = quoted(first.name.as_deref()?);
        let name = match lexed.slice(&star).rsplit_once('.') {
            Some((table, _)) => format!("{table}.{name}"),
            None => name,
        };
        edits.replace(star, name);
    }
    let comma = level
        .iter()
        .find(|&&i| lexed.tokens[i].token == Token::Comma && lexed.tokens[i].within == within);
    let Some(&comma) = comma else {
        return Some(end..end);
    };
    let cut = lexed.tokens[comma].range.start..end;
    edits.replace(cut.clone(), "");
    Some(cut)
}
