//! What Telegram's refusals mean for a send (Bot API server, `Client.cpp`; wording and case of descriptions change,
//! so a description is matched by a lower-cased part of it, never as a whole).

use serde::Deserialize;

/// A call that did not succeed, by what is to be done about it. Carries no texts of people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// 429. Nothing was sent.
    #[error("flood control: retry after {retry_after} s")]
    Flood {
        /// Seconds.
        retry_after: u32,
    },
    /// 403: blocked, kicked, deactivated, not a member. Nothing will arrive until the person comes back.
    #[error("the chat cannot be reached")]
    Unreachable,
    /// 400 "message is not modified": what was wanted is so already.
    #[error("message is not modified")]
    NotModified,
    /// 400 "query is too old": nobody waits for the answer any more.
    #[error("query is too old")]
    QueryTooOld,
    /// 400 with `migrate_to_chat_id`: send again there.
    #[error("the group became a supergroup")]
    Migrated {
        /// Its new id.
        chat: i64,
    },
    /// 400: the message that should be changed or deleted is gone, or may not be changed any more.
    #[error("the message cannot be changed")]
    Unchangeable,
    /// 401, or 404 for a token that never was: the token is dead.
    #[error("telegram does not accept the token")]
    BadToken,
    /// 409: another consumer reads this bot's updates, or a webhook is set.
    #[error("conflict: {reason}")]
    Conflict {
        /// Telegram's words, cleaned.
        reason: String,
    },
    /// Any other 4xx: sending it again would be refused again.
    #[error("refused with {code}: {reason}")]
    Refused {
        /// HTTP status.
        code: u16,
        /// Telegram's words, cleaned.
        reason: String,
    },
    /// 5xx, a timeout or a broken connection after the request had left: it may have happened or not.
    #[error("no answer: {0}")]
    Ambiguous(&'static str),
    /// No connection: certainly not sent.
    #[error("telegram cannot be reached: {0}")]
    Unsent(&'static str),
}

impl ApiError {
    /// For metrics: a closed set.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Flood { .. } => "flood",
            Self::Unreachable => "unreachable",
            Self::NotModified => "not_modified",
            Self::QueryTooOld => "query_too_old",
            Self::Migrated { .. } => "migrated",
            Self::Unchangeable => "unchangeable",
            Self::BadToken => "bad_token",
            Self::Conflict { .. } => "conflict",
            Self::Refused { .. } => "refused",
            Self::Ambiguous(_) => "ambiguous",
            Self::Unsent(_) => "unsent",
        }
    }

    /// As good as done: nothing is left to do for this call.
    pub fn settled(&self) -> bool {
        matches!(self, Self::NotModified | Self::QueryTooOld)
    }

    /// Worth trying again later.
    pub fn transient(&self) -> bool {
        matches!(
            self,
            Self::Flood { .. } | Self::Ambiguous(_) | Self::Unsent(_)
        )
    }

    /// From the envelope of an answer that is not ok.
    pub fn from_answer(status: u16, answer: &Failure) -> Self {
        let words = answer.description.to_lowercase();
        let parameters = answer.parameters.unwrap_or_default();
        match status {
            429 => Self::Flood {
                retry_after: parameters.retry_after.unwrap_or(1).clamp(1, 24 * 3600),
            },
            _ if parameters.migrate_to_chat_id.is_some() => Self::Migrated {
                chat: parameters.migrate_to_chat_id.unwrap_or_default(),
            },
            400 if words.contains("message is not modified") => Self::NotModified,
            400 if words.contains("query is too old") || words.contains("query id is invalid") => {
                Self::QueryTooOld
            }
            // Other wordings for chats that are gone; the same consequence as 403.
            400 if ["chat not found", "is deactivated", "peer_id_invalid"]
                .iter()
                .any(|gone| words.contains(gone)) =>
            {
                Self::Unreachable
            }
            400 if UNCHANGEABLE.iter().any(|part| words.contains(part)) => Self::Unchangeable,
            401 => Self::BadToken,
            404 if words == "not found" => Self::BadToken,
            403 => Self::Unreachable,
            409 => Self::Conflict {
                reason: clean(&answer.description),
            },
            500..=599 => Self::Ambiguous("telegram answered 5xx"),
            code => Self::Refused {
                code,
                reason: clean(&answer.description),
            },
        }
    }
}

