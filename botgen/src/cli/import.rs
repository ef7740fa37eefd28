//! `botgen import`.

use std::path::Path;

use crate::import::{self, ImportError};

/// Translates one spec into a new folder and prints what was changed.
pub fn run(spec: &Path, out: &Path) -> u8 {
    let shown = spec.display().to_string();
    let json = match std::fs::read_to_string(spec) {
        Ok(json) => json,
        Err(error) => {
            super::complain(&format!("{shown}: {error}"));
            return super::WRONG_USE;
        }
    };
    match import::run(&json, &shown, out) {
        Ok(report) => {
            let next = format!("check it: botgen check {}\n", out.display());
            super::print(&format!("{report}{next}"))
        }
        Err(error) => {
            let of_the_spec = matches!(error, ImportError::Json { .. } | ImportError::Shape(_));
            let prefix = if of_the_spec {
                format!("{shown}: ")
            } else {
                String::new()
            };
            super::complain(&format!("{prefix}{error}"));
            if of_the_spec {
                super::ERRORS
            } else {
                super::WRONG_USE
            }
        }
    }
}
