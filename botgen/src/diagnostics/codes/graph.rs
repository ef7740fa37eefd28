//! BF03: the flow graph, steps and actions.

super::codes! {
    UNREACHABLE_STEP = "BF0301" error "a step is never asked";
    UNREACHABLE_ACTION = "BF0302" error "an action or a branch is never reached";
    UNREACHABLE_END = "BF0303" error "a wizard never comes to its end";
    NO_WAY_OUT = "BF0304" error "a dialogue has no way out";
    SILENT = "BF0305" warning "a command never answers";
    SILENT_END = "BF0306" warning "a wizard ends without a word";
    EMPTY_TEXT = "BF0309" error "a text for empty lists stands beside a text without lists";
    EMPTY_RANGE = "BF0310" error "no value lies between min and max";
    REGEX = "BF0311" error "a regex is invalid";
    REGEX_NEVER = "BF0312" error "a regex matches nothing";
    REGEX_UNREAD = "BF0313" error "a regex stands on a step whose answer is not typed";
    VALIDATE_EMPTY = "BF0314" error "a validate says nothing";
    GUARD = "BF0316" warning "a condition that is the same for everybody";
    REGEX_COMMAND = "BF0317" error "a regex that only commands match";
    NOTHING_TO_CHOOSE = "BF0318" warning "a choice that may have no options";
    SAME_AGAIN = "BF0319" warning "a way back that asks for nothing that could help";
    LOCALE_UNPROVEN = "BF0315" error "a locale is set that may not be the bot's";
}
