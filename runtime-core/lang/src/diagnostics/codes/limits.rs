//! BF06: limits, Telegram's and our own. BF0600-0629 texts, BF0630-0699 the rest.

crate::codes! {
    MESSAGE_LENGTH = "BF0601" error "a message that is too long by its words alone";
    BUTTON_LENGTH = "BF0602" warning "a button's text that is cut off";
    TOAST_LENGTH = "BF0603" warning "a toast that is cut off";
    DESCRIPTION_LENGTH = "BF0604" error "a description that is too long";
    OVERFLOW = "BF0605" error "a message with `overflow: error` that can be too long";
    BLANK_MESSAGE = "BF0606" warning "a message that says nothing when a value is empty";
    BLANK_BUTTON = "BF0607" warning "a button without a label when a value is empty";
    ENTITIES = "BF0608" warning "more formatted places than Telegram shows";
    TWIN_BUTTONS = "BF0609" warning "two buttons of a keyboard that read the same";
    HOST = "BF0610" error "an address whose host is not one that Telegram opens";
    DEEP_LINK = "BF0611" error "a deep link with a payload that Telegram refuses";
    COMMANDS = "BF0630" error "more commands are listed than Telegram shows";
    BUTTONS = "BF0631" error "a keyboard has too many buttons";
    ROW = "BF0632" error "a row has too many buttons";
    PAYLOAD = "BF0633" error "a button's payload can exceed 64 bytes";
    PAYLOAD_UNBOUNDED = "BF0634" error "a button passes a text of any length";
    URL = "BF0635" error "an address is not one that Telegram opens";
    TTL = "BF0636" error "a wizard waits too long or not long enough";
    TEXT_BOUND = "BF0637" error "a bound of a text is out of range";
    OPTION_VALUE = "BF0638" error "a choice's value is empty or too long";
    BOT_NAME = "BF0639" error "a bot's name is empty or too long";
    LIMIT_RANGE = "BF0660" error "a rate limit whose window or allowance is out of range";
    LIMIT_KEY = "BF0661" error "a key of which no counter can be made";
    LIMIT_SHARED = "BF0662" error "rate limits that share a counter and differ";
    LIMIT_AFTER_WRITE = "BF0663" warning "a rate limit that undoes what was written before it";
    STEPS = "BF0640" error "a wizard has too many steps";
}
