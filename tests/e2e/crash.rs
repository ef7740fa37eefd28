//! Nothing lost: restarts, kills, a Telegram that does not answer.

use std::time::Duration;

use runtime_core::testing::telegram::Fault;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::raw::{SECRET, call, payload, press, text};
use crate::support::{Channel, WEBHOOK_SECRET, World, http, until};
use crate::words::EN;

const ANNA: i64 = 501;

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_of_a_wizard_preview() {
    restart(Channel::Preview, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_of_a_wizard_webhook() {
    restart(Channel::Webhook, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_wizard_preview() {
    restart(Channel::Preview, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_wizard_webhook() {
    restart(Channel::Webhook, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_wizard_polling() {
    restart(Channel::Polling, true).await;
}

/// After every step a new process; old buttons, language and answers survive it.
async fn restart(channel: Channel, kill: bool) {
    let world = World::start(channel).await;
    let again = async || {
        if kill {
            world.kill().await;
            world.revive().await;
        } else {
            world.restart().await;
        }
    };
    let anna = world.person("Anna", "ru");
    anna.say("/lang").await;
    anna.press("English").await;
    again().await;
    anna.say("/book").await.only(EN.ask_service);
    again().await;
    anna.press(EN.spa).await.only(EN.ask_slot);
    again().await;
    anna.press(EN.back).await.only(EN.ask_service);
    anna.press(EN.massage).await.only(EN.ask_slot);
    anna.say("2030-01-15 14:00").await.only(EN.ask_note);
    again().await;
    anna.say("no").await.only(EN.bad_note);
    anna.say("plumbus").await.only(EN.done).expect("plumbus");
    again().await;
    anna.press(EN.btn_cancel_booking)
        .await
        .expect(EN.cancelled_booking);
    assert_eq!(world.db().bookings().await, 0);
    world.stop().await;
}

/// Up to the last press, whose confirmation goes through the outbox.
async fn to_skip(world: &World) -> String {
    let service = call(&world.hook(&text(1, ANNA, ANNA, "/book")).await);
    call(
        &world
            .hook(&press(2, ANNA, ANNA, &payload(&service, EN.spa)))
            .await,
    );
    world.db().settled().await;
    let asked = call(&world.hook(&text(3, ANNA, ANNA, "2030-01-15 14:00")).await);
    payload(&asked, EN.skip)
}

/// How often the confirmation has reached Telegram.
fn confirmations(world: &World) -> usize {
    let sent = world.telegram().accepted("sendMessage");
    let says = |text: &str| {
        sent.iter()
            .filter(|c| c.body["text"].as_str().unwrap().contains(text))
            .count()
    };
    says(EN.done)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_commit_and_reply_while_telegram_hangs() {
    let world = World::start(Channel::Webhook).await;
    let skip = to_skip(&world).await;
    let hang = Fault::Hang(Duration::from_secs(30));
    world.telegram().fail_next(Some("sendMessage"), hang);
    let answer = world.hook(&press(4, ANNA, ANNA, &skip)).await;
    assert_eq!(call(&answer)["method"], "answerCallbackQuery");
    // Committed, and the reply is on its way into nothing.
    until("the hanging call", || async {
        let calls = world.telegram().calls();
        calls.iter().any(|c| c.description == "hung").then_some(())
    })
    .await;
    assert_eq!(world.db().bookings().await, 1);
    world.kill().await;
    assert_eq!(confirmations(&world), 0);
    world.revive().await;
    until("the reply", || async {
        (confirmations(&world) > 0).then_some(())
    })
    .await;
    world.db().settled().await;
    assert_eq!(confirmations(&world), 1);
    // And the update, redelivered, is not run again.
    let again = world.hook(&press(4, ANNA, ANNA, &skip)).await;
    assert_eq!(again.status, 200);
    world.db().settled().await;
    assert_eq!((confirmations(&world), world.db().bookings().await), (1, 1));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_commit_and_reply_while_telegram_is_down() {
    let world = World::start(Channel::Polling).await;
    let anna = world.person("Anna", "en");
    anna.say("/book").await.only(EN.ask_service);
    anna.press(EN.spa).await.only(EN.ask_slot);
    anna.say("2030-01-15 14:00").await.only(EN.ask_note);
    for _ in 0..50 {
        world
            .telegram()
            .fail_next(Some("sendMessage"), Fault::Status(502));
    }
    world.bot("booking").say(anna.user(), anna.chat(), "/skip");
    until("the commit", || async {
        (world.db().bookings().await == 1).then_some(())
    })
    .await;
    world.kill().await;
    assert_eq!(confirmations(&world), 0);
    // Telegram comes back.
    world.telegram().clear_faults();
    world.revive().await;
    until("the reply", || async {
        (confirmations(&world) > 0).then_some(())
    })
    .await;
    assert!(world.bot("booking").wait_until_idle().await);
    world.db().settled().await;
    assert_eq!((confirmations(&world), world.db().bookings().await), (1, 1));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_instance_sends_what_a_killed_one_has_left() {
    let world = World::start(Channel::Webhook).await;
    // On a port of its own, so that we know who handles what.
    let address = world.home().port;
    world.home().set("BOTFACTORY_LISTEN", "127.0.0.1:0");
    let second = world.home().start().await;
    world
        .home()
        .set("BOTFACTORY_LISTEN", &format!("127.0.0.1:{address}"));
    let skip = to_skip(&world).await;
    let hang = Fault::Hang(Duration::from_secs(30));
    world.telegram().fail_next(Some("sendMessage"), hang);
    call(&world.hook(&press(4, ANNA, ANNA, &skip)).await);
    until("the hanging call", || async {
        let calls = world.telegram().calls();
        calls.iter().any(|c| c.description == "hung").then_some(())
    })
    .await;
    world.kill().await;
    // The lease of the first holds the second back: nobody sends twice.
    assert_eq!(world.db().unsent().await, 1);
    assert_eq!(confirmations(&world), 0);
    world.db().end_leases().await;
    until("the reply", || async {
        (confirmations(&world) > 0).then_some(())
    })
    .await;
    world.db().settled().await;
    assert_eq!((confirmations(&world), world.db().bookings().await), (1, 1));
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_before_the_answer() {
    let world = World::start(Channel::Webhook).await;
    to_skip(&world).await;
    let body = text(4, ANNA, ANNA, "/skip").to_string();
    let headers = [(SECRET, WEBHOOK_SECRET)];
    let request = http::bytes("POST", "/tg/booking", &headers, body.as_bytes());
    for pause in [0, 0, 1, 2, 5] {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        stream.write_all(&request).await.unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        drop(stream);
    }
    // Telegram would deliver it again: the answer is the stored one, or the outbox has sent it.
    let again = world.hook(&text(4, ANNA, ANNA, "/skip")).await;
    let rode = again.ok()["text"]
        .as_str()
        .is_some_and(|text| text.contains(EN.done));
    if !rode {
        until("the reply", || async {
            (confirmations(&world) == 1).then_some(())
        })
        .await;
    }
    assert_eq!(world.db().bookings().await, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_nobody_has_read_the_answer() {
    let world = World::start(Channel::Webhook).await;
    to_skip(&world).await;
    let update = text(4, ANNA, ANNA, "/skip");
    let body = update.to_string();
    let headers = [(SECRET, WEBHOOK_SECRET)];
    let request = http::bytes("POST", "/tg/booking", &headers, body.as_bytes());
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    stream.write_all(&request).await.unwrap();
    until("the commit", || async {
        (world.db().bookings().await == 1).then_some(())
    })
    .await;
    world.kill().await;
    drop(stream);
    world.revive().await;
    let again = call(&world.hook(&update).await);
    assert!(again["text"].as_str().unwrap().contains(EN.done), "{again}");
    assert_eq!((confirmations(&world), world.db().bookings().await), (0, 1));
    // The next message of that chat does not wait for anything.
    let next = call(&world.hook(&text(5, ANNA, ANNA, "/my")).await);
    assert!(
        next["text"].as_str().unwrap().contains(EN.one_booking),
        "{next}"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_under_load_lose_nothing() {
    let world = World::start(Channel::Webhook).await;
    world.telegram().scale_pauses(0.02);
    let people = 12;
    let slot = |at: i64| format!("2030-03-{:02} 10:00", at + 1);
    let talks: Vec<_> = (0..people).map(|_| world.person("Load", "en")).collect();
    let bot = world.bot("booking");
    // Everybody says everything at once; Telegram keeps each chat's order and repeats what was not taken.
    for (at, talk) in talks.iter().enumerate() {
        let (user, chat) = (talk.user(), talk.chat());
        let slot = slot(i64::try_from(at).unwrap());
        for words in ["/book", "spa", slot.as_str(), "plumbus"] {
            bot.say(user, chat, words);
        }
    }
    for round in 0..3 {
        tokio::time::sleep(Duration::from_millis(40 + 30 * round)).await;
        world.kill().await;
        world.revive().await;
    }
    until("everything taken", || async {
        (world.db().bookings().await == people).then_some(())
    })
    .await;
    assert!(bot.wait_until_idle().await);
    assert_eq!(world.db().bookings().await, people);
    world.db().end_leases().await;
    world.db().settled().await;
    for talk in &talks {
        let done = talk
            .messages()
            .iter()
            .filter(|m| m.text.contains(EN.done))
            .count();
        // A send whose fate nobody knows is repeated; none is lost.
        assert!(done >= 1, "{:#?}", talk.messages());
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_what_runs_finish() {
    let world = World::start(Channel::Webhook).await;
    to_skip(&world).await;
    // A request whose body has not arrived when the signal comes.
    let body = text(4, ANNA, ANNA, "/skip").to_string();
    let headers = [(SECRET, WEBHOOK_SECRET)];
    let mut stream = http::begin(world.address(), "/tg/booking", &headers, body.len()).await;
    world.node().await.signal().await;
    until("the port's end", || async {
        TcpStream::connect(world.address()).await.err()
    })
    .await;
    assert!(world.node().await.runs(), "it did not wait");
    stream.write_all(body.as_bytes()).await.unwrap();
    let answer = http::receive(&mut stream).await;
    assert!(call(&answer)["text"].as_str().unwrap().contains(EN.done));
    let status = world.node().await.ended().await;
    assert_eq!(status.code(), Some(0), "{}", world.node().await.output());
    assert_eq!(world.db().bookings().await, 1);
    // What left in the response is not left for the outbox.
    assert_eq!(world.db().offered().await + world.db().unsent().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_sends_what_is_queued() {
    let world = World::start(Channel::Webhook).await;
    let skip = to_skip(&world).await;
    let hang = Fault::Hang(Duration::from_secs(2));
    world.telegram().fail_next(Some("sendMessage"), hang);
    call(&world.hook(&press(4, ANNA, ANNA, &skip)).await);
    until("the hanging call", || async {
        let calls = world.telegram().calls();
        calls.iter().any(|c| c.description == "hung").then_some(())
    })
    .await;
    world.node().await.signal().await;
    let status = world.node().await.ended().await;
    assert_eq!(status.code(), Some(0));
    // Sent in time, or left for the next process: never dropped.
    let left = world.db().unsent().await;
    assert_eq!(i64::try_from(confirmations(&world)).unwrap() + left, 1);
}
