//! Every outcome of the protocols that the engine uses.

use super::*;

#[tokio::test]
async fn a_step_is_done_or_a_duplicate_or_lost() {
    let bench = Bench::new("").await;
    let db = &bench.db;
    let mut first = effects(1, 10, 0);
    first.rest = vec![
        row(STATE_WAITING, Some(call("more \u{0} \"quoted\" \\u0000"))),
        row(STATE_NONE, None),
    ];
    first.locale = Some((10, "ru"));
    first.letter = Some(("sql", "trace".to_owned()));
    if let Some(moved) = &mut first.conversation {
        moved.waiting = Some(serde_json::json!({"said": "a\u{0}b"}).to_string());
    }
    let said = first.conversation.as_ref().unwrap().waiting.clone();
    assert!(matches!(db.step(first.clone()).await, Ok(Step::Done)));
    let stand = bench.stand(10).await;
    assert_eq!(
        (stand.run, stand.version, stand.expires, stand.waiting),
        (1, 1, 9, said)
    );
    let mut connection = bench.server.connect("postgres").await;
    let rows = sqlx::query("SELECT n, state, chat, call::text FROM bf_outbox ORDER BY n")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(
        rows[1].get::<String, _>(3),
        first.rest[0].call.clone().unwrap()
    );
    assert_eq!(rows[1].get::<i16, _>(1), 2);
    assert_eq!(rows[2].get::<Option<String>, _>(3), None);
    assert_eq!(
        bench.number("SELECT count(*) FROM bf_dead_letters").await,
        1
    );
    assert_eq!(db.locale((7, 10)).await.unwrap().as_deref(), Some("ru"));

    // The same again, whatever it expects: its response, for as long again.
    let Ok(Step::Duplicate(response)) = db.step(effects(1, 10, 5)).await else {
        panic!("a duplicate")
    };
    assert_eq!(text(response.as_ref()), Some("answer to 1"));
    let lease = "SELECT lease_until FROM bf_outbox WHERE update_id = 1 AND n = 0";
    assert_eq!(bench.number(lease).await, (NOW + 75) * 1_000_000);
    // Left in the response: again. Sent by the outbox: not again.
    let claim = RowKey {
        bot: 7,
        update_id: 1,
        n: 0,
    };
    db.mark_rode(vec![claim]).await.unwrap();
    assert_eq!(
        bench
            .number("SELECT state::bigint FROM bf_outbox WHERE n = 0")
            .await,
        STATE_RODE
    );
    let Found::Duplicate(response) = db.look(key(10), 1).await.unwrap() else {
        panic!("a duplicate")
    };
    assert!(response.is_some());
    db.mark_sent(vec![claim]).await.unwrap();
    let Ok(Step::Duplicate(None)) = db.step(effects(1, 10, 1)).await else {
        panic!("nothing is left to answer")
    };

    // A conversation that was read before it moved, or is not there: nothing stays.
    for (update, person, expected) in [(2, 10, 0), (3, 10, 7), (4, 11, 1)] {
        let mut late = effects(update, person, expected);
        late.rest = vec![row(STATE_WAITING, Some(call("never")))];
        assert!(matches!(db.step(late).await, Ok(Step::Lost)));
    }
    assert_eq!(
        bench
            .number("SELECT count(*) FROM bf_outbox WHERE update_id > 1")
            .await,
        0
    );
    assert_eq!(
        bench.number("SELECT count(*) FROM bf_conversations").await,
        1
    );
    // It fits: the version grows.
    assert!(matches!(db.step(effects(5, 10, 1)).await, Ok(Step::Done)));
    assert_eq!(bench.stand(10).await.version, 2);
    // Without a conversation only the claim counts.
    let mut still = effects(6, 10, 99);
    still.conversation = None;
    assert!(matches!(db.step(still).await, Ok(Step::Done)));
    assert!(db.waits(key(10)).await.unwrap() && !db.waits(key(11)).await.unwrap());
    db.close().await;
}

