//! Random walks: whatever people say and press, no error, no dead end, nothing that Telegram refuses.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::support::raw::{message, press, text};
use crate::support::{Channel, World};

/// Steps of each walk.
const STEPS: usize = 1000;

const TEXTS: &[&str] = &[
    "/start",
    "/help",
    "/book",
    "/book",
    "/book",
    "/my",
    "/lang",
    "/cancel",
    "/back",
    "/skip",
    "/survey",
    "/survey",
    "/results",
    "/cancel_booking",
    "/cancel_booking 1",
    "/cancel_booking x",
    "/nothing",
    "/start deep-link",
    "/book@nobody",
    "massage",
    "spa",
    "💇 Haircut",
    "yes",
    "нет",
    "1",
    "5",
    "6",
    "-1",
    "4.5",
    "1e9",
    "anna@example.org",
    "nobody@",
    "2030-01-15 14:00",
    "2031-02-28 23:59",
    "05.03.2030 10:30",
    "2020-01-01 00:00",
    "tomorrow",
    "",
    " ",
    "\n",
    "\u{0}",
    "\u{200b}",
    "😀",
    "a quiet room",
    "<b>",
    "</i></b>",
    "&amp;",
    "{{note}}",
    "{ $name }",
    "'; DROP TABLE bookings; --",
    "*_[]()~`>#+-=|{}.!\\",
    "مرحبا",
    "Ω≈ç√∫",
    "\u{202e}rtl",
    "٣٤",
    "ab",
    "abc",
];

fn words(random: &mut StdRng) -> String {
    match random.random_range(0..20) {
        0 => "x".repeat(random.random_range(1..=4096)),
        1 => "😀".repeat(random.random_range(1..=2048)),
        2 => (0..random.random_range(1..60))
            .map(|_| random.random::<char>())
            .collect(),
        3 => format!(
            "20{}-{:02}-{:02} {:02}:{:02}",
            random.random_range(10..60),
            random.random_range(0..14),
            random.random_range(0..33),
            random.random_range(0..25),
            random.random_range(0..61)
        ),
        _ => (*TEXTS.choose(random).unwrap()).to_owned(),
    }
}

/// Every payload that was seen, old ones too.
#[derive(Default)]
struct Buttons(Vec<String>);

impl Buttons {
    fn learn(&mut self, rows: &Value, name: &str) {
        let rows = rows
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_array);
        for button in rows.flatten() {
            if let Some(data) = button[name].as_str() {
                self.0.push(data.to_owned());
            }
        }
    }

    fn any(&self, random: &mut StdRng) -> Option<String> {
        // Mostly new ones.
        let from = if random.random_bool(0.8) {
            self.0.len().saturating_sub(6)
        } else {
            0
        };
        let mut data = self.0.get(from..)?.choose(random)?.clone();
        if random.random_bool(0.05) {
            data.pop();
        }
        Some(data)
    }
}

