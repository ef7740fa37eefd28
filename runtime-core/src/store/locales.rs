//! People's stored locales, and a bounded cache of them in this process.

/// The cache.
#[derive(Debug, Default)]
pub(crate) struct Cache {}
