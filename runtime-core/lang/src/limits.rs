//! Telegram's limits and our own. Sources: Bot API reference, see each constant.

/// Longest message text in UTF-16 code units after entity parsing (Bot API, sendMessage).
pub const MESSAGE_TEXT: usize = 4096;
/// Longest raw message text in bytes before parsing (Bot API server, `Client.cpp`).
pub const MESSAGE_RAW_BYTES: usize = 32_768;
/// Longest media caption in UTF-16 code units after entity parsing.
pub const CAPTION: usize = 1024;
/// Longest words of an author in one part of a question to the language model, in UTF-16 code units: three of them have room
/// in a stored job. What values make longer is cut.
pub const MODEL_TEXT: usize = 32_000;
/// Longest `callback_data` in bytes (Bot API, InlineKeyboardButton).
pub const CALLBACK_DATA_BYTES: usize = 64;
/// Longest toast (answerCallbackQuery `text`) in UTF-16 code units.
pub const TOAST: usize = 200;
/// Longest inline button text we send, in UTF-16 code units; longer is cut with `…`.
pub const BUTTON_TEXT: usize = 64;
/// Most buttons in one inline keyboard (undocumented; python-telegram-bot constants).
pub const KEYBOARD_BUTTONS: usize = 100;
/// Most buttons in one row (undocumented; python-telegram-bot constants).
pub const ROW_BUTTONS: usize = 8;
/// Longest command name, `[a-z0-9_]` (Bot API, BotCommand).
pub const COMMAND: usize = 32;
/// Longest command description.
pub const COMMAND_DESCRIPTION: usize = 256;
/// Most commands per scope and language.
pub const COMMANDS: usize = 100;
/// Longest deep link payload, `[A-Za-z0-9_-]`.
pub const DEEP_LINK: usize = 64;
/// Most entities Telegram honours in one message (python-telegram-bot constants).
pub const ENTITIES: usize = 100;
/// Longest bot name per language.
pub const BOT_NAME: usize = 64;
/// Default bound of a text answer, in UTF-16 code units.
pub const ANSWER_TEXT: usize = 1000;
/// Rows a query without LIMIT may return.
pub const QUERY_ROWS: usize = 100;
/// Days and times that can be taken in a calendar. More are an error: a calendar that did not know all of them would
/// offer what is taken.
pub const CALENDAR_ROWS: usize = 10_000;
/// Deepest nesting of YAML, expressions and template blocks that the compiler reads.
pub const NESTING: usize = 64;
