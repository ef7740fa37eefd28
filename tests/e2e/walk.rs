//! Random walks: whatever people say and press, no error, no dead end, nothing that Telegram refuses.

use std::collections::HashMap;

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

/// Words that get somewhere, after what the bot has said last.
fn fitting_words(last: &str, random: &mut StdRng) -> String {
    let asked = |parts: [&str; 2]| parts.iter().any(|part| last.contains(part));
    if asked(["When?", "На какое время"]) || asked(["date and time", "дата и время"])
    {
        let (month, day) = (random.random_range(1..4), random.random_range(1..29));
        let (hour, tens) = (random.random_range(0..3), random.random_range(0..6));
        return format!("2030-{month:02}-{day:02} 1{hour}:{tens}0");
    }
    let answers = [
        (
            ["like to book", "услугу"],
            &["spa", "massage", "haircut"][..],
        ),
        (["Anything to add", "Добавите"], &["/skip", "a quiet room"]),
        (["visited us", "бывали"], &["yes", "no", "да", "нет"]),
        (["1 to 5", "от 1 до 5"], &["1", "3", "4", "5"]),
        (
            ["do better", "улучшить"],
            &["plums", "💶 Prices", "💶 Цены", "✔️ Done", "✔️ Готово"],
        ),
        (
            ["you like?", "понравилось"],
            &["☕ Coffee", "✔️ Done", "✔️ Готово"],
        ),
        (
            ["write back", "вам написать"],
            &["No need", "Не нужно", "yes"],
        ),
        (["e-mail", "почта"], &["anna@example.org", "/skip"]),
    ];
    let found = answers.iter().find(|(parts, _)| asked(*parts));
    let words = found.map_or(&["/book", "/survey", "/start"][..], |(_, answers)| answers);
    (*words.choose(random).unwrap()).to_owned()
}

/// Every payload that was seen, old ones too, and the newest of each chat.
#[derive(Default)]
struct Buttons {
    all: Vec<String>,
    newest: HashMap<i64, Vec<String>>,
}

impl Buttons {
    fn learn(&mut self, chat: i64, rows: &Value, name: &str) {
        let rows = rows
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_array);
        let buttons = rows.flatten().filter_map(|button| button[name].as_str());
        let found: Vec<String> = buttons.map(str::to_owned).collect();
        if !found.is_empty() {
            self.all.extend(found.iter().cloned());
            self.newest.insert(chat, found);
        }
    }

    fn any(&self, chat: i64, random: &mut StdRng) -> Option<String> {
        if random.random_bool(0.75) {
            return self.newest.get(&chat)?.choose(random).cloned();
        }
        let mut data = self.all.choose(random)?.clone();
        if random.random_bool(0.1) {
            data.pop();
        }
        Some(data)
    }
}

