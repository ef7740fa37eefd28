//! Who decides the language: strategies `user`, `chat` and `fixed`; in private chats and in groups, with and without a
//! choice, after a restart, on another instance.

use std::sync::Arc;
use std::time::Duration;

use runtime_core::clock::Clock;
use runtime_core::incoming::{Content, Event};
use runtime_core::prelude::*;

use super::bot::{BOT, SPEC_OF};
use super::rig::{ANNA, BORIS, Database, GROUP, Rig};

static CHAT: BotSpec = BotSpec {
    strategy: Strategy::Chat,
    ..SPEC_OF
};
static FIXED: BotSpec = BotSpec {
    strategy: Strategy::Fixed,
    ..SPEC_OF
};

/// The booking bot under another strategy.
#[derive(Debug)]
struct Under(&'static BotSpec);

static BY_CHAT: Under = Under(&CHAT);
static BY_NOBODY: Under = Under(&FIXED);

impl Bot for Under {
    fn spec(&self) -> &'static BotSpec {
        self.0
    }
    fn command(&self, name: &str) -> Option<usize> {
        BOT.command(name)
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

async fn rig(bot: &'static dyn Bot) -> Rig {
    let clock = Clock::fixed(1_800_000_000);
    Rig::with(bot, Arc::new(Database::new()), clock, 1).await
}

/// The language of the answer to `/start`; `code`: of the person's Telegram.
async fn spoken(rig: &mut Rig, person: i64, chat: i64, code: Option<&str>) -> &'static str {
    let mut event = Rig::message(person, chat, Content::Text("/start".to_owned()));
    if let Event::Message(message) = &mut event {
        message.from.language_code = code.map(str::to_owned);
    }
    let id = rig.id();
    let text = rig.update(id, event).await.text();
    match (text.starts_with("Hello"), text.starts_with("Привет")) {
        (true, false) => "en",
        (false, true) => "ru",
        _ => panic!("{text}"),
    }
}

async fn choose(rig: &mut Rig, person: i64, chat: i64, tag: &str) -> Option<String> {
    let id = rig.id();
    let data = botfactory_lang::callback::locale(tag);
    let chosen = rig.update(id, Rig::callback(person, chat, &data)).await;
    assert_eq!(chosen.answers(), 1);
    chosen.toast().map(str::to_owned)
}

#[tokio::test]
async fn a_person_is_spoken_to_in_their_language_wherever_they_are() {
    let mut rig = rig(&BOT).await;
    // Without a choice: the client's language, its nearest relative, else the default.
    for (code, tag) in [
        (None, "en"),
        (Some("ru"), "ru"),
        (Some("RU-ru"), "ru"),
        (Some("en-GB"), "en"),
        (Some("de"), "en"),
        (Some(""), "en"),
        (Some("-"), "en"),
    ] {
        assert_eq!(spoken(&mut rig, ANNA, ANNA, code).await, tag, "{code:?}");
        assert_eq!(
            spoken(&mut rig, ANNA, GROUP, code).await,
            tag,
            "{code:?} in a group"
        );
    }
    // A choice made in a group holds in the private chat, and for nobody else.
    choose(&mut rig, ANNA, GROUP, "ru").await;
    for chat in [ANNA, GROUP] {
        assert_eq!(spoken(&mut rig, ANNA, chat, Some("en")).await, "ru");
        assert_eq!(
            spoken(
                &mut rig,
                BORIS,
                if chat == ANNA { BORIS } else { chat },
                None
            )
            .await,
            "en"
        );
    }
    let mut rig = rig.restart().await;
    assert_eq!(spoken(&mut rig, ANNA, ANNA, Some("en")).await, "ru");
    choose(&mut rig, ANNA, ANNA, "en").await;
    assert_eq!(spoken(&mut rig, ANNA, GROUP, Some("ru")).await, "en");
}

#[tokio::test]
async fn a_chat_is_spoken_to_in_its_language_whoever_asks() {
    let mut rig = rig(&BY_CHAT).await;
    // A group has no language of its own until somebody chooses; a private chat has its person's.
    assert_eq!(spoken(&mut rig, ANNA, GROUP, Some("ru")).await, "en");
    assert_eq!(spoken(&mut rig, ANNA, ANNA, Some("ru")).await, "ru");
    assert_eq!(spoken(&mut rig, ANNA, ANNA, None).await, "en");
    choose(&mut rig, BORIS, GROUP, "ru").await;
    assert_eq!(spoken(&mut rig, ANNA, GROUP, Some("en")).await, "ru");
    assert_eq!(spoken(&mut rig, BORIS, GROUP, None).await, "ru");
    // Another chat, and the private ones, are not concerned.
    assert_eq!(spoken(&mut rig, BORIS, GROUP - 1, None).await, "en");
    assert_eq!(spoken(&mut rig, BORIS, BORIS, None).await, "en");
    let mut rig = rig.restart().await;
    assert_eq!(spoken(&mut rig, ANNA, GROUP, Some("en")).await, "ru");
    choose(&mut rig, ANNA, ANNA, "ru").await;
    assert_eq!(spoken(&mut rig, ANNA, ANNA, Some("en")).await, "ru");
    assert_eq!(spoken(&mut rig, ANNA, GROUP - 1, Some("en")).await, "en");
}

#[tokio::test]
async fn a_fixed_language_stays_whoever_asks_and_whatever_is_pressed() {
    let mut rig = rig(&BY_NOBODY).await;
    for (chat, code) in [(ANNA, Some("ru")), (GROUP, Some("ru")), (ANNA, None)] {
        assert_eq!(spoken(&mut rig, ANNA, chat, code).await, "en");
    }
    // A button of a build with another strategy, or a forged one.
    choose(&mut rig, ANNA, ANNA, "ru").await;
    assert_eq!(spoken(&mut rig, ANNA, ANNA, Some("ru")).await, "en");
    assert_eq!(
        rig.count("bf_locales").await,
        0,
        "nothing is stored that nothing reads"
    );
    let mut rig = rig.restart().await;
    assert_eq!(spoken(&mut rig, ANNA, ANNA, Some("ru")).await, "en");
}

#[tokio::test]
async fn a_choice_is_seen_by_another_instance_within_a_second() {
    for (bot, chat) in [(&BOT as &'static dyn Bot, ANNA), (&BY_CHAT, GROUP)] {
        let mut one = rig(bot).await;
        let other = Rig::with(bot, one.database.clone(), one.clock.clone(), 1000);
        let mut other = other.await;
        // Both have asked, and remember the answer.
        assert_eq!(spoken(&mut one, ANNA, chat, None).await, "en");
        assert_eq!(spoken(&mut other, ANNA, chat, None).await, "en");
        choose(&mut one, ANNA, chat, "ru").await;
        assert_eq!(spoken(&mut one, ANNA, chat, None).await, "ru");
        tokio::time::sleep(Duration::from_millis(1050)).await;
        assert_eq!(spoken(&mut other, ANNA, chat, None).await, "ru");
        other.store.close().await;
    }
}

/// A locale that was chosen under another build and is gone: as if nothing had been chosen.
#[tokio::test]
async fn a_choice_that_is_gone_counts_as_none() {
    let mut rig = rig(&BOT).await;
    choose(&mut rig, ANNA, ANNA, "ru").await;
    rig.execute("UPDATE bf_locales SET tag = 'fr'").await;
    let mut rig = rig.restart().await;
    assert_eq!(spoken(&mut rig, ANNA, ANNA, None).await, "en");
    assert_eq!(spoken(&mut rig, ANNA, ANNA, Some("ru")).await, "ru");
    assert!(
        choose(&mut rig, ANNA, ANNA, "fr")
            .await
            .unwrap()
            .contains("out of date")
    );
}
