//! Broadcasts on the stage of a conversation: what is due goes out at once, whatever the pace says.

use std::sync::Arc;
use std::time::Duration;

use crate::broadcast::letter::Letters;
use crate::engine::Engine;
use crate::incoming::Place;
use crate::store::broadcasts::{Advance, Ahead, Done, Ended, State};
use crate::store::outbox::RowKey;
use crate::store::{Store, StoreError};
use crate::telegram::flood::Class;
use crate::telegram::method::Call;

/// More messages than a conversation has.
const MOST: i64 = 10_000;
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// Sends what is due: the calls, and rows of the outbox that were made of them (progress).
pub(super) async fn send(
    store: &Arc<Store>,
    engine: &Engine,
) -> Result<(Vec<Call>, Vec<RowKey>), StoreError> {
    store.write_people().await?;
    let mut calls = Vec::new();
    for row in store.due_broadcasts(&engine.senders()).await? {
        if row.state == State::Scheduled {
            store.begin_broadcast(&row).await?;
        }
        while !store.enrol(row.id).await?.all {}
        let letters = store.broadcast_letters(row.id).await?.unwrap_or_default();
        let (Ok(letters), Some(texts)) = (
            serde_json::from_str::<Letters>(&letters),
            engine.texts_of(row.bot),
        ) else {
            continue;
        };
        let ahead = Ahead {
            most: MOST,
            ..Ahead::default()
        };
        let take = store.take_recipients(row.id, A_DAY, ahead, 1000).await?;
        let mut begin = Vec::new();
        for taken in &take.taken {
            begin.push((taken.person, take.until));
        }
        let advance = |begin, done| Advance {
            id: row.id,
            bot: row.bot,
            begin,
            done,
            ..Advance::default()
        };
        let begun = store.advance(advance(begin, Vec::new())).await?;
        let mut done = Vec::new();
        for taken in take.taken {
            if !begun.begun.contains(&taken.person) {
                continue;
            }
            let place = Place {
                chat_id: taken.person,
                private: true,
                thread_id: 0,
            };
            let (chosen, language) = (taken.chosen.as_deref(), taken.language.as_deref());
            let locale = texts.choose_for(chosen, language, place);
            let tag = texts.tags().get(locale).copied().unwrap_or_default();
            if let Some(letter) = letters.of(tag) {
                calls.push(letter.call(taken.person, &taken.fields));
            }
            done.push(Done {
                person: taken.person,
                until: begun.until,
                ended: Ended::Sent,
                code: None,
                free: false,
            });
        }
        store.advance(advance(Vec::new(), done)).await?;
        store.complete(row.id).await?;
    }
    let mut rows = Vec::new();
    for row in store.lease_expired(Class::Reply, 100).await? {
        rows.push(row.key);
        calls.push(row.call);
    }
    Ok((calls, rows))
}
