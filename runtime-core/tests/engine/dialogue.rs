//! What people experience.

use botfactory_lang::value::{Contact, File};
use runtime_core::incoming::Content;
use runtime_core::telegram::method::{Call, ReplyMarkup};

use super::rig::{ANNA, BORIS, GROUP, Rig};

fn photo() -> Content {
    Content::Photo(File {
        file_id: "f".into(),
        unique_id: "u".into(),
        name: None,
        size: None,
    })
}

#[tokio::test]
async fn menu_leads_through_the_wizard_into_a_row() {
    let mut rig = Rig::new().await;
    let menu = rig.say(ANNA, "/start").await;
    assert_eq!(menu.texts(), ["Hello, Anna &lt;b&gt;!"]);
    let question = rig.press(ANNA, &menu.button("Book")).await;
    assert_eq!(question.texts(), ["Which service?"]);
    assert_eq!(question.answers(), 1);
    assert!(!question.has_button("Back"), "nothing to go back to");
    let slot = rig.press(ANNA, &question.button("Spa!")).await;
    assert_eq!(slot.texts(), ["Which slot?"]);
    assert!(slot.has_button("Back") && slot.has_button("Cancel") && !slot.has_button("Skip"));
    let note = rig.say(ANNA, "10:00").await;
    assert_eq!(note.texts(), ["Any note?"]);
    let done = rig.press(ANNA, &note.button("Skip")).await;
    assert_eq!(done.texts(), ["Booked."]);
    let my = rig.say(ANNA, "/my@booking_bot").await;
    assert_eq!(my.texts(), ["Slots: 10:00"]);
    assert_eq!(rig.count("bookings").await, 1);
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}

#[tokio::test]
async fn a_menu_reached_by_a_button_edits() {
    let mut rig = Rig::new().await;
    let menu = rig.press(ANNA, "/start").await;
    let edited = |call: &Call| matches!(call, Call::EditMessageText(m) if m.message_id == 11);
    assert!(menu.calls.iter().any(edited), "{menu:?}");
}

#[tokio::test]
async fn what_is_too_long_is_split_or_ends_with_dots() {
    use botfactory_lang::markup::{ParseMode, check, plain_text};
    let mut rig = Rig::new().await;
    let whole = rig.say(ANNA, "/split").await;
    let parts: Vec<String> = whole
        .texts()
        .iter()
        .map(|part| {
            assert_eq!(check(ParseMode::Html, part, &[]).0, vec![]);
            plain_text(ParseMode::Html, part)
        })
        .collect();
    assert!(parts.len() > 1 && parts.iter().all(|p| p.encode_utf16().count() <= 4096));
    assert!(parts.concat().contains("row 899 &"));
    let cut = rig.say(ANNA, "/truncated").await;
    let texts = cut.texts();
    assert_eq!(texts.len(), 1, "one message");
    assert_eq!(check(ParseMode::Html, texts[0], &[]).0, vec![]);
    let seen = plain_text(ParseMode::Html, texts[0]);
    assert!(seen.encode_utf16().count() <= 4096);
    // The last row is a whole one.
    let kept = seen.strip_suffix('…').expect("dots at the end");
    assert!(
        kept.ends_with("&\n") && kept.encode_utf16().count() > 4000,
        "{kept}"
    );
}

#[tokio::test]
async fn refusals_keep_the_question() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/book").await;
    let refused = rig.say(ANNA, "haircut").await;
    assert!(refused.text().contains("no such option"), "{refused:?}");
    let refused = rig.send(ANNA, photo()).await;
    assert!(!refused.text().is_empty());
    // A typed label counts as a press; the old keyboard still fits.
    let slot = rig.say(ANNA, " massage! ").await;
    assert_eq!(slot.texts(), ["Which slot?"]);
    let late = rig.press(ANNA, &question.button("Spa!")).await;
    assert_eq!(
        late.toast(),
        Some("You have already answered this question.")
    );
    assert!(late.texts().is_empty());
    let refused = rig.send(ANNA, photo()).await;
    assert!(refused.text().contains("as text"), "{refused:?}");
    let refused = rig.say(ANNA, "x").await;
    assert!(refused.text().contains("too short"), "{refused:?}");
    let refused = rig.say(ANNA, "/skip").await;
    assert!(refused.text().contains("can't be skipped"), "{refused:?}");
}

