//! The typed program: what the checks have proven and the emitter writes down.
//!
//! Nothing here is optional that cannot be absent, and no string stands where an id will do. Every
//! node that becomes an item of generated code knows its [`Origin`].

mod action;
pub mod ask;
mod bot;
pub mod broadcast;
pub mod conversation;
pub mod cost;
pub mod expr;
mod flow;
pub mod pages;
mod reply;
pub mod sql;
pub mod text;
pub mod types;
pub mod widget;

pub use action::*;
pub use bot::*;
pub use flow::*;
pub use reply::*;

/// Where a node was written: `bots/booking/bot.yaml:21`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(pub String);
