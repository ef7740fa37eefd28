//! Broadcasts on the engine: made within an update, sent by one or two instances, once to each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime_core::broadcast::Broadcasts;
use runtime_core::clock::Clock;
use runtime_core::incoming::{Channel, Content};
use runtime_core::outbox::Sender;
use runtime_core::redis::Redis;
use runtime_core::store::Store;
use runtime_core::telegram::client::Client;
use runtime_core::telegram::token::Token;
use runtime_core::testing::telegram::{FakeTelegram, Fault};
use tokio::sync::watch;

use super::herald::HERALD;
use super::rig::{ANNA, BORIS, Database, Rig};

pub(super) const TOKEN: &str = "77:AAbroadcastBBbroadcastCCbroadcastDD";

pub(super) async fn rig(clock: Clock) -> Rig {
    Rig::with(&HERALD, Arc::new(Database::new()), clock, 1).await
}

async fn still() -> Rig {
    rig(Clock::fixed(1_800_000_000)).await
}

/// As the other engine's administrators write it.
pub(super) fn truth(value: bool) -> &'static str {
    match (super::POSTGRES, value) {
        (true, true) => "TRUE",
        (true, false) => "FALSE",
        (false, true) => "1",
        (false, false) => "0",
    }
}

#[tokio::test]
async fn everybody_who_writes_is_known_and_who_is_counted() {
    let mut rig = still().await;
    rig.say(ANNA, "/start").await;
    rig.say(BORIS, "/start").await;
    rig.say_in_group(1003, "/start").await;
    assert_eq!(rig.store.write_people().await.unwrap(), 3);
    assert_eq!(rig.store.write_people().await.unwrap(), 0);
    // The group's person has no private chat with the bot.
    assert_eq!(rig.say(ANNA, "/size all").await.texts(), ["2 false true"]);
    rig.say(BORIS, "/join").await;
    rig.say(BORIS, "/join").await;
    assert_eq!(
        rig.say(BORIS, "/size segment:vip").await.texts(),
        ["1 true true"]
    );
    rig.say(BORIS, "/stop").await;
    assert_eq!(rig.say(BORIS, "/size all").await.texts(), ["1 true false"]);
    rig.say(BORIS, "/go").await;
    rig.say(BORIS, "/leave").await;
    assert_eq!(
        rig.say(BORIS, "/size segment:vip").await.texts(),
        ["0 false true"]
    );
    // Somebody who says stop before anything else is remembered too.
    rig.say(1004, "/stop").await;
    assert_eq!(rig.say(1004, "/size all").await.texts(), ["2 false false"]);
    rig.clock.advance(8 * 86_400);
    rig.say(ANNA, "/start").await;
    rig.store.write_people().await.unwrap();
    assert_eq!(
        rig.say(ANNA, "/size active_7d").await.texts(),
        ["1 false true"]
    );
    rig.execute(&format!(
        "INSERT INTO bf_unreachable (bot, chat, since) VALUES (77, {ANNA}, 9000000000000000)"
    ))
    .await;
    assert_eq!(rig.say(BORIS, "/size all").await.texts(), ["1 false true"]);
    // What bots' SQL sees.
    let seen = format!(
        "SELECT count(*) FROM bf_people WHERE bot_id = 'herald' AND private AND subscribed = {}",
        truth(true)
    );
    assert_eq!(rig.numbers(&seen).await, [2]);
    let reachable = format!(
        "SELECT user_id FROM bf_people WHERE private AND subscribed AND reachable = {}",
        truth(true)
    );
    assert_eq!(rig.numbers(&reachable).await, [BORIS]);
}

