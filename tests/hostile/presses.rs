//! Payloads of buttons: somebody else's, another bot's, changed, cut, made up, pressed again.

use serde_json::Value;

use crate::dice::Dice;
use crate::ground::{Dump, Engine, Ground, VERA, of, payloads, press, rows_with, say, steady};
use crate::long;
use crate::wire::Wire;

const ANNA: i64 = 3001;
const BORIS: i64 = 3002;
const GROUP: i64 = -3003;

async fn button(ground: &Ground, wire: &mut Wire, bot: &str, text: &str, label: &str) -> String {
    let call = ground
        .hook(wire, bot, say(ANNA, text))
        .await
        .expect("an answer");
    let all = payloads(&call);
    let found = all.iter().find(|(text, _)| text.contains(label));
    found
        .unwrap_or_else(|| panic!("no {label} in {all:?}"))
        .1
        .clone()
}

/// Anna's rows, and everybody's bookings.
fn untouched(dump: &Dump) -> (Dump, Dump, Dump) {
    let bots = ["bookings", "answers", "support_tickets"];
    let mut conversations = rows_with(dump, ANNA);
    conversations.retain(|table, _| table == "bf_conversations");
    (of(dump, &bots), conversations, steady(dump, VERA))
}

async fn forged(engine: Engine) {
    let ground = Ground::with(engine, &[("RUST_LOG", "warn")]).await;
    ground.bystander().await;
    let mut wire = Wire::new(ground.address());
    // Anna has a booking, and stands before a choice.
    let mut booked = None;
    for text in ["/quick", "spa", "2031-05-06 10:00", "/skip"] {
        booked = ground.hook(&mut wire, "booking", say(ANNA, text)).await;
    }
    ground.settled().await;
    let id = ground
        .texts(&format!(
            "SELECT CAST(id AS TEXT) FROM bookings WHERE user_id = {ANNA}"
        ))
        .await
        .remove(0);
    let buttons = payloads(&booked.expect("an answer"));
    let cancel = buttons.values().find(|data| data.contains(&id));
    let cancel = cancel
        .unwrap_or_else(|| panic!("no {id} in {buttons:?}"))
        .clone();
    let choice = button(&ground, &mut wire, "booking", "/book", "Spa").await;
    let before = untouched(&ground.dump().await);

    let mut attacks: Vec<(&str, Value)> = Vec::new();
    for data in [&choice, &cancel] {
        // Another person, in their own chat and in a group; another bot.
        attacks.push(("booking", press(BORIS, BORIS, data)));
        attacks.push(("booking", press(BORIS, GROUP, data)));
        attacks.push(("survey", press(BORIS, BORIS, data)));
        attacks.push(("shop", press(BORIS, BORIS, data)));
    }
    attacks.push(("booking", press(BORIS, ANNA, &choice)));
    attacks.push(("booking", press(ANNA, GROUP, &choice)));
    attacks.push(("booking", say(BORIS, &format!("/cancel_booking {id}"))));
    // Every character changed, in both directions; every cut; something added.
    let letters: Vec<char> = choice.chars().collect();
    for at in 0..letters.len() {
        for other in ['A', 'z', '0', '~', '\u{0}'] {
            if letters[at] != other {
                let mut changed = letters.clone();
                changed[at] = other;
                attacks.push((
                    "booking",
                    press(ANNA, ANNA, &changed.iter().collect::<String>()),
                ));
            }
        }
        let cut: String = letters[..at].iter().collect();
        attacks.push(("booking", press(ANNA, ANNA, &cut)));
        if at > 0 {
            let more: String = letters[..at].iter().chain(&letters).collect();
            attacks.push(("booking", press(ANNA, ANNA, &more)));
        }
    }
    let mut dice = Dice::new(7);
    for _ in 0..if long() { 20_000 } else { 500 } {
        let bytes = dice.bytes(64);
        let first = choice.chars().next().unwrap_or('w');
        let data = format!("{first}{}", String::from_utf8_lossy(&bytes));
        attacks.push(("booking", press(BORIS, BORIS, &data)));
    }
    for (bot, update) in attacks {
        let said = ground.hook(&mut wire, bot, update.clone()).await;
        // Every press is answered.
        if update.get("callback_query").is_some() {
            let said = said.unwrap_or_else(|| panic!("no answer to {update}"));
            assert_eq!(said["method"], "answerCallbackQuery", "{update}");
        }
    }
    assert_eq!(untouched(&ground.dump().await), before);

    // The right press counts, once.
    let ask = ground
        .hook(&mut wire, "booking", press(ANNA, ANNA, &choice))
        .await;
    assert!(ask.is_some());
    let moved = untouched(&ground.dump().await);
    assert_ne!(moved.1, before.1);
    for _ in 0..5 {
        ground
            .hook(&mut wire, "booking", press(ANNA, ANNA, &choice))
            .await;
    }
    assert_eq!(untouched(&ground.dump().await), moved);
    // So does cancelling, and then there is nothing to cancel.
    for _ in 0..3 {
        ground
            .hook(&mut wire, "booking", press(ANNA, ANNA, &cancel))
            .await;
    }
    let left = ground
        .texts("SELECT CAST(user_id AS TEXT) FROM bookings")
        .await;
    assert_eq!(left, [VERA.to_string()]);
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_replayed_sqlite() {
    forged(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_replayed_postgres() {
    forged(Engine::Postgres).await;
}
