//! Telegram: typed client, strict outbound types, tolerant inbound ones, flood control.

pub mod method;
