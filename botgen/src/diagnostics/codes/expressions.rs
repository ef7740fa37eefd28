//! Expressions and types.

super::codes! {
    /// Not an expression.
    EXPRESSION_SYNTAX = "BF0701" error "an expression that cannot be read";
    /// Too deep or too long.
    EXPRESSION_SIZE = "BF0702" error "an expression that is too large";
    /// Words and `{{…}}` in a field that is no text.
    FIELD_MIXED = "BF0703" error "a field that mixes words and values";
    /// Beyond 64 bits.
    NUMBER_RANGE = "BF0704" error "a number that is too large";
}
