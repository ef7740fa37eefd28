//! What is stored about a person: all of it is handed out, all of it goes, and nothing of anybody else.

use std::collections::BTreeSet;

use runtime_core::bot::Bot;
use serde_json::{Value, json};

use super::bot::BOT;
use super::rig::{ANNA, BORIS, BOT_ID, Rig};

/// Anna and Boris have talked, booked, stand in a dialogue; something of Anna's failed, and she has blocked the bot.
async fn lived() -> Rig {
    let mut rig = Rig::new().await;
    for (person, slot) in [(ANNA, "s-anna"), (BORIS, "s-boris")] {
        rig.execute(&format!(
            "INSERT INTO bookings (user_id, service, slot, note) VALUES ({person}, 'spa', '{slot}', 'note of {person}')"
        ))
        .await;
        rig.execute(&format!(
            "INSERT INTO visits (booking) SELECT id FROM bookings WHERE user_id = {person}"
        ))
        .await;
        rig.execute(&format!(
            "INSERT INTO bf_unreachable (bot, chat, since) VALUES ({BOT_ID}, {person}, 1)"
        ))
        .await;
        rig.execute(&format!(
            "INSERT INTO bf_locales (bot, subject, tag, changed) VALUES ({BOT_ID}, {person}, 'ru', 1)"
        ))
        .await;
        rig.say(person, "/boom").await;
        rig.say(person, "/book").await;
        rig.say(person, "spa").await;
    }
    rig
}

/// Rows in which a person's number stands, of every table.
async fn rows_of(rig: &Rig, person: i64) -> Vec<i64> {
    let mut all = Vec::new();
    for condition in [
        format!("bookings WHERE user_id = {person}"),
        format!("bf_conversations WHERE person = {person} OR chat = {person}"),
        format!("bf_locales WHERE subject = {person}"),
        format!("bf_outbox WHERE chat = {person}"),
        format!("bf_unreachable WHERE chat = {person}"),
    ] {
        all.push(rig.count(&condition).await);
    }
    all.push(rig.count("visits").await);
    all.push(rig.count("bf_dead_letters").await);
    all
}

#[tokio::test]
async fn everything_of_a_person_is_handed_out() {
    let rig = lived().await;
    let text = exported(&rig, ANNA).await;
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&json["bot_id"], &json["user_id"]),
        (&BOT.spec().id.into(), &ANNA.into())
    );
    let found = json["tables"].as_array().unwrap();
    let tables: Vec<&str> = found
        .iter()
        .filter_map(|table| table["table"].as_str())
        .collect();
    for table in [
        "visits",
        "bookings",
        "bf_dead_letters",
        "bf_outbox",
        "bf_conversations",
        "bf_locales",
        "bf_unreachable",
    ] {
        assert!(tables.contains(&table), "no {table} in {tables:?}");
    }
    assert!(text.contains("note of 1001"), "{text}");
    assert!(!text.contains("1002"), "{text}");
    let booking = found.iter().find(|table| table["table"] == "bookings");
    let booking = &booking.unwrap()["rows"][0];
    assert_eq!(booking["user_id"], ANNA);
    let outbox = found.iter().find(|table| table["table"] == "bf_outbox");
    let outbox = &outbox.unwrap()["rows"][0];
    // Nothing is nothing, and no 0.
    assert_eq!(
        (&outbox["message"], &outbox["chat"]),
        (&Value::Null, &ANNA.into())
    );
    let nobody: Value = serde_json::from_str(&exported(&rig, 5).await).unwrap();
    assert_eq!(nobody["tables"], json!([]));
}

/// More rows than any page: all of them come, each once, in pieces; and the connection is free again.
#[tokio::test]
async fn an_export_is_whole_however_much_it_is() {
    const ROWS: usize = 12_000;
    let rig = Rig::new().await;
    rig.execute(&format!(
        "INSERT INTO bookings (user_id, service, slot, note) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) \
         SELECT {ANNA}, 'spa', 'slot ' || i, '{}' FROM n",
        "long \" words ".repeat(16)
    ))
    .await;
    for _ in 0..3 {
        let mut export = rig.store.export(BOT.held(), &[BOT_ID], ANNA).await.unwrap();
        let (mut text, mut pieces) = (Vec::new(), 0);
        while let Some(piece) = export.next().await {
            let piece = piece.unwrap();
            assert!(piece.len() < 100_000, "{}", piece.len());
            text.extend_from_slice(&piece);
            pieces += 1;
        }
        assert!(pieces > 20, "{pieces}");
        let json: Value = serde_json::from_slice(&text).unwrap();
        let rows = json["tables"][0]["rows"].as_array().unwrap();
        let slots: BTreeSet<&str> = rows.iter().filter_map(|row| row["slot"].as_str()).collect();
        assert_eq!((rows.len(), slots.len()), (ROWS, ROWS));
    }
    // Whoever goes away in the middle holds nothing.
    for _ in 0..3 {
        let mut export = rig.store.export(BOT.held(), &[BOT_ID], ANNA).await.unwrap();
        assert!(export.next().await.unwrap().is_ok());
    }
    assert!(rig.store.health().await);
}

