//! When Telegram, the database or the configuration does not do as it should.

use std::time::{Duration, Instant};

use runtime_core::testing::telegram::{FakeTelegram, Fault};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::support::raw::{call, payload, text};
use crate::support::{BOOKING_TOKEN, Channel, Home, Talk, World, until};
use crate::words::EN;

/// How often a message with this text has reached a chat.
fn arrived(world: &World, talk: &Talk, part: &str) -> usize {
    let sent = world.telegram().accepted("sendMessage");
    let to = |c: &&_| -> bool {
        let call: &runtime_core::testing::telegram::Recorded = c;
        call.body["chat_id"] == talk.chat() && call.body["text"].as_str().unwrap().contains(part)
    };
    sent.iter().filter(to).count()
}

/// Up to the last press, whose confirmation goes through the outbox.
async fn to_note(anna: &Talk) {
    anna.say("/book").await.only(EN.ask_service);
    anna.press(EN.spa).await.only(EN.ask_slot);
    anna.say("2030-01-15 14:00").await.only(EN.ask_note);
}

async fn survives(channel: Channel, fault: Fault, most: usize) {
    let world = World::start(channel).await;
    let anna = world.person("Anna", "en");
    to_note(&anna).await;
    world.telegram().fail_next(Some("sendMessage"), fault);
    anna.press(EN.skip).await;
    let times = arrived(&world, &anna, EN.done);
    assert!((1..=most).contains(&times), "{times} times");
    assert_eq!(world.db().bookings().await, 1);
    // What only reads is answered too, though it is sent before the update is taken.
    world.telegram().fail_next(Some("sendMessage"), fault);
    world.telegram().scale_pauses(0.1);
    anna.press(EN.btn_my).await;
    assert!(arrived(&world, &anna, EN.listed) >= 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flood_control_webhook() {
    survives(Channel::Webhook, Fault::Flood(1), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flood_control_polling() {
    survives(Channel::Polling, Fault::Flood(1), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_errors() {
    survives(Channel::Webhook, Fault::Status(500), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_connections() {
    survives(Channel::Webhook, Fault::Close, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_after_the_fact() {
    // Telegram has no key by which it would know the second for the first: a reply is rather said twice than never.
    survives(Channel::Polling, Fault::AcceptThenClose, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_has_blocked_the_bot() {
    let world = World::start(Channel::Webhook).await;
    let anna = world.person("Anna", "en");
    to_note(&anna).await;
    world
        .telegram()
        .fail_next(Some("sendMessage"), Fault::Blocked);
    anna.press(EN.skip).await.silent();
    assert_eq!(arrived(&world, &anna, EN.done), 0);
    assert_eq!(world.db().bookings().await, 1);
    // They come back.
    anna.say("/my").await.only(EN.listed);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_became_a_supergroup() {
    let world = World::start(Channel::Webhook).await;
    let (old, new) = (-77, -100_077);
    let anna = world.person("Anna", "en").in_chat(old);
    anna.say("/book").await.only(EN.ask_service);
    world
        .telegram()
        .fail_next(Some("sendMessage"), Fault::Migrated(new));
    anna.press(EN.spa).await.silent();
    let there = anna.in_chat(new);
    let moved = there.messages();
    assert!(
        moved.len() == 1 && moved[0].text.contains("When?"),
        "{moved:#?}"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn telegram_away_for_a_while() {
    let world = World::start(Channel::Webhook).await;
    let anna = world.person("Anna", "en");
    to_note(&anna).await;
    for _ in 0..3 {
        world
            .telegram()
            .fail_next(Some("sendMessage"), Fault::Status(502));
    }
    let began = Instant::now();
    anna.press(EN.skip).await.only(EN.done);
    assert!(began.elapsed() > Duration::from_secs(1), "it hammers");
    let metrics = world.get("/metrics").await.text();
    assert!(
        metrics.contains("outbox_retries_total{bot_id=\"booking\",class=\"ambiguous\"} 3"),
        "{metrics}"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_messages_to_one_chat_keep_their_order() {
    let world = World::start(Channel::Webhook).await;
    world.telegram().limit_floods();
    let anna = world.person("Anna", "en");
    let bot = world.bot("booking");
    for at in 0..12 {
        bot.say(anna.user(), anna.chat(), "/book");
        bot.say(
            anna.user(),
            anna.chat(),
            if at % 2 == 0 { "spa" } else { "massage" },
        );
    }
    until("everything", || async {
        let shown = anna.messages();
        (shown.len() == 12 * 2 + 11).then_some(())
    })
    .await;
    let said: Vec<char> = anna
        .messages()
        .iter()
        .map(|m| match &m.text {
            text if text.contains(EN.replaced) => 'r',
            text if text.contains(EN.ask_service) => 'q',
            text if text.contains("When?") => 's',
            text => panic!("{text}"),
        })
        .collect();
    let wanted = format!("qs{}", "rqs".repeat(11));
    assert_eq!(said.iter().collect::<String>(), wanted);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_telegram_does_not_know() {
    let telegram = FakeTelegram::start().await.unwrap();
    for public in ["", "https://bots.example.org"] {
        let home = Home::new()
            .with("BOTFACTORY_TOKEN_BOOKING", BOOKING_TOKEN)
            .with("BOTFACTORY_TELEGRAM_API", telegram.url())
            .with("BOTFACTORY_PUBLIC_URL", public);
        let node = home.start().await;
        until("the refusal", || async {
            let bot = node.get("/bots/booking").await.ok();
            let failed = bot["telegram"]["updates"]["state"] == "failed";
            failed.then_some(())
        })
        .await;
        let bot = node.get("/bots/booking").await.ok();
        assert_eq!(bot["telegram"]["updates"]["class"], "bad_token", "{bot}");
        // The other bot, and previews of this one, do not mind.
        let start = serde_json::json!({"bot_id": "booking", "text": "/start", "locale": "en"});
        node.post("/preview/send", &start).await.ok();
        node.get("/health/ready").await.ok();
        let output = node.stop().await;
        assert!(!output.contains("SECRET"), "{output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_locked() {
    let world = World::start(Channel::Webhook).await;
    let anna = world.person("Anna", "en");
    to_note(&anna).await;
    let mut other = SqliteConnectOptions::new()
        .filename(world.home().database())
        .connect()
        .await
        .unwrap();
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    // Within a moment: the routes answer at once with what was found last.
    let health = until("the truth", || async {
        let health = world.get("/health/db").await;
        (health.status != 200).then_some(health)
    })
    .await;
    assert_eq!(
        (health.status, health.text().as_str()),
        (503, r#"{"db_ok":false}"#)
    );
    // Updates that write wait, then are left with Telegram; nothing is half done.
    let update = text(7_000, anna.user().id, anna.chat(), "/skip");
    let answer = world.hook(&update).await;
    answer.refused(503);
    assert!(answer.header("retry-after").is_some());
    // What needs no writing is answered meanwhile.
    let help = world.hook(&text(7_001, 77, 77, "/help")).await;
    assert!(call(&help)["text"].as_str().unwrap().contains(EN.help));
    world.get("/health").await.ok();
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    until("the database", || async {
        (world.get("/health/db").await.status == 200).then_some(())
    })
    .await;
    assert_eq!(world.db().bookings().await, 0);
    let done = call(&world.hook(&update).await);
    assert!(done["text"].as_str().unwrap().contains(EN.done));
    assert_eq!(world.db().bookings().await, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialogue_that_waited_too_long() {
    let world = World::start(Channel::Webhook).await;
    let expire = async || {
        let sql = "UPDATE bf_conversations SET expires = 1";
        world.db().execute(sql).await;
    };
    let expired = "It has been a while";
    let anna = world.person("Anna", "en");
    to_note(&anna).await;
    expire().await;
    anna.say("a quiet room").await.only(expired);
    anna.say("a quiet room").await.only(EN.not_understood);
    to_note(&anna).await;
    expire().await;
    anna.press(EN.skip).await.toast(expired);
    anna.press(EN.skip)
        .await
        .silent()
        .toast(EN.already_answered);
    let boris = world.person("Boris", "en");
    to_note(&boris).await;
    expire().await;
    boris.say("/skip").await.only(expired);
    to_note(&boris).await;
    expire().await;
    // A new one begins without talk of the old.
    boris.say("/book").await.only(EN.ask_service);
    assert_eq!(world.db().bookings().await, 0);
    // What another build has stored is not this build's to read.
    world
        .db()
        .execute("UPDATE bf_conversations SET waiting = '{\"odd\":1}'")
        .await;
    let odd = boris.say("spa").await;
    assert_eq!(odd.messages.len(), 1, "{odd:#?}");
    boris.say("/book").await.only(EN.ask_service);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_kept_and_renewed() {
    let one = "e2e-key-number-one-0123456789";
    let two = "e2e-key-number-two-0123456789";
    let home = Home::new().with("BOTFACTORY_KEY", one);
    let world = World::start_at(Channel::Preview, home).await;
    let anna = world.person("Anna", "en");
    anna.say("/book").await.only(EN.ask_service);
    let spa = anna.payload(EN.spa);
    // Renewed: the old one still opens what it closed.
    world.home().set("BOTFACTORY_KEY", two);
    world.home().set("BOTFACTORY_KEY_OLD", one);
    world.restart().await;
    anna.press_data(&spa).await.only(EN.ask_slot);
    let back = anna.payload(EN.back);
    world.home().set("BOTFACTORY_KEY_OLD", "");
    world.restart().await;
    anna.press_data(&back).await.only(EN.ask_service);
    world.home().set("BOTFACTORY_KEY", one);
    world.restart().await;
    let new = anna.payload(EN.spa);
    anna.press_data(&new).await.silent().toast(EN.not_yours);
    // Without any in the environment it is made once.
    world.home().set("BOTFACTORY_KEY", "");
    world.restart().await;
    anna.say("/book").await;
    let spa = anna.payload(EN.spa);
    world.restart().await;
    anna.press_data(&spa).await.only(EN.ask_slot);
    let output = world.node().await.output();
    assert!(!output.contains("e2e-key"), "{output}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhooks_secret_is_made_once() {
    let home = Home::new();
    let world = World::start_at(Channel::Webhook, home).await;
    let home = world.home();
    home.set("BOTFACTORY_WEBHOOK_SECRET", "");
    world.restart().await;
    world.restart().await;
    let sets = world.telegram().accepted("setWebhook");
    let secrets: Vec<&str> = sets
        .iter()
        .filter(|c| c.body["url"].as_str().unwrap().ends_with("/booking"))
        .map(|c| c.body["secret_token"].as_str().unwrap())
        .collect();
    assert_eq!(secrets.len(), 3);
    assert_ne!(secrets[0], secrets[1]);
    assert_eq!(secrets[1], secrets[2]);
    assert!(secrets[1].len() >= 32);
    for call in &sets {
        assert_eq!(call.body["drop_pending_updates"], false);
        assert_eq!(
            call.body["allowed_updates"],
            serde_json::json!(["message", "callback_query"])
        );
    }
    let anna = world.person("Anna", "en");
    anna.say("/help").await.only(EN.help);
    let output = world.node().await.output();
    assert!(!output.contains(secrets[1]), "{output}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_polling_to_webhook_and_back() {
    let world = World::start(Channel::Polling).await;
    let anna = world.person("Anna", "en");
    anna.say("/book").await.only(EN.ask_service);
    let url = format!("http://127.0.0.1:{}", world.home().port);
    world.home().set("BOTFACTORY_PUBLIC_URL", &url);
    world.restart().await;
    assert!(world.bot("booking").webhook().is_some());
    anna.press(EN.spa).await.only(EN.ask_slot);
    world.home().set("BOTFACTORY_PUBLIC_URL", "");
    world.restart().await;
    until("polling", || async {
        world.bot("booking").webhook().is_none().then_some(())
    })
    .await;
    anna.say("2030-01-15 14:00").await.only(EN.ask_note);
    anna.press(EN.skip).await.only(EN.done);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presses_in_previews_race_too() {
    let world = World::start(Channel::Preview).await;
    let anna = world.person("Anna", "en");
    to_note(&anna).await;
    let skip = anna.payload(EN.skip);
    let presses: Vec<_> = (0..6)
        .map(|_| {
            let (anna, skip) = (anna.clone(), skip.clone());
            tokio::spawn(async move { anna.press_data(&skip).await })
        })
        .collect();
    let mut done = 0;
    for press in presses {
        let seen = press.await.unwrap();
        if seen.messages.is_empty() {
            seen.toast(EN.already_answered);
        } else {
            seen.only(EN.done);
            done += 1;
        }
    }
    assert_eq!((done, world.db().bookings().await), (1, 1));
    world.stop().await;
}

/// A button of a raw call, to keep the helper honest.
#[tokio::test(flavor = "multi_thread")]
async fn buttons_of_two_chats_are_not_exchanged() {
    let world = World::start(Channel::Webhook).await;
    let hers = call(&world.hook(&text(1, 61, 61, "/book")).await);
    let his = call(&world.hook(&text(2, 62, 62, "/book")).await);
    assert_ne!(payload(&hers, EN.spa), payload(&his, EN.spa));
    world.stop().await;
}
