//! Outbox, letters, locales and values between instances.

use super::*;
use crate::store::letters::Requeued;
use crate::store::outbox::SentAs;

#[tokio::test]
async fn old_rows_go_in_batches_past_what_others_hold() {
    let bench = Bench::new("").await;
    bench
        .server
        .execute(
            "postgres",
            "INSERT INTO bf_outbox (bot, update_id, n, at, state, lease_until) \
               SELECT b, u, 0, CASE WHEN u <= 1200 THEN 1 ELSE 100 END, CASE WHEN u = 50 THEN 2 ELSE 0 END, 0 \
               FROM generate_series(7, 8) b, generate_series(1, 2000) u; \
             INSERT INTO bf_failures SELECT 7, u, 1, 1 FROM generate_series(1, 700) u; \
             INSERT INTO bf_dead_letters (bot, update_id, at, code, trace_id) \
               SELECT 7, u, 1, 'sql', '' FROM generate_series(1, 20) u",
        )
        .await;
    // Somebody is at one of them.
    let mut holder = bench.server.connect("postgres").await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM bf_outbox WHERE bot = 7 AND update_id = 60 FOR UPDATE")
        .execute(&mut holder)
        .await
        .unwrap();
    let other = open(&bench.server, "").await;
    let (mut from, mut from_other) = (None, None);
    for _ in 0..12 {
        let (a, b) = tokio::join!(
            bench.db.prune(50, 50, from),
            other.prune(50, 50, from_other)
        );
        (from, from_other) = (a.unwrap().1, b.unwrap().1);
    }
    let left = "SELECT count(*) FROM bf_outbox WHERE at = 1";
    assert_eq!(bench.number(left).await, 3); // two that wait to be sent, one that is held
    assert_eq!(
        bench
            .number("SELECT count(*) FROM bf_outbox WHERE at = 100")
            .await,
        1600
    );
    assert_eq!(bench.number("SELECT count(*) FROM bf_failures").await, 0);
    assert_eq!(
        bench.number("SELECT count(*) FROM bf_dead_letters").await,
        0
    );
    drop(holder);
    assert_eq!(bench.db.count_failure(7, 1, 5).await.unwrap(), 1);
    assert_eq!(bench.db.count_failure(7, 1, 5).await.unwrap(), 2);
    bench.db.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_locale_that_commits_late_is_read_all_the_same() {
    let bench = Bench::new("").await;
    let db = &bench.db;
    let (changes, seen) = db.locales(0, true).await.unwrap();
    assert!(changes.is_empty());
    // An earlier transaction ends after a later one was read.
    let mut slow = bench.server.connect("postgres").await;
    sqlx::raw_sql("BEGIN; INSERT INTO bf_locales VALUES (7, 1, 'de', txid_current())")
        .execute(&mut slow)
        .await
        .unwrap();
    let mut quick = effects(1, 2, 0);
    quick.locale = Some((2, "ru"));
    assert!(matches!(db.step(quick).await, Ok(Step::Done)));
    let (changes, seen) = db.locales(seen, false).await.unwrap();
    assert_eq!(changes, [((7, 2), "ru".into())]);
    sqlx::raw_sql("COMMIT").execute(&mut slow).await.unwrap();
    let (changes, seen) = db.locales(seen, false).await.unwrap();
    assert!(changes.contains(&((7, 1), "de".into())), "{changes:?}");
    // Nothing is read for ever, nor what another server's numbers say.
    bench
        .server
        .execute(
            "postgres",
            "INSERT INTO bf_locales VALUES (7, 3, 'en', txid_current() + 1000000)",
        )
        .await;
    let (changes, _) = db.locales(seen, false).await.unwrap();
    assert!(changes.is_empty(), "{changes:?}");
    db.close().await;
}

#[tokio::test]
async fn left_rows_are_leased_once_and_in_the_order_of_their_chat() {
    let bench = Bench::new("").await;
    let other = open(&bench.server, "").await;
    bench
        .server
        .execute(
            "postgres",
            "INSERT INTO bf_outbox (bot, update_id, n, chat, at, state, lease_until, call) \
             SELECT 7, u, 0, u % 10, u, 2, 0, \
               json_build_object('method', 'sendMessage', 'chat_id', u % 10, 'text', 'x') \
             FROM generate_series(1, 100) u",
        )
        .await;
    let first = bench.db.lease_expired(false, 10, 30, 25).await.unwrap();
    assert_eq!(first.len(), 25);
    assert!(
        first
            .iter()
            .all(|row| row.ambiguous && row.lease_until == 30)
    );
    assert!(first.windows(2).all(|pair| pair[0].at < pair[1].at));
    // The first 25 hold rows of every chat: the later ones of those wait for them.
    assert!(
        other
            .lease_expired(false, 10, 30, 100)
            .await
            .unwrap()
            .is_empty()
    );
    let keys: Vec<RowKey> = first.iter().map(|row| row.key).collect();
    bench.db.mark_sent(keys[..20].to_vec()).await.unwrap();
    bench
        .db
        .give_back(keys[20..].to_vec(), 20, true)
        .await
        .unwrap();
    // Given back, not before 20: chats 1 to 5 wait, the others go on.
    let second = other.lease_expired(false, 10, 30, 100).await.unwrap();
    assert!(
        second
            .iter()
            .all(|row| !(1..=5).contains(&row.chat.unwrap()))
    );
    assert_eq!(second.len(), 40); // the other chats' rows from 26 on
    let third = bench.db.lease_expired(false, 20, 40, 5).await.unwrap();
    assert_eq!(third.len(), 5);
    assert!(third.iter().all(|row| !row.ambiguous && row.attempts == 1));
    bench
        .db
        .extend_lease(third.iter().map(|row| row.key).collect(), 99)
        .await
        .unwrap();
    assert_eq!(
        bench
            .number("SELECT count(*) FROM bf_outbox WHERE lease_until = 99")
            .await,
        5
    );
    // A group that became a supergroup takes its rows along; a call that failed for good leaves a letter, once.
    bench.db.move_chat(7, 6, -1006).await.unwrap();
    let moved = "SELECT count(*) FROM bf_outbox WHERE chat = -1006 AND call->>'chat_id' = '-1006'";
    assert!(bench.number(moved).await > 0);
    for _ in 0..2 {
        bench
            .db
            .mark_failed(third[0].key, "telegram_400", "sendMessage", 1)
            .await
            .unwrap();
    }
    assert_eq!(
        bench.number("SELECT count(*) FROM bf_dead_letters").await,
        1
    );
    bench.db.close().await;
    other.close().await;
}

#[tokio::test]
async fn instances_share_secrets_leases_and_the_servers_time() {
    let bench = Bench::new("").await;
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(open(&bench.server, "").await);
    }
    // All at once: whoever is first has made it.
    let [w, x, y, z] = &others[..] else {
        panic!("four")
    };
    let made = tokio::try_join!(
        w.secret("key", [1; 32]),
        x.secret("key", [2; 32]),
        y.secret("key", [3; 32]),
        z.secret("key", [4; 32]),
    );
    let made: [Vec<u8>; 4] = made.unwrap().into();
    assert!(
        made.iter()
            .all(|secret| *secret == made[0] && secret.len() == 32)
    );
    let [a, b] = ["a".to_owned(), "b".to_owned()];
    let db = &bench.db;
    assert_eq!(
        db.polling_lease(7, a.clone(), 0, 10).await.unwrap(),
        Some(0)
    );
    assert_eq!(db.polling_lease(7, b.clone(), 5, 15).await.unwrap(), None);
    assert!(db.polling_advance(7, a.clone(), 42).await.unwrap());
    assert!(!db.polling_advance(7, b.clone(), 1).await.unwrap());
    assert_eq!(
        db.polling_lease(7, b.clone(), 10, 20).await.unwrap(),
        Some(42)
    );
    db.polling_release(7, b).await.unwrap();
    assert_eq!(db.polling_lease(7, a, 11, 20).await.unwrap(), Some(42));

    // The system's clock follows the server's; a test's does not.
    let url = bench.server.url("postgres");
    let (led, clock) = Postgres::open(&url, &[], &Clock::system()).await.unwrap();
    let theirs = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    assert!((clock.micros() - bench.number(theirs).await).abs() < 2_000_000);
    assert_eq!(db.clock.micros(), NOW * 1_000_000);
    led.close().await;
}

