//! Nothing twice: redeliveries, double presses, races.

use serde_json::Value;

use crate::support::raw::{SECRET, call, message, payload, press, text};
use crate::support::{BOOKING_TOKEN, Channel, SURVEY_TOKEN, WEBHOOK_SECRET, World, http, until};
use crate::words::EN;

const ANNA: i64 = 501;
const BORIS: i64 = 502;

/// The question that waits in a private chat, once everything has arrived.
async fn shown(world: &World, chat: i64, part: &str) -> Value {
    world.db().settled().await;
    let calls = world.telegram().accepted("sendMessage");
    calls
        .iter()
        .rev()
        .find(|c| c.body["chat_id"] == chat && c.body["text"].as_str().unwrap().contains(part))
        .unwrap_or_else(|| panic!("no {part:?} in {calls:#?}"))
        .body
        .clone()
}

/// Up to the question for the note; the last question's call.
async fn to_note(world: &World, first: i64, user: i64, slot: &str) -> Value {
    let service = call(&world.hook(&text(first, user, user, "/book")).await);
    let spa = payload(&service, EN.spa);
    call(&world.hook(&press(first + 1, user, user, &spa)).await);
    shown(world, user, "When?").await;
    let asked = world.hook(&text(first + 2, user, user, slot)).await;
    call(&asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redelivery_gets_the_same_answer_and_changes_nothing() {
    let world = World::start(Channel::Webhook).await;
    let service = text(1, ANNA, ANNA, "/book");
    let first = world.hook(&service).await;
    for _ in 0..3 {
        let again = world.hook(&service).await;
        assert_eq!(again.text(), first.text());
    }
    let spa = payload(&call(&first), EN.spa);
    let pressed = press(2, ANNA, ANNA, &spa);
    let first = world.hook(&pressed).await;
    assert_eq!(call(&first)["method"], "answerCallbackQuery");
    shown(&world, ANNA, "When?").await;
    for _ in 0..3 {
        let again = world.hook(&pressed).await;
        assert_eq!(again.text(), first.text());
    }
    let slot = text(3, ANNA, ANNA, "2030-01-15 14:00");
    let first = world.hook(&slot).await;
    let asked = call(&first);
    assert_eq!(world.hook(&slot).await.text(), first.text());
    // An update of an earlier step, redelivered late, is not read as an answer to the question of now.
    assert_eq!(
        world.hook(&service).await.ok()["text"],
        call(&world.hook(&service).await)["text"]
    );
    let note = text(4, ANNA, ANNA, "plumbus");
    let done = world.hook(&note).await;
    assert!(call(&done)["text"].as_str().unwrap().contains(EN.done));
    for _ in 0..3 {
        assert_eq!(world.hook(&note).await.text(), done.text());
    }
    // Everything once more, in a row and after a restart.
    for update in [&service, &pressed, &slot, &note] {
        assert_eq!(world.hook(update).await.status, 200);
    }
    world.restart().await;
    assert_eq!(world.hook(&note).await.text(), done.text());
    for update in [&service, &pressed, &slot] {
        assert_eq!(world.hook(update).await.status, 200);
    }
    assert_eq!(world.db().bookings().await, 1);
    // The question that was sent beside the answer to the press was sent once.
    world.db().settled().await;
    let questions = world.telegram().accepted("sendMessage");
    assert_eq!(questions.len(), 1, "{questions:#?}");
    // The dialogue is over: its buttons are dead, and nothing waits.
    let late = world
        .hook(&press(9, ANNA, ANNA, &payload(&asked, EN.skip)))
        .await;
    assert!(
        call(&late)["text"]
            .as_str()
            .unwrap()
            .contains(EN.already_answered)
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_update_delivered_many_times_at_once() {
    let world = World::start(Channel::Webhook).await;
    to_note(&world, 1, ANNA, "2030-01-15 14:00").await;
    let note = text(10, ANNA, ANNA, "plumbus");
    let mut tries = Vec::new();
    for _ in 0..16 {
        let (world, note) = (world.clone(), note.clone());
        tries.push(tokio::spawn(async move { world.hook(&note).await }));
    }
    let mut answers = Vec::new();
    for attempt in tries {
        answers.push(attempt.await.unwrap());
    }
    // Telegram is told the same by all that were not asked to come again.
    let taken: Vec<String> = answers
        .iter()
        .filter(|a| a.status == 200)
        .map(|a| a.text())
        .collect();
    assert!(!taken.is_empty());
    for answer in &answers {
        assert!(matches!(answer.status, 200 | 503), "{}", answer.text());
    }
    assert!(
        taken
            .iter()
            .all(|text| *text == taken[0] && text.contains(EN.done)),
        "{taken:#?}"
    );
    assert_eq!(world.db().bookings().await, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_quick_presses_of_one_button() {
    let world = World::start(Channel::Webhook).await;
    let asked = to_note(&world, 1, ANNA, "2030-01-15 14:00").await;
    let skip = payload(&asked, EN.skip);
    let presses: Vec<_> = (10..18)
        .map(|id| {
            let (world, update) = (world.clone(), press(id, ANNA, ANNA, &skip));
            tokio::spawn(async move { call(&world.hook(&update).await) })
        })
        .collect();
    let mut counted = 0;
    for pressed in presses {
        let answer = pressed.await.unwrap();
        assert_eq!(answer["method"], "answerCallbackQuery");
        match answer["text"].as_str() {
            None | Some("") => counted += 1,
            Some(words) => assert!(words.contains(EN.already_answered), "{words}"),
        }
    }
    assert_eq!(counted, 1, "one press counts");
    assert_eq!(world.db().bookings().await, 1);
    shown(&world, ANNA, EN.done).await;
    let done = world.telegram().accepted("sendMessage");
    let done = done
        .iter()
        .filter(|c| c.body["text"].as_str().unwrap().contains(EN.done));
    assert_eq!(done.count(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presses_of_two_buttons_of_one_question() {
    let world = World::start(Channel::Webhook).await;
    for round in 0..5 {
        let at = round * 100 + 1;
        let service = call(&world.hook(&text(at, ANNA, ANNA, "/book")).await);
        world.db().settled().await;
        let (spa, massage) = (payload(&service, EN.spa), payload(&service, EN.massage));
        let (one, two) = (
            press(at + 1, ANNA, ANNA, &spa),
            press(at + 2, ANNA, ANNA, &massage),
        );
        let (one, two) = tokio::join!(world.hook(&one), world.hook(&two));
        let refused = [call(&one), call(&two)]
            .iter()
            .filter(|c| {
                c["text"]
                    .as_str()
                    .is_some_and(|t| t.contains(EN.already_answered))
            })
            .count();
        assert_eq!(refused, 1);
        let asked = world.hook(&text(at + 3, ANNA, ANNA, "/cancel")).await;
        assert_eq!(asked.status, 200);
        world.db().settled().await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_take_one_slot_at_once() {
    let world = World::start(Channel::Webhook).await;
    let hers = to_note(&world, 100, ANNA, "2030-01-15 14:00").await;
    let his = to_note(&world, 200, BORIS, "2030-01-15 14:00").await;
    let one = press(110, ANNA, ANNA, &payload(&hers, EN.skip));
    let two = press(210, BORIS, BORIS, &payload(&his, EN.skip));
    let (one, two) = tokio::join!(world.hook(&one), world.hook(&two));
    call(&one);
    call(&two);
    world.db().settled().await;
    assert_eq!(world.db().bookings().await, 1);
    let sent = world.telegram().accepted("sendMessage");
    let says = |chat: i64, part: &str| {
        sent.iter()
            .any(|c| c.body["chat_id"] == chat && c.body["text"].as_str().unwrap().contains(part))
    };
    let (winner, loser) = if says(ANNA, EN.done) {
        (ANNA, BORIS)
    } else {
        (BORIS, ANNA)
    };
    assert!(says(winner, EN.done) && !says(winner, EN.slot_taken));
    assert!(says(loser, EN.slot_taken) && !says(loser, EN.done));
    // The loser's answers are kept; only the time is asked again.
    let update = text(300, loser, loser, "2030-01-15 15:00");
    assert_eq!(world.hook(&update).await.status, 200);
    let update = text(301, loser, loser, "/skip");
    assert_eq!(world.hook(&update).await.status, 200);
    let sql = "SELECT count(*) FROM bookings WHERE service = 'spa'";
    assert_eq!(world.db().number(sql).await, 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_updates_of_one_chat_at_the_same_moment() {
    let world = World::start(Channel::Webhook).await;
    let asked = to_note(&world, 1, ANNA, "2030-01-15 14:00").await;
    // A text and a press race: Telegram queues messages by chat and presses by person.
    let skip = press(10, ANNA, ANNA, &payload(&asked, EN.skip));
    let note = text(11, ANNA, ANNA, "plumbus");
    let (pressed, written) = tokio::join!(world.hook(&skip), world.hook(&note));
    assert_eq!((pressed.status, written.status), (200, 200));
    assert_eq!(world.db().bookings().await, 1);
    // Many at once, all kinds: the conversation is always somewhere, and every update is answered.
    let mut all = Vec::new();
    for at in 0..15 {
        let id = 100 + at;
        let update = match at % 5 {
            0 => text(id, ANNA, ANNA, "/book"),
            1 => text(id, ANNA, ANNA, "spa"),
            2 => text(id, ANNA, ANNA, &format!("2030-02-01 10:{at:02}")),
            3 => message(
                id,
                ANNA,
                ANNA,
                serde_json::json!({"photo": [{"file_id": "f", "file_unique_id": "u"}]}),
            ),
            _ => text(id, ANNA, ANNA, "/skip"),
        };
        let world = world.clone();
        all.push(tokio::spawn(
            async move { world.hook(&update).await.status },
        ));
    }
    for one in all {
        let status = one.await.unwrap();
        assert!(matches!(status, 200 | 503), "{status}");
    }
    let answers = world.hook(&text(500, ANNA, ANNA, "/cancel")).await;
    assert_eq!(answers.status, 200);
    let waiting = "SELECT count(*) FROM bf_conversations WHERE waiting IS NOT NULL";
    assert_eq!(world.db().number(waiting).await, 0);
    assert!(world.db().dead_letters().await.is_empty());
}

/// A command with the bot's name once made one bot's dialogue another's.
#[tokio::test(flavor = "multi_thread")]
async fn two_bots_at_the_same_moment_keep_their_dialogues_apart() {
    let world = World::start(Channel::Webhook).await;
    // Telegram's number of a bot stands before its token's colon.
    let id = |bot| {
        if bot == "booking" {
            BOOKING_TOKEN
        } else {
            SURVEY_TOKEN
        }
        .split(':')
        .next()
        .unwrap()
    };
    let mut all = Vec::new();
    for at in 0..20 {
        for (bot, command, question) in [
            ("booking", "/book", EN.ask_service),
            ("survey", "/survey", "Have you visited us before?"),
        ] {
            let user = ANNA + at;
            let said = text(
                1 + at,
                user,
                user,
                &format!("{command}@fake_{}_bot", id(bot)),
            )
            .to_string();
            let world = world.clone();
            all.push(tokio::spawn(async move {
                let path = format!("/tg/{bot}");
                let headers = [(SECRET, WEBHOOK_SECRET)];
                let answer = http::post(world.address(), &path, &headers, said.as_bytes()).await;
                (call(&answer), question)
            }));
        }
    }
    for one in all {
        let (asked, question) = one.await.unwrap();
        assert!(
            asked["text"].as_str().unwrap().contains(question),
            "{asked}"
        );
    }
    let waiting = "SELECT count(*) FROM bf_conversations WHERE waiting IS NOT NULL";
    assert_eq!(world.db().number(waiting).await, 40);
    // Each goes on where it stands.
    let asked = world.hook(&text(100, ANNA, ANNA, "spa")).await;
    let asked = call(&asked);
    assert!(asked["text"].as_str().unwrap().contains("When?"), "{asked}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn telegram_repeats_what_was_answered_with_an_error() {
    let world = World::start(Channel::Webhook).await;
    let anna = world.person("Anna", "en");
    anna.say("/book").await.only(EN.ask_service);
    anna.press(EN.spa).await.only(EN.ask_slot);
    anna.say("2030-01-15 14:00").await.only(EN.ask_note);
    anna.press(EN.skip).await.only(EN.done);
    let bot = world.bot("booking");
    let before = world.telegram().calls().len();
    // The server in this process counts updates from 1001 on.
    let sql = "SELECT max(update_id) FROM bf_outbox WHERE n = 0";
    let last = world.db().number(sql).await;
    assert!(bot.redeliver(last));
    let seen = anna.collect(before).await;
    seen.silent();
    assert_eq!(world.db().bookings().await, 1);
    until("the redelivery", || async {
        let metrics = world.get("/metrics").await.text();
        let line = "bot_updates_duplicate_total{bot_id=\"booking\"} 1";
        metrics.contains(line).then_some(())
    })
    .await;
    world.stop().await;
}
