//! Postgres describes the final text: its last word on a statement, with what it alone knows of types.
//!
//! A parameter that Postgres cannot type, or types otherwise than we do, is cast to the type it is bound as; a result
//! that it gives in another width (`int4`, `numeric` of a SUM) is cast to the one it is read as. Then it is asked again.

use std::collections::BTreeSet;
use std::ops::Range;

use super::fault::Fault;
use super::postgres::{Database, Described, Refusal};
use super::text::{Edits, Lexed, Origins};
use super::typer::{Results, short};
use super::{engine, key_of, types};
use crate::Engine;
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::{Base, Ty};

/// A text but for the numbers of its parameters.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The author's.
    pub lexed: &'a Lexed<'a>,
    /// The statement.
    pub tokens: &'a Range<usize>,
    /// Changes so far.
    pub edits: Edits,
    /// Where parameters stand, and which of `slots` each is.
    pub binds: Vec<(Range<usize>, usize)>,
    /// What they are bound as.
    pub slots: Vec<Base>,
    /// ` LIMIT 100`.
    pub tail: String,
}

impl Draft<'_> {
    /// The text for an engine.
    pub fn text(&self, engine: Engine) -> String {
        self.cast(engine, &BTreeSet::new(), &[]).0
    }

    fn cast(
        &self,
        engine: Engine,
        parameters: &BTreeSet<usize>,
        outputs: &[(Range<usize>, &'static str)],
    ) -> (String, Origins) {
        let mut edits = self.edits.clone();
        for (range, slot) in &self.binds {
            let number = slot + 1;
            let text = match engine {
                Engine::Sqlite => format!("?{number}"),
                Engine::Postgres if parameters.contains(slot) => {
                    format!("CAST(${number} AS {})", types::postgres(&self.slots[*slot]))
                }
                Engine::Postgres => format!("${number}"),
            };
            edits.replace(range.clone(), text);
        }
        for (range, ty) in outputs {
            edits.wrap(range, "CAST(", &format!(" AS {ty})"));
        }
        let (mut text, origins) =
            edits.apply_mapped(self.lexed.text, self.lexed.bytes(self.tokens));
        text.push_str(&self.tail);
        (text, origins)
    }
}

/// Why there is no description.
#[derive(Debug)]
pub enum Failed {
    /// Something is wrong with the statement.
    Faults(Vec<Fault>),
    /// The kept answers lack it.
    Missing,
    /// The server is gone: its words.
    Gone(String),
}

/// What Postgres says of a statement.
#[derive(Debug)]
pub struct Answer {
    /// The text that it said it of.
    pub sql: String,
    /// Types of the result's columns that we do not know, by output.
    pub deferred: Vec<Option<Base>>,
}

/// Asks Postgres. `outputs`: how many of `results` are kept.
pub fn ask(
    database: &dyn Database,
    migrations: &str,
    draft: &Draft<'_>,
    results: &Results,
    outputs: usize,
) -> Result<Answer, Failed> {
    let describe = |parameters: &BTreeSet<usize>, wraps: &[(Range<usize>, &'static str)]| {
        let (sql, origins) = draft.cast(Engine::Postgres, parameters, wraps);
        match database.describe(&key_of(migrations, &sql), &sql) {
            Ok(described) => Ok((sql, described)),
            Err(Refusal::Missing) => Err(Failed::Missing),
            Err(Refusal::Gone(words)) => Err(Failed::Gone(words)),
            Err(Refusal::Refused {
                sqlstate,
                message,
                position,
                hint,
            }) => {
                let at = position.and_then(|p| engine::byte_of(&sql, p));
                let at = at.map(|byte| origins.old(byte));
                let words = engine::Words {
                    sqlstate: &sqlstate,
                    message: &message,
                    hint: hint.as_deref(),
                    at,
                };
                let fault = engine::refusal(&words, draft.lexed, draft.tokens);
                Err(Failed::Faults(vec![fault]))
            }
        }
    };
    let all: BTreeSet<usize> = (0..draft.slots.len())
        .filter(|i| draft.slots[*i] != Base::Null)
        .collect();
    let mut casts = BTreeSet::new();
    let (mut sql, mut said) = match describe(&casts, &[]) {
        // It may only lack the parameters' types. A refusal is not kept: what the kept answers lack may be one.
        Err(Failed::Faults(_) | Failed::Missing) if !all.is_empty() => {
            let answer = describe(&all, &[])?;
            casts.clone_from(&all);
            answer
        }
        other => other?,
    };
    count(draft, &said, outputs)?;
    let differing: BTreeSet<usize> = (0..draft.slots.len())
        .filter(|i| !casts.contains(i) && !is_bound_as(&said.parameters[*i], &draft.slots[*i]))
        .collect();
    let wraps = widths(draft, results, &said, outputs);
    if !differing.is_empty() || !wraps.is_empty() {
        casts.extend(differing);
        (sql, said) = describe(&casts, &wraps)?;
        count(draft, &said, outputs)?;
    }
    let mut faults = Vec::new();
    let deferred = results.outputs[..outputs]
        .iter()
        .zip(&said.columns)
        .map(|(output, column)| {
            let text = short(draft.lexed.slice(&output.typed.range));
            let at = output.typed.range.clone();
            match (&output.typed.base, types::of_postgres(&column.ty)) {
                (Some(Base::Null), _) => None,
                (Some(ours), theirs) => {
                    let same = theirs.as_ref().is_ok_and(|t| types::alike(t, ours))
                        || (column.ty == "numeric" && matches!(ours, Base::Decimal(_)));
                    if !same {
                        faults.push(disagreement(at, &text, ours, &column.ty));
                    }
                    None
                }
                (None, Ok(base)) => Some(base),
                (None, Err(cast)) => {
                    faults.push(
                        Fault::new(
                            &codes::UNTYPED,
                            at,
                            format!(
                                "`{text}` is {} to Postgres, which is no type of the language",
                                spoken(&column.ty)
                            ),
                        )
                        .help(cast.replace('…', &text)),
                    );
                    None
                }
            }
        })
        .collect();
    if faults.is_empty() {
        Ok(Answer { sql, deferred })
    } else {
        Err(Failed::Faults(faults))
    }
}

/// Our count and Postgres's.
fn count(draft: &Draft<'_>, said: &Described, outputs: usize) -> Result<(), Failed> {
    // A parameter that stands nowhere is not counted.
    if said.parameters.len() == draft.slots.len() && said.columns.len() == outputs {
        return Ok(());
    }
    Err(Failed::Faults(vec![
        Fault::new(
            &codes::ENGINE,
            draft.lexed.bytes(draft.tokens),
            "Postgres counts other parameters or columns than botgen does",
        )
        .help("this is a fault of botgen: write the statement in a simpler way"),
    ]))
}

/// Whether Postgres takes the parameter in the form that the DSL's type is sent in.
fn is_bound_as(ty: &str, base: &Base) -> bool {
    match base {
        Base::Null => true,
        Base::Text { .. } => matches!(ty, "text" | "varchar" | "bpchar"),
        other => ty == types::wire(other),
    }
}

/// Outputs that Postgres gives in another width than the DSL's type has.
fn widths(
    draft: &Draft<'_>,
    results: &Results,
    said: &Described,
    outputs: usize,
) -> Vec<(Range<usize>, &'static str)> {
    results.outputs[..outputs]
        .iter()
        .zip(&said.columns)
        .filter(|(o, _)| o.origin.is_none())
        .filter_map(|(output, column)| {
            let to = match (&output.typed.base, column.ty.as_str()) {
                (Some(Base::Int) | None, "int2" | "int4") => "BIGINT",
                (Some(Base::Real), "int2" | "int4" | "int8" | "numeric" | "float4")
                | (None, "float4") => "DOUBLE PRECISION",
                (Some(Base::Decimal(_)), "int2" | "int4" | "int8") => "NUMERIC",
                (
                    Some(Base::Text { .. }) | None,
                    "name" | "unknown" | "bpchar" | "\"char\"" | "char",
                ) => "TEXT",
                _ => return None,
            };
            Some((draft.lexed.whole_call(&output.typed.range), to))
        })
        .collect()
}

fn disagreement(at: Range<usize>, text: &str, ours: &Base, theirs: &str) -> Fault {
    let name = Ty::some(ours.clone()).describe();
    Fault::new(
        &codes::DISAGREE,
        at,
        format!("`{text}` is {name}, but Postgres gives {}", spoken(theirs)),
    )
    .help(format!(
        "say which it is: `CAST({text} AS {})`",
        types::postgres(ours)
    ))
}

/// As SQL spells a type of the catalogue.
fn spoken(ty: &str) -> String {
    match ty {
        "int2" => "SMALLINT".to_owned(),
        "int4" => "INTEGER".to_owned(),
        "int8" => "BIGINT".to_owned(),
        "float4" => "REAL".to_owned(),
        "float8" => "DOUBLE PRECISION".to_owned(),
        "bool" => "BOOLEAN".to_owned(),
        "varchar" => "VARCHAR".to_owned(),
        "timetz" => "TIME WITH TIME ZONE".to_owned(),
        "timestamp" => "TIMESTAMP without a zone".to_owned(),
        "timestamptz" => "TIMESTAMPTZ".to_owned(),
        "numeric" => "NUMERIC without a known scale".to_owned(),
        array if array.starts_with('_') => format!("an array of {}", spoken(&array[1..])),
        other => other.to_ascii_uppercase(),
    }
}