async fn preview_walk(bot: &'static str, seed: u64) {
    let world = World::start(Channel::Preview).await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut buttons = Buttons::default();
    let mut trail: Vec<Value> = Vec::new();
    for _ in 0..STEPS {
        let locale = *["ru", "en", "de", "en-GB"].choose(&mut random).unwrap();
        let user = random.random_range(1..4);
        let mut body = json!({"bot_id": bot, "user_id": user, "locale": locale});
        if random.random_bool(0.3) {
            body["chat_id"] = 99.into();
        }
        let pressed = if random.random_bool(0.5) {
            buttons.any(&mut random)
        } else {
            None
        };
        let is_press = pressed.is_some();
        match pressed {
            Some(data) => body["callback"] = data.into(),
            None => body["text"] = words(&mut random).into(),
        }
        trail.push(body.clone());
        let last = trail.len().saturating_sub(12);
        let answer = world.preview(body.clone()).await;
        if answer.status == 422 {
            continue; // an empty text: nobody can send one
        }
        assert_eq!(
            answer.status,
            200,
            "seed {seed}: {} after {:#?}",
            answer.text(),
            &trail[last..]
        );
        let reply = answer.json();
        let messages = reply["messages"].as_array().unwrap();
        for message in messages {
            world
                .telegram()
                .check(&as_call(message))
                .unwrap_or_else(|refused| {
                    panic!(
                        "seed {seed}: refused {refused:?}: {message} after {:#?}",
                        &trail[last..]
                    )
                });
            buttons.learn(&message["buttons"], "callback");
        }
        // In a private chat every words are answered.
        let private = body.get("chat_id").is_none();
        let said = !messages.is_empty() || reply.get("toast").is_some();
        assert!(
            said || is_press || !private,
            "seed {seed}: a dead end after {:#?}",
            &trail[last..]
        );
    }
    // Whatever happened, everybody can still book and answer.
    for user in 1..4 {
        let say = async |text: &str| {
            let body = json!({"bot_id": bot, "user_id": user, "text": text, "locale": "en"});
            world.preview(body).await.ok()["bot_reply"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        say("/cancel").await;
        let asked = say(if bot == "booking" { "/book" } else { "/survey" }).await;
        assert!(!asked.is_empty());
        say("/cancel").await;
    }
    world.stop().await;
}

/// A preview's message as the call that it stands for.
fn as_call(message: &Value) -> Value {
    let rows: Vec<Vec<Value>> = message["buttons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let button = |button: &Value| match button["url"].as_str() {
                Some(url) => json!({"text": button["text"], "url": url}),
                None => json!({"text": button["text"], "callback_data": button["callback"]}),
            };
            row.as_array().unwrap().iter().map(button).collect()
        })
        .collect();
    let mut call = json!({"method": "sendMessage", "chat_id": 1, "text": message["text"]});
    if let Some(mode) = message.get("parse_mode") {
        call["parse_mode"] = mode.clone();
    }
    if !rows.is_empty() {
        call["reply_markup"] = json!({"inline_keyboard": rows});
    }
    call
}

#[tokio::test(flavor = "multi_thread")]
async fn booking_in_previews() {
    preview_walk("booking", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn survey_in_previews() {
    preview_walk("survey", 2).await;
}

/// Over the webhook, with many people, redeliveries and everything at once.
#[tokio::test(flavor = "multi_thread")]
async fn booking_over_the_webhook() {
    let world = World::start(Channel::Webhook).await;
    let mut walks = Vec::new();
    for user in 1..=8i64 {
        let world = world.clone();
        walks.push(tokio::spawn(async move {
            let mut random = StdRng::seed_from_u64(u64::try_from(user).unwrap());
            let mut buttons = Buttons::default();
            // A private chat takes twenty messages at once; then its flood budget would slow the walk.
            for at in 0..40i64 {
                let chat = if at < 20 { user } else { -1000 - user };
                let id = user * 1000 + at;
                let pressed = if random.random_bool(0.5) {
                    buttons.any(&mut random)
                } else {
                    None
                };
                let update = match pressed {
                    Some(data) => press(id, user, chat, &data),
                    None if random.random_bool(0.1) => message(
                        id,
                        user,
                        chat,
                        json!({"sticker": {"file_id": "f", "file_unique_id": "u"}}),
                    ),
                    None => text(id, user, chat, &words(&mut random)),
                };
                let again = if random.random_bool(0.2) { 2 } else { 1 };
                for _ in 0..again {
                    let answer = world.hook(&update).await;
                    // A flooded group makes it wait.
                    assert!(
                        matches!(answer.status, 200 | 503),
                        "{update}: {}",
                        answer.text()
                    );
                    let json = answer.json();
                    if json["method"] == "sendMessage" {
                        world
                            .telegram()
                            .check(&json)
                            .unwrap_or_else(|refused| panic!("{refused:?}: {json}"));
                    }
                    buttons.learn(&json["reply_markup"]["inline_keyboard"], "callback_data");
                }
                let shown = world.bot("booking").shown();
                for message in shown.iter().rev().filter(|m| m.chat == chat).take(2) {
                    if let Some(markup) = &message.markup {
                        buttons.learn(&markup["inline_keyboard"], "callback_data");
                    }
                }
            }
        }));
    }
    for walk in walks {
        walk.await.unwrap();
    }
    assert!(
        world
            .db()
            .dead_letters()
            .await
            .iter()
            .all(|code| code == "telegram_refused")
    );
    // Only edits of messages that were never sent: the presses here are invented.
    let refused = world.refused();
    let wrong: Vec<_> = refused
        .iter()
        .filter(|c| !c.description.contains("message to edit not found"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
