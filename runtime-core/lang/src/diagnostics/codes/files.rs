//! BF00: files and YAML.

crate::codes! {
    MISSING_BOT_YAML = "BF0001" error "a bot's folder has no bot.yaml";
    BOT_ID = "BF0002" error "a folder's name cannot be a bot's id";
    NOT_UTF8 = "BF0003" error "a file is not UTF-8";
    CONTROL_CHARACTER = "BF0004" error "a file holds control characters";
    TOO_LARGE = "BF0005" error "a file is too large";
    STRAY_FILE = "BF0006" error "a file of a bot's folder is read by nothing";
    EMPTY = "BF0007" error "a file is empty";
    SYNTAX = "BF0010" error "a file is not YAML";
    TAB = "BF0011" error "a tab is used as indentation";
    DOCUMENTS = "BF0012" error "a file holds several YAML documents";
    ANCHOR = "BF0013" error "a YAML anchor, alias or merge key";
    TAG = "BF0014" error "a YAML tag";
    DUPLICATE_KEY = "BF0015" error "a key stands twice in one mapping";
    KEY = "BF0016" error "a key is not a word";
    TOO_DEEP = "BF0017" error "YAML is nested too deep";
    MORE = "BF0018" warning "more findings than are shown";
    DIRECTION = "BF0019" error "a character turns the direction of the text around it";
    COMMENT = "BF0020" error "a `#` turns the rest of a text into a comment";
    BARE_WORD = "BF0021" error "a word that YAML reads as something other than text";
    BACKSLASH = "BF0022" error "an escape that YAML does not decode here";
    FOLDED = "BF0023" error "YAML joins the lines of a text";
    SPLIT = "BF0024" error "a comma splits a text inside `{…}`";
    INDENT = "BF0025" error "parameters stand level with their block's key";
    REGEX_QUOTES = "BF0026" error "a regex in double quotes";
}