#[tokio::test]
async fn back_cancel_and_commands_in_between() {
    let mut rig = Rig::new().await;
    assert!(
        rig.say(ANNA, "/cancel")
            .await
            .text()
            .contains("nothing to cancel")
    );
    rig.say(ANNA, "/book").await;
    assert!(
        rig.say(ANNA, "/back")
            .await
            .text()
            .contains("first question")
    );
    let slot = rig.say(ANNA, "spa").await;
    let again = rig.press(ANNA, &slot.button("Back")).await;
    assert_eq!(again.texts(), ["Which service?"]);
    assert!(!again.has_button("Back"));
    let slot = rig.press(ANNA, &again.button("Massage!")).await;
    assert_eq!(slot.texts(), ["Which slot?"]);
    // A command that only replies leaves the question waiting.
    rig.say(ANNA, "/start").await;
    rig.say(ANNA, "/add 12:00").await;
    assert_eq!(rig.say(ANNA, "11:00").await.texts(), ["Any note?"]);
    // One that starts a dialogue replaces it and says so.
    let replaced = rig.say(ANNA, "/book").await;
    assert_eq!(replaced.texts().len(), 2);
    assert!(replaced.texts()[0].contains("closed the previous"));
    let cancelled = rig.say(ANNA, "/cancel").await;
    assert!(cancelled.text().contains("cancelled"));
    assert!(rig.say(ANNA, "spa").await.text().contains("understand"));
}

#[tokio::test]
async fn expiry_and_other_builds() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/book").await;
    rig.clock.advance(3601);
    let late = rig.press(ANNA, &question.button("Spa!")).await;
    assert!(late.toast().unwrap().contains("closed"), "{late:?}");
    rig.say(ANNA, "/book").await;
    rig.clock.advance(3601);
    assert!(rig.say(ANNA, "spa").await.text().contains("closed"));
    assert!(rig.say(ANNA, "spa").await.text().contains("understand"));
    // An expired dialogue is not replaced, it is over.
    rig.say(ANNA, "/book").await;
    rig.clock.advance(3601);
    assert_eq!(rig.say(ANNA, "/book").await.texts(), ["Which service?"]);
    // A state that this build does not know ends the conversation.
    let from = if super::POSTGRES {
        "CAST(waiting AS TEXT)"
    } else {
        "waiting"
    };
    let to = if super::POSTGRES { "JSONB" } else { "TEXT" };
    rig.execute(&format!(
        "UPDATE bf_conversations SET waiting = CAST(replace({from}, '\"service\"', '\"gone\"') AS {to})"
    ))
    .await;
    assert!(rig.say(ANNA, "spa").await.text().contains("start again"));
    assert!(rig.say(ANNA, "spa").await.text().contains("understand"));
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}

#[tokio::test]
async fn groups() {
    let mut rig = Rig::new().await;
    assert!(rig.say_in_group(ANNA, "hello all").await.calls.is_empty());
    assert!(rig.say_in_group(ANNA, "/weather").await.calls.is_empty());
    assert!(
        rig.say_in_group(ANNA, "/book@other_bot")
            .await
            .calls
            .is_empty()
    );
    assert!(
        rig.say_in_group(ANNA, "/weather@Booking_bot")
            .await
            .text()
            .contains("understand")
    );
    let question = rig.say_in_group(ANNA, "/book").await;
    let id = rig.id();
    let stranger = rig
        .update(id, Rig::callback(BORIS, GROUP, &question.button("Spa!")))
        .await;
    assert_eq!(stranger.toast(), Some("This button isn't for you."));
    assert!(rig.say_in_group(BORIS, "spa").await.calls.is_empty());
    assert_eq!(rig.say_in_group(ANNA, "spa").await.texts(), ["Which slot?"]);
}