/// One preview walk: who acts, and how far it got.
async fn preview_walk(bot: &'static str, steps: usize, people: i64, seed: u64) {
    let world = World::start(Channel::Preview).await;
    // `E2E_SEED` walks elsewhere.
    let seed = std::env::var("E2E_SEED").map_or(seed, |seed| seed.parse().unwrap());
    let mut random = StdRng::seed_from_u64(seed);
    let mut buttons = Buttons::default();
    let mut trail: Vec<Value> = Vec::new();
    let mut said_last: HashMap<i64, String> = HashMap::new();
    let (mut user, mut group, mut locale) = (1, false, "en");
    for _ in 0..steps {
        if random.random_bool(0.07) {
            user = random.random_range(1..=people);
            group = random.random_bool(0.2);
            locale = ["ru", "en", "de", "en-GB"].choose(&mut random).unwrap();
        }
        let chat = if group { 10_000 } else { user };
        let pressed = if random.random_bool(0.4) {
            buttons.any(chat, &mut random)
        } else {
            None
        };
        let is_press = pressed.is_some();
        let mut body = json!({"bot_id": bot, "user_id": user, "chat_id": chat, "locale": locale});
        match pressed {
            Some(data) => body["callback"] = data.into(),
            None if random.random_bool(0.6) => {
                let last = said_last.get(&chat).map_or("", String::as_str);
                body["text"] = fitting_words(last, &mut random).into();
            }
            None => body["text"] = words(&mut random).into(),
        }
        let of_a_question = body["callback"]
            .as_str()
            .is_some_and(|data| data.starts_with('w'));
        trail.push(body.clone());
        let last = &trail[trail.len().saturating_sub(12)..];
        let answer = world.preview(body).await;
        if answer.status == 422 {
            continue; // an empty text: nobody can send one
        }
        let said = answer.text();
        assert_eq!(answer.status, 200, "seed {seed}: {said} after {last:#?}");
        let reply = answer.json();
        let messages = reply["messages"].as_array().unwrap();
        if let Some(text) = messages.last().and_then(|message| message["text"].as_str()) {
            said_last.insert(chat, text.to_owned());
        }
        for message in messages {
            let checked = world.telegram().check(&as_call(message));
            assert_eq!(checked, Ok(()), "seed {seed}: {message} after {last:#?}");
            buttons.learn(chat, &message["buttons"], "callback");
        }
        // In a private chat all words are answered; a press shows something, but for those of widgets that only stand there
        // (a heading, a weekday, a day that is taken).
        let shows = !messages.is_empty() || reply.get("toast").is_some();
        let must = if is_press { !of_a_question } else { !group };
        assert!(shows || !must, "seed {seed}: a dead end after {last:#?}");
    }
    // The walk has seen the depths, not only the first question.
    let metrics = world.get("/metrics").await.text();
    let count = |name: &str| -> u64 {
        let lines = metrics.lines().filter(|line| line.starts_with(name));
        let values = lines.filter_map(|line| line.rsplit_once(' '));
        values
            .filter_map(|(_, value)| value.parse::<u64>().ok())
            .sum()
    };
    assert!(count("wizard_steps_total") > 50, "{metrics}");
    assert!(count("wizard_completions_total") > 5, "{metrics}");
    assert!(count("wizard_errors_total") > 20, "{metrics}");
    // Whatever happened, everybody can still begin.
    for user in 1..=people {
        let say = async |text: &str| {
            let body = json!({"bot_id": bot, "user_id": user, "text": text, "locale": "en"});
            let reply = world.preview(body).await.ok();
            reply["bot_reply"].as_str().unwrap().to_owned()
        };
        say("/cancel").await;
        let asked = say(if bot == "booking" { "/book" } else { "/survey" }).await;
        assert!(!asked.is_empty());
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
    preview_walk("booking", STEPS, 4, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn survey_in_previews() {
    preview_walk("survey", 2 * STEPS, 40, 2).await;
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
                    buttons.any(chat, &mut random)
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
                    buttons.learn(
                        chat,
                        &json["reply_markup"]["inline_keyboard"],
                        "callback_data",
                    );
                }
                let shown = world.bot("booking").shown();
                for message in shown.iter().rev().filter(|m| m.chat == chat).take(2) {
                    if let Some(markup) = &message.markup {
                        buttons.learn(chat, &markup["inline_keyboard"], "callback_data");
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

/// In this process, where thousands of steps take seconds.
#[test]
fn every_bot_in_process() {
    // Not the support desk: whoever its door holds back hears so once and then nothing, as it declares.
    let walked = botfactory::BOTS
        .iter()
        .filter(|bot| bot.spec().id != "support");
    for bot in walked {
        let plan = runtime_core::testing::walk::Plan {
            postgres: false,
            seed: 4,
            updates: 6000,
        };
        let walked =
            runtime_core::testing::walk::walk(*bot, plan).unwrap_or_else(|wrong| panic!("{wrong}"));
        // Nobody here is an admin, and most dialogues of the newsletter are theirs.
        let least = if bot.spec().id == "newsletter" { 0 } else { 3 };
        assert!(walked.finished > least && walked.refused > 20, "{walked:?}");
    }
}
