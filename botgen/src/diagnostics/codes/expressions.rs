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
    /// No such name.
    UNKNOWN_VARIABLE = "BF0710" error "a name that is no variable";
    /// Read before written.
    NOT_YET = "BF0711" error "a variable that is read before it is written";
    /// No such column or field.
    UNKNOWN_FIELD = "BF0712" error "a column or field that does not exist";
    /// Column and variable.
    AMBIGUOUS_NAME = "BF0713" error "a name that is both a column and a variable";
    /// Null where a value is needed.
    NULLABLE = "BF0714" error "a value that may be null where one is needed";
    /// Types that do not fit.
    TYPE_MISMATCH = "BF0715" error "a value of the wrong type";
    /// No truthiness.
    NOT_A_CONDITION = "BF0716" error "a condition that is neither true nor false";
    /// No such filter.
    UNKNOWN_FILTER = "BF0717" error "a filter that does not exist";
    /// Wrong input or argument.
    FILTER_USE = "BF0718" error "a filter on the wrong value or with the wrong argument";
    /// Words that are no literal of the type.
    BAD_LITERAL = "BF0719" error "a literal that is not of its type";
    /// A test without effect.
    NEVER_NULL = "BF0720" warning "a test for null of a value that is never null";
    /// `this`, `@index`.
    OUTSIDE_LOOP = "BF0721" error "`this` or `@index` outside of a loop";
    /// Bool, list, row in a text.
    NOT_PRINTABLE = "BF0722" error "a value that cannot be printed as it is";
    /// By zero.
    DIVISION_BY_ZERO = "BF0723" error "a division by zero";
    /// `label: 'x.y'`.
    UNKNOWN_LABEL = "BF0724" error "a label of a choice that does not exist";
    /// `as x`.
    ALIAS_TAKEN = "BF0725" error "a name after `as` that is taken";
}