#[tokio::test]
async fn a_dead_letters_call_is_requeued_once_whoever_asks() {
    let bench = Bench::new("").await;
    let other = open(&bench.server, "").await;
    let calls = serde_json::json!([[42, call("a")], [43, call("b")], [42, call("c")]]).to_string();
    for _ in 0..2 {
        let stored = bench.db.store_bulk(7, i64::MIN + 1, 5, 1, calls.clone());
        stored.await.unwrap();
    }
    // Bulk is due behind the replies, and by itself.
    assert!(
        bench
            .db
            .lease_expired(false, 10, 30, 9)
            .await
            .unwrap()
            .is_empty()
    );
    let rows = bench.db.lease_expired(true, 10, 30, 2).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.flags == 1 && !row.ambiguous));
    let failed = bench
        .db
        .mark_failed(rows[0].key, "telegram_refused", "sendMessage", 1);
    failed.await.unwrap();
    let letters = bench.db.letters(7, 0, 10).await.unwrap();
    assert!(letters.len() == 1 && letters[0].requeueable);
    let id = letters[0].id;
    let asked = tokio::try_join!(
        bench.db.requeue(7, id, 2),
        other.requeue(7, id, 2),
        bench.db.requeue(7, id, 2),
        other.requeue(7, id, 2),
    );
    let asked: [Requeued; 4] = asked.unwrap().into();
    let done = asked.iter().filter(|told| **told == Requeued::Done).count();
    assert_eq!(done, 1, "{asked:?}");
    assert_eq!(bench.db.requeue(8, id, 2).await.unwrap(), Requeued::Missing);
    // Discarded and outlived letters free their calls.
    for (at, key) in [(3, rows[0].key), (4, rows[1].key)] {
        let failed = bench
            .db
            .mark_failed(key, "telegram_refused", "sendMessage", at);
        failed.await.unwrap();
    }
    let letters = bench.db.letters(7, id, 10).await.unwrap();
    assert!(bench.db.discard(7, letters[0].id).await.unwrap());
    assert!(!bench.db.discard(7, letters[0].id).await.unwrap());
    bench.db.prune(0, 50, None).await.unwrap();
    assert!(bench.db.letters(7, 0, 10).await.unwrap().is_empty());
    let kept = "SELECT count(*) FROM bf_outbox WHERE state = 4";
    assert_eq!(bench.number(kept).await, 0);
    bench.db.close().await;
    other.close().await;
}

