//! Trace ids.

use rand::Rng;

/// A new trace id: 16 random bytes in hex, the form of W3C trace context.
pub fn new_id() -> String {
    let bits: u128 = rand::rng().random();
    format!("{bits:032x}")
}
