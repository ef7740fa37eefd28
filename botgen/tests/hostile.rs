//! Files that nobody writes by mistake, and folders that are none: each gets an answer with a place, within bounds.
//!
//! The operating system holds the bounds: every case is a process of its own that may use [`CPU`] seconds and
//! [`MEMORY`] kilobytes of address space (what it resides in is less), and has [`PATIENCE`] seconds if it blocks.
#![cfg(all(feature = "cli", unix))]

#[path = "hostile/fluent.rs"]
mod fluent;
#[path = "hostile/folders.rs"]
mod folders;
#[path = "hostile/run.rs"]
mod run;
#[path = "hostile/sql.rs"]
mod sql;
#[path = "hostile/yaml.rs"]
mod yaml;
