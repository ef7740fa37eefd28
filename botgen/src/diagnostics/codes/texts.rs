//! Codes of this family.

super::codes! {}
