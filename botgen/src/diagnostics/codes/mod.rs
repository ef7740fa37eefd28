//! The registry of codes. A number is never used twice; a retired one keeps its page.
//!
//! Ranges: BF00 files and YAML · BF01 shape of the language · BF02 names and references · BF03 flow
//! graph and variables · BF04 texts, translations, markup · BF05 SQL and migrations · BF06 Telegram's
//! limits · BF07 expressions and types · BF08 conversation tests · BF09 botgen itself · BF10 widgets and policies ·
//! BF11 broadcasts, models, roles.
//!
//! To add one: a line in the family's file here (`files`, `texts` and `limits`: in `botfactory_lang::diagnostics::codes`,
//! for the runtime checks texts, too; their ids stand here once more), a page `explain/BFnnnn.md`, a fixture
//! `botgen/tests/ui/BFnnnn_name/`. `tests/ui.rs` holds the three against each other and says how both are written.

pub use super::Code;

pub mod broadcasts;
pub mod expressions;
pub mod files;
pub mod graph;
pub mod itself;
pub mod limits;
pub mod lists;
pub mod models;
pub mod names;
pub mod roles;
pub mod shape;
pub mod sql;
pub mod texts;
pub mod transcripts;
pub mod widgets;

/// Declares the codes of one family with their pages: `NAME = "BF0101" error "title";`.
macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident = $id:literal $severity:ident $title:literal; )*) => {
        botfactory_lang::codes! { $( $(#[$doc])* $name = $id $severity $title; )* }
        $crate::diagnostics::codes::pages! { $($id)* }
    };
}
pub(crate) use codes;

/// The pages of `botgen explain`.
macro_rules! pages {
    ($($id:literal)*) => {
        /// Id and page of every code of this family.
        pub static PAGES: &[(&str, &str)] = &[$( ($id, include_str!(concat!("../explain/", $id, ".md"))) ),*];
    };
}
pub(crate) use pages;

/// Every code, by number.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [
        files::ALL,
        shape::ALL,
        names::ALL,
        graph::ALL,
        texts::ALL,
        sql::ALL,
        limits::ALL,
        expressions::ALL,
        transcripts::ALL,
        itself::ALL,
        widgets::ALL,
        lists::ALL,
        broadcasts::ALL,
        roles::ALL,
        models::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The families by the four signs that their codes begin with.
pub const FAMILIES: [(&str, &str); 12] = [
    ("BF00", "files and YAML"),
    ("BF01", "the shape of the language"),
    ("BF02", "names and references"),
    ("BF03", "the flow graph, steps and actions"),
    ("BF04", "texts, translations, markup"),
    ("BF05", "SQL and migrations"),
    ("BF06", "limits, Telegram's and our own"),
    ("BF07", "expressions and types"),
    ("BF08", "conversation tests"),
    ("BF09", "botgen itself"),
    ("BF10", "widgets and policies"),
    ("BF11", "broadcasts, models, roles"),
];

/// The name of a code's family.
pub fn family(id: &str) -> &'static str {
    let found = FAMILIES.iter().find(|(prefix, _)| id.starts_with(prefix));
    found.map_or("", |(_, name)| name)
}

/// The page of a code; empty for one that is not in the registry.
pub fn page(code: &Code) -> &'static str {
    let pages = [
        files::PAGES,
        models::PAGES,
        shape::PAGES,
        names::PAGES,
        graph::PAGES,
        texts::PAGES,
        sql::PAGES,
        limits::PAGES,
        expressions::PAGES,
        transcripts::PAGES,
        itself::PAGES,
        widgets::PAGES,
        lists::PAGES,
        broadcasts::PAGES,
        roles::PAGES,
        models::PAGES,
    ];
    let mut all = pages.into_iter().flatten();
    all.find(|(id, _)| *id == code.id)
        .map_or("", |(_, page)| page)
}

/// The code with this id.
pub fn find(id: &str) -> Option<&'static Code> {
    all().find(|c| c.id.eq_ignore_ascii_case(id))
}
