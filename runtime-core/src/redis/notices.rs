//! What instances tell each other. A notice only makes them look sooner: whoever misses one finds out by itself.

use std::fmt;

use redis::{PushInfo, PushKind, Value};

/// The channel of all instances of all deployments on one Redis; bots tell them apart.
pub(super) const CHANNEL: &str = "bf:notices";

/// One notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Rows of the outbox wait that nobody holds.
    Outbox,
    /// A person (or a chat) has chosen a locale.
    Locale {
        /// Telegram's numeric bot id.
        bot: i64,
        /// The person, or the chat.
        subject: i64,
    },
    /// Texts of some bot were overridden or reverted.
    Texts,
    /// Telegram said 429.
    Flood {
        /// Telegram's numeric bot id.
        bot: i64,
        /// `None`: for the whole bot.
        chat: Option<i64>,
        /// Seconds to wait.
        seconds: u32,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outbox => f.write_str("outbox"),
            Self::Texts => f.write_str("texts"),
            Self::Locale { bot, subject } => write!(f, "locale {bot} {subject}"),
            Self::Flood { bot, chat, seconds } => match chat {
                Some(chat) => write!(f, "flood {bot} {seconds} {chat}"),
                None => write!(f, "flood {bot} {seconds}"),
            },
        }
    }
}

impl Notice {
    /// Reads one; what another build says in other words is left out.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let notice = match words.next()? {
            "outbox" => Self::Outbox,
            "texts" => Self::Texts,
            "locale" => Self::Locale {
                bot: words.next()?.parse().ok()?,
                subject: words.next()?.parse().ok()?,
            },
            "flood" => Self::Flood {
                bot: words.next()?.parse().ok()?,
                seconds: words.next()?.parse().ok()?,
                chat: match words.next() {
                    Some(chat) => Some(chat.parse().ok()?),
                    None => None,
                },
            },
            _ => return None,
        };
        words.next().is_none().then_some(notice)
    }

    /// The notice in a message of the channel.
    pub(super) fn of_push(push: &PushInfo) -> Option<Self> {
        if push.kind != PushKind::Message {
            return None;
        }
        match push.data.get(1)? {
            Value::BulkString(bytes) => Self::parse(std::str::from_utf8(bytes).ok()?),
            Value::SimpleString(text) => Self::parse(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_survive_the_wire() {
        for notice in [
            Notice::Outbox,
            Notice::Texts,
            Notice::Locale {
                bot: 7,
                subject: -100,
            },
            Notice::Flood {
                bot: 7,
                chat: Some(-5),
                seconds: 3,
            },
            Notice::Flood {
                bot: 7,
                chat: None,
                seconds: 3,
            },
        ] {
            assert_eq!(Notice::parse(&notice.to_string()), Some(notice));
        }
        for other in [
            "",
            "outbox 1",
            "locale 7",
            "flood x 1",
            "hologram",
            "flood 7 -1",
        ] {
            assert_eq!(Notice::parse(other), None, "{other}");
        }
    }
}
