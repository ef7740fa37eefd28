//! Values that Telegram hands over whole: contacts, locations, files.

use serde::{Deserialize, Serialize};

/// A shared contact (Bot API, Contact).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Phone number as Telegram gives it.
    pub phone: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: Option<String>,
    /// The contact's user id, where it has one.
    pub user_id: Option<i64>,
}

/// A shared location (Bot API, Location).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees.
    pub latitude: f64,
    /// Degrees.
    pub longitude: f64,
}

/// A photo or document that a person sent (Bot API, PhotoSize and Document).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Usable to send the file again.
    pub file_id: String,
    /// Stable over time and across bots.
    pub unique_id: String,
    /// File name, documents only.
    pub name: Option<String>,
    /// Size in bytes, where Telegram says it.
    pub size: Option<i64>,
}