#[tokio::test]
async fn unreachable_chats_and_kept_messages() {
    let bench = Bench::new("").await;
    let calls = serde_json::json!([[42, call("a")], [43, call("b")]]).to_string();
    let db = &bench.db;
    db.store_bulk(7, i64::MIN + 1, 5, 1, calls.clone())
        .await
        .unwrap();
    assert_eq!(db.mark_unreachable(7, 42, 10).await.unwrap(), 1);
    // Nothing more is stored for it.
    db.store_bulk(7, i64::MIN + 2, 5, 1, calls).await.unwrap();
    let waiting = "SELECT count(*) FROM bf_outbox WHERE state = 2";
    assert_eq!(bench.number(waiting).await, 2);
    db.forget_unreachable(&[(7, 42, 10), (7, 43, 99), (8, 42, 99)])
        .await
        .unwrap();
    assert!(db.unreachable(7, 42).await.unwrap());
    db.forget_unreachable(&[(7, 42, 11)]).await.unwrap();
    assert!(!db.unreachable(7, 42).await.unwrap());
    let rows = db.lease_expired(true, 10, 30, 1).await.unwrap();
    let key = rows[0].key;
    assert_eq!(db.sent_as(key).await.unwrap(), SentAs::Waiting);
    db.mark_kept(key, 77).await.unwrap();
    assert_eq!(db.sent_as(key).await.unwrap(), SentAs::Message(77));
    db.replace_message(key, 78).await.unwrap();
    assert_eq!(db.sent_as(key).await.unwrap(), SentAs::Message(78));
    let nowhere = RowKey { bot: 9, ..key };
    assert_eq!(db.sent_as(nowhere).await.unwrap(), SentAs::Never);
    db.close().await;
}
