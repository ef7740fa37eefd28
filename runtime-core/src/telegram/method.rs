//! Outbound calls: strict. Field names are the Bot API's.

use serde::{Deserialize, Serialize};

use super::media::{
    SendAnimation, SendAudio, SendDocument, SendMediaGroup, SendPhoto, SendVideo, SendVoice,
};

/// A call to the Bot API. In JSON: `{"method": "sendMessage", …}`, which is also the form of a webhook response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Call {
    SendMessage(SendMessage),
    EditMessageText(EditMessageText),
    AnswerCallbackQuery(AnswerCallbackQuery),
    DeleteMessage(DeleteMessage),
    SendPhoto(SendPhoto),
    SendDocument(SendDocument),
    SendVideo(SendVideo),
    SendAudio(SendAudio),
    SendAnimation(SendAnimation),
    SendVoice(SendVoice),
    SendMediaGroup(SendMediaGroup),
    /// Not Telegram's: changes the message of a row that was sent before; sends it anew where there is none to change.
    /// The sender makes one of the calls above of it.
    ReviseSent(ReviseSent),
    /// Not Telegram's: deletes the message of a row that was sent before.
    WithdrawSent(WithdrawSent),
}

/// <https://core.telegram.org/bots/api#deletemessage>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DeleteMessage {
    pub chat_id: i64,
    pub message_id: i64,
}

/// An earlier row of the same bot's outbox, whose message's id was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SentRow {
    pub update_id: i64,
    pub n: i64,
}

/// What the message of a row shall say from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ReviseSent {
    pub row: SentRow,
    #[serde(flatten)]
    pub message: SendMessage,
}

/// The message of a row shall be gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WithdrawSent {
    pub row: SentRow,
    pub chat_id: i64,
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

/// A method of the Bot API: its name, and what it answers.
pub trait Method: Serialize + Sync {
    /// As it stands in the address.
    const NAME: &'static str;
    /// The type of `result`.
    type Answer: serde::de::DeserializeOwned;
}

macro_rules! methods {
    ($($name:ident => $wire:literal, $answer:ty;)*) => {
        $(impl Method for $name {
            const NAME: &'static str = $wire;
            type Answer = $answer;
        })*
    };
}

methods! {
    SendMessage => "sendMessage", Sent;
    EditMessageText => "editMessageText", serde::de::IgnoredAny;
    AnswerCallbackQuery => "answerCallbackQuery", bool;
    DeleteMessage => "deleteMessage", bool;
    SendPhoto => "sendPhoto", Sent;
    SendDocument => "sendDocument", Sent;
    SendVideo => "sendVideo", Sent;
    SendAudio => "sendAudio", Sent;
    SendAnimation => "sendAnimation", Sent;
    SendVoice => "sendVoice", Sent;
    SendMediaGroup => "sendMediaGroup", Vec<Sent>;
    GetMe => "getMe", Me;
    SetWebhook => "setWebhook", bool;
    DeleteWebhook => "deleteWebhook", bool;
    GetWebhookInfo => "getWebhookInfo", WebhookInfo;
    GetUpdates => "getUpdates", Vec<Box<serde_json::value::RawValue>>;
    SetMyCommands => "setMyCommands", bool;
}

