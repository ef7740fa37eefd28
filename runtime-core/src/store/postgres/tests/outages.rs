//! Connections that break, a server that is gone, silent or full, and TLS.

use super::*;

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
    // What was acknowledged is there again, though this server would rather not write it at once.
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
async fn a_server_that_takes_no_writes_or_has_no_tables_is_not_well() {
    let bench = Bench::new("").await;
    let db = &bench.db;
    assert!(db.health().await.is_ok());
    let read_only = |on: &str| {
        // The administrator's own session must not be one that only reads.
        format!(
            "SET transaction_read_only = off; ALTER DATABASE postgres SET default_transaction_read_only = {on}"
        )
    };
    bench.server.execute("postgres", &read_only("on")).await;
    bench.cut().await;
    assert!(db.health().await.is_err());
    assert!(db.step(effects(1, 1, 0)).await.is_err());
    bench.server.execute("postgres", &read_only("off")).await;
    assert!(db.health().await.is_ok());
    assert!(matches!(db.step(effects(1, 1, 0)).await, Ok(Step::Done)));
    // Somebody has put an empty database in its place.
    bench
        .server
        .execute("postgres", "ALTER TABLE bf_values RENAME TO elsewhere")
        .await;
    assert!(db.health().await.is_err());
    db.close().await;
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
    // Whoever watches sees it.
    let mut depths = crate::telemetry::events::Depths::default();
    db.depths(&mut depths);
    crate::telemetry::emit(depths);
    let metrics = String::from_utf8(crate::telemetry::metrics::text()).unwrap();
    for line in [
        "db_pool_in_use{pool=\"handlers\"} 2",
        "db_pool_size{pool=\"handlers\"} 2",
        "db_pool_timeouts_total{pool=\"handlers\"} 1",
        "db_pool_wait_seconds_count{pool=\"handlers\"} 1",
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
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
