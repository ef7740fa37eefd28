//! The protocols against a real server: every outcome, rivals, broken and silent connections.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgArguments;
use sqlx::{Arguments, Row};

use super::Postgres;
use crate::clock::Clock;
use crate::store::conversation::{Effects, Found, Key, Moved, Stand, Step, Stored};
use crate::store::error::{StoreError, is_constraint, is_interrupt, is_outage};
use crate::store::outbox::{RowKey, STATE_NONE, STATE_OFFERED, STATE_RODE, STATE_WAITING};
use crate::telegram::method::Call;
use crate::testing::postgres::Postgres as Server;

const NOW: i64 = 1_800_000_000;

struct Bench {
    server: Server,
    db: Postgres,
}

impl Bench {
    async fn new(parameters: &str) -> Self {
        let server = Server::start();
        let db = open(&server, parameters).await;
        server
            .execute(
                "postgres",
                "CREATE TABLE bookings (who BIGINT NOT NULL, slot TEXT NOT NULL, UNIQUE (who, slot) DEFERRABLE)",
            )
            .await;
        Self { server, db }
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut connection = self.server.connect("postgres").await;
        sqlx::query_scalar(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    async fn stand(&self, person: i64) -> Stand {
        match self.db.look(key(person), i64::MAX).await.unwrap() {
            Found::Row(stand) => stand,
            Found::Duplicate(_) => panic!("no such update"),
        }
    }

    /// Ends every session but the administrator's own, as an operator or a failover does.
    async fn cut(&self) {
        self.server
            .execute(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'botfactory'",
            )
            .await;
    }
}

async fn open(server: &Server, parameters: &str) -> Postgres {
    let url = format!("{}{parameters}", server.url("postgres"));
    let clock = Clock::fixed(NOW);
    Postgres::open(&url, &[], &clock).await.unwrap().0
}

fn key(person: i64) -> Key {
    Key {
        bot: 7,
        chat: person,
        person,
        thread: 0,
    }
}

fn call(text: &str) -> String {
    serde_json::json!({"method": "sendMessage", "chat_id": 1, "text": text}).to_string()
}

fn row(state: i64, call: Option<String>) -> Stored {
    Stored {
        state,
        chat: Some(1),
        lease_until: 5,
        call,
    }
}

fn effects(update_id: i64, person: i64, expected: i64) -> Effects {
    Effects {
        key: key(person),
        update_id,
        at: update_id,
        expected,
        first: row(STATE_OFFERED, Some(call(&format!("answer to {update_id}")))),
        rest: Vec::new(),
        conversation: Some(Moved {
            run: expected + 1,
            expires: 9,
            timer: 0,
            waiting: Some(format!("{{\"step\":{expected}}}")),
        }),
        locale: None,
        letter: None,
    }
}

fn text(call: Option<&Call>) -> Option<&str> {
    match call {
        Some(Call::SendMessage(message)) => Some(&message.text),
        _ => None,
    }
}

fn booking(who: i64, slot: &str) -> PgArguments {
    let mut arguments = PgArguments::default();
    arguments.add(who).unwrap();
    arguments.add(slot.to_owned()).unwrap();
    arguments
}

const BOOK: &str = "INSERT INTO bookings (who, slot) VALUES ($1, $2) -- the end\n";

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
    let bench = Bench::new("?lock_timeout=500").await;
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
    assert!(began.elapsed() < Duration::from_millis(400));
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
                    let [first, second] = if failures % 2 == 0 { [0, 1] } else { [1, 0] };
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

#[tokio::test]
async fn connections_that_were_cut_are_replaced() {
    let bench = Bench::new("").await;
    let db = &bench.db;
    assert!(matches!(db.step(effects(1, 1, 0)).await, Ok(Step::Done)));
    bench.cut().await;
    assert_eq!(bench.stand(1).await.version, 1);
    bench.cut().await;
    assert!(matches!(db.step(effects(2, 1, 1)).await, Ok(Step::Done)));
    bench.cut().await;
    let one = db.one(BOOK, booking(1, "nine"), effects(3, 1, 2)).await;
    assert!(matches!(one, Ok(Step::Done)), "{one:?}");
    bench.cut().await;
    let (writing, _) = db.begin(key(1), 4).await.unwrap();
    // In a transaction there is nothing to replace: nothing is stored, and it is nobody's fault.
    bench.cut().await;
    let cut = writing.finish(effects(4, 1, 3)).await;
    assert!(
        matches!(&cut, Err(StoreError::Sql(error)) if is_outage(error)),
        "{cut:?}"
    );
    assert_eq!(
        bench
            .number("SELECT count(*) FROM bf_outbox WHERE update_id = 4")
            .await,
        0
    );
    for many in [true, false] {
        db.reading(many).await.unwrap().done().await;
        bench.cut().await;
        tokio::time::sleep(Duration::from_millis(1100)).await; // from then on an idle one is asked first
        let mut loan = db.reading(many).await.unwrap();
        let read = sqlx::query("SELECT 1")
            .execute(loan.connection().unwrap())
            .await;
        assert!(read.is_ok(), "{read:?}");
        loan.done().await;
    }
    bench.cut().await;
    db.mark_sent(vec![RowKey {
        bot: 7,
        update_id: 1,
        n: 0,
    }])
    .await
    .unwrap();
    bench.cut().await;
    assert!(db.health().await.is_ok());

    // Cut in the middle of a statement: it runs again, once.
    let slow = "INSERT INTO bookings SELECT $1, $2 FROM pg_sleep(0.5)";
    let (one, ()) = tokio::join!(db.one(slow, booking(2, "slow"), effects(5, 2, 0)), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        bench.cut().await;
    });
    // A connection that was opened for it and died is an outage; one that was idle before is replaced.
    if one.is_err() {
        let again = db.one(slow, booking(2, "slow"), effects(5, 2, 0)).await;
        assert!(matches!(again, Ok(Step::Done)), "{again:?}");
    }
    assert_eq!(
        bench
            .number("SELECT count(*) FROM bookings WHERE who = 2")
            .await,
        1
    );
    db.close().await;
}

#[tokio::test]
async fn a_server_that_was_killed_is_found_again() {
    let mut bench = Bench::new("").await;
    assert!(matches!(
        bench.db.step(effects(1, 1, 0)).await,
        Ok(Step::Done)
    ));
    // This server syncs nothing at once.
    bench.server.execute("postgres", "CHECKPOINT").await;
    bench.server.kill();
    let began = Instant::now();
    assert!(bench.db.look(key(1), 2).await.is_err());
    assert!(bench.db.step(effects(2, 1, 1)).await.is_err());
    assert!(bench.db.begin(key(1), 2).await.is_err());
    assert!(bench.db.health().await.is_err());
    assert!(began.elapsed() < Duration::from_secs(10));
    bench.server.restart();
    let began = Instant::now();
    assert_eq!(bench.stand(1).await.version, 1);
    assert!(matches!(
        bench.db.step(effects(2, 1, 1)).await,
        Ok(Step::Done)
    ));
    assert!(began.elapsed() < Duration::from_secs(2));
    bench.db.close().await;
}

#[tokio::test]
async fn a_silent_server_holds_nobody_for_long() {
    let bench = Bench::new("").await;
    let db = &bench.db;
    assert!(matches!(db.step(effects(1, 1, 0)).await, Ok(Step::Done)));
    let (writing, _) = db.begin(key(2), 2).await.unwrap();
    bench.server.pause();
    let began = Instant::now();
    let (look, step, finished, health) = tokio::join!(
        db.look(key(1), 3),
        db.step(effects(3, 1, 1)),
        writing.finish(effects(2, 2, 0)),
        db.health(),
    );
    assert!(look.is_err() && step.is_err() && finished.is_err() && health.is_err());
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    bench.server.resume();
    let began = Instant::now();
    assert!(bench.stand(1).await.version >= 1);
    assert!(began.elapsed() < Duration::from_secs(5));
    // Whatever became of them, once more is once.
    let expected = bench.stand(1).await.version;
    let again = db.step(effects(3, 1, expected)).await;
    assert!(
        matches!(again, Ok(Step::Done | Step::Duplicate(_))),
        "{again:?}"
    );
    assert_eq!(bench.stand(1).await.version, 2);
    db.close().await;
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_used_with_those_that_there_are() {
    let bench = Bench::new("").await;
    let db = &bench.db;
    bench
        .server
        .execute("postgres", "CREATE ROLE guest LOGIN CONNECTION LIMIT 6; \
            GRANT ALL ON ALL TABLES IN SCHEMA public TO guest; GRANT CREATE ON SCHEMA public TO guest")
        .await;
    let url = bench
        .server
        .url("postgres")
        .replacen("postgres@", "guest@", 1);
    let guest = Postgres::open(&url, &[], &Clock::fixed(NOW)).await;
    let guest = Arc::new(guest.unwrap().0);
    let began = Instant::now();
    let mut readers = Vec::new();
    for _ in 0..40 {
        let guest = guest.clone();
        readers.push(tokio::spawn(async move {
            let mut loan = guest.reading(true).await?;
            sqlx::query("SELECT pg_sleep(0.02)")
                .execute(loan.connection()?)
                .await?;
            loan.done().await;
            Ok::<_, StoreError>(())
        }));
    }
    for reader in readers {
        reader.await.unwrap().unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(3));
    guest.close().await;
    db.close().await;
}

#[tokio::test]
async fn loans_are_bounded() {
    let bench = Bench::new("?connections=5").await;
    let db = &bench.db;
    let one = db.reading(true).await.unwrap();
    let two = db.reading(false).await.unwrap();
    let began = Instant::now();
    assert!(matches!(db.look(key(1), 1).await, Err(StoreError::Busy)));
    assert!(began.elapsed() < Duration::from_secs(4));
    // What is not a handler goes on.
    assert!(matches!(db.step(effects(1, 1, 0)).await, Ok(Step::Done)));
    assert!(db.health().await.is_ok());
    one.done().await;
    two.done().await;
    assert_eq!(bench.stand(1).await.version, 1);
    db.close().await;
    assert!(matches!(db.look(key(1), 1).await, Err(StoreError::Busy)));
}

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
    let first = bench.db.lease_expired(10, 30, 25).await.unwrap();
    assert_eq!(first.len(), 25);
    assert!(
        first
            .iter()
            .all(|row| row.ambiguous && row.lease_until == 30)
    );
    assert!(first.windows(2).all(|pair| pair[0].at < pair[1].at));
    // The first 25 hold rows of every chat: the later ones of those wait for them.
    assert!(other.lease_expired(10, 30, 100).await.unwrap().is_empty());
    let keys: Vec<RowKey> = first.iter().map(|row| row.key).collect();
    bench.db.mark_sent(keys[..20].to_vec()).await.unwrap();
    bench
        .db
        .give_back(keys[20..].to_vec(), 20, true)
        .await
        .unwrap();
    // Given back, not before 20: chats 1 to 5 wait, the others go on.
    let second = other.lease_expired(10, 30, 100).await.unwrap();
    assert!(
        second
            .iter()
            .all(|row| !(1..=5).contains(&row.chat.unwrap()))
    );
    assert_eq!(second.len(), 40); // the other chats' rows from 26 on
    let third = bench.db.lease_expired(20, 40, 5).await.unwrap();
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
            .mark_failed(third[0].key, "telegram_400", 1)
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
async fn tls_is_as_strict_as_the_url_says() {
    let (server, port, certificate) = Server::start_with_tls();
    let certificate = certificate.display().to_string();
    let clock = Clock::fixed(NOW);
    let url = |host: &str, rest: &str| {
        format!("postgres://postgres@{host}:{port}/postgres?connections=5&{rest}")
    };
    for (host, rest) in [
        ("127.0.0.1", "sslmode=require".to_owned()),
        (
            "127.0.0.1",
            format!("sslmode=verify-full&sslrootcert={certificate}"),
        ),
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={certificate}"),
        ),
    ] {
        let (db, _) = Postgres::open(&url(host, &rest), &[], &clock)
            .await
            .unwrap();
        let encrypted = "SELECT 1 FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
        assert_eq!(db.count_rows(encrypted).await.unwrap(), 1, "{rest}");
        db.close().await;
    }
    // Nobody vouches for that certificate here.
    let unknown = Postgres::open(&url("127.0.0.1", "sslmode=verify-full"), &[], &clock).await;
    assert!(unknown.is_err());
    drop(server);
}
