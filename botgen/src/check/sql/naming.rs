//! Rust names of rows and parameters.

use crate::check::{FlowCx, RESERVED_TYPES};
use crate::ir::sql::Param;

pub(super) fn unique(base: String, taken: &[Param]) -> String {
    let mut ident = base.clone();
    let mut n = 2;
    while taken.iter().any(|p| p.ident == ident) {
        ident = format!("{base}_{n}");
        n += 1;
    }
    ident
}

/// A type's name from the author's: `user_bookings` → `UserBookings`, unique in the flow.
pub(super) fn row_name(cx: &mut FlowCx<'_>, named: &str) -> String {
    let base: String = crate::check::snake(named)
        .trim_start_matches("r#")
        .split('_')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let mut chars = part.chars();
            chars
                .next()
                .map(|c| c.to_uppercase().chain(chars).collect::<String>())
                .unwrap_or_default()
        })
        .collect();
    // Types of the prelude and of the flow's choices live in the same module.
    let taken = |name: &str, cx: &FlowCx<'_>| {
        RESERVED_TYPES.contains(&name)
            || cx.choices.iter().any(|c| c.name == name)
            || cx.queries.iter().any(|q| q.row == name)
            || cx.idents.contains(name)
    };
    let mut name = base.clone();
    let mut n = 1;
    while taken(&name, cx) {
        name = if n == 1 {
            format!("{base}Row")
        } else {
            format!("{base}Row{n}")
        };
        n += 1;
    }
    cx.idents.insert(name.clone());
    name
}
