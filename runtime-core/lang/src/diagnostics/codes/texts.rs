//! Texts, translations, markup.

crate::codes! {
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
    /// No such key.
    UNKNOWN_KEY = "BF0410" error "a key that no translation has";
    /// One locale lacks it.
    MISSING_TRANSLATION = "BF0411" error "a key that one locale lacks";
    /// `{ $name }` without a value.
    MISSING_ARGUMENT = "BF0412" error "a variable that a translation needs and the text does not give";
    /// Given for nothing.
    UNUSED_ARGUMENT = "BF0413" warning "an argument that no translation uses";
    /// Used as something else.
    ARGUMENT_TYPE = "BF0414" error "an argument of a type that the translation cannot use";
    /// Never printed.
    UNUSED_KEY = "BF0415" warning "a translation that nothing uses";
    /// Not Fluent.
    FTL_SYNTAX = "BF0416" error "a translation that is not Fluent";
    /// Twice.
    FTL_DUPLICATE = "BF0417" error "a translation that is defined twice";
    /// To nothing.
    FTL_REFERENCE = "BF0418" error "a translation that refers to something that does not exist";
    /// Round and round.
    FTL_CYCLE = "BF0419" error "translations that contain each other";
    /// `bf-*`.
    OWN_WORDS = "BF0420" error "a message `bf-…` that the runtime does not have or fill so";
    /// No words of the runtime.
    OWN_WORDS_MISSING = "BF0421" error "a locale without the runtime's own words";
    /// `[few]`.
    PLURAL_FORMS = "BF0422" warning "plural forms that do not fit the language";
    /// `[masage]`.
    VARIANT_NEVER = "BF0423" error "a variant that is never chosen";
    /// Fluent's own limit.
    FTL_SIZE = "BF0424" error "a translation with too many placeables";
    /// `{ -brand }` without what it prints.
    TERM_VARIABLE = "BF0425" error "a term's variable that nothing gives";
    /// `{ -brand(cas: "genitive") }`.
    TERM_ARGUMENT = "BF0426" warning "a term is given something that it has no use for";
    /// `NUMBER($n, style: "money")`.
    FTL_FUNCTION = "BF0427" error "a function of Fluent that is used wrongly";
    /// No variant of its own.
    LEFT_TO_DEFAULT = "BF0428" warning "a value that reads like another one";
    /// Printed in one language only.
    LEFT_OUT = "BF0429" warning "a variable that one locale leaves out";
    /// Tags and entities.
    MARKUP = "BF0430" error "markup that Telegram refuses";
    /// Where there is none.
    MARKUP_IN_PLAIN = "BF0431" error "markup in a text that has none";
    /// Nothing to send.
    EMPTY_TEXT = "BF0432" error "a text that can be empty";
    /// `{{service}}`.
    BARE_CHOICE = "BF0433" warning "a choice that is printed as its value";
    /// Not the same for everyone.
    DESCRIPTION_VALUE = "BF0434" error "a description that depends on who reads it";
    /// `<b>` in one language only.
    MARKUP_DIFFERS = "BF0436" warning "markup that differs between locales";
    /// Two buttons, one text.
    LABELS_ALIKE = "BF0437" error "two options of a choice that read alike";
    /// `/start` on a button.
    LABEL_COMMAND = "BF0438" warning "an option that is typed like a command";
    /// `TODO`.
    PLACEHOLDER = "BF0439" warning "a translation that is still to be written";
    /// `Cancel`.
    LABEL_OWN = "BF0440" warning "an option that reads like a button of the runtime";
    /// `{name}`.
    LONELY_BRACES = "BF0435" warning "braces that are printed as they stand";
    /// `Wait! t:slow-down`.
    BURIED_KEY = "BF0441" warning "a translation's key that is printed as it stands";
    /// `text: answer`.
    WORD_FOR_VALUE = "BF0443" warning "a message that is the name of a variable";
    /// `**bold**`.
    OTHER_MARKUP = "BF0442" warning "Markdown in a text that is HTML";
}
