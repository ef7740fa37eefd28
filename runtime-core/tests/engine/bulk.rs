//! Broadcasts on their way: what is shared, who is passed over, where it is told.

use std::time::{Duration, Instant};

use runtime_core::clock::Clock;
use runtime_core::testing::telegram::{FakeTelegram, Fault};

use super::broadcasts::{self, TOKEN, ended, got, people, reached, rig, truth};
use super::rig::{BORIS, GROUP};

#[tokio::test(flavor = "multi_thread")]
async fn two_broadcasts_of_one_bot_share_what_telegram_takes() {
    let mut rig = rig(Clock::system()).await;
    let telegram = FakeTelegram::start().await.unwrap();
    telegram.bot(TOKEN);
    // The instance sends 50 a second.
    telegram.limit_bulk(60);
    people(&rig, 1, 400, "en").await;
    rig.say(BORIS, "/news one").await;
    rig.say(BORIS, "/news two").await;
    // The messages that tell of them are replies, which are not paced.
    rig.execute("UPDATE bf_broadcast SET told_chat = NULL, told_at = 0")
        .await;
    rig.execute("DELETE FROM bf_outbox WHERE update_id < -1000000000000")
        .await;
    let began = Instant::now();
    let instance = broadcasts::Instance::start(&rig, rig.store.clone(), &telegram).await;
    let shares = |telegram: &FakeTelegram| {
        let got = got(telegram);
        let texts = got.values().flatten();
        let one = texts.clone().filter(|text| text.contains(": one")).count();
        (one, texts.count() - one)
    };
    // Neither waits for the other's end: whoever asks first gets the next half a second.
    let (one, two) = loop {
        let (one, two) = shares(&telegram);
        if one + two >= 400 {
            break (one, two);
        }
        assert!(began.elapsed() < Duration::from_secs(40), "{one} and {two}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(one >= 20 && two >= 20, "{one} and {two}");
    // At 50 a second.
    let took = began.elapsed();
    assert!(took > Duration::from_millis(7_000), "{took:?}");
    instance.stop().await;
    let calls = telegram.calls();
    let floods = calls.iter().filter(|call| call.status == 429).count();
    assert_eq!(floods, 0);
    for (person, texts) in got(&telegram) {
        let mut once = texts.clone();
        once.dedup();
        assert!(
            once.len() == texts.len() && texts.len() <= 2,
            "{person}: {texts:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opts_out_or_is_lost_before_their_turn_is_passed_over() {
    let mut rig = rig(Clock::system()).await;
    let telegram = FakeTelegram::start().await.unwrap();
    telegram.bot(TOKEN);
    people(&rig, 1, 300, "en").await;
    rig.say(BORIS, "/news x").await;
    let instance = broadcasts::Instance::start(&rig, rig.store.clone(), &telegram).await;
    reached(&telegram, 20).await;
    // Their rows are there, and were taken.
    let silent = format!(
        "UPDATE bf_person SET subscribed = {} WHERE person BETWEEN 291 AND 300",
        truth(false)
    );
    rig.execute(&silent).await;
    rig.execute("INSERT INTO bf_unreachable (bot, chat, since) VALUES (77, 290, 1)")
        .await;
    ended(&rig, 1).await;
    instance.stop().await;
    let got = got(&telegram);
    let passed_over = 290..=300;
    assert!(passed_over.clone().all(|person| !got.contains_key(&person)));
    let everybody_else = (1..290).chain([BORIS]);
    assert!(
        everybody_else
            .clone()
            .all(|person| got.contains_key(&person))
    );
    let counts = "SELECT total * 1000000 + sent * 1000 + skipped FROM bf_broadcasts";
    assert_eq!(rig.numbers(counts).await, [301_290_011]);
    let why = "SELECT code FROM bf_recipient WHERE state = 7 ORDER BY person LIMIT 2";
    let why = rig.texts(why).await;
    assert_eq!(
        why,
        [Some("unreachable".to_owned()), Some("opted_out".to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_that_tells_of_it_moves_with_its_group() {
    const MOVED: i64 = -1_005;
    let mut rig = rig(Clock::system()).await;
    let telegram = FakeTelegram::start().await.unwrap();
    telegram.bot(TOKEN);
    people(&rig, 1, 30, "en").await;
    rig.say_in_group(BORIS, "/news x").await;
    let mut instance = broadcasts::Instance::idle(rig.store.clone(), &telegram);
    reached(&telegram, 1).await;
    telegram.fail_next(Some("editMessageText"), Fault::Migrated(MOVED));
    instance.work(&rig, rig.store.clone());
    ended(&rig, 1).await;
    let began = Instant::now();
    let told = |chat: i64| {
        let calls = telegram.calls().into_iter();
        let of = calls.filter(move |call| call.status == 200 && call.body["chat_id"] == chat);
        of.map(|call| call.body["text"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    while !told(MOVED)
        .iter()
        .any(|text| text.contains("has reached 30 of 30"))
    {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{:?}",
            told(MOVED)
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    instance.stop().await;
    // The old group has heard of nothing but the beginning.
    let old = told(GROUP);
    let of_it = old.iter().filter(|text| text.contains("Broadcast 1"));
    assert_eq!(of_it.count(), 1, "{old:?}");
    let chat = "SELECT told_chat FROM bf_broadcast";
    assert_eq!(rig.numbers(chat).await, [MOVED]);
}
