//! How updates come beside the webhook ([`crate::http::webhook`]), and how a preview runs: all become the same
//! [`crate::incoming::Incoming`].

pub mod polling;
pub mod preview;
