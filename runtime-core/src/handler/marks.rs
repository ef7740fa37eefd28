//! Fields of whoever will get a message that is written once for many: marks stand for them until it is sent.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A field of whoever gets the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Recipient {
    FirstName,
    /** Empty where they have none. */
    LastName,
    /** Without `@`; empty where they have none. */
    Username,
}

impl Recipient {
    pub(crate) const ALL: [Self; 3] = [Self::FirstName, Self::LastName, Self::Username];
    /// UTF-16 units that a field may take (Telegram's own bounds).
    pub(crate) const UNITS: usize = 64;

    /// Bytes of a mark.
    pub(crate) const MARK: usize = 40;

    /// What stands for the field until the message is sent: digits, which no escaping touches and nobody can guess.
    pub(crate) fn mark(self) -> &'static str {
        static MARKS: LazyLock<[String; 3]> = LazyLock::new(|| {
            let secret: u128 = rand::random();
            [0, 1, 2].map(|field| format!("{secret:039}{field}"))
        });
        let [first, last, username] = &*MARKS;
        match self {
            Self::FirstName => first,
            Self::LastName => last,
            Self::Username => username,
        }
    }
}