#[tokio::test]
async fn presses_that_mean_nothing_get_one_answer() {
    let mut rig = Rig::new().await;
    for data in ["", "junk", "/nowhere", "l:de", "wAAAA", "tAAAAAA"] {
        let reply = rig.press(ANNA, data).await;
        assert_eq!(reply.answers(), 1, "{data}");
        assert!(reply.toast().unwrap().contains("out of date"), "{data}");
    }
    let toast = botfactory_lang::callback::toast(botfactory_lang::callback::hash32("soon"));
    assert_eq!(rig.press(ANNA, &toast).await.toast(), Some("soon"));
    let own = rig.press(ANNA, "/my").await;
    assert_eq!((own.answers(), own.toast()), (1, None));
}

#[tokio::test]
async fn locales_are_chosen_kept_and_negotiated() {
    let mut rig = Rig::new().await;
    let keyboard = rig.say(ANNA, "/lang").await;
    let chosen = rig.press(ANNA, &keyboard.button("Русский")).await;
    assert!(chosen.toast().unwrap().contains("по-русски"));
    assert!(rig.say(ANNA, "/start").await.text().starts_with("Привет"));
    assert!(rig.say(BORIS, "/start").await.text().starts_with("Hello"));
    let mut rig = rig.restart().await;
    assert!(rig.say(ANNA, "/start").await.text().starts_with("Привет"));
    // The client's language counts where nothing is stored.
    let id = rig.id();
    let mut event = Rig::message(BORIS, BORIS, Content::Text("/start".into()));
    if let runtime_core::incoming::Event::Message(message) = &mut event {
        message.from.language_code = Some("ru".into());
    }
    assert!(rig.update(id, event).await.text().starts_with("Привет"));
    // A choice stored by another instance is seen within a second.
    rig.execute("UPDATE bf_locales SET tag = 'en', changed = changed + 1")
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(1050)).await;
    assert!(rig.say(ANNA, "/start").await.text().starts_with("Hello"));
}

#[tokio::test]
async fn contacts_come_by_a_reply_keyboard_that_goes_away() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/share").await;
    assert!(
        matches!(question.markups()[..], [ReplyMarkup::Reply { keyboard, .. }] if keyboard[0][0].request_contact)
    );
    assert!(rig.say(ANNA, "no").await.text().contains("contact"));
    let contact = Content::Contact(Contact {
        phone: "+1".into(),
        first_name: "Zoe".into(),
        last_name: None,
        user_id: None,
    });
    let done = rig.send(ANNA, contact).await;
    assert_eq!(done.texts(), ["Got Zoe"]);
    assert!(matches!(done.markups()[..], [ReplyMarkup::Remove { .. }]));
    // Its buttons type their labels.
    rig.say(ANNA, "/share").await;
    let cancelled = rig.say(ANNA, "Cancel").await;
    assert!(cancelled.text().contains("cancelled"));
    assert!(matches!(
        cancelled.markups()[..],
        [ReplyMarkup::Remove { .. }]
    ));
}

#[tokio::test]
async fn two_people_one_slot() {
    let mut rig = Rig::new().await;
    for person in [ANNA, BORIS] {
        rig.say(person, "/book").await;
        rig.say(person, "spa").await;
        rig.say(person, "10:00").await;
    }
    assert_eq!(rig.say(ANNA, "/skip").await.texts(), ["Booked."]);
    let taken = rig.say(BORIS, "some note").await;
    assert_eq!(taken.texts(), ["That slot is taken.", "Which slot?"]);
    assert!(taken.has_button("Back"));
    assert_eq!(rig.say(BORIS, "11:00").await.texts(), ["Any note?"]);
    assert_eq!(rig.say(BORIS, "/skip").await.texts(), ["Booked."]);
    assert_eq!(rig.count("bookings").await, 2);
}

#[tokio::test]
async fn deep_links_and_unknown_texts() {
    let mut rig = Rig::new().await;
    assert!(
        rig.say(ANNA, "/start ref_42")
            .await
            .text()
            .starts_with("Hello")
    );
    assert!(rig.say(ANNA, "what?").await.text().contains("understand"));
    assert!(rig.send(ANNA, Content::Other).await.calls.is_empty());
    assert_eq!(
        rig.count("bf_outbox").await,
        0,
        "pure answers leave nothing"
    );
}
