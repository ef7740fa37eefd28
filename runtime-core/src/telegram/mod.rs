//! Telegram: typed client, strict outbound types, tolerant inbound ones, flood control.

pub mod client;
pub mod error;
pub mod flood;
pub mod media;
pub mod method;
pub mod token;
pub mod update;
