//! The closed list of column types: Postgres's spelling, the DSL's type, SQLite's spelling.

use sqlparser::tokenizer::Token;

use super::text::Tok;
use crate::ir::types::Base;

/// Most digits of a NUMERIC: what fits an `i64`.
const DIGITS: u64 = 18;
/// The list, for messages.
pub const LIST: &str = "BIGINT, INTEGER, SMALLINT, BIGSERIAL, SERIAL, TEXT, VARCHAR(n), BOOLEAN, TIMESTAMPTZ, DATE, \
TIME, NUMERIC(p,s), DOUBLE PRECISION";

/// A type as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The DSL's type.
    pub base: Base,
    /// SQLite's spelling.
    pub sqlite: &'static str,
    /// Postgres's, where it is not the author's: an int of the language has 64 bits on both engines.
    pub postgres: Option<&'static str>,
    /// Counts up by itself.
    pub serial: bool,
    /// Number of tokens.
    pub tokens: usize,
}

impl Written {
    /// How Postgres gets it, where that is not as it was written: an amount may have as many digits as the language
    /// lets it have, so that no value is refused.
    pub fn on_postgres(&self) -> Option<String> {
        match self.base {
            Base::Decimal(scale) => Some(format!("NUMERIC({DIGITS},{scale})")),
            _ => self.postgres.map(str::to_owned),
        }
    }
}

/// Why a type is none of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Unknown {
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub help: String,
    /// Number of tokens.
    pub tokens: usize,
}

