//! How an update's calls travel: one may ride in the webhook's response, the rest through the outbox or the API.

use super::compose::Composed;
use super::seat::Update;
use super::{FloodGate, OfferedRow, Outcome, Outgoing};
use crate::bot::Delivery;
use crate::handler::error::HandlerError;
use crate::incoming::Channel;
use crate::store::conversation::Stored;
use crate::store::outbox::{
    FLAG_KEEP, LEASE, OFFERED_LEASE, OutboxRow, RowKey, STATE_NONE, STATE_OFFERED, STATE_WAITING,
    flags, micros,
};
use crate::telegram::flood::Class;
use crate::telegram::method::Call;
use crate::telemetry::life::Life;

/// Calls with their ways.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// The first call rides in the response.
    rides: bool,
    calls: Vec<Outgoing>,
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
                (None, [only])
                    if matches!(&only.call, Call::SendMessage(to) if to.chat_id == update.place.chat_id)
                        && !only.keep =>
                {
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
        let response =
            (self.rides && !self.calls.is_empty()).then(|| (self.calls.remove(0).call, None));
        Outcome::Done {
            response,
            calls: self.calls,
        }
    }

    /// As rows of the outbox, leased to this process: what is announced after the commit, the claim's row, and the others.
    pub(crate) fn stored(
        self,
        update: &Update,
        at: i64,
    ) -> Result<(StoredParcel, Stored, Vec<Stored>), HandlerError> {
        let preview = update.channel == Channel::Preview;
        let lease_until = at.saturating_add(micros(LEASE));
        let mut parcel = StoredParcel {
            offered: None,
            rows: Vec::with_capacity(self.calls.len()),
            unstored: Vec::new(),
        };
        let mut stored = Vec::with_capacity(self.calls.len());
        for (n, outgoing) in self.calls.into_iter().enumerate() {
            if preview {
                parcel.unstored.push(outgoing);
                continue;
            }
            let keep = if outgoing.keep { FLAG_KEEP } else { 0 };
            let flags = flags(outgoing.on_ambiguous) | keep;
            let call = outgoing.call;
            let json = serde_json::to_string(&call)
                .map_err(|_| HandlerError::Bug("a call does not serialize"))?;
            let rides = n == 0 && self.rides;
            stored.push(Stored {
                state: if rides { STATE_OFFERED } else { STATE_WAITING },
                chat: chat(&call),
                lease_until: if rides {
                    at.saturating_add(micros(OFFERED_LEASE))
                } else {
                    lease_until
                },
                call: Some(json),
                flags,
            });
            if rides {
                parcel.offered = Some(call);
                continue;
            }
            parcel.rows.push(OutboxRow {
                key: RowKey {
                    bot: update.key.bot,
                    update_id: update.update_id,
                    n: i64::try_from(n).unwrap_or(i64::MAX),
                },
                chat: chat(&call),
                at,
                call,
                lease_until,
                ambiguous: false,
                attempts: 0,
                class: Class::Reply,
                flags,
                life: Some(Life::of(
                    &update.trace_id,
                    update.seat.spec.id,
                    update.words.person.id,
                )),
            });
        }
        let first = if stored.is_empty() {
            Stored {
                state: STATE_NONE,
                chat: None,
                lease_until: 0,
                call: None,
                flags: 0,
            }
        } else {
            stored.remove(0)
        };
        Ok((parcel, first, stored))
    }
}

/// What is announced once it is committed.
#[derive(Debug)]
pub(crate) struct StoredParcel {
    offered: Option<Call>,
    rows: Vec<OutboxRow>,
    unstored: Vec<Outgoing>,
}

impl StoredParcel {
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
        Call::AnswerCallbackQuery(_) => None,
        other => other.chat_id(),
    }
}
