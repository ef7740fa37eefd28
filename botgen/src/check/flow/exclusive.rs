//! How many buttons can be shown at once: conditions that exclude each other count once.

use std::collections::BTreeMap;

use crate::syntax::ast::{Button, Comparison, Expr, ExprKind};

/// The first button beyond `limit` of those that can be shown together, and how many can be.
pub fn over<'b>(
    buttons: impl Iterator<Item = &'b Button>,
    limit: usize,
) -> Option<(&'b Button, usize)> {
    let mut always = 0;
    // By what is asked: by the answer, the buttons that are shown then.
    let mut asked: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut first = None;
    let mut shown = 0;
    for button in buttons {
        match button.when.as_ref().and_then(case) {
            Some((question, answer)) => {
                *asked
                    .entry(question)
                    .or_default()
                    .entry(answer)
                    .or_default() += 1;
            }
            None => always += 1,
        }
        let most = |answers: &BTreeMap<String, usize>| answers.values().copied().max().unwrap_or(0);
        shown = always + asked.values().map(most).sum::<usize>();
        if shown > limit && first.is_none() {
            first = Some(button);
        }
    }
    first.map(|button| (button, shown))
}

/// `kind == 'red'` as a question and its answer; `None`: it excludes nothing that is known.
fn case(e: &Expr) -> Option<(String, String)> {
    Some(match &e.kind {
        ExprKind::Compare(Comparison::Eq, a, b) => match (path(a), literal(b)) {
            (Some(path), Some(value)) => (path, value),
            _ => (path(b)?, literal(a)?),
        },
        ExprKind::IsNull { value, negated } => {
            (format!("{} null", path(value)?), negated.to_string())
        }
        ExprKind::IsEmpty { value, negated } => {
            (format!("{} empty", path(value)?), negated.to_string())
        }
        ExprKind::Not(inner) => {
            let (question, answer) = case(inner)?;
            // Only a question with two answers says something by its no.
            let other = match answer.as_str() {
                "true" => "false",
                "false" => "true",
                _ => return None,
            };
            (question, other.to_owned())
        }
        ExprKind::Path(_) => (path(e)?, "true".to_owned()),
        _ => return None,
    })
}

fn path(e: &Expr) -> Option<String> {
    let ExprKind::Path(parts) = &e.kind else {
        return None;
    };
    Some(
        parts
            .iter()
            .map(|p| p.node.as_str())
            .collect::<Vec<_>>()
            .join("."),
    )
}

fn literal(e: &Expr) -> Option<String> {
    Some(match &e.kind {
        ExprKind::Text(text) => format!("\"{text}\""),
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Bool(b) => b.to_string(),
        _ => return None,
    })
}
