//! What the compiler has to say: plain data, one registry of codes, several renderings.

pub mod classes;
pub mod codes;
pub mod facts;
pub mod render;

pub use botfactory_lang::diagnostics::{
    Code, Diagnostic, Edit, Fix, Meant, Severity, Sink, did_you_mean, in_latin, meant,
    remove_element, remove_entry,
};