#[tokio::test]
async fn it_is_made_with_its_update_or_not_at_all() {
    let mut rig = still().await;
    let event = Rig::message(ANNA, ANNA, Content::Text("/news fire".to_owned()));
    let first = rig.update(50, event.clone()).await;
    assert_eq!(first.texts(), ["made 1"]);
    // A redelivery makes no other one.
    rig.update(50, event).await;
    assert_eq!(rig.count("bf_broadcasts").await, 1);
    let told = rig
        .texts("SELECT CAST(call AS TEXT) FROM bf_outbox WHERE update_id < -1000000000000")
        .await;
    let told: Vec<_> = told.into_iter().flatten().collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("Broadcast 1 begins."), "{told:?}");
    rig.say(ANNA, "/broken now").await;
    assert_eq!(rig.count("bf_broadcasts").await, 1);
    assert_eq!(rig.count("bf_dead_letters").await, 1);
    rig.say(ANNA, "/later on").await;
    let states = rig
        .texts("SELECT status FROM bf_broadcasts ORDER BY id")
        .await;
    assert_eq!(
        states,
        [Some("running".to_owned()), Some("scheduled".to_owned())]
    );
    let told = rig
        .texts("SELECT CAST(call AS TEXT) FROM bf_outbox WHERE update_id < -1000000000000 ORDER BY update_id DESC")
        .await;
    let told = told.into_iter().flatten().next().unwrap_or_default();
    // An hour after the rig's clock.
    assert!(told.contains("waits for its time, 1/15/27, 9:00"), "{told}");
}

#[tokio::test]
async fn a_previews_broadcast_is_over_at_once_and_sends_nothing() {
    let mut rig = still().await;
    for text in ["/stop", "/go", "/news x", "/later x"] {
        let event = Rig::message(-5, -5, Content::Text(text.to_owned()));
        let id = rig.id();
        let mut incoming = rig.incoming(id, event);
        incoming.channel = Channel::Preview;
        assert_eq!(rig.take(incoming).await.calls.len(), 1, "{text}");
    }
    let open = "SELECT count(*) FROM bf_broadcasts WHERE status <> 'completed'";
    assert_eq!(rig.numbers(open).await, [0]);
    assert_eq!(rig.count("bf_broadcasts").await, 2);
    // Whoever asks for the bot's own sees none of it.
    rig.store.write_people().await.unwrap();
    for view in ["bf_people", "bf_broadcasts"] {
        let of = |bot: &str| format!("SELECT count(*) FROM {view} WHERE bot_id = '{bot}'");
        assert_eq!(rig.numbers(&of("herald")).await, [0], "{view}");
        assert_ne!(rig.numbers(&of("preview:herald")).await, [0], "{view}");
    }
    let unsent = "SELECT count(*) FROM bf_outbox WHERE state IN (1, 2)";
    assert_eq!(rig.numbers(unsent).await, [0]);
}

/// An instance that sends.
pub(super) struct Instance {
    stop: watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    sender: Sender,
}

impl Instance {
    pub(super) async fn start(rig: &Rig, store: Arc<Store>, telegram: &FakeTelegram) -> Self {
        let mut instance = Self::idle(store.clone(), telegram);
        instance.work(rig, store);
        instance
    }

    /// One that sends what waits in the outbox, and no broadcasts.
    pub(super) fn idle(store: Arc<Store>, telegram: &FakeTelegram) -> Self {
        let client = Client::new(telegram.url()).unwrap();
        let (sender, marking) = Sender::new(client, store, Redis::alone());
        sender.set_bot("herald", Token::parse(TOKEN).unwrap());
        sender.hold_bulk_to(50);
        let (_, announced) = tokio::sync::mpsc::channel(1);
        let mut tasks: Vec<_> = sender.start(announced).into();
        tasks.push(marking);
        Self {
            stop: watch::channel(false).0,
            tasks,
            sender,
        }
    }

    pub(super) fn work(&mut self, rig: &Rig, store: Arc<Store>) {
        let all = Broadcasts::new(store, rig.engine.clone(), self.sender.clone(), 50);
        let stopped = self.stop.subscribe();
        self.tasks.push(tokio::spawn(all.run(stopped)));
    }

    pub(super) async fn stop(self) {
        let _ = self.stop.send(true);
        let mut tasks = self.tasks;
        let working = tasks.pop().unwrap();
        tokio::time::timeout(Duration::from_secs(20), working)
            .await
            .expect("it ends")
            .unwrap();
        self.sender.stop(Duration::from_secs(1)).await;
        tasks.into_iter().for_each(|task| task.abort());
    }
}

