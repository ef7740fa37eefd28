//! The calendar: months and days turn in place, what is taken meanwhile is refused, for whom it was made, once, after a
//! restart and after a deploy.

use std::sync::atomic::Ordering;

use runtime_core::telegram::method::{Call, ReplyMarkup};

use super::diary::LATER;
use super::rig::{ANNA, BORIS, Reply, Rig};

const GONE: &str = "That day or time is not available. Please choose another one.";

/// The messages that a press has changed.
fn edited(reply: &Reply) -> Vec<i64> {
    let id = |call: &Call| match call {
        Call::EditMessageText(edit) => Some(edit.message_id),
        _ => None,
    };
    reply.calls.iter().filter_map(id).collect()
}

/// Payload of the button that says exactly this.
fn exactly(reply: &Reply, label: &str) -> String {
    let rows = reply.markups().into_iter().flat_map(|markup| match markup {
        ReplyMarkup::Inline { inline_keyboard } => inline_keyboard.clone(),
        _ => Vec::new(),
    });
    let button = rows.flatten().find(|button| button.text == label);
    let button = button.unwrap_or_else(|| panic!("no button {label} in {reply:?}"));
    let data = button.callback_data.unwrap();
    assert!(data.len() <= 64, "{data}");
    data
}

/// What a slot's button says: the space before PM is a narrow one.
fn time(clock: &str) -> String {
    clock.replace(' ', "\u{202f}")
}

#[tokio::test]
async fn it_turns_in_place_from_month_to_day_to_time() {
    let mut rig = Rig::new().await;
    // Friday, the 15th of January 2027, 11:00 in Moscow.
    let question = rig.say(ANNA, "/diary").await;
    assert_eq!(question.texts(), ["When?"]);
    assert!(question.has_button("January 2027") && question.has_button("·14·"));
    assert!(question.has_button("·17·"), "a Sunday");
    let next = rig.press(ANNA, &exactly(&question, "›")).await;
    assert_eq!((edited(&next), next.answers()), (vec![11], 1));
    assert!(next.has_button("February 2027"));
    // The first keyboard still counts.
    let today = rig.press(ANNA, &exactly(&question, "15")).await;
    assert_eq!(edited(&today), [11]);
    assert!(today.has_button("Friday, January 15, 2027") && today.has_button(&time("11:00 AM")));
    assert!(!today.has_button(&time("10:30 AM")), "it has passed");
    let inert = rig
        .press(ANNA, &exactly(&today, "Friday, January 15, 2027"))
        .await;
    assert!(edited(&inert).is_empty() && inert.answers() == 1 && inert.toast().is_none());
    let done = rig.press(ANNA, &exactly(&today, &time("11:30 AM"))).await;
    assert_eq!(done.texts(), ["At 2027-01-15 08:30:00."]);
    let twice = rig.press(ANNA, &exactly(&today, &time("11:30 AM"))).await;
    assert_eq!(
        twice.toast(),
        Some("You have already answered this question.")
    );
    assert_eq!(rig.count("bookings").await, 1);
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}

#[tokio::test]
async fn two_people_at_once_and_one_slot() {
    let mut rig = Rig::new().await;
    let anna = rig.say(ANNA, "/diary").await;
    let boris = rig.say(BORIS, "/diary").await;
    let hers = rig.press(ANNA, &exactly(&anna, "18")).await;
    let his = rig.press(BORIS, &exactly(&boris, "18")).await;
    let ten = time("10:00 AM");
    let done = rig.press(ANNA, &exactly(&hers, &ten)).await;
    assert_eq!(done.texts(), ["At 2027-01-18 07:00:00."]);
    // His keyboard still shows it; then no longer.
    let late = rig.press(BORIS, &exactly(&his, &ten)).await;
    assert_eq!((late.toast(), edited(&late)), (Some(GONE), vec![11]));
    assert!(!late.has_button(&ten) && late.has_button(&time("10:30 AM")));
    let typed = rig.say(BORIS, "2027-01-18 10:00").await;
    assert_eq!(typed.texts(), [GONE]);
    let month = rig.press(BORIS, &exactly(&his, "‹ January 2027")).await;
    let again = rig.press(BORIS, &exactly(&month, "18")).await;
    assert!(!again.has_button(&ten) && again.has_button(&time("10:30 AM")));
    let done = rig.say(BORIS, "18.01.2027 10:30").await;
    assert_eq!(done.texts(), ["At 2027-01-18 07:30:00."]);
    assert_eq!(rig.count("bookings").await, 2);
}

