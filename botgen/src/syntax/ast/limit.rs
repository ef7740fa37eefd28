//! `policy.ratelimit.v1`.

use super::Text;
use crate::source::{Spanned, Str};

/// `policy.ratelimit.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Limit {
    pub scope: Option<Spanned<LimitScope>>,
    /// Seconds.
    pub window: Option<Spanned<i64>>,
    pub allowance: Option<Spanned<i64>>,
    pub key_suffix: Option<Text>,
    pub key: Option<Str>,
    pub message: Option<Text>,
    pub on_error: Option<Spanned<OnError>>,
}

/// Who has a counter of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum LimitScope {
    #[default]
    User,
    Chat,
    Bot,
}

/// What holds while the shared counters cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum OnError {
    #[default]
    Allow,
    Deny,
}
