//! BF06: limits, Telegram's and our own.

pub use botfactory_lang::diagnostics::codes::limits::*;

super::pages! {
    "BF0601" "BF0602" "BF0603" "BF0604" "BF0605" "BF0606" "BF0607" "BF0608" "BF0609" "BF0610" "BF0611"
    "BF0630" "BF0631" "BF0632" "BF0633" "BF0634" "BF0635" "BF0636" "BF0637" "BF0638" "BF0639" "BF0640"
    "BF0660" "BF0661" "BF0662" "BF0663"
}