impl Call {
    /// As it stands in the address, in metrics and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SendMessage(_) => SendMessage::NAME,
            Self::EditMessageText(_) => EditMessageText::NAME,
            Self::AnswerCallbackQuery(_) => AnswerCallbackQuery::NAME,
            Self::DeleteMessage(_) | Self::WithdrawSent(_) => DeleteMessage::NAME,
            Self::ReviseSent(_) => EditMessageText::NAME,
            Self::SendPhoto(_) => SendPhoto::NAME,
            Self::SendDocument(_) => SendDocument::NAME,
            Self::SendVideo(_) => SendVideo::NAME,
            Self::SendAudio(_) => SendAudio::NAME,
            Self::SendAnimation(_) => SendAnimation::NAME,
            Self::SendVoice(_) => SendVoice::NAME,
            Self::SendMediaGroup(_) => SendMediaGroup::NAME,
        }
    }

    /// Caption, parse mode and keyboard of a call that sends one file.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn caption(&self) -> Option<(&str, Option<&str>, Option<&ReplyMarkup>)> {
        macro_rules! of {
            ($m:expr) => {
                Some((
                    $m.caption.as_deref().unwrap_or_default(),
                    $m.parse_mode.as_deref(),
                    $m.reply_markup.as_ref(),
                ))
            };
        }
        match self {
            Self::SendPhoto(m) => of!(m),
            Self::SendDocument(m) => of!(m),
            Self::SendVideo(m) => of!(m),
            Self::SendAudio(m) => of!(m),
            Self::SendAnimation(m) => of!(m),
            Self::SendVoice(m) => of!(m),
            _ => None,
        }
    }
    /// The chat it writes to; `None` for an answer to a button, which no chat's flood limit holds back.
    pub fn chat_id(&self) -> Option<i64> {
        match self {
            Self::SendMessage(m) => Some(m.chat_id),
            Self::EditMessageText(m) => Some(m.chat_id),
            Self::DeleteMessage(m) => Some(m.chat_id),
            Self::ReviseSent(m) => Some(m.message.chat_id),
            Self::SendPhoto(m) => Some(m.chat_id),
            Self::SendDocument(m) => Some(m.chat_id),
            Self::SendVideo(m) => Some(m.chat_id),
            Self::SendAudio(m) => Some(m.chat_id),
            Self::SendAnimation(m) => Some(m.chat_id),
            Self::SendVoice(m) => Some(m.chat_id),
            Self::SendMediaGroup(m) => Some(m.chat_id),

            Self::WithdrawSent(m) => Some(m.chat_id),
            Self::AnswerCallbackQuery(_) => None,
        }
    }

    /// Rewrites the chat after a group became a supergroup.
    pub fn move_to(&mut self, chat: i64) {
        match self {
            Self::SendMessage(m) => m.chat_id = chat,
            Self::EditMessageText(m) => m.chat_id = chat,
            Self::DeleteMessage(m) => m.chat_id = chat,
            Self::ReviseSent(m) => m.message.chat_id = chat,
            Self::SendPhoto(m) => m.chat_id = chat,
            Self::SendDocument(m) => m.chat_id = chat,
            Self::SendVideo(m) => m.chat_id = chat,
            Self::SendAudio(m) => m.chat_id = chat,
            Self::SendAnimation(m) => m.chat_id = chat,
            Self::SendVoice(m) => m.chat_id = chat,
            Self::SendMediaGroup(m) => m.chat_id = chat,

            Self::WithdrawSent(m) => m.chat_id = chat,
            Self::AnswerCallbackQuery(_) => {}
        }
    }

    /// The class of a reply's call.
    pub fn reply_class(&self) -> super::flood::Class {
        match self {
            Self::EditMessageText(_) | Self::DeleteMessage(_) => super::flood::Class::Edit,
            _ => super::flood::Class::Reply,
        }
    }

    /// How many messages it is for flood control.
    pub fn messages(&self) -> u32 {
        match self {
            Self::SendMediaGroup(album) => u32::try_from(album.media().len()).unwrap_or(1),
            _ => 1,
        }
    }

    /// Whether sending it twice leaves the same as sending it once.
    pub fn idempotent(&self) -> bool {
        matches!(
            self,
            Self::EditMessageText(_)
                | Self::AnswerCallbackQuery(_)
                | Self::DeleteMessage(_)
                | Self::ReviseSent(_)
                | Self::WithdrawSent(_)
        )
    }
}

/// A sent message, as far as we need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)]
pub struct Sent {
    pub message_id: i64,
}

/// <https://core.telegram.org/bots/api#getme>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GetMe {}

/// Answer of [`GetMe`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)]
pub struct Me {
    pub id: i64,
    #[serde(default)]
    pub username: Option<String>,
}

/// <https://core.telegram.org/bots/api#setwebhook>
#[derive(Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct SetWebhook {
    pub url: String,
    pub secret_token: String,
    pub allowed_updates: &'static [&'static str],
    pub drop_pending_updates: bool,
}

impl std::fmt::Debug for SetWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetWebhook")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// The kinds of updates that bots of this build use.
pub const ALLOWED_UPDATES: &[&str] = &["message", "callback_query"];

/// <https://core.telegram.org/bots/api#deletewebhook>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct DeleteWebhook {
    pub drop_pending_updates: bool,
}

/// <https://core.telegram.org/bots/api#getwebhookinfo>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GetWebhookInfo {}

/// Answer of [`GetWebhookInfo`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WebhookInfo {
    /// Empty: none is set.
    pub url: String,
    #[serde(default)]
    pub pending_update_count: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error_date: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error_message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_updates: Option<Vec<String>>,
}

/// <https://core.telegram.org/bots/api#getupdates>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct GetUpdates {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// 1–100.
    pub limit: u8,
    /// Seconds, at most 50.
    pub timeout: u8,
    pub allowed_updates: &'static [&'static str],
}

/// <https://core.telegram.org/bots/api#setmycommands>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct SetMyCommands {
    pub commands: Vec<Command>,
    /// Two letters (ISO 639-1); `None`: for everybody without a list of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
    /// Whose menu it is; `None`: everybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<CommandScope>,
}

/// <https://core.telegram.org/bots/api#botcommandscopechat>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum CommandScope {
    Chat { chat_id: i64 },
}

/// <https://core.telegram.org/bots/api#botcommand>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Command {
    pub command: String,
    pub description: String,
}
