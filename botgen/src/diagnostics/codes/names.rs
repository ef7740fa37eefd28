//! BF02: names and references.

super::codes! {
    UNKNOWN_COMMAND = "BF0201" error "a button runs a command that does not exist";
    TWO_OWNERS = "BF0202" error "a command has two owners";
    COMMAND_NAME = "BF0203" error "a command's name is not one that Telegram takes";
    RESERVED_COMMAND = "BF0204" error "a command belongs to the runtime";
    ARGUMENT_MISSING = "BF0205" error "a button leaves out an argument";
    ARGUMENT_UNKNOWN = "BF0206" error "a button gives an argument that the command does not have";
    BUILTIN_SHADOWED = "BF0207" error "a name is one of the built-ins";
    VARIABLE_TWICE = "BF0208" error "a variable is defined twice";
    STEP_TWICE = "BF0209" error "two steps have one id";
    UNKNOWN_TARGET = "BF0210" error "a goto names no step";
    EXPRESSION_WORD = "BF0211" error "a variable is called like a word of the expression language";
    ARGUMENT_AND_STEP = "BF0212" error "an argument and the step that asks for it disagree";
    OPTION_TWICE = "BF0213" error "two options of a choice have one value";
    OPTIONAL_FIRST = "BF0214" error "a required argument follows an optional one";
    ARGUMENT_TYPE = "BF0215" error "an argument of a type that cannot be typed";
    ARGUMENT_VALUE = "BF0216" error "a button gives a value that its argument refuses";
    TIME_ZONE = "BF0220" error "a time zone does not exist";
    LOCALE_TAG = "BF0221" error "a locale is not a language tag";
    LOCALE_TWICE = "BF0222" error "a locale is declared twice";
    DEFAULT_LOCALE = "BF0223" error "the default locale is not among the locales";
    LOCALE_FILE = "BF0224" error "the files of locales/ and the declared locales differ";
    UNKNOWN_LOCALE = "BF0225" error "a locale is set that the bot does not have";
    MIGRATIONS_OWNER = "BF0226" error "the migrations of another bot cannot be found";
    BOT_TWICE = "BF0227" error "two bots have one id";
    UNLISTED = "BF0246" warning "a command that nobody learns of";
    NEEDS_ARGUMENT = "BF0247" warning "a command that its entry in the menu cannot run";
    NO_START = "BF0240" warning "nothing answers /start";
    NO_CHOICE_OF_LOCALE = "BF0241" warning "nobody can choose among the bot's locales";
    USELESS_CHOICE_OF_LOCALE = "BF0245" warning "a locale is set where the stored choice does not count";
    UNUSED_ANSWER = "BF0242" warning "an answer is never used";
    UNUSED_ARGUMENT = "BF0243" warning "an argument is never used";
    TIMEOUT_OF_NOTHING = "BF0250" error "an on_timeout says nothing";
    TIMEOUT_OF_TWO = "BF0251" error "an on_timeout says two things";
    TIMEOUT_END = "BF0252" error "a timer leads to the end by a goto";
    DEAD_MENTION = "BF0253" warning "a text names a command that does not exist";
    UNUSED_RESULT = "BF0244" warning "a result is never used";
}
