//! Codes of what compiler and runtime both check: files, texts, limits. `botgen` has the other families, and the page of
//! each code.

use super::Severity;

pub mod files;
pub mod limits;
pub mod texts;

/// One kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `BF0203`.
    pub id: &'static str,
    /// One line: what kind of mistake it is.
    pub title: &'static str,
    /// Its severity.
    pub severity: Severity,
}

/// Declares the codes of one family: `NAME = "BF0101" error "title";`.
#[macro_export]
macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident = $id:literal $severity:ident $title:literal; )*) => {
        $( $(#[$doc])* #[doc = $title] pub static $name: $crate::diagnostics::Code = $crate::diagnostics::Code {
            id: $id, title: $title, severity: $crate::codes!(@$severity),
        }; )*
        /// Every code of this family.
        pub static ALL: &[&$crate::diagnostics::Code] = &[$( &$name ),*];
    };
    (@error) => { $crate::diagnostics::Severity::Error };
    (@warning) => { $crate::diagnostics::Severity::Warning };
}
