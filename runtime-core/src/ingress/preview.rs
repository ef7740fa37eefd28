//! Preview: the chat page, `POST /preview/send` and the terminal. The real handlers and the real database; what would
//! be sent is returned instead.

use std::time::Instant;

use botfactory_lang::markup::{ParseMode, plain_text};
use rand::Rng;
use serde::Serialize;
use utoipa::ToSchema;

use crate::deployment::delivery::{DEADLINE, UnderWay};
use crate::deployment::parts::Core;
use crate::engine::Outcome;
use crate::incoming::guest::Guest;
use crate::incoming::{CallbackIn, Channel, Content, Event, Incoming, MessageIn};
use crate::telegram::method::{Call, ReplyMarkup};
use crate::telemetry::life::Life;
use crate::telemetry::trace;

/// Stands for the message whose button was pressed, so that `edit: true` edits.
const PRESSED: i64 = 1;

/// What they do.
#[derive(Debug, Clone)]
pub enum Given {
    /// They write.
    Text(String),
    /// They press a button with this payload, or one that runs a command.
    Callback(String),
}

/// What the bot would send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PreviewReply)]
#[allow(missing_docs)]
pub struct Reply {
    /// All texts without markup, one after the other.
    pub bot_reply: String,
    pub messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toast: Option<String>,
}

/// A message that the bot would send or edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PreviewMessage)]
#[allow(missing_docs)]
pub struct Message {
    pub method: &'static str,
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parse_mode: Option<String>,
    pub buttons: Vec<Vec<Button>>,
    /// The chat that it would go to, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
}