#[tokio::test]
async fn a_batch_decides_each_by_itself_and_one_error_stays_alone() {
    let bench = Bench::new("").await;
    let db = Arc::new(open(&bench.server, "").await);
    let mut tasks = Vec::new();
    for update in 0..200_i64 {
        // Twice each, all at once; person 0 five times over, and one that no database takes.
        for _ in 0..2 {
            let person = if update < 5 { 0 } else { update };
            let mut effects = effects(update, person, 0);
            if update == 77 {
                effects.first.call = Some("{".to_owned());
            }
            let db = db.clone();
            let stored = async move {
                loop {
                    match db.step(effects.clone()).await {
                        Err(StoreError::Busy) => {} // a slow machine: whatever became of it, once more
                        told => return told,
                    }
                }
            };
            tasks.push((update, tokio::spawn(stored)));
        }
    }
    let (mut done, mut duplicate, mut lost, mut failed) = (0, 0, 0, 0);
    for (update, task) in tasks {
        match task.await.unwrap() {
            Ok(Step::Done) => done += 1,
            Ok(Step::Duplicate(response)) => {
                assert_eq!(
                    text(response.as_ref()),
                    Some(&*format!("answer to {update}"))
                );
                duplicate += 1;
            }
            Ok(Step::Lost) => lost += 1,
            Err(StoreError::Sql(error)) => {
                assert!(update == 77 && !is_outage(&error), "{update}: {error:?}");
                failed += 1;
            }
            Err(error) => panic!("{update}: {error:?}"),
        }
    }
    // Of person 0 one moved (and was a duplicate once), the other four were lost both times.
    assert_eq!((done + duplicate, lost, failed), (390, 8, 2));
    assert!(done <= 195);
    let claims = bench.number("SELECT count(*) FROM bf_outbox").await;
    assert_eq!(claims, 195);
    db.close().await;
}

