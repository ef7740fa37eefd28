//! Conversation tests: scripts run through the compiled handlers on a real database with a virtual clock.

pub mod script;

pub use script::{Does, Kind, Script, Step};
