//! For tests: scripts run through the compiled handlers on a real database with a virtual clock ([`script`]), and a
//! strict Telegram in this process ([`telegram`]).

pub mod script;
pub mod telegram;

pub use script::{Does, Kind, Script, Step};