/// Parts of what Telegram says of messages that are gone, too old, or not the bot's.
const UNCHANGEABLE: &[&str] = &[
    "message to edit not found",
    "message can't be edited",
    "message to delete not found",
    "message can't be deleted",
    "message_id_invalid",
];

/// An answer that is not ok.
#[derive(Debug, Clone, Default, Deserialize)]
#[allow(missing_docs)]
pub struct Failure {
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub parameters: Option<Parameters>,
}

/// <https://core.telegram.org/bots/api#responseparameters>
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)]
pub struct Parameters {
    #[serde(default)]
    pub retry_after: Option<u32>,
    #[serde(default)]
    pub migrate_to_chat_id: Option<i64>,
}

/// Telegram quotes the message it refuses (`can't parse entities: Unsupported start tag "…"`): keep the part up to the
/// second colon, without anything quoted, so that no person's words reach a log.
fn clean(description: &str) -> String {
    let mut parts = description.split(':');
    let first = parts.next().unwrap_or_default();
    let kept = match parts.next() {
        Some(second) => format!("{first}:{second}"),
        None => first.to_owned(),
    };
    let unquoted = kept.split(['"', '«']).next().unwrap_or_default();
    unquoted.trim().chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, description: &str) -> ApiError {
        ApiError::from_answer(
            status,
            &Failure {
                description: description.to_owned(),
                parameters: None,
            },
        )
    }

    #[test]
    fn classes_by_code_and_words() {
        assert_eq!(
            class(429, "Too Many Requests"),
            ApiError::Flood { retry_after: 1 }
        );
        assert_eq!(
            class(
                400,
                "Bad Request: message is not modified: specified new message content"
            ),
            ApiError::NotModified
        );
        assert_eq!(
            class(
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid"
            ),
            ApiError::QueryTooOld
        );
        assert_eq!(
            class(403, "Forbidden: bot was blocked by the user"),
            ApiError::Unreachable
        );
        assert_eq!(
            class(400, "Bad Request: chat not found"),
            ApiError::Unreachable
        );
        for words in [
            "Forbidden: user is deactivated",
            "Forbidden: bot was kicked from the supergroup chat",
            "Forbidden: bot is not a member of the channel chat",
            "FORBIDDEN: BOT CAN'T INITIATE CONVERSATION WITH A USER",
        ] {
            assert_eq!(class(403, words), ApiError::Unreachable, "{words}");
        }
        for words in [
            "Bad Request: PEER_ID_INVALID",
            "Bad Request: group is deactivated",
        ] {
            assert_eq!(class(400, words), ApiError::Unreachable, "{words}");
        }
        for words in [
            "Bad Request: message to edit not found",
            "Bad Request: message can't be edited",
            "Bad Request: MESSAGE_ID_INVALID",
        ] {
            assert_eq!(class(400, words), ApiError::Unchangeable, "{words}");
        }
        assert_eq!(class(409, "Conflict: x").class(), "conflict");
        assert_eq!(class(413, "Request Entity Too Large").class(), "refused");
        assert_eq!(class(401, "Unauthorized"), ApiError::BadToken);
        assert_eq!(class(404, "Not Found"), ApiError::BadToken);
        assert_eq!(class(502, "Bad Gateway").class(), "ambiguous");
        assert_eq!(
            ApiError::from_answer(
                400,
                &Failure {
                    description: "Bad Request: group chat was upgraded to a supergroup chat"
                        .to_owned(),
                    parameters: Some(Parameters {
                        migrate_to_chat_id: Some(-100_123),
                        ..Parameters::default()
                    })
                }
            ),
            ApiError::Migrated { chat: -100_123 }
        );
    }

    #[test]
    fn no_quoted_words_survive() {
        let ApiError::Refused { reason, .. } = class(
            400,
            "Bad Request: can't parse entities: Unsupported start tag \"secret\" at byte offset 3",
        ) else {
            panic!("refused expected");
        };
        assert_eq!(reason, "Bad Request: can't parse entities");
    }
}