/// A button under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PreviewButton)]
#[allow(missing_docs)]
pub struct Button {
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Not now.
#[derive(Debug, Clone, Copy)]
pub struct Busy {
    /// Seconds.
    pub retry_after: u32,
}

/// Runs one step of a preview.
///
/// # Errors
/// The store is busy or the deadline has passed.
pub async fn send(
    core: &dyn Core,
    bot: usize,
    name: &'static str,
    who: &Guest,
    given: Given,
) -> Result<Reply, Busy> {
    let update_id = rand::rng().random_range(1..1 << 52);
    let event = match given {
        Given::Text(text) => Event::Message(MessageIn {
            from: who.person(),
            place: who.place(),
            message_id: PRESSED,
            content: Content::Text(text),
        }),
        Given::Callback(data) => Event::Callback(CallbackIn {
            id: update_id.to_string(),
            from: who.person(),
            place: who.place(),
            message_id: PRESSED,
            data,
        }),
    };
    let incoming = Incoming {
        bot,
        update_id,
        channel: Channel::Preview,
        // The request's own, where it brought one.
        trace_id: Life::current().map_or_else(trace::new_id, |life| life.trace.id()),
        arrived: Instant::now(),
        event,
    };
    let life = Life::of(&incoming.trace_id, name, who.person().id);
    let mut under_way = UnderWay::begin(life, &incoming);
    let handled = tokio::time::timeout(DEADLINE, core.handle(incoming));
    let outcome = life
        .during(handled)
        .await
        .unwrap_or(Outcome::Busy { retry_after: 1 });
    under_way.outcome = match outcome {
        Outcome::Done { .. } => "done",
        Outcome::Busy { .. } => "busy",
    };
    drop(under_way);
    match outcome {
        Outcome::Busy { retry_after } => Err(Busy { retry_after }),
        Outcome::Done { response, calls } => Ok(reply(
            who.place().chat_id,
            response
                .map(|(call, _)| call)
                .into_iter()
                .chain(calls.into_iter().map(|outgoing| outgoing.call)),
        )),
    }
}

/// The calls as a client of ours sees them.
fn reply(here: i64, calls: impl Iterator<Item = Call>) -> Reply {
    let mut messages = Vec::new();
    let mut toast = None;
    for call in calls {
        let method = call.name();
        match call {
            Call::SendMessage(m) => {
                let to = (m.chat_id != here).then_some(m.chat_id);
                messages.push(Message {
                    to,
                    ..message(method, m.text, m.parse_mode, m.reply_markup)
                });
            }
            Call::EditMessageText(m) => {
                messages.push(message(method, m.text, m.parse_mode, m.reply_markup));
            }
            Call::AnswerCallbackQuery(answer) => {
                toast = answer.text.filter(|text| !text.is_empty()).or(toast);
            }
            Call::ReviseSent(m) => {
                let m = m.message;
                messages.push(message(method, m.text, m.parse_mode, m.reply_markup));
            }
            // No text to be seen.
            _ => {}
        }
    }
    let texts: Vec<String> = messages
        .iter()
        .map(|m: &Message| plain_text(mode(m.parse_mode.as_deref()), &m.text))
        .collect();
    Reply {
        bot_reply: texts.join("\n"),
        messages,
        toast,
    }
}

/// The parse mode that Telegram calls `name`.
pub fn mode(name: Option<&str>) -> ParseMode {
    match name {
        Some("HTML") => ParseMode::Html,
        Some("MarkdownV2") => ParseMode::MarkdownV2,
        _ => ParseMode::Plain,
    }
}

fn message(
    method: &'static str,
    text: String,
    parse_mode: Option<String>,
    markup: Option<ReplyMarkup>,
) -> Message {
    let buttons = match markup {
        Some(ReplyMarkup::Inline { inline_keyboard }) => inline_keyboard
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .map(|button| Button {
                        text: button.text,
                        callback: button.callback_data,
                        url: button.url,
                    })
                    .collect()
            })
            .collect(),
        Some(ReplyMarkup::Reply { keyboard, .. }) => keyboard
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .map(|button| Button {
                        text: button.text,
                        callback: None,
                        url: None,
                    })
                    .collect()
            })
            .collect(),
        _ => Vec::new(),
    };
    Message {
        method,
        text,
        parse_mode,
        buttons,
        to: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::parts::Boxed;
    use crate::engine::{OfferedRow, Outgoing};
    use crate::outbox::DirectError;
    use crate::telegram::method::{AnswerCallbackQuery, InlineButton, SendMessage};
    use crate::telemetry::metrics::metrics;

    /// Never answers.
    #[derive(Debug)]
    struct Silent;

    impl Core for Silent {
        fn handle(&self, _: Incoming) -> Boxed<'_, Outcome> {
            Box::pin(std::future::pending())
        }
        fn direct(&self, _: i64, _: Outgoing) -> Boxed<'_, Result<(), DirectError>> {
            Box::pin(std::future::pending())
        }
        fn flushed(&self, _: OfferedRow) {}
        fn healthy(&self) -> Boxed<'_, bool> {
            Box::pin(std::future::ready(true))
        }
    }

    #[tokio::test]
    async fn one_that_is_broken_off_is_under_way_no_longer() {
        let under_way = || metrics().unwrap().in_flight.get();
        let before = under_way();
        let who = Guest::default();
        let given = Given::Text("/start".to_owned());
        let mut asked = Box::pin(send(&Silent, 0, "booking", &who, given));
        let moment = std::time::Duration::from_millis(20);
        assert!(tokio::time::timeout(moment, &mut asked).await.is_err());
        assert_eq!(under_way(), before + 1);
        drop(asked); // its caller goes away
        assert_eq!(under_way(), before);
    }

    #[test]
    fn calls_become_a_reply() {
        let reply = reply(
            1,
            [
                Call::AnswerCallbackQuery(AnswerCallbackQuery {
                    callback_query_id: "1".into(),
                    text: Some("saved".into()),
                    show_alert: false,
                }),
                Call::SendMessage(SendMessage {
                    chat_id: 1,
                    message_thread_id: None,
                    text: "<b>A</b> &amp; b".into(),
                    parse_mode: Some("HTML".into()),
                    reply_markup: Some(ReplyMarkup::Inline {
                        inline_keyboard: vec![vec![InlineButton {
                            text: "go".into(),
                            callback_data: Some("/x".into()),
                            url: None,
                        }]],
                    }),
                }),
            ]
            .into_iter(),
        );
        assert_eq!(reply.bot_reply, "A & b");
        assert_eq!(reply.toast.as_deref(), Some("saved"));
        let json = serde_json::to_value(&reply).unwrap();
        assert_eq!(
            json["messages"][0]["buttons"],
            serde_json::json!([[{"text": "go", "callback": "/x"}]])
        );
        assert_eq!(json["messages"][0]["method"], "sendMessage");
    }
}