#[tokio::test]
async fn a_day_that_fills_up_is_refused_and_shown_so() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/diary").await;
    let mut unix = 1_800_252_000; // 09:00 of the 18th in Moscow
    for _ in 0..23 {
        let slot = botfactory_lang::value::Instant::from_unix(unix);
        rig.execute(&format!(
            "INSERT INTO bookings (user_id, service, slot) VALUES (1, 'x', '{slot}')"
        ))
        .await;
        unix += 1_800;
    }
    let full = rig.press(ANNA, &exactly(&question, "18")).await;
    assert_eq!((full.toast(), edited(&full)), (Some(GONE), vec![11]));
    assert!(full.has_button("·18·") && full.has_button("19"));
}

#[tokio::test]
async fn after_a_restart_a_redelivery_and_the_turn_of_the_day() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/diary").await;
    let today = rig.press(ANNA, &exactly(&question, "15")).await;
    let mut rig = rig.restart().await;
    rig.clock.advance(2 * 3600);
    let passed = rig.press(ANNA, &exactly(&today, &time("11:30 AM"))).await;
    assert!(
        passed.toast().unwrap().contains("2027-01-15 13:00"),
        "{passed:?}"
    );
    let slot = exactly(&today, &time("1:30 PM"));
    let done = rig.update(900, Rig::callback(ANNA, ANNA, &slot)).await;
    assert_eq!(done.texts(), ["At 2027-01-15 10:30:00."]);
    let again = rig.update(900, Rig::callback(ANNA, ANNA, &slot)).await;
    assert!(
        again
            .texts()
            .iter()
            .all(|text| *text == "At 2027-01-15 10:30:00.")
    );
    assert_eq!(rig.count("bookings").await, 1);
}

#[tokio::test]
async fn another_build_draws_and_refuses_by_its_own_rules() {
    let mut rig = Rig::new().await;
    let question = rig.say(BORIS, "/diary").await;
    let day = rig.press(BORIS, &exactly(&question, "18")).await;
    LATER.store(true, Ordering::SeqCst);
    let mut rig = rig.restart().await;
    for gone in ["10:00 AM", "5:00 PM"] {
        let gone = rig.press(BORIS, &exactly(&day, &time(gone))).await;
        assert_eq!(gone.toast(), Some(GONE));
    }
    let drawn = rig.press(BORIS, &exactly(&question, "18")).await;
    assert!(drawn.has_button(&time("9:45 AM")) && !drawn.has_button("PM\u{202f}"));
    // What both builds have still counts.
    let done = rig.press(BORIS, &exactly(&day, &time("9:00 AM"))).await;
    assert_eq!(done.texts(), ["At 2027-01-18 06:00:00."]);
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}

#[tokio::test]
async fn the_wrong_person_the_wrong_order_and_forged_payloads() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/diary").await;
    rig.say(BORIS, "/diary").await;
    let day = exactly(&question, "18");
    let wrong = rig.press(BORIS, &day).await;
    assert_eq!(wrong.toast(), Some("This button isn't for you."));
    for at in 1..day.len() {
        let mut forged = day.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        let reply = rig.press(ANNA, &forged).await;
        assert!(edited(&reply).is_empty() && reply.answers() == 1, "{at}");
    }
    // A time of a day that is not shown any more: what is chosen is what its button said.
    let shown = rig.press(ANNA, &day).await;
    rig.press(ANNA, &exactly(&question, "19")).await;
    let done = rig.press(ANNA, &exactly(&shown, &time("9:00 AM"))).await;
    assert_eq!(done.texts(), ["At 2027-01-18 06:00:00."]);
    // A new run: buttons of the one before have had their answer.
    rig.say(ANNA, "/diary").await;
    let stale = rig.press(ANNA, &day).await;
    assert_eq!(
        stale.toast(),
        Some("You have already answered this question.")
    );
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}
