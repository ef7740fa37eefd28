//! The old system's SQL: parsed as Postgres, rewritten into what SQLite accepts too, and read for what it
//! tells about tables, columns and the types of answers.

mod build;
pub(super) mod casts;
mod columns;
pub(super) mod either;
pub(super) mod facts;
mod formats;
pub(super) mod outputs;
pub(super) mod print;
pub(super) mod quoted;
pub(super) mod rewrite;
pub(super) mod scope;
pub(super) mod scoping;

use sqlparser::ast::{Expr, Ident, ObjectName, SetExpr, Statement, Value};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

/// Most tokens of one statement; it bounds the depth of the syntax tree.
const TOKENS: usize = 1000;

/// A type as far as SQL and steps share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ty {
    // In the order in which evidence wins.
    Text,
    Int,
    Real,
    Decimal,
    Bool,
    Date,
    DateTime,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Insert,
    Update,
    Delete,
}

/// A parsed statement, and whether its quotes had been doubled.
pub(super) fn parse(text: &str) -> Result<(Statement, bool), String> {
    let text = text.trim().trim_end_matches(';').trim();
    match parse_one(text, &PostgreSqlDialect {}) {
        Ok(ast) => Ok((ast, false)),
        Err(error) if text.contains("''") => {
            parse_one(&text.replace("''", "'"), &PostgreSqlDialect {})
                .map(|ast| (ast, true))
                .map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

/// Parses what [`rewrite`] made, as SQLite would.
pub(super) fn parse_sqlite(text: &str) -> Result<Statement, String> {
    parse_one(text, &SQLiteDialect {})
}

fn parse_one(text: &str, dialect: &dyn Dialect) -> Result<Statement, String> {
    let tokens = Tokenizer::new(dialect, text)
        .tokenize_with_location()
        .map_err(|e| e.to_string())?;
    let meant = tokens
        .iter()
        .filter(|t| !matches!(t.token, Token::Whitespace(_)));
    if meant.count() > TOKENS {
        return Err(format!("more than {TOKENS} words"));
    }
    let statements = Parser::new(dialect)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|e| e.to_string())?;
    match <[Statement; 1]>::try_from(statements) {
        Ok([statement]) => Ok(statement),
        Err(several) => Err(format!("{} statements where one belongs", several.len())),
    }
}

/// What the statement does; `Err` names what it is when it is none of them.
pub(super) fn kind(statement: &Statement) -> Result<Kind, &'static str> {
    match statement {
        Statement::Query(query) => match query.body.as_ref() {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err("a WITH that writes")
            }
            SetExpr::Values(_) | SetExpr::Table(_) => Err("a query without SELECT"),
            _ => Ok(Kind::Read),
        },
        Statement::Insert(_) => Ok(Kind::Insert),
        Statement::Update(_) => Ok(Kind::Update),
        Statement::Delete(_) => Ok(Kind::Delete),
        _ => Err("no SELECT, INSERT, UPDATE or DELETE"),
    }
}

/// A name as the database sees it: lower case unless quoted.
pub(super) fn name(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

/// The last part of a dotted name.
pub(super) fn last(object: &ObjectName) -> String {
    object
        .0
        .last()
        .and_then(|part| part.as_ident())
        .map(name)
        .unwrap_or_default()
}

/// The parameter's name, where the expression is one (in parentheses or not).
pub(super) fn param(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Placeholder(text) => text.strip_prefix(':'),
            _ => None,
        },
        Expr::Nested(inner) => param(inner),
        _ => None,
    }
}

/// A parameter as an expression.
pub(super) fn param_expr(name: &str) -> Expr {
    Expr::value(Value::Placeholder(format!(":{name}")))
}

/// The text of a string literal.
pub(super) fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text)
            | Value::EscapedStringLiteral(text)
            | Value::DoubleQuotedString(text) => Some(text),
            _ => None,
        },
        Expr::Nested(inner) => literal(inner),
        _ => None,
    }
}

/// The unnamed arguments of a function, `None` for each that is `*`.
pub(super) fn arguments(function: &sqlparser::ast::Function) -> Vec<Option<&Expr>> {
    use sqlparser::ast::{FunctionArg, FunctionArgExpr, FunctionArguments};
    let FunctionArguments::List(list) = &function.args else {
        return Vec::new();
    };
    list.args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_of_bounded_size() {
        assert!(parse("SELECT 1; SELECT 2").is_err());
        assert!(parse("SELECT 1;;").is_ok());
        assert!(parse("").is_err());
        let chain = |n: usize| format!("SELECT x FROM t WHERE {}x", "x + ".repeat(n));
        let (ast, _) = parse(&chain(480)).expect("bounded");
        let known = scope::Known::default();
        facts::of(&ast, &known);
        scoping::missing(&ast, &known);
        outputs::of(&ast, &known);
        assert!(parse(&chain(1000)).is_err());
        assert!(parse(&format!("SELECT {}1", "(".repeat(400))).is_err());
    }

    #[test]
    fn kinds() {
        let of = |sql: &str| kind(&parse(sql).expect(sql).0);
        assert_eq!(of("WITH a AS (SELECT 1) SELECT * FROM a"), Ok(Kind::Read));
        assert_eq!(of("DELETE FROM t"), Ok(Kind::Delete));
        for sql in [
            "DROP TABLE t",
            "VALUES (1)",
            "WITH d AS (SELECT 1) DELETE FROM t",
        ] {
            assert!(of(sql).is_err(), "{sql}");
        }
    }
}
