//! What only admins may do: at the door, in a dialogue that began before, and by a button that somebody else was shown.

use std::sync::Arc;

use runtime_core::clock::Clock;
use runtime_core::prelude::*;

use super::bot::{BOT, SPEC_OF};
use super::rig::{ANNA, BORIS, Database, GROUP, Rig};

/// The booking bot, where only admins may book.
#[derive(Debug)]
struct Guarded;

static GUARDED: Guarded = Guarded;
static SPEC: BotSpec = BotSpec {
    commands: &[
        CommandSpec {
            name: "start",
            effect: Effect::Pure,
            reads: Reads::None,
            writes: Writes::None,
            wizard: false,
            admins: false,
            description: None,
            usage: "",
        },
        CommandSpec {
            name: "book",
            effect: Effect::State,
            reads: Reads::Many,
            writes: Writes::Many,
            wizard: true,
            admins: true,
            description: None,
            usage: "",
        },
    ],
    ..SPEC_OF
};

impl Bot for Guarded {
    fn spec(&self) -> &'static BotSpec {
        &SPEC
    }
    fn command(&self, name: &str) -> Option<usize> {
        SPEC.commands.iter().position(|spec| spec.name == name)
    }
    fn enter<'a>(&'a self, cx: &'a mut Cx, command: usize, args: &'a str) -> Handling<'a> {
        BOT.enter(cx, command, args)
    }
    fn answer<'a>(&'a self, cx: &'a mut Cx, waiting: Waiting, given: Given<'a>) -> Handling<'a> {
        BOT.answer(cx, waiting, given)
    }
    fn ask<'a>(&'a self, cx: &'a mut Cx, waiting: &'a Waiting) -> Handling<'a> {
        BOT.ask(cx, waiting)
    }
    fn fallback(&self, words: &Words) -> Option<Text> {
        BOT.fallback(words)
    }
    fn toast(&self, hash: u32, words: &Words) -> Option<Text> {
        BOT.toast(hash, words)
    }
}

const REFUSED: &str = "Only administrators can do that.";

async fn rig() -> Rig {
    let clock = Clock::fixed(1_800_000_000);
    let rig = Rig::with(&GUARDED, Arc::new(Database::new()), clock, 1).await;
    rig.store.keep_events(30);
    rig.engine.set_admins(0, &[ANNA]);
    rig
}

#[tokio::test]
async fn others_are_refused_by_command_and_by_button() {
    let mut rig = rig().await;
    assert_eq!(rig.say(BORIS, "/book").await.texts(), [REFUSED]);
    // The payload of a command is no secret.
    let pressed = rig.press(BORIS, "/book").await;
    assert_eq!(pressed.toast(), Some(REFUSED));
    assert!(pressed.texts().is_empty());
    assert_eq!(rig.say(ANNA, "/book").await.texts(), ["Which service?"]);
    assert_eq!(
        rig.count("bf_conversations WHERE waiting IS NOT NULL")
            .await,
        1
    );
}

#[tokio::test]
async fn who_is_no_admin_any_more_does_not_finish_what_was_begun() {
    let mut rig = rig().await;
    let question = rig.say(ANNA, "/book").await;
    let slot = rig.press(ANNA, &question.button("Spa!")).await;
    assert_eq!(slot.texts(), ["Which slot?"]);
    rig.engine.set_admins(0, &[BORIS]);
    assert_eq!(rig.say(ANNA, "10:00").await.texts(), [REFUSED]);
    assert_eq!(
        rig.count("bf_conversations WHERE waiting IS NOT NULL")
            .await,
        0
    );
    assert_eq!(rig.count("bookings").await, 0);
    // An old button of it is nobody's question any more.
    let late = rig.press(ANNA, &question.button("Spa!")).await;
    assert_eq!(
        late.toast(),
        Some("You have already answered this question.")
    );
    assert_eq!(rig.say(BORIS, "/book").await.texts(), ["Which service?"]);
    // The event says what it was kept from.
    assert_eq!(
        rig.texts("SELECT name || ' ' || step FROM bf_events WHERE type = 'forbidden'")
            .await,
        [Some("book slot".to_owned())]
    );
}

#[tokio::test]
async fn an_admins_button_in_a_group_is_not_for_others() {
    let mut rig = rig().await;
    let question = rig.say_in_group(ANNA, "/book").await;
    assert_eq!(question.texts(), ["Which service?"]);
    let press = Rig::callback(BORIS, GROUP, &question.button("Spa!"));
    let id = rig.id();
    let pressed = rig.update(id, press).await;
    assert_eq!(pressed.toast(), Some("This button isn't for you."));
    assert_eq!(
        rig.count("bf_conversations WHERE waiting IS NOT NULL")
            .await,
        1
    );
}
