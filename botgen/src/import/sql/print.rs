//! A statement as text, laid out for reading.

use sqlparser::ast::Statement;
use sqlparser::dialect::SQLiteDialect;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

/// Statements up to here stay on one line, in characters.
const LINE: usize = 72;

/// Words that begin a line, with the words that must follow.
const CLAUSES: &[&str] = &[
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "VALUES",
    "SET",
    "LEFT",
    "INNER",
    "JOIN",
    "CROSS",
    "UNION",
    "RETURNING",
];

/// On one line.
pub(in crate::import) fn line(ast: &Statement) -> String {
    ast.to_string()
}

/// Over several lines, one clause each, where it is long.
pub(in crate::import) fn layout(sql: &str) -> String {
    if sql.chars().count() <= LINE {
        return sql.to_owned();
    }
    let Ok(tokens) = Tokenizer::new(&SQLiteDialect {}, sql)
        .with_unescape(false)
        .tokenize()
    else {
        return sql.to_owned();
    };
    let (mut out, mut depth, mut last) = (String::new(), 0usize, String::new());
    for (i, token) in tokens.iter().enumerate() {
        let next = tokens[i + 1..].iter().find_map(|t| match t {
            Token::Word(word) => Some(word.value.to_uppercase()),
            _ => None,
        });
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Word(word) if depth == 0 && word.quote_style.is_none() => {
                let word = word.value.to_uppercase();
                // `DELETE FROM` and `LEFT JOIN` are one.
                let joined = matches!(
                    (last.as_str(), word.as_str()),
                    ("DELETE" | "DISTINCT", "FROM")
                        | ("LEFT" | "INNER" | "CROSS" | "OUTER", "JOIN")
                        | ("UPDATE", "SET")
                );
                let begins = CLAUSES.contains(&word.as_str())
                    || (word == "ON" && next.as_deref() == Some("CONFLICT"));
                if begins && !joined && out.ends_with(' ') {
                    out.pop();
                    out.push('\n');
                }
                last = word;
            }
            Token::Whitespace(Whitespace::Newline) => {}
            _ => {}
        }
        out.push_str(&token.to_string());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_statements_have_a_clause_a_line() {
        assert_eq!(
            layout(
                "SELECT a, 'it''s FROM', b FROM t LEFT JOIN u ON u.id = t.id AND u.x IN (SELECT x FROM y) WHERE a = :a ORDER BY a LIMIT 5"
            ),
            "SELECT a, 'it''s FROM', b\nFROM t\nLEFT JOIN u ON u.id = t.id AND u.x IN (SELECT x FROM y)\nWHERE a = :a\nORDER BY a\nLIMIT 5"
        );
        assert_eq!(layout("SELECT a FROM t"), "SELECT a FROM t");
    }
}