#[derive(Clone, Copy)]
enum Means {
    Int,
    Serial,
    Text,
    Varchar,
    Bool,
    Real,
    Instant,
    Date,
    Time,
    Numeric,
    /// Known, refused: what to write instead.
    No(&'static str),
}

/// Longest first where one begins another.
static NAMES: &[(&[&str], Means)] = &[
    (&["TIMESTAMP", "WITH", "TIME", "ZONE"], Means::Instant),
    (
        &["TIMESTAMP", "WITHOUT", "TIME", "ZONE"],
        Means::No("TIMESTAMPTZ: a datetime is an instant"),
    ),
    (&["TIME", "WITHOUT", "TIME", "ZONE"], Means::Time),
    (&["TIME", "WITH", "TIME", "ZONE"], Means::No("TIME")),
    (&["DOUBLE", "PRECISION"], Means::Real),
    (&["CHARACTER", "VARYING"], Means::Varchar),
    (&["CHARACTER"], Means::No("VARCHAR(n) or TEXT")),
    (&["CHAR"], Means::No("VARCHAR(n) or TEXT")),
    (&["BPCHAR"], Means::No("VARCHAR(n) or TEXT")),
    (&["VARCHAR"], Means::Varchar),
    (&["TEXT"], Means::Text),
    (&["CITEXT"], Means::No("TEXT")),
    (&["UUID"], Means::No("TEXT")),
    (&["STRING"], Means::No("TEXT")),
    (&["NVARCHAR"], Means::No("TEXT")),
    (&["NUMBER"], Means::No("BIGINT, or NUMERIC(12,2) for money")),
    (&["LONG"], Means::No("BIGINT")),
    (&["UNSIGNED"], Means::No("BIGINT")),
    (&["JSON"], Means::No("TEXT, or columns of their own")),
    (&["JSONB"], Means::No("TEXT, or columns of their own")),
    (&["XML"], Means::No("TEXT")),
    (
        &["BYTEA"],
        Means::No("TEXT: keep Telegram's `file_id`, not the file"),
    ),
    (
        &["BLOB"],
        Means::No("TEXT: keep Telegram's `file_id`, not the file"),
    ),
    (&["BIGINT"], Means::Int),
    (&["INT8"], Means::Int),
    (&["INTEGER"], Means::Int),
    (&["INT"], Means::Int),
    (&["INT4"], Means::Int),
    (&["SMALLINT"], Means::Int),
    (&["INT2"], Means::Int),
    (&["BIGSERIAL"], Means::Serial),
    (&["SERIAL8"], Means::Serial),
    (&["SERIAL"], Means::Serial),
    (&["SERIAL4"], Means::Serial),
    (&["SMALLSERIAL"], Means::Serial),
    (&["BOOLEAN"], Means::Bool),
    (&["BOOL"], Means::Bool),
    (&["FLOAT8"], Means::Real),
    (&["FLOAT4"], Means::No("DOUBLE PRECISION")),
    (&["FLOAT"], Means::No("DOUBLE PRECISION")),
    (&["DOUBLE"], Means::No("DOUBLE PRECISION")),
    (&["REAL"], Means::No("DOUBLE PRECISION")),
    (&["TIMESTAMPTZ"], Means::Instant),
    (
        &["TIMESTAMP"],
        Means::No("TIMESTAMPTZ: a datetime is an instant"),
    ),
    (&["DATETIME"], Means::No("TIMESTAMPTZ")),
    (&["TIMETZ"], Means::No("TIME")),
    (&["DATE"], Means::Date),
    (&["TIME"], Means::Time),
    (&["INTERVAL"], Means::No("BIGINT, in seconds")),
    (&["NUMERIC"], Means::Numeric),
    (&["DECIMAL"], Means::Numeric),
    (&["MONEY"], Means::No("NUMERIC(18,2)")),
];

/// Reads the type that begins with the first of `tokens`.
pub fn read(tokens: &[Tok]) -> Result<Written, Unknown> {
    let matched = NAMES.iter().find(|(words, _)| {
        words.len() <= tokens.len() && words.iter().zip(tokens).all(|(w, t)| t.is_word(w))
    });
    let numbers = |at: usize| arguments(tokens.get(at..).unwrap_or_default());
    let Some((words, means)) = matched else {
        let name = tokens
            .first()
            .map(|t| t.token.to_string())
            .unwrap_or_default();
        let word = matches!(tokens.first().map(|t| &t.token), Some(Token::Word(_)));
        return Err(Unknown {
            message: if word {
                format!("`{name}` is not one of the column types")
            } else {
                "a column needs a type".to_owned()
            },
            help: format!("the types are {LIST}"),
            tokens: usize::from(word),
        });
    };
    let (sizes, more) = numbers(words.len());
    let count = words.len() + more;
    let spelled = words.join(" ");
    if let Some(t) = tokens.get(count)
        && (t.token == Token::LBracket || t.is_word("ARRAY"))
    {
        return Err(Unknown {
            message: "an array cannot be a column".to_owned(),
            help: "make a table of its own with one row per element".to_owned(),
            tokens: count + 1,
        });
    }
    let narrow = tokens.first().and_then(|t| {
        ["INTEGER", "INT", "INT4", "SMALLINT", "INT2"]
            .iter()
            .find(|w| t.is_word(w))
            .map(|_| "BIGINT")
            .or_else(|| {
                ["SERIAL", "SERIAL4", "SMALLSERIAL"]
                    .iter()
                    .find(|w| t.is_word(w))
                    .map(|_| "BIGSERIAL")
            })
    });
    let done = |base, sqlite| Written {
        base,
        sqlite,
        postgres: narrow,
        serial: false,
        tokens: count,
    };
    let fail = |message: String, help: String| Unknown {
        message,
        help,
        tokens: count,
    };
    let plain = sizes.is_empty();
    Ok(match means {
        Means::Varchar if sizes.len() <= 1 => {
            let max = sizes.first().and_then(|n| usize::try_from(*n).ok());
            done(Base::Text { max }, "TEXT")
        }
        Means::Numeric => match sizes[..] {
            [p] if (1..=DIGITS).contains(&p) => done(Base::Decimal(0), "INTEGER"),
            [p, s] if (1..=DIGITS).contains(&p) && s <= p => {
                done(Base::Decimal(u8::try_from(s).unwrap_or(0)), "INTEGER")
            }
            _ => {
                return Err(fail(
                    format!("{spelled} needs its digits: precision up to {DIGITS} and scale"),
                    "write NUMERIC(12,2), say".to_owned(),
                ));
            }
        },
        Means::No(instead) => {
            return Err(fail(
                format!("{spelled} is not one of the column types"),
                format!("write {instead}"),
            ));
        }
        _ if !plain => {
            return Err(fail(
                format!("{spelled} takes no size"),
                format!("write {spelled}"),
            ));
        }
        Means::Int => done(Base::Int, "INTEGER"),
        Means::Serial => Written {
            serial: true,
            ..done(Base::Int, "INTEGER")
        },
        Means::Text | Means::Varchar => done(Base::Text { max: None }, "TEXT"),
        Means::Bool => done(Base::Bool, "BOOLEAN"),
        Means::Real => done(Base::Real, "REAL"),
        Means::Instant => done(Base::DateTime, "TEXT"),
        Means::Date => done(Base::Date, "TEXT"),
        Means::Time => done(Base::Time, "TEXT"),
    })
}

/// `(12,2)`: the numbers, and how many tokens they take. Something else in parentheses is no argument.
fn arguments(tokens: &[Tok]) -> (Vec<u64>, usize) {
    let mut list = Vec::new();
    if tokens.first().is_none_or(|t| t.token != Token::LParen) {
        return (list, 0);
    }
    let mut i = 1;
    while let Some(Token::Number(n, _)) = tokens.get(i).map(|t| &t.token) {
        list.push(n.parse().unwrap_or(u64::MAX));
        match tokens.get(i + 1).map(|t| &t.token) {
            Some(Token::Comma) => i += 2,
            Some(Token::RParen) => return (list, i + 2),
            _ => break,
        }
    }
    (Vec::new(), 0)
}

/// The closed table of what Postgres may give. `Err`: no type of the language, and what to write (`…` is the expression).
pub fn of_postgres(typname: &str) -> Result<Base, String> {
    let no = |cast: &str| Err(format!("write `{cast}`"));
    Ok(match typname {
        "int2" | "int4" | "int8" => Base::Int,
        "text" | "varchar" | "bpchar" | "name" | "unknown" => Base::Text { max: None },
        "bool" => Base::Bool,
        "float4" | "float8" => Base::Real,
        "timestamptz" => Base::DateTime,
        "date" => Base::Date,
        "time" => Base::Time,
        "numeric" => {
            return Err(
                "write `CAST(… AS NUMERIC(12,2))` with the digits it has, or `CAST(… AS BIGINT)`"
                    .to_owned(),
            );
        }
        "timestamp" => {
            return Err("say in which zone: `… AT TIME ZONE 'UTC'`".to_owned());
        }
        "timetz" => return no("CAST(… AS TIME)"),
        "interval" => return no("CAST(EXTRACT(EPOCH FROM …) AS BIGINT)"),
        "money" => return no("CAST(… AS NUMERIC(12,2))"),
        "void" => return Err("leave it out".to_owned()),
        "record" => return Err("select its columns one by one".to_owned()),
        array if array.starts_with('_') => {
            return Err("write `ARRAY_TO_STRING(…, ', ')`, or a query of rows".to_owned());
        }
        _ => return no("CAST(… AS TEXT)"),
    })
}

/// Two types that are sent in the same form.
pub fn alike(a: &Base, b: &Base) -> bool {
    matches!((a, b), (Base::Text { .. }, Base::Text { .. })) || a == b
}

/// `pg_type.typname` of the form that a DSL type is sent and read in.
pub fn wire(base: &Base) -> &'static str {
    match base {
        Base::Int => "int8",
        Base::Decimal(_) => "numeric",
        Base::Real => "float8",
        Base::Bool => "bool",
        Base::Date => "date",
        Base::Time => "time",
        Base::DateTime => "timestamptz",
        _ => "text",
    }
}

/// Postgres's spelling of a DSL type.
pub fn postgres(base: &Base) -> String {
    match base {
        Base::Int => "BIGINT".to_owned(),
        Base::Decimal(s) => format!("NUMERIC({DIGITS},{s})"),
        Base::Real => "DOUBLE PRECISION".to_owned(),
        Base::Bool => "BOOLEAN".to_owned(),
        Base::Date => "DATE".to_owned(),
        Base::Time => "TIME".to_owned(),
        Base::DateTime => "TIMESTAMPTZ".to_owned(),
        _ => "TEXT".to_owned(),
    }
}

/// SQLite's own spellings, allowed in `migrations/sqlite/` besides the list.
pub fn read_sqlite(tokens: &[Tok]) -> Result<Written, Unknown> {
    match read(tokens) {
        Err(_) if tokens.first().is_some_and(|t| t.is_word("REAL")) => Ok(Written {
            base: Base::Real,
            sqlite: "REAL",
            postgres: None,
            serial: false,
            tokens: 1,
        }),
        other => other,
    }
}
