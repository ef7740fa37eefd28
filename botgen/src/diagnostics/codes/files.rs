//! BF00: files and YAML.

super::codes! {
    MISSING_BOT_YAML = "BF0001" error "a bot's folder has no bot.yaml";
    BOT_ID = "BF0002" error "a folder's name cannot be a bot's id";
    NOT_UTF8 = "BF0003" error "a file is not UTF-8";
    CONTROL_CHARACTER = "BF0004" error "a file holds control characters";
    TOO_LARGE = "BF0005" error "a file is too large";
    STRAY_FILE = "BF0006" error "a file of a bot's folder is read by nothing";
    SYNTAX = "BF0010" error "a file is not YAML";
}
