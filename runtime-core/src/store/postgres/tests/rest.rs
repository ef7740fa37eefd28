//! Outbox, letters, locales and values between instances.

use super::*;

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
