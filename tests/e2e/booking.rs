//! The whole booking scenario: every channel, both languages.

use crate::support::{Channel, Talk, World};
use crate::words::{EN, RU, Words};

#[tokio::test(flavor = "multi_thread")]
async fn preview_in_english() {
    scenario(Channel::Preview, &EN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preview_in_russian() {
    scenario(Channel::Preview, &RU).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhook_in_english() {
    scenario(Channel::Webhook, &EN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhook_in_russian() {
    scenario(Channel::Webhook, &RU).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_in_english() {
    scenario(Channel::Polling, &EN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_in_russian() {
    scenario(Channel::Polling, &RU).await;
}

async fn scenario(channel: Channel, w: &Words) {
    let world = World::start(channel).await;
    books_and_cancels(&world, w).await;
    wrong_answers(&world, w).await;
    back_skip_cancel(&world, w).await;
    commands_inside_a_wizard(&world, w).await;
    earlier_buttons(&world, w).await;
    in_a_group(&world, w).await;
    one_slot_for_two(&world, w).await;
    languages(&world, w).await;
    odd_commands(&world, w).await;
    world.stop().await;
}

/// `/book` up to the question for the time.
async fn to_slot(anna: &Talk, w: &Words) {
    anna.say("/book").await.expect(w.ask_service);
    anna.press(w.spa).await.expect(w.ask_slot);
}

async fn books_and_cancels(world: &World, w: &Words) {
    let anna = world.person("Anna", w.language);
    let db = world.db();
    let rows: &[&[&str]] = &[
        &[w.btn_book],
        &[w.btn_my, w.btn_lang],
        &[w.btn_hours, w.btn_help],
    ];
    let hello = format!("{}{}!", w.hello, anna.name());
    anna.say("/start").await.only(&hello).keys(rows);
    anna.press(w.btn_hours).await.silent().toast(w.hours);
    anna.press(w.btn_help).await.expect(w.help);
    anna.say("/my")
        .await
        .only(w.no_bookings)
        .keys(&[&[w.btn_book]]);

    let services: &[&[&str]] = &[&[w.massage], &[w.spa], &[w.haircut], &[w.cancel]];
    anna.press(w.btn_book)
        .await
        .only(w.ask_service)
        .keys(services);
    // A calendar: its days, and what every question has.
    let asked = anna.press(w.spa).await;
    asked.only(w.ask_slot);
    let rows = &asked.messages[0].rows;
    assert!(
        rows.len() > 6 && rows.iter().any(|row| row.len() == 7),
        "{asked:#?}"
    );
    let note: &[&[&str]] = &[&[w.back, w.skip, w.cancel]];
    anna.say("2030-01-15 14:00")
        .await
        .only(w.ask_note)
        .keys(note);
    let done = anna.press(w.skip).await;
    done.only(w.done)
        .expect(w.done_spa)
        .expect(w.done_date)
        .expect(w.done_time)
        .keys(&[&[w.btn_cancel_booking], &[w.btn_my]]);
    // Times are UTC in the table; Moscow is three hours ahead.
    let sql = "SELECT count(*) FROM bookings WHERE bot_id = 'booking' AND service = 'spa' \
               AND slot = '2030-01-15 11:00:00' AND note IS NULL";
    assert_eq!(db.number(sql).await, 1);

    anna.press(w.btn_my)
        .await
        .expect(w.listed)
        .expect(w.one_booking);
    anna.press(w.btn_cancel_booking)
        .await
        .expect(w.cancelled_booking)
        .expect(w.done_date);
    assert_eq!(db.bookings().await, 0);
    anna.press(w.btn_cancel_booking)
        .await
        .expect(w.no_such_booking);
    anna.say("/my").await.only(w.no_bookings);
}

async fn wrong_answers(world: &World, w: &Words) {
    let anna = world.person("Vera", w.language);
    anna.say("/book").await.only(w.ask_service);
    anna.say("sauna").await.only(w.bad_option);
    // A typed answer equal to a label or a value counts as a press.
    anna.say(w.haircut).await.only(w.ask_slot);
    anna.say("/back").await.only(w.ask_service);
    anna.say("massage").await.only(w.ask_slot);
    for wrong in ["tomorrow", "2030-13-45 14:00", "2020-01-15 14:00", "14:00"] {
        anna.say(wrong).await.only(w.bad_slot);
    }
    if world.channel() != Channel::Preview {
        anna.photo().await.only(w.bad_slot);
        let sticker = serde_json::json!({ "sticker": { "file_id": "s", "file_unique_id": "s" } });
        anna.send(sticker).await.only(w.bad_slot);
    }
    anna.say(" 2030-02-01 09:30 ").await.only(w.ask_note);
    if world.channel() != Channel::Preview {
        anna.photo().await.only(w.bad_note);
    }
    anna.say("ok").await.only(w.bad_note);
    anna.say(&"x".repeat(201)).await.only(w.bad_note);
    // Values are escaped and never read again: no markup, no template, no SQL.
    let note = "<b>&amp; {{slot}} {$name} ' OR 1=1 -- </i> \\ 🦀";
    anna.say(note).await.only(w.done).expect(note);
    anna.say("/my").await.only(&format!("({note})"));
    let stored = world.db().texts("SELECT note FROM bookings").await;
    assert_eq!(stored, [Some(note.to_owned())]);
    world.db().execute("DELETE FROM bookings").await;
}

async fn back_skip_cancel(world: &World, w: &Words) {
    let anna = world.person("Galya", w.language);
    anna.say("/cancel").await.only(w.nothing_to_cancel);
    anna.say("/book").await.only(w.ask_service);
    anna.say("/back").await.only(w.no_way_back);
    anna.say("/skip").await.only(w.cannot_skip);
    anna.press(w.massage).await.only(w.ask_slot);
    anna.press(w.back).await.only(w.ask_service);
    anna.press(w.spa).await.only(w.ask_slot);
    anna.say("2030-01-15 14:00").await.only(w.ask_note);
    anna.press(w.back).await.only(w.ask_slot);
    anna.press(w.back).await.only(w.ask_service);
    anna.press(w.spa).await.only(w.ask_slot);
    anna.say("2030-01-15 15:00").await.only(w.ask_note);
    anna.press(w.cancel).await.only(w.cancelled);
    anna.say("2030-01-15 15:00").await.only(w.not_understood);

    let boris = world.person("Boris", w.language);
    to_slot(&boris, w).await;
    boris.say("/cancel").await.only(w.cancelled);
    boris.say("/skip").await.only(w.not_understood);
    boris.say("/back").await.only(w.not_understood);
    assert_eq!(world.db().bookings().await, 0);
    to_slot(&boris, w).await;
    boris.say("2030-01-15 16:00").await.only(w.ask_note);
    boris.say("/skip").await.only(w.done);
    assert_eq!(world.db().bookings().await, 1);
    world.db().execute("DELETE FROM bookings").await;
}

async fn commands_inside_a_wizard(world: &World, w: &Words) {
    let anna = world.person("Dasha", w.language);
    to_slot(&anna, w).await;
    // One that only replies or reads leaves the wizard waiting where it was.
    anna.say("/help").await.only(w.help);
    anna.say("/my").await.only(w.no_bookings);
    anna.say("/start").await.only(w.hello);
    anna.press(w.btn_hours).await.silent().toast(w.hours);
    anna.say("2030-01-15 14:00").await.only(w.ask_note);
    // One that starts a wizard replaces it and says so.
    let again = anna.say("/book").await;
    again.expect(w.replaced).expect(w.ask_service);
    anna.press(w.massage).await.only(w.ask_slot);
    anna.say("2030-01-15 14:00").await.only(w.ask_note);
    anna.say("/skip").await.only(w.done);
    let services = world.db().texts("SELECT service FROM bookings").await;
    assert_eq!(services, [Some("massage".to_owned())]);
    world.db().execute("DELETE FROM bookings").await;
}

async fn earlier_buttons(world: &World, w: &Words) {
    let anna = world.person("Zoya", w.language);
    anna.say("/book").await.only(w.ask_service);
    let (spa, cancel) = (anna.payload(w.spa), anna.payload(w.cancel));
    anna.press_data(&spa).await.only(w.ask_slot);
    let back = anna.payload(w.back);
    // The same button again: answered already.
    anna.press_data(&spa)
        .await
        .silent()
        .toast(w.already_answered);
    anna.press_data(&cancel)
        .await
        .silent()
        .toast(w.already_answered);
    anna.say("/cancel").await.only(w.cancelled);
    for old in [&spa, &cancel, &back] {
        anna.press_data(old)
            .await
            .silent()
            .toast(w.already_answered);
    }
    // In a later run the old buttons do not count, whatever step it stands at.
    anna.say("/book").await.only(w.ask_service);
    for old in [&spa, &cancel, &back] {
        anna.press_data(old)
            .await
            .silent()
            .toast(w.already_answered);
    }
    anna.press(w.massage).await.only(w.ask_slot);
    for old in [&spa, &cancel, &back] {
        anna.press_data(old)
            .await
            .silent()
            .toast(w.already_answered);
    }
    anna.say("2030-01-15 14:00").await.only(w.ask_note);
    anna.press(w.skip).await.only(w.done);
    for old in [&spa, &cancel, &back] {
        anna.press_data(old)
            .await
            .silent()
            .toast(w.already_answered);
    }
    let services = world.db().texts("SELECT service FROM bookings").await;
    assert_eq!(services, [Some("massage".to_owned())]);
    world.db().execute("DELETE FROM bookings").await;
    // Payloads that nobody made.
    for forged in ["x", "/nothing", "w", "🦀", &spa[..spa.len() - 1]] {
        let seen = anna.press_data(forged).await;
        seen.silent();
        assert_eq!(seen.toasts.len(), 1, "{forged}");
        assert!(!seen.toasts[0].is_empty(), "{forged}");
    }
}

async fn in_a_group(world: &World, w: &Words) {
    let group = -100_500;
    let anna = world.person("Inna", w.language).in_chat(group);
    let boris = world.person("Gleb", w.language).in_chat(group);
    anna.say("/book").await.only(w.ask_service);
    let spa = anna.payload(w.spa);
    boris.press_data(&spa).await.silent().toast(w.not_yours);
    for label in [w.massage, w.cancel] {
        let hers = anna.payload(label);
        boris.press_data(&hers).await.silent().toast(w.not_yours);
    }
    // What others say is theirs.
    boris.say("massage").await.silent();
    boris.say("/book").await.only(w.ask_service);
    boris.press_data(&spa).await.silent().toast(w.not_yours);
    boris.press(w.haircut).await.only(w.ask_slot);
    anna.press_data(&spa).await.only(w.ask_slot);
    anna.say("2030-01-15 14:00").await.only(w.ask_note);
    boris.say("2030-01-15 15:00").await.only(w.ask_note);
    boris.press(w.skip).await.only(w.done);
    anna.say("/skip").await.only(w.done);
    // The same person in private has a conversation of their own.
    let alone = anna.in_chat(anna.user().id);
    alone.say("2030-01-15 14:00").await.only(w.not_understood);
    alone.press_data(&spa).await.silent().toast(w.not_yours);
    let sql = "SELECT service FROM bookings ORDER BY slot";
    let services = world.db().texts(sql).await;
    assert_eq!(
        services,
        [Some("spa".to_owned()), Some("haircut".to_owned())]
    );
    world.db().execute("DELETE FROM bookings").await;
}

async fn one_slot_for_two(world: &World, w: &Words) {
    let anna = world.person("Kira", w.language);
    let boris = world.person("Lev", w.language);
    to_slot(&anna, w).await;
    to_slot(&boris, w).await;
    anna.say("2030-01-15 14:00").await.only(w.ask_note);
    boris.say("2030-01-15 14:00").await.only(w.ask_note);
    anna.say("/skip").await.only(w.done);
    boris
        .say("plumbus")
        .await
        .expect(w.slot_taken)
        .expect(w.ask_slot);
    boris.say("2030-01-15 14:30").await.only(w.ask_note);
    boris.say("plumbus").await.only(w.done);
    assert_eq!(world.db().bookings().await, 2);
    // Nobody cancels another's booking.
    let his = boris.payload(w.btn_cancel_booking);
    anna.press_data(&his).await.expect(w.no_such_booking);
    assert_eq!(world.db().bookings().await, 2);
    world.db().execute("DELETE FROM bookings").await;
}

async fn languages(world: &World, w: &Words) {
    let other = if w.language == "en" { &RU } else { &EN };
    let anna = world.person("Maya", w.language);
    let chosen = if w.language == "en" {
        "Русский"
    } else {
        "English"
    };
    let seen = anna.say("/lang").await;
    seen.only(w.choose_locale);
    assert!(seen.messages[0].key(chosen).is_some(), "{seen:#?}");
    let seen = anna.press(chosen).await;
    assert!(!seen.toasts[0].is_empty(), "{seen:#?}");
    anna.say("/help").await.only(other.help);
    to_slot(&anna, other).await;
    // A question that waits is answered in the language of the moment.
    let own = if w.language == "en" {
        "English"
    } else {
        "Русский"
    };
    anna.press(own).await;
    anna.say("nonsense").await.only(w.bad_slot);
    anna.say("/cancel").await.only(w.cancelled);
    // Whose Telegram speaks another language gets the default, which is Russian.
    let pierre = world.person("Pierre", "fr");
    pierre.say("/help").await.only(RU.help);
    let brit = world.person("Ann", "en-GB");
    brit.say("/help").await.only(EN.help);
}

async fn odd_commands(world: &World, w: &Words) {
    let anna = world.person("Nina", w.language);
    anna.say("hello").await.only(w.not_understood);
    anna.say("/unknown").await.only(w.not_understood);
    anna.say("/HELP").await.only(w.help);
    anna.say("/help me please").await.only(w.help);
    anna.say("/cancel_booking").await.only(w.bad_argument);
    anna.say("/cancel_booking seven").await.only(w.bad_argument);
    anna.say("/cancel_booking 99999999999999999999")
        .await
        .only(w.bad_argument);
    anna.say("/cancel_booking 7").await.only(w.no_such_booking);
    anna.say("/cancel_booking -7").await.only(w.no_such_booking);
    anna.press_data("/cancel_booking x").await;
    for long in [
        "/",
        "//",
        "/ help",
        "/🦀",
        &"я".repeat(4096),
        &"/".repeat(4096),
    ] {
        anna.say(long).await.only(w.not_understood);
    }
}
