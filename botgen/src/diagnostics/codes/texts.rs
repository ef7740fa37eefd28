//! Texts, translations, markup.

super::codes! {
    /// `t:KEY {…}` cannot be read.
    KEY_SYNTAX = "BF0401" error "a `t:` text that cannot be read";
    /// `{name=EXPR}` cannot be read.
    ARGUMENT_SYNTAX = "BF0402" error "arguments in braces that cannot be read";
    /// Something that is never closed, or closes nothing.
    TAG_UNCLOSED = "BF0403" error "a template tag or block that is not closed";
    /// A tag that does not exist.
    TAG_UNKNOWN = "BF0404" error "a template tag that does not exist";
    /// Blocks too deep.
    TAG_NESTING = "BF0405" error "template blocks that are nested too deep";
    /// `/cmd {…}` cannot be read.
    CALLBACK_SYNTAX = "BF0406" error "a button's callback that cannot be read";
}
