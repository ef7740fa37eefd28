//! Calls that name a row of the outbox instead of a message: which call of Telegram's they come to by now.

use std::borrow::Cow;

use crate::store::outbox::{RowKey, SentAs};
use crate::store::{Store, StoreError};
use crate::telegram::method::{Call, DeleteMessage, EditMessageText, ReplyMarkup, SentRow};

/// What is to be done.
#[derive(Debug)]
pub(super) enum Resolved<'a> {
    /// This call.
    Call(Cow<'a, Call>),
    /// Nothing: what shall be deleted was never there.
    Nothing,
    /// The row is still to be sent.
    Wait,
}

/// The row that a call names.
pub(super) fn named(bot: i64, row: SentRow) -> RowKey {
    RowKey {
        bot,
        update_id: row.update_id,
        n: row.n,
    }
}

/// Telegram's call; `gone`: the message that the row became cannot be changed any more.
pub(super) async fn resolve<'a>(
    store: &Store,
    bot: i64,
    call: &'a Call,
    gone: bool,
) -> Result<Resolved<'a>, StoreError> {
    Ok(match call {
        Call::ReviseSent(revise) => {
            let message = revise.message.clone();
            let sent = match gone {
                true => SentAs::Never,
                false => store.sent_as(named(bot, revise.row)).await?,
            };
            match sent {
                SentAs::Waiting => Resolved::Wait,
                SentAs::Never => Resolved::Call(Cow::Owned(Call::SendMessage(message))),
                SentAs::Message(message_id) => {
                    let edit = EditMessageText {
                        chat_id: message.chat_id,
                        message_id,
                        text: message.text,
                        parse_mode: message.parse_mode,
                        // Only inline keyboards can be changed.
                        reply_markup: message
                            .reply_markup
                            .filter(|markup| matches!(markup, ReplyMarkup::Inline { .. })),
                    };
                    Resolved::Call(Cow::Owned(Call::EditMessageText(edit)))
                }
            }
        }
        Call::WithdrawSent(withdraw) => match store.sent_as(named(bot, withdraw.row)).await? {
            SentAs::Waiting => Resolved::Wait,
            SentAs::Never => Resolved::Nothing,
            SentAs::Message(message_id) => {
                let delete = DeleteMessage {
                    chat_id: withdraw.chat_id,
                    message_id,
                };
                Resolved::Call(Cow::Owned(Call::DeleteMessage(delete)))
            }
        },
        call => Resolved::Call(Cow::Borrowed(call)),
    })
}