/// An export, put together again.
async fn exported(rig: &Rig, person: i64) -> String {
    let mut export = rig
        .store
        .export(BOT.held(), &[BOT_ID], person)
        .await
        .unwrap();
    let mut text = Vec::new();
    while let Some(piece) = export.next().await {
        text.extend_from_slice(&piece.unwrap());
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn everything_of_a_person_goes_and_nothing_of_others() {
    let mut rig = lived().await;
    assert!(rows_of(&rig, ANNA).await.iter().all(|rows| *rows > 0));
    let theirs = rows_of(&rig, BORIS).await;
    let claims = rig.count("bf_outbox WHERE n = 0").await;
    let erased = rig
        .store
        .erase_person(BOT.held(), &[BOT_ID], ANNA)
        .await
        .unwrap();
    assert!(erased.iter().any(|e| e.table == "bookings" && e.rows == 1));
    let left = rows_of(&rig, ANNA).await;
    // Of visits and letters, Boris's.
    assert_eq!(left, [0, 0, 0, 0, 0, 1, 1]);
    assert_eq!(rows_of(&rig, BORIS).await[..5], theirs[..5]);
    // What Telegram delivers again is still known, and has no effect.
    assert_eq!(rig.count("bf_outbox WHERE n = 0").await, claims);
    let book = rig
        .numbers("SELECT update_id FROM bf_outbox WHERE chat IS NULL AND n = 0 ORDER BY update_id")
        .await;
    let again = Rig::message(
        ANNA,
        ANNA,
        runtime_core::incoming::Content::Text("/book".to_owned()),
    );
    let reply = rig.update(book[1], again).await;
    assert!(reply.calls.is_empty() && !reply.busy, "{reply:?}");
    assert_eq!(rows_of(&rig, ANNA).await[1], 0);
    // A second time there is nothing.
    let again = rig
        .store
        .erase_person(BOT.held(), &[BOT_ID], ANNA)
        .await
        .unwrap();
    assert!(again.is_empty(), "{again:?}");
    // And she may begin anew; her language is no longer known.
    assert!(rig.say(ANNA, "/start").await.text().contains("Hello"));
    assert_eq!(BOT.people().len(), 2);
}

#[tokio::test]
async fn what_others_refer_to_stays_as_a_whole() {
    let rig = lived().await;
    rig.execute("CREATE TABLE marks (booking BIGINT NOT NULL REFERENCES bookings)")
        .await;
    rig.execute("INSERT INTO marks (booking) SELECT id FROM bookings")
        .await;
    let before = rows_of(&rig, ANNA).await;
    let refused = rig.store.erase_person(BOT.held(), &[BOT_ID], ANNA).await;
    assert!(refused.unwrap_err().is_conflict());
    assert_eq!(rows_of(&rig, ANNA).await, before);
}

/// What an update that stores nothing leaves is written a moment later: then it is nobody's.
#[tokio::test]
async fn events_that_wait_are_nobodys() {
    let mut rig = Rig::new().await;
    rig.store.keep_events(1);
    rig.say(ANNA, "/start").await;
    rig.say(BORIS, "/start").await;
    rig.store
        .erase_person(BOT.held(), &[BOT_ID], ANNA)
        .await
        .unwrap();
    let (_stop, stopped) = tokio::sync::watch::channel(true);
    rig.store.write_events(stopped).await;
    assert_eq!(rig.count("bf_events").await, 2);
    let of = |person: i64| format!("bf_events WHERE person = {person}");
    assert_eq!(rig.count(&of(ANNA)).await, 0);
    assert_eq!(rig.count(&of(BORIS)).await, 1);
}

/// Nor does whoever does not read on: after ten seconds the next export may begin.
#[tokio::test]
async fn a_reader_that_stalls_holds_nothing_for_long() {
    let rig = Rig::new().await;
    rig.execute(&format!(
        "INSERT INTO bookings (user_id, service, slot, note) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) \
         SELECT {ANNA}, 'spa', 'slot ' || i, '{}' FROM n",
        "long words ".repeat(20)
    ))
    .await;
    let mut stalled = rig.store.export(BOT.held(), &[BOT_ID], ANNA).await.unwrap();
    assert!(stalled.next().await.unwrap().is_ok());
    let refused = rig.store.export(BOT.held(), &[BOT_ID], BORIS).await;
    assert!(refused.is_err(), "one at a time");
    tokio::time::sleep(std::time::Duration::from_secs(9)).await;
    assert!(exported(&rig, BORIS).await.contains("\"tables\":[]"));
    // It breaks off: what was sent is no whole.
    let mut last = None;
    while let Some(piece) = stalled.next().await {
        last = Some(piece);
    }
    assert!(last.unwrap().is_err());
}
