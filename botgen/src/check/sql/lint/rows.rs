//! How many rows: one of several, or a list that ends without a word.

use botfactory_lang::limits::QUERY_ROWS;
use sqlparser::tokenizer::Token;

use crate::check::sql::Kind;
use crate::check::sql::fault::Fault;
use crate::check::sql::lint::name;
use crate::check::sql::typer::{Op, Results, Typer};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::sql as codes;
use crate::source::Str;
use crate::syntax::ast::{Shape, Statement};

/// A list that the runtime cuts off.
#[derive(Debug)]
pub struct Cut {
    /// The variable.
    pub name: String,
    /// What is said where it is shown.
    pub diagnostic: Diagnostic,
}

/// `single` and `scalar` where several rows can match and nothing says which comes first.
pub fn several(typer: &Typer<'_>, results: &Results, st: &Statement) -> Option<Fault> {
    let shape = match st.shape.node {
        Shape::Single => "single",
        Shape::Scalar => "scalar",
        Shape::Rows | Shape::Flatten => return None,
    };
    st.result_var.as_ref()?;
    let limited_to_one = results.limited && results.most == Some(1);
    let bound = results.own_most;
    if results.outputs.is_empty()
        || results.ordered
        || results.same
        || bound.is_some_and(|n| n <= 1)
        || typer.relations.iter().any(|r| r.broken)
    {
        return None;
    }
    let (rel, relation) = typer
        .relations
        .iter()
        .enumerate()
        .find(|(_, r)| r.table.is_some())?;
    let table = typer.tables.get(relation.table.as_ref()?)?;
    // What a view's rows have in common is not known; a table without a key that no bot writes holds one row of settings.
    let settings = !typer
        .tables
        .written
        .contains(&table.name.to_ascii_lowercase());
    if table.keys.is_empty() && (table.view || (settings && typer.seen.atoms.is_empty())) {
        return None;
    }
    let at = typer.lexed.tokens.first()?.range.clone();
    let what = match &typer.write {
        Some(_) => format!(
            "several rows of `{}` can change, and `{shape}` is one of them",
            table.name
        ),
        None if limited_to_one => format!(
            "LIMIT 1 takes any one of the rows of `{}`: nothing says which comes first",
            table.name
        ),
        None => format!(
            "several rows of `{}` can match, and `{shape}` takes any one of them",
            table.name
        ),
    };
    let fixed: Vec<&str> = typer
        .seen
        .atoms
        .iter()
        .filter(|a| a.must && a.column.0 == rel && matches!(a.op, Op::Equal(None)))
        .filter_map(|a| relation.columns.get(a.column.1))
        .map(|c| c.name.as_str())
        .collect();
    let missing = table
        .keys
        .iter()
        .filter(|k| !k.partial)
        .map(|k| {
            let lacks: Vec<&str> = k
                .columns
                .iter()
                .map(String::as_str)
                .filter(|c| !fixed.iter().any(|f| f.eq_ignore_ascii_case(c)))
                .collect();
            (lacks.len(), lacks)
        })
        .min()
        .filter(|(n, _)| *n > 0);
    let key = missing.map(|(_, lacks)| {
        let tests: Vec<String> = lacks.iter().map(|c| format!("{} = …", name(c))).collect();
        format!(
            "add `{}` to its condition, which makes it one row",
            tests.join(" AND ")
        )
    });
    let help = match (key, &typer.write) {
        (Some(key), Some(_)) => format!("{key}; or leave `{shape}` out for a list"),
        (None, Some(_)) => format!("leave `{shape}` out for a list of rows"),
        (Some(key), None) => format!("{key}; or say by ORDER BY which comes first"),
        (None, None) => "say by ORDER BY which comes first".to_owned(),
    };
    Some(
        Fault::new(&codes::SEVERAL, at, what)
            .note(table.defined, "the table and its keys")
            .help(help),
    )
}

/// A list of any length, that the runtime ends at its bound.
pub fn cut(
    typer: &Typer<'_>,
    results: &Results,
    st: &Statement,
    kind: Kind,
    text: &Str,
) -> Option<Cut> {
    let list = matches!(st.shape.node, Shape::Rows | Shape::Flatten);
    if kind != Kind::Query || !list || results.limited || results.always {
        return None;
    }
    if results.most.is_some_and(|n| n <= QUERY_ROWS) {
        return None;
    }
    let name = st.result_var.as_ref()?;
    // What only the migrations fill does not grow.
    let mut tables = typer.relations.iter().filter_map(|r| r.table.as_ref());
    if tables.all(|t| typer.tables.is_still(t)) {
        return None;
    }
    let first = typer.lexed.tokens.first()?.range.clone();
    let mut depth = 0_i32;
    let ordered = typer.lexed.tokens.iter().any(|t| {
        depth += match t.token {
            Token::LParen => 1,
            Token::RParen => -1,
            _ => 0,
        };
        depth == 0 && t.is_word("ORDER")
    });
    let add = match ordered {
        true => "add a LIMIT, so that it is seen how many come",
        false => "add ORDER BY and a LIMIT, so that the right ones come first",
    };
    let diagnostic = Fault::new(
        &codes::CUT_OFF,
        first,
        format!(
            "`{}` ends after {QUERY_ROWS} rows, whatever there is: the others are left out without a word",
            name.value
        ),
    )
    .help(format!(
        "{add}; how many there are is a query of its own: SELECT COUNT(*)"
    ))
    .at(text);
    Some(Cut {
        name: name.value.clone(),
        diagnostic,
    })
}
