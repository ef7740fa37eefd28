//! Questions with a keyboard that turns: every button of every view counts until there is an answer, for whom it was
//! made, once.

use runtime_core::telegram::method::Call;

use super::rig::{ANNA, BORIS, Rig};

/// The message that a press has changed.
fn edited(reply: &super::rig::Reply) -> Vec<i64> {
    let id = |call: &Call| match call {
        Call::EditMessageText(edit) => Some(edit.message_id),
        _ => None,
    };
    reply.calls.iter().filter_map(id).collect()
}

#[tokio::test]
async fn a_press_turns_the_message_that_was_pressed() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/count").await;
    assert_eq!(question.texts(), ["How many?"]);
    assert!(question.has_button("2"));
    let more = rig.press(ANNA, &question.button("+")).await;
    assert_eq!(edited(&more), [11], "in place");
    assert!(more.has_button("3") && more.answers() == 1);
    // The person is still asked; a button that only stands there does nothing.
    let nothing = rig.press(ANNA, &more.button("3")).await;
    assert!(edited(&nothing).is_empty() && nothing.answers() == 1 && nothing.toast().is_none());
    let which = rig.press(ANNA, &more.button("✔️ Done")).await;
    assert_eq!(which.texts(), ["Which 3?"]);
    assert!(
        edited(&which).is_empty(),
        "the next question is a message of its own"
    );
}

#[tokio::test]
async fn two_quick_taps_on_an_old_keyboard_both_count() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/count").await;
    let plus = question.button("+");
    rig.press(ANNA, &plus).await;
    let twice = rig.press(ANNA, &plus).await;
    assert!(twice.has_button("4"), "{twice:?}");
    let which = rig.press(ANNA, &question.button("✔️ Done")).await;
    assert_eq!(
        which.texts(),
        ["Which 4?"],
        "what is shown is taken, whichever button says so"
    );
    rig.press(ANNA, &which.button("▫️ Spa!")).await;
    let both = rig.press(ANNA, &which.button("▫️ Massage!")).await;
    assert!(both.has_button("✅ Spa!") && both.has_button("✅ Massage!"));
    let done = rig.press(ANNA, &which.button("✔️ Done")).await;
    assert_eq!(done.texts(), ["4: massage+spa"]);
    let late = rig.press(ANNA, &which.button("✔️ Done")).await;
    assert_eq!(
        late.toast(),
        Some("You have already answered this question.")
    );
}

#[tokio::test]
async fn a_redelivered_press_counts_once() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/count").await;
    let plus = question.button("+");
    let first = rig.update(700, Rig::callback(ANNA, ANNA, &plus)).await;
    assert!(first.has_button("3"));
    let again = rig.update(700, Rig::callback(ANNA, ANNA, &plus)).await;
    assert!(!again.has_button("4"), "{again:?}");
    let which = rig.say(ANNA, "/back").await;
    assert!(which.text().contains("first question"));
    let done = rig.press(ANNA, &question.button("✔️ Done")).await;
    assert_eq!(done.texts(), ["Which 3?"]);
}

#[tokio::test]
async fn the_view_survives_a_restart_and_the_way_back() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/count").await;
    let more = rig.press(ANNA, &question.button("+")).await;
    let mut rig = rig.restart().await;
    let more = rig.press(ANNA, &more.button("+")).await;
    assert!(more.has_button("4"));
    let which = rig.press(ANNA, &more.button("✔️ Done")).await;
    rig.press(ANNA, &which.button("▫️ Spa!")).await;
    let mut rig = rig.restart().await;
    let back = rig.press(ANNA, &which.button("← Back")).await;
    assert_eq!(back.texts(), ["How many?"]);
    assert!(back.has_button("4"), "as it was left: {back:?}");
    let stale = rig.press(ANNA, &more.button("+")).await;
    assert_eq!(
        stale.toast(),
        Some("You have already answered this question.")
    );
}

#[tokio::test]
async fn the_wrong_person_the_wrong_order_and_forged_keys() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/count").await;
    let boris = rig.say(BORIS, "/count").await;
    let (plus, theirs) = (question.button("+"), boris.button("+"));
    let wrong = rig.press(BORIS, &plus).await;
    assert_eq!(wrong.toast(), Some("This button isn't for you."));
    assert!(edited(&wrong).is_empty());
    // Two people at once: each has a number of their own.
    rig.press(ANNA, &plus).await;
    let own = rig.press(BORIS, &theirs).await;
    assert!(own.has_button("3"));
    for at in 1..plus.len() {
        let mut forged = plus.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        let reply = rig.press(ANNA, &forged).await;
        assert!(edited(&reply).is_empty(), "{at}");
    }
    let which = rig.press(ANNA, &question.button("✔️ Done")).await;
    assert_eq!(which.texts(), ["Which 3?"]);
    // A button of the question before, while the next one waits.
    let early = rig.press(ANNA, &plus).await;
    assert_eq!(
        early.toast(),
        Some("You have already answered this question.")
    );
    let refused = rig.press(ANNA, &which.button("✔️ Done")).await;
    assert_eq!(refused.toast(), Some("Choose at least 1."));
    let skipped = rig.press(ANNA, &which.button("Skip")).await;
    assert_eq!(skipped.texts(), ["3:"]);
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}

#[tokio::test]
async fn what_is_typed_and_what_is_no_answer() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/count").await;
    assert!(rig.say(ANNA, "ten").await.text().contains("whole number"));
    assert!(rig.say(ANNA, "10").await.text().contains("too much"));
    let which = rig.say(ANNA, "7").await;
    assert_eq!(which.texts(), ["Which 7?"]);
    let ticked = rig.say(ANNA, "spa").await;
    // Nothing was pressed: the question comes again, with what is ticked.
    assert_eq!(ticked.texts(), ["Which 7?"]);
    assert!(ticked.has_button("✅ Spa!"));
    let ticked = rig.press(ANNA, &which.button("▫️ Massage!")).await;
    assert!(
        ticked.has_button("✅ Massage!"),
        "the first keyboard counts too"
    );
    let done = rig.say(ANNA, "✔️ Done").await;
    assert_eq!(done.texts(), ["7: massage+spa"]);
}

#[tokio::test]
async fn what_another_build_left_is_brought_into_bounds() {
    let mut rig = Rig::new().await;
    // A build whose stepper goes further, or that keeps its view in another way.
    for (view, shown) in [("77", 9), ("-5", 1), ("ok", 2), ("", 2)] {
        let question = rig.say(ANNA, "/count").await;
        rig.press(ANNA, &question.button("+")).await;
        rig.execute(&if crate::POSTGRES {
            format!(
                "UPDATE bf_conversations SET waiting = jsonb_set(waiting::jsonb, '{{here,view}}', '\"{view}\"')"
            )
        } else {
            format!(
                "UPDATE bf_conversations SET waiting = json_set(waiting, '$.here.view', '{view}')"
            )
        })
        .await;
        let which = rig.press(ANNA, &question.button("✔️ Done")).await;
        let expected = format!("Which {shown}?");
        assert_eq!(which.texts(), [expected.as_str()], "{view}");
    }
}