#[tokio::test]
async fn a_statement_runs_with_its_claim_or_not_at_all() {
    let bench = Bench::new("?statement_timeout=1000").await;
    let db = &bench.db;
    let all = "SELECT count(*) FROM bookings";
    let claims = "SELECT count(*) FROM bf_outbox";
    let done = db.one(BOOK, booking(1, "nine"), effects(1, 1, 0)).await;
    assert!(matches!(done, Ok(Step::Done)), "{done:?}");
    // A duplicate with another slot: neither runs.
    let again = db.one(BOOK, booking(1, "ten"), effects(1, 1, 1)).await;
    let Ok(Step::Duplicate(response)) = again else {
        panic!("{again:?}")
    };
    assert_eq!(text(response.as_ref()), Some("answer to 1"));
    let late = db.one(BOOK, booking(1, "ten"), effects(2, 1, 0)).await;
    assert!(matches!(late, Ok(Step::Lost)), "{late:?}");
    assert_eq!(
        (bench.number(all).await, bench.number(claims).await),
        (1, 1)
    );
    // The statement's constraint, which this one checks at COMMIT: nothing stays, not even the claim.
    let sql = "INSERT INTO bookings (who, slot) VALUES ($1, $2);\n";
    bench
        .server
        .execute("postgres", "ALTER TABLE bookings DROP CONSTRAINT bookings_who_slot_key; \
            ALTER TABLE bookings ADD CONSTRAINT once UNIQUE (who, slot) DEFERRABLE INITIALLY DEFERRED")
        .await;
    let refused = db.one(sql, booking(1, "nine"), effects(3, 1, 1)).await;
    assert!(
        matches!(&refused, Err(StoreError::Sql(error)) if is_constraint(error)),
        "{refused:?}"
    );
    assert_eq!(
        (bench.number(all).await, bench.number(claims).await),
        (1, 1)
    );
    assert_eq!(bench.stand(1).await.version, 1);
    // One that takes too long is ended by the server, and is the statement's own fault.
    let slow = "INSERT INTO bookings SELECT $1, $2 FROM pg_sleep(30)";
    let began = Instant::now();
    let ended = db.one(slow, booking(2, "never"), effects(4, 2, 0)).await;
    assert!(
        matches!(&ended, Err(StoreError::Sql(error)) if is_interrupt(error) && !is_outage(error)),
        "{ended:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(3));
    assert_eq!(
        (bench.number(all).await, bench.number(claims).await),
        (1, 1)
    );
    db.close().await;
}

#[tokio::test]
async fn a_transaction_has_its_conversation_to_itself() {
    let bench = Bench::new("?lock_timeout=2000").await;
    let db = &bench.db;
    // The first two updates of a person: the second waits for the first and sees what it did.
    let (mut first, found) = db.begin(key(1), 1).await.unwrap();
    assert!(matches!(&found, Found::Row(stand) if stand.version == 0));
    sqlx::query(BOOK)
        .bind(1_i64)
        .bind("nine")
        .execute(first.connection().unwrap())
        .await
        .unwrap();
    let (second, ()) = tokio::join!(db.begin(key(1), 2), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(matches!(
            first.finish(effects(1, 1, 0)).await,
            Ok(Step::Done)
        ));
    });
    let (mut second, found) = second.unwrap();
    assert!(
        matches!(&found, Found::Row(stand) if stand.version == 1),
        "{found:?}"
    );

    // While it is held: a step does not wait, others of its batch neither; a third transaction is told to come later.
    let began = Instant::now();
    assert!(matches!(db.step(effects(3, 1, 1)).await, Ok(Step::Lost)));
    assert!(matches!(db.step(effects(4, 2, 0)).await, Ok(Step::Done)));
    let one = db.one(BOOK, booking(1, "x"), effects(5, 1, 1)).await;
    assert!(matches!(one, Ok(Step::Lost)), "{one:?}");
    assert!(began.elapsed() < Duration::from_millis(1800));
    let third = db.begin(key(1), 6).await;
    assert!(
        matches!(&third, Err(StoreError::Sql(error)) if is_outage(error)),
        "{third:?}"
    );

    // A constraint ends the transaction; it begins anew with the conflict known.
    let sql = "INSERT INTO bookings (who, slot) VALUES (1, 'nine')";
    let refused = sqlx::query(sql).execute(second.connection().unwrap()).await;
    assert!(is_constraint(&refused.unwrap_err()));
    let found = second.again(key(1), 2).await.unwrap();
    assert!(matches!(&found, Found::Row(stand) if stand.version == 1));
    assert!(matches!(
        second.finish(effects(2, 1, 1)).await,
        Ok(Step::Done)
    ));
    assert_eq!(bench.stand(1).await.version, 2);

    // A duplicate is told at once; a claim that came meanwhile takes everything back.
    let (writing, found) = db.begin(key(1), 2).await.unwrap();
    assert!(matches!(&found, Found::Duplicate(Some(_))), "{found:?}");
    writing.rollback().await;
    let (mut late, _) = db.begin(key(3), 7).await.unwrap();
    let mut rival = effects(7, 4, 0);
    rival.conversation = None;
    assert!(matches!(db.step(rival).await, Ok(Step::Done)));
    sqlx::query("INSERT INTO bookings VALUES (3, 'late')")
        .execute(late.connection().unwrap())
        .await
        .unwrap();
    let told = late.finish(effects(7, 3, 0)).await;
    assert!(matches!(told, Ok(Step::Duplicate(Some(_)))), "{told:?}");
    assert_eq!(
        bench
            .number("SELECT count(*) FROM bookings WHERE who = 3")
            .await,
        0
    );

    // Dropped: taken back, and the lock is free.
    let (mut dropped, _) = db.begin(key(1), 8).await.unwrap();
    sqlx::query("INSERT INTO bookings VALUES (1, 'dropped')")
        .execute(dropped.connection().unwrap())
        .await
        .unwrap();
    drop(dropped);
    let (next, _) = db.begin(key(1), 9).await.unwrap();
    next.rollback().await;
    // A statement whose handler ran out of time ends on the server too, long before its own time is over.
    let (mut slow, _) = db.begin(key(1), 10).await.unwrap();
    let sleeps = sqlx::query("SELECT pg_sleep(7)").execute(slow.connection().unwrap());
    assert!(
        tokio::time::timeout(Duration::from_millis(100), sleeps)
            .await
            .is_err()
    );
    drop(slow);
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(7)' AND state = 'active'";
    let began = Instant::now();
    while bench.number(sleeping).await > 0 {
        assert!(began.elapsed() < Duration::from_secs(4));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        bench
            .number("SELECT count(*) FROM bookings WHERE slot = 'dropped'")
            .await,
        0
    );
    db.close().await;
}
