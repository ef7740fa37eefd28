//! The HTTP surface: Telegram's webhook, operators' and builders' routes, the chat page.
//!
//! | module | holds |
//! |---|---|
//! | [`api`] | the one table of routes |
//! | [`routes`] | which route stands where: one listener, or two |
//! | [`openapi`] | the description of the routes |
//! | [`guard`] | who may use admin and preview routes |
//! | [`client`] | whose address counts |
//! | [`error`], [`extract`], [`given`] | the one envelope of every error; what is read of a request, and what is said of what does not fit |
//! | [`listener`] | sockets: shared ports, and when a response has left |
//! | [`serve`], [`doors`], [`pace`] | connections: how many, and how long each may take for anything |
//! | [`paging`] | how lists are bounded |
//! | [`webhook`] | what Telegram calls |
//! | [`health`], [`bots`], [`compiled`], [`hooks`], [`data`], [`events`], [`letters`], [`broadcasts`], [`segments`], [`llm`], [`people`], [`texts`], [`i18n`], [`preview`], [`page`] | the routes |
//! | [`build_time`] | what the previous system did at run time and a compiler does before |

pub mod api;
pub mod bots;
pub mod broadcasts;
pub mod build_time;
pub mod client;
pub mod compiled;
pub mod data;
pub mod doors;
pub mod error;
pub mod events;
pub mod extract;
pub mod given;
pub mod guard;
pub mod health;
pub mod hooks;
pub mod i18n;
pub mod letters;
pub mod listener;
pub mod llm;
pub mod openapi;
pub mod pace;
pub mod page;
pub mod paging;
pub mod people;
pub mod preview;
pub mod routes;
pub mod segments;
pub mod serve;
#[cfg(test)]
pub(crate) mod tests;
pub mod texts;
pub mod webhook;
