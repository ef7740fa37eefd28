//! Names in the code of a dialogue, made from those of the author.

use quote::format_ident;

use crate::emit::format::{camel, ident};
use crate::ir::{Step, Wizard};

/// Variant name: camel case of the step's id.
pub(super) fn variant(wizard: &Wizard, step: &Step) -> syn::Ident {
    let name = camel(&step.id);
    // `note_1` and `note1` are two steps and one name in camel case.
    let alike = wizard.steps.iter().take_while(|other| other.id != step.id);
    match alike.filter(|other| camel(&other.id) == name).count() {
        0 => ident(&name),
        n => ident(&format!("{name}_{}", n + 1)),
    }
}

pub(super) fn bare(name: &str) -> &str {
    name.trim_start_matches("r#")
}

pub(super) fn pattern_name(step: &Step) -> syn::Ident {
    format_ident!("{}_PATTERN", bare(&step.var.ident).to_uppercase())
}
