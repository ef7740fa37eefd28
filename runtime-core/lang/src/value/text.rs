//! Values that are strings in JSON.

use serde::{Deserializer, de};
use std::fmt;

/// Reads a string and parses it; `form` says what was expected. The value itself is never named.
pub(super) fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    form: &'static str,
    parse: fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Visitor<T>(&'static str, fn(&str) -> Option<T>);

    impl<T> de::Visitor<'_> for Visitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            (self.1)(text).ok_or_else(|| E::custom(format_args!("not {}", self.0)))
        }
    }

    deserializer.deserialize_str(Visitor(form, parse))
}
