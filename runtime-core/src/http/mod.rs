//! The HTTP surface: Telegram's webhook, operators' and builders' routes, the chat page.
//!
//! | module | holds |
//! |---|---|
//! | [`state`] | what every route sees of the deployment |
//! | [`api`] | the one table of routes |
//! | [`routes`] | which route stands where: one listener, or two |
//! | [`openapi`] | the description of the routes |
//! | [`guard`] | who may use admin and preview routes |
//! | [`error`], [`extract`] | the one envelope of every error; what is read of a request |
//! | [`listener`] | sockets: shared ports, and when a response has left |
//! | [`health`], [`bots`], [`letters`], [`llm`], [`texts`], [`preview`], [`page`] | the routes |

pub mod api;
pub mod bots;
pub mod error;
pub mod extract;
pub mod guard;
pub mod health;
pub mod letters;
pub mod listener;
pub mod llm;
pub mod openapi;
pub mod page;
pub mod preview;
pub mod routes;
pub mod state;
#[cfg(test)]
pub(crate) mod tests;
pub mod texts;
pub mod vitals;
