//! Outbound calls: strict. Field names are the Bot API's.

use serde::{Deserialize, Serialize};

/// A call to the Bot API. In JSON: `{"method": "sendMessage", …}`, which is also the form of a webhook response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Call {
    SendMessage(SendMessage),
    EditMessageText(EditMessageText),
    AnswerCallbackQuery(AnswerCallbackQuery),
}

/// <https://core.telegram.org/bots/api#sendmessage>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SendMessage {
    pub chat_id: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_thread_id: Option<i64>,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parse_mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<ReplyMarkup>,
}

/// <https://core.telegram.org/bots/api#editmessagetext>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct EditMessageText {
    pub chat_id: i64,
    pub message_id: i64,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parse_mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<ReplyMarkup>,
}

/// <https://core.telegram.org/bots/api#answercallbackquery>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AnswerCallbackQuery {
    pub callback_query_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub show_alert: bool,
}

/// Inline keyboards, and reply keyboards for contact and location steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum ReplyMarkup {
    Inline {
        inline_keyboard: Vec<Vec<InlineButton>>,
    },
    Reply {
        keyboard: Vec<Vec<ReplyButton>>,
        resize_keyboard: bool,
        one_time_keyboard: bool,
    },
    Remove {
        remove_keyboard: bool,
    },
}

/// <https://core.telegram.org/bots/api#inlinekeyboardbutton>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct InlineButton {
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_data: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// <https://core.telegram.org/bots/api#keyboardbutton>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ReplyButton {
    pub text: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub request_contact: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub request_location: bool,
}
