//! How an update's calls travel: one may ride in the webhook's response, the rest through the outbox or the API.

use super::compose::Composed;
use super::seat::Update;
use super::{FloodGate, OfferedRow, Outcome};
use crate::bot::Delivery;
use crate::handler::error::HandlerError;
use crate::ingress::Channel;
use crate::store::conversation::Stored;
use crate::store::outbox::{
    LEASE, OFFERED_LEASE, OutboxRow, RowKey, STATE_NONE, STATE_OFFERED, STATE_WAITING, micros,
};
use crate::telegram::method::Call;

/// Calls with their ways.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// The first call rides in the response.
    rides: bool,
    calls: Vec<Call>,
}

impl Parcel {
    /// Decides what may ride. For a press it is always its answer; for a message the only reply, in a private chat (or
    /// where the bot prefers the webhook), if the gate is open.
    pub(crate) fn new(update: &Update, composed: Composed, gate: &dyn FloodGate) -> Self {
        let delivery = update.seat.spec.delivery;
        let webhook = update.channel == Channel::Webhook && delivery != Delivery::Api;
        let rides = webhook
            && match (&composed.answer, &composed.messages[..]) {
                (Some(_), _) => true,
                (None, [Call::SendMessage(_)]) => {
                    (update.place.private || delivery == Delivery::Webhook)
                        && gate.open(update.key.bot, update.place.chat_id)
                }
                _ => false,
            };
        let mut calls = Vec::with_capacity(composed.messages.len() + 1);
        calls.extend(composed.answer);
        calls.extend(composed.messages);
        Self { rides, calls }
    }

    /// Nothing is stored: what does not ride is sent before the ack.
    pub(crate) fn unstored(mut self) -> Outcome {
        let response = (self.rides && !self.calls.is_empty()).then(|| (self.calls.remove(0), None));
        Outcome::Done {
            response,
            calls: self.calls,
        }
    }

    /// As rows of the outbox, leased to this process; the first is the claim's.
    pub(crate) fn stored(self, update: &Update, at: i64) -> Result<StoredParcel, HandlerError> {
        let mut rows = Vec::with_capacity(self.calls.len());
        let preview = update.channel == Channel::Preview;
        let mut first_offered = None;
        let mut unstored = Vec::new();
        let mut json = Vec::with_capacity(self.calls.len());
        for (n, call) in self.calls.into_iter().enumerate() {
            if preview {
                unstored.push(call);
                continue;
            }
            json.push(
                serde_json::to_string(&call)
                    .map_err(|_| HandlerError::Bug("a call does not serialize"))?,
            );
            if n == 0 && self.rides {
                first_offered = Some(call);
                continue;
            }
            rows.push(OutboxRow {
                key: RowKey {
                    bot: update.key.bot,
                    update_id: update.update_id,
                    n: i64::try_from(n).unwrap_or(i64::MAX),
                },
                chat: chat(&call),
                at,
                call,
                lease_until: at.saturating_add(micros(LEASE)),
                ambiguous: false,
                attempts: 0,
            });
        }
        Ok(StoredParcel {
            json,
            offered: first_offered,
            rows,
            unstored,
            at,
        })
    }
}

/// What is stored and, once it is committed, announced.
#[derive(Debug)]
pub(crate) struct StoredParcel {
    /// Of every stored call, in order.
    json: Vec<String>,
    offered: Option<Call>,
    rows: Vec<OutboxRow>,
    unstored: Vec<Call>,
    at: i64,
}

impl StoredParcel {
    /// The claim's row, and the others.
    pub(crate) fn table_rows(&self) -> (Stored<'_>, Vec<Stored<'_>>) {
        let offered = usize::from(self.offered.is_some());
        let mut stored = self.json.iter().enumerate().map(|(n, json)| {
            let row = n.checked_sub(offered).and_then(|at| self.rows.get(at));
            match row {
                Some(row) => Stored {
                    state: STATE_WAITING,
                    chat: row.chat,
                    lease_until: row.lease_until,
                    call: Some(json.as_str()),
                },
                None => Stored {
                    state: STATE_OFFERED,
                    chat: self.offered.as_ref().and_then(chat),
                    lease_until: self.at.saturating_add(micros(OFFERED_LEASE)),
                    call: Some(json.as_str()),
                },
            }
        });
        let first = stored.next().unwrap_or(Stored {
            state: STATE_NONE,
            chat: None,
            lease_until: 0,
            call: None,
        });
        (first, stored.collect())
    }

    /// After the commit: the outcome, and the rows for the sender.
    pub(crate) fn committed(self, update: &Update) -> (Outcome, Vec<OutboxRow>) {
        let outcome = Outcome::Done {
            response: self.offered.map(|call| {
                let row = OfferedRow {
                    bot: update.key.bot,
                    update_id: update.update_id,
                };
                (call, Some(row))
            }),
            calls: self.unstored,
        };
        (outcome, self.rows)
    }
}

/// The chat whose order a call keeps.
fn chat(call: &Call) -> Option<i64> {
    match call {
        Call::SendMessage(message) => Some(message.chat_id),
        Call::EditMessageText(message) => Some(message.chat_id),
        _ => None,
    }
}
