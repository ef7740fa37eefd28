//! Restarts, leases, retention.

use std::time::Duration;

use runtime_core::incoming::Content;
use runtime_core::store::Store;
use runtime_core::store::outbox::{LEASE, OFFERED_LEASE};
use runtime_core::telegram::flood::Class;

use super::rig::{ANNA, BORIS, Rig};

#[tokio::test]
async fn a_dialogue_survives_a_restart() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/book").await;
    let slot = rig.say(ANNA, "spa").await;
    let mut rig = rig.restart().await;
    assert_eq!(rig.say(ANNA, "10:00").await.texts(), ["Any note?"]);
    let mut rig = rig.restart().await;
    let old = rig.press(ANNA, &slot.button("Back")).await;
    assert!(old.toast().is_some());
    assert_eq!(rig.say(ANNA, "/skip").await.texts(), ["Booked."]);
}

#[tokio::test]
async fn what_a_crash_leaves_is_taken_when_its_lease_ends() {
    let mut rig = Rig::new().await;
    let offered = rig.say(ANNA, "/add one").await.offered.unwrap();
    rig.say_in_group(BORIS, "/add two").await;
    assert!(
        rig.store
            .lease_expired(Class::Reply, 10)
            .await
            .unwrap()
            .is_empty()
    );
    // Telegram itself keeps the order behind an offered response.
    assert_eq!(rig.store.unsent_chats(i64::MAX).await.unwrap().len(), 1);
    // Killed between commit and reply: nothing was marked.
    let mut rig = rig.restart().await;
    rig.clock
        .advance(i64::try_from(LEASE.as_secs()).unwrap() + 1);
    let rows = rig.store.lease_expired(Class::Reply, 10).await.unwrap();
    assert_eq!(
        rows.len(),
        1,
        "the response is still within Telegram's wait"
    );
    assert!(rows[0].ambiguous);
    rig.clock
        .advance(i64::try_from((OFFERED_LEASE - LEASE).as_secs()).unwrap());
    let rows = rig.store.lease_expired(Class::Reply, 10).await.unwrap();
    assert!(rows.iter().any(|r| r.key == offered.key()));
    // Taken over: a redelivery gets nothing, the sender has it.
    let event = Rig::message(ANNA, ANNA, Content::Text("/add one".into()));
    assert!(rig.update(offered.update_id, event).await.calls.is_empty());
    // Given back during a 429: not before its time, and surely unsent.
    let keys = vec![offered.key()];
    rig.store
        .give_back(keys.clone(), Duration::from_secs(30), true)
        .await
        .unwrap();
    assert!(
        rig.store
            .lease_expired(Class::Reply, 10)
            .await
            .unwrap()
            .is_empty()
    );
    rig.clock.advance(31);
    let rows = rig.store.lease_expired(Class::Reply, 10).await.unwrap();
    let row = rows.iter().find(|r| r.key == offered.key()).unwrap();
    assert!(!row.ambiguous && row.attempts == 1);
    rig.store
        .mark_failed(offered.key(), "telegram_400", "sendMessage")
        .await
        .unwrap();
    assert_eq!(rig.store.dead_letters().await.unwrap(), 1);
}

#[tokio::test]
async fn calls_of_one_update_are_taken_in_order_and_unreadable_ones_buried() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/book").await;
    rig.press(ANNA, "/book").await; // answer, replaced, question
    rig.execute("UPDATE bf_outbox SET call = '{\"method\":\"sendHologram\"}' WHERE update_id = 1")
        .await;
    rig.clock.advance(100);
    let rows = rig.store.lease_expired(Class::Reply, 10).await.unwrap();
    let keys: Vec<_> = rows.iter().map(|r| (r.key.update_id, r.key.n)).collect();
    assert_eq!(keys, [(2, 0), (2, 1), (2, 2)]);
    assert_eq!(rig.store.dead_letters().await.unwrap(), 1);
    rig.store
        .mark_sent(rows.iter().map(|r| r.key).collect())
        .await
        .unwrap();
    assert_eq!(rig.count("bf_outbox").await, 2, "claims stay");
}

#[tokio::test]
async fn old_claims_are_forgotten_wherever_they_stand() {
    let mut rig = Rig::new().await;
    for n in 0..5 {
        let offered = rig.say(ANNA, &format!("/add a{n}")).await.offered.unwrap();
        rig.store.mark_sent(vec![offered.key()]).await.unwrap();
    }
    rig.clock.advance(9 * 24 * 3600);
    // After a week of silence ids start anywhere: here below the old ones.
    let event = Rig::message(ANNA, ANNA, Content::Text("/add new".into()));
    rig.update(-5, event).await;
    let mut forgotten = 0;
    for _ in 0..3 {
        forgotten += rig.store.prune().await.unwrap();
    }
    assert_eq!(forgotten, 5);
    assert_eq!(rig.count("bf_outbox").await, 1);
}

#[tokio::test]
async fn values_are_made_once() {
    let rig = Rig::new().await;
    let secret = rig.store.secret("webhook").await.unwrap();
    assert_ne!(secret, rig.store.secret("key").await.unwrap());
    let lease = Duration::from_secs(30);
    assert_eq!(rig.store.polling_lease(7, lease).await.unwrap(), Some(0));
    assert!(rig.store.polling_advance(7, 42).await.unwrap());
    let other = Store::open(&rig.database.url(), &[], rig.clock.clone())
        .await
        .unwrap();
    assert_eq!(other.secret("webhook").await.unwrap(), secret);
    assert_eq!(other.polling_lease(7, lease).await.unwrap(), None);
    assert!(!other.polling_advance(7, 1).await.unwrap());
    rig.store.polling_release(7).await.unwrap();
    assert_eq!(other.polling_lease(7, lease).await.unwrap(), Some(42));
    assert!(other.health().await);
    other.close().await;
    assert!(!other.health().await);
}
