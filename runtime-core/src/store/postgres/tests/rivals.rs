//! Two instances, the same updates many times at once, and cut connections in between.

use super::*;

/// As the engine does it: look, then store, again where it was lost.
async fn handle(db: &Postgres, update_id: i64, person: i64) -> Result<Option<Call>, StoreError> {
    for _ in 0..200 {
        let stand = match db.look(key(person), update_id).await? {
            Found::Duplicate(response) => return Ok(response),
            Found::Row(stand) => stand,
        };
        let effects = effects(update_id, person, stand.version);
        let own = effects.first.call.clone();
        let slot = format!("update {update_id}");
        let step = match update_id % 3 {
            0 => db.step(effects).await?,
            1 => db.one(BOOK, booking(person, &slot), effects).await?,
            _ => {
                let (mut writing, found) = db.begin(key(person), update_id).await?;
                let stand = match found {
                    Found::Duplicate(response) => {
                        writing.rollback().await;
                        return Ok(response);
                    }
                    Found::Row(stand) => stand,
                };
                sqlx::query(BOOK)
                    .bind(person)
                    .bind(&slot)
                    .execute(writing.connection()?)
                    .await?;
                let effects = self::effects(update_id, person, stand.version);
                writing.finish(effects).await?
            }
        };
        match step {
            Step::Done => return Ok(own.and_then(|call| serde_json::from_str(&call).ok())),
            Step::Duplicate(response) => return Ok(response),
            Step::Lost => {}
        }
    }
    panic!("lost for ever")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_and_every_update_many_times_at_once() {
    let bench = Bench::new("").await;
    let other = Arc::new(open(&bench.server, "").await);
    let one = Arc::new(bench.db);
    for step in 0..3_i64 {
        let mut tasks = Vec::new();
        for time in 0..24 {
            for person in 1..=20_i64 {
                let db = if time % 2 == 0 { &one } else { &other }.clone();
                let update = person * 3 + step;
                tasks.push(tokio::spawn(async move {
                    (update, handle(&db, update, person).await.unwrap())
                }));
            }
        }
        for task in tasks {
            let (update, answer) = task.await.unwrap();
            assert_eq!(text(answer.as_ref()), Some(&*format!("answer to {update}")));
        }
    }
    let mut connection = bench.server.connect("postgres").await;
    let mut count = async |sql: &'static str| -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    };
    assert_eq!(count("SELECT count(*) FROM bookings").await, 40);
    assert_eq!(count("SELECT count(*) FROM bf_outbox").await, 60);
    assert_eq!(
        count("SELECT count(*) FROM bf_conversations WHERE version = 3").await,
        20
    );

    // Twenty different updates of one person at once, on both: all of them, one after the other.
    let mut tasks = Vec::new();
    for n in 0..20_i64 {
        let db = if n % 2 == 0 { &one } else { &other }.clone();
        let update = 300 + n * 3;
        tasks.push(tokio::spawn(async move {
            handle(&db, update, 99).await.unwrap()
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(
        count("SELECT version FROM bf_conversations WHERE person = 99").await,
        20
    );
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_while_connections_are_cut() {
    let bench = Bench::new("").await;
    let dbs = [
        Arc::new(open(&bench.server, "").await),
        Arc::new(open(&bench.server, "").await),
    ];
    const PEOPLE: i64 = 16;
    const EACH: i64 = 30;
    let mut people = Vec::new();
    for person in 1..=PEOPLE {
        let dbs = dbs.clone();
        people.push(tokio::spawn(async move {
            let mut failures = 0_usize;
            for n in 0..EACH {
                let update = person * 1000 + n;
                // As Telegram does it: again until it is acknowledged, now here and now there; sometimes twice at once.
                loop {
                    let [first, second] = if failures.is_multiple_of(2) {
                        [0, 1]
                    } else {
                        [1, 0]
                    };
                    let twice = async {
                        if update % 5 == 0 {
                            let _ = handle(&dbs[second], update, person).await;
                        }
                    };
                    let (done, ()) = tokio::join!(handle(&dbs[first], update, person), twice);
                    match done {
                        Ok(answer) => {
                            let expected = format!("answer to {update}");
                            assert_eq!(text(answer.as_ref()), Some(&*expected));
                            break;
                        }
                        Err(StoreError::Busy) => {}
                        Err(StoreError::Sql(error)) => assert!(is_outage(&error), "{error:?}"),
                        Err(error) => panic!("{error:?}"),
                    }
                    failures += 1;
                    assert!(failures < 2000, "it never recovers");
                }
            }
            failures
        }));
    }
    let mut cuts = 0;
    while people.iter().any(|person| !person.is_finished()) {
        bench.cut().await;
        cuts += 1;
        tokio::time::sleep(Duration::from_millis(rand::random_range(1..60))).await;
    }
    let mut failures = 0;
    for person in people {
        failures += person.await.unwrap();
    }
    assert!(cuts > 5, "{cuts} cuts, {failures} failures");
    let all = PEOPLE * EACH;
    assert_eq!(bench.number("SELECT count(*) FROM bf_outbox").await, all);
    assert_eq!(
        bench
            .number("SELECT count(*) FROM bf_conversations WHERE version = 30")
            .await,
        PEOPLE
    );
    let booked = (1..=PEOPLE)
        .flat_map(|person| (0..EACH).map(move |n| person * 1000 + n))
        .filter(|update| update % 3 != 0)
        .count();
    assert_eq!(
        bench.number("SELECT count(*) FROM bookings").await,
        i64::try_from(booked).unwrap()
    );
    for db in dbs {
        db.close().await;
    }
}
