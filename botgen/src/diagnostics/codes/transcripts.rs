//! BF08: conversation tests.

super::codes! {
    ONE_VERB = "BF0801" error "a step of a conversation that does not say exactly one thing";
    UNKNOWN_COMMAND = "BF0802" error "a conversation with a command that does not exist";
    TIME = "BF0803" error "a conversation's time that cannot be read";
    SAME_NAME = "BF0804" error "two conversations of one name";
    UNKNOWN_LOCALE = "BF0805" error "a conversation in a language the bot does not have";
}