pub(super) async fn people(rig: &Rig, from: i64, to: i64, language: &str) {
    let private = truth(true);
    let row =
        |person| format!("(77, {person}, 'herald', 'P<{person}>', '{language}', 1, 1, {private})");
    let rows: Vec<String> = (from..=to).map(row).collect();
    rig.execute(&format!(
        "INSERT INTO bf_person (bot, person, bot_id, first_name, language, first_seen, last_seen, private) VALUES {}",
        rows.join(", ")
    ))
    .await;
}

pub(super) async fn ended(rig: &Rig, id: i64) {
    let began = Instant::now();
    loop {
        let sql = format!("SELECT status FROM bf_broadcasts WHERE id = {id}");
        let status = rig.texts(&sql).await;
        if status == [Some("completed".to_owned())] {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{status:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until so many people have a message.
pub(super) async fn reached(telegram: &FakeTelegram, people: usize) {
    let began = Instant::now();
    while got(telegram).len() < people {
        assert!(began.elapsed() < Duration::from_secs(30), "nobody gets it");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Texts by person.
pub(super) fn got(telegram: &FakeTelegram) -> BTreeMap<i64, Vec<String>> {
    let mut got: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for call in telegram.accepted("sendMessage") {
        let person = call.body["chat_id"].as_i64().unwrap();
        let text = call.body["text"].as_str().unwrap().to_owned();
        got.entry(person).or_default().push(text);
    }
    got
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_tell_everybody_once() {
    let mut rig = rig(Clock::system()).await;
    let telegram = FakeTelegram::start().await.unwrap();
    telegram.bot(TOKEN);
    people(&rig, 1, 60, "en").await;
    people(&rig, 61, 100, "ru-RU").await;
    for blocked in [7, 70] {
        telegram.block(blocked);
    }
    rig.execute(
        "UPDATE bf_person SET subscribed = (1 = 0) WHERE person = 9"
            .replace("(1 = 0)", truth(false))
            .as_str(),
    )
    .await;
    rig.execute(&format!(
        "UPDATE bf_person SET private = {} WHERE person = 10",
        truth(false)
    ))
    .await;
    let boris = 1002;
    rig.say(boris, "/news <i>fire</i> {$name}").await;
    rig.say(boris, "/stop").await;
    let second = Store::open(&rig.database.url(), &[], Clock::system())
        .await
        .unwrap();
    let mut instances = [
        Instance::idle(rig.store.clone(), &telegram),
        Instance::idle(second.clone(), &telegram),
    ];
    // What fails below are calls of the broadcast, not the message that tells of it.
    reached(&telegram, 1).await;
    // 429 in between, a server error, a connection that breaks after the fact: nobody gets it twice.
    telegram.fail_next(Some("sendMessage"), Fault::Flood(1));
    instances[0].work(&rig, rig.store.clone());
    instances[1].work(&rig, second.clone());
    reached(&telegram, 20).await;
    telegram.fail_next(Some("sendMessage"), Fault::AcceptThenClose);
    telegram.fail_next(Some("sendMessage"), Fault::Status(500));
    ended(&rig, 1).await;
    // The message that tells of it has its last word.
    let began = Instant::now();
    let last = loop {
        let edits = telegram.accepted("editMessageText");
        let text = edits
            .last()
            .map(|call| call.body["text"].as_str().unwrap().to_owned());
        match text {
            Some(text) if text.contains("has reached") => break text,
            _ => assert!(began.elapsed() < Duration::from_secs(20), "{edits:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(
        last.contains("has reached 94 of 98; blocked: 2, failed: 2, skipped: 0."),
        "{last}"
    );
    for instance in instances {
        instance.stop().await;
    }
    let mut got = got(&telegram);
    let hers = got.remove(&boris).unwrap();
    assert!(hers[0].contains("Broadcast 1 begins."), "{hers:?}");
    assert!(got.values().all(|texts| texts.len() == 1), "{got:?}");
    // One of the two ambiguous ones arrived.
    assert_eq!(got.len(), 95, "98 without two blocked, and one of two lost");
    assert!(
        [7, 9, 10, 70]
            .iter()
            .all(|person| !got.contains_key(person))
    );
    for (person, texts) in &got {
        let name = format!("<b>P&lt;{person}&gt;</b>: &lt;i&gt;fire&lt;/i&gt; {{$name}}");
        let word = if *person > 60 {
            "Новости"
        } else {
            "News"
        };
        assert_eq!(texts[0], format!("{word}, {name}"));
    }
    let counts =
        "SELECT sent * 1000000 + blocked * 10000 + ambiguous * 100 + skipped FROM bf_broadcasts";
    assert_eq!(rig.numbers(counts).await, [94_020_200]);
    assert_eq!(
        rig.numbers("SELECT count(*) FROM bf_unreachable").await,
        [2]
    );
    let rows = "SELECT count(*) FROM bf_recipient WHERE state = 3";
    assert_eq!(rig.numbers(rows).await, [94]);
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn named_people_and_what_is_sent_again() {
    let mut rig = rig(Clock::system()).await;
    let telegram = FakeTelegram::start().await.unwrap();
    telegram.bot(TOKEN);
    people(&rig, 1, 5, "en").await;
    // Nobody whom the bot does not know, and nobody twice.
    rig.say(BORIS, "/to 1 2 3 3 4711").await;
    telegram.fail_next(Some("sendMessage"), Fault::AcceptThenClose);
    let instance = Instance::start(&rig, rig.store.clone(), &telegram).await;
    ended(&rig, 1).await;
    instance.stop().await;
    let got = got(&telegram);
    let counts: Vec<usize> = (1..=5)
        .map(|person| got.get(&person).map_or(0, Vec::len))
        .collect();
    assert_eq!(
        counts.iter().sum::<usize>(),
        4,
        "{counts:?}: one of them twice"
    );
    assert!(counts[..3].iter().all(|count| *count > 0) && counts[3..] == [0, 0]);
    assert_eq!(rig.numbers("SELECT sent FROM bf_broadcasts").await, [3]);
    assert_eq!(
        rig.numbers("SELECT count(*) FROM bf_broadcast WHERE people IS NULL")
            .await,
        [1]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_telegram_refuses_is_not_tried_on_everybody() {
    let mut rig = rig(Clock::system()).await;
    let telegram = FakeTelegram::start().await.unwrap();
    telegram.bot(TOKEN);
    people(&rig, 1, 200, "en").await;
    rig.say(BORIS, "/news x").await;
    rig.execute("UPDATE bf_broadcast SET messages = replace(messages, '<b>', '<blink>'), told_chat = NULL, told_at = 0")
        .await;
    rig.execute("DELETE FROM bf_outbox WHERE update_id < -1000000000000")
        .await;
    let instance = Instance::start(&rig, rig.store.clone(), &telegram).await;
    let began = Instant::now();
    while rig.texts("SELECT status FROM bf_broadcasts").await != [Some("paused".to_owned())] {
        assert!(began.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    instance.stop().await;
    assert_eq!(
        rig.texts("SELECT problem FROM bf_broadcast").await,
        [Some("refused".to_owned())]
    );
    let tried = telegram.calls().len();
    assert!((20..120).contains(&tried), "{tried} calls");
}

#[tokio::test]
async fn old_ones_are_forgotten() {
    let mut rig = still().await;
    rig.say(ANNA, "/news x").await;
    rig.execute("INSERT INTO bf_recipient (broadcast, person, state, due) VALUES (1, 5, 3, 0)")
        .await;
    let forget = async |rig: &Rig| while rig.store.forget_broadcasts().await.unwrap() > 0 {};
    rig.clock.advance(500 * 86_400);
    forget(&rig).await;
    assert_eq!(rig.count("bf_recipient").await, 1, "it has not ended");
    rig.execute("UPDATE bf_broadcast SET state = 3, finished = started")
        .await;
    rig.clock.advance(-480 * 86_400);
    forget(&rig).await;
    assert_eq!(rig.count("bf_recipient").await, 1, "after 20 days");
    rig.clock.advance(20 * 86_400);
    forget(&rig).await;
    assert_eq!(
        (
            rig.count("bf_recipient").await,
            rig.count("bf_broadcast").await
        ),
        (0, 1)
    );
    rig.clock.advance(400 * 86_400);
    forget(&rig).await;
    assert_eq!(rig.count("bf_broadcast").await, 0);
}
