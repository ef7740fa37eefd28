//! What brings rows to the lanes: announcements, notices, and looking into the table.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::{broadcast, mpsc};

use super::shared::Shared;
use super::{BULK_ROWS, HELD_MOST, SETTLE, SWEEP_EVERY, SWEEP_ROWS, Sender, lock};
use crate::outbox::lane::LaneKey;
use crate::redis::notices::Notice;
use crate::store::outbox::OutboxRow;
use crate::telegram::flood::Class;
use crate::telemetry::{self, events};

pub(super) async fn take_announced(sender: Sender, mut announced: mpsc::Receiver<Vec<OutboxRow>>) {
    while let Some(rows) = announced.recv().await {
        sender.send(rows);
    }
}

/// What other instances tell.
pub(super) async fn hear(sender: Sender, mut notices: broadcast::Receiver<Notice>) {
    let shared = &sender.shared;
    loop {
        match notices.recv().await {
            Ok(Notice::Outbox) => shared.look.notify_one(),
            Ok(Notice::Flood { bot, chat, seconds }) => shared.flood.heard(bot, chat, seconds),
            Ok(Notice::Locale { bot, subject }) => shared.store.locales.stale(bot, subject),
            Ok(Notice::Texts) => shared.store.texts_told(),
            Err(broadcast::error::RecvError::Lagged(_)) => {
                shared.look.notify_one();
                shared.store.texts_told();
            }
            Err(broadcast::error::RecvError::Closed) => return, // nobody to share with
        }
    }
}

/// Looks for rows that nobody sends: given back and due, or left by a crash.
pub(super) async fn sweep(sender: Sender) {
    let shared = &sender.shared;
    let mut tick = tokio::time::interval(SWEEP_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut away = false;
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = shared.look.notified() => {}
        }
        if shared.stopping() {
            return;
        }
        let began = Instant::now();
        if away && shared.store.health().await {
            // What was sent while the database was away is marked first, by every instance.
            tokio::time::sleep(SETTLE).await;
            away = shared.behind();
        }
        shared.renew().await;
        // What does not fit waits in the table, where every instance can take it.
        while !away && shared.waiting.load(Ordering::Relaxed) < HELD_MOST {
            crate::faults::point("lease.before");
            match shared.store.lease_expired(Class::Reply, SWEEP_ROWS).await {
                Ok(rows) => {
                    if !rows.is_empty() {
                        crate::faults::point("lease.after");
                    }
                    let found = rows.len();
                    if found > 0 {
                        telemetry::emit(events::RowsTakenOver { rows: found });
                    }
                    // In the order of the table, and past the holds: these rows are what the holds are for.
                    rows.into_iter().for_each(|row| sender.enqueue(row));
                    if found < SWEEP_ROWS as usize {
                        break;
                    }
                }
                Err(_) => {
                    telemetry::emit(events::StoreFailed { task: "sweep" });
                    away = true;
                }
            }
        }
        if !away {
            sweep_bulk(&sender).await;
        }
        leftovers(shared).await;
        shared.release(began, &sender);
        if shared.store.forget_unreachable().await.is_err() {
            telemetry::emit(events::StoreFailed {
                task: "forget_unreachable",
            });
        }
    }
}

/// Chats whose rows from before the start have left by now wait no longer.
pub(super) async fn leftovers(shared: &Shared) {
    let before = {
        let queues = lock(&shared.queues);
        if queues.leftovers.is_empty() {
            return;
        }
        queues.began
    };
    let Ok(chats) = shared.store.unsent_chats(before).await else {
        return; // the holds end by themselves
    };
    let waits: HashSet<(i64, i64)> = chats.iter().map(|(bot, chat, _)| (*bot, *chat)).collect();
    let mut queues = lock(&shared.queues);
    let gone: Vec<(i64, i64)> = queues.leftovers.difference(&waits).copied().collect();
    for (bot, chat) in gone {
        queues.leftovers.remove(&(bot, chat));
        if let Some(until) = queues.held.get_mut(&LaneKey::Chat(bot, chat)) {
            *until = (*until).min(Instant::now());
        }
    }
}

/// After the replies, and no more of it than leaves soon: the rest waits in the table.
async fn sweep_bulk(sender: &Sender) {
    let shared = &sender.shared;
    let held = lock(&shared.queues).bulk();
    let Some(room) = BULK_ROWS.checked_sub(held).filter(|room| *room > 0) else {
        return;
    };
    let room = u32::try_from(room).unwrap_or(u32::MAX);
    match shared.store.lease_expired(Class::Bulk, room).await {
        Ok(rows) => rows.into_iter().for_each(|row| sender.enqueue(row)),
        Err(_) => telemetry::emit(events::StoreFailed { task: "sweep" }),
    }
}
