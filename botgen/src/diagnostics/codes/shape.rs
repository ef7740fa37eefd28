//! BF01: the shape of the language.

super::codes! {
    UNKNOWN_KEY = "BF0101" error "a key that does not exist there";
    MISSING_KEY = "BF0102" error "a required key is missing";
    TYPE = "BF0103" error "a value has the wrong YAML type";
    UNKNOWN_BLOCK = "BF0104" error "a block that does not exist";
    PLACE = "BF0106" error "a block stands where it cannot";
    WORD = "BF0107" error "a word that is not one of the possible ones";
    EXCLUSIVE = "BF0108" error "keys that exclude each other";
    NOT_HERE = "BF0109" error "a key that means nothing here";
    EMPTY_LIST = "BF0110" error "a list is empty";
    COMMAND = "BF0111" error "a command without its slash";
    DURATION = "BF0112" error "not a duration";
    CASE = "BF0113" error "branches in an order that cannot work";
    USE = "BF0114" error "`use` does not name exactly the blocks that are used";
    NAME = "BF0115" error "not a name";
    OLD_SPELLING = "BF0116" error "the old system's spelling of a block";
    LINT_CODE = "BF0117" error "a code in `lints` that does not exist";
    LINT_ERROR = "BF0118" error "an error that `lints` would change";
    LINT_REASON = "BF0119" error "a lint without a reason";
    LINT_IDLE = "BF0120" warning "a lint without effect";
}
