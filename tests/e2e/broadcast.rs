//! Broadcasts by the API: people whom the bot has met get them, in their language, once; what is refused, and what may be
//! done to one. On SQLite, and on Postgres.

use std::time::Duration;

#[cfg(feature = "postgres")]
use runtime_core::testing::postgres::Postgres;
use runtime_core::testing::telegram::Fault;
use serde_json::{Value, json};

use crate::support::{Answer, Channel, Home, Talk, World, http, until};
use crate::words::EN;

/// Where a deployment's data lies.
#[derive(Default)]
pub(crate) struct Engine {
    /// Without one, in a file.
    pub(crate) url: Option<String>,
    #[cfg(feature = "postgres")]
    _server: Option<Postgres>,
}

pub(crate) fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::default()];
    #[cfg(feature = "postgres")]
    {
        let server = Postgres::start();
        engines.push(Engine {
            url: Some(server.url("postgres")),
            _server: Some(server),
        });
    }
    engines
}

/// A deployment that sends fast.
async fn world(engine: &Engine) -> World {
    let home = Home::new().with("BOTFACTORY_BULK_PER_SECOND", "100");
    if let Some(url) = &engine.url {
        home.set("DATABASE_URL", url);
    }
    World::start_at(Channel::Webhook, home).await
}

/// Somebody whom the bot has met.
async fn met(world: &World, name: &'static str, language: &'static str) -> Talk {
    let talk = world.person(name, language);
    talk.say("/start").await;
    talk
}

async fn make(world: &World, body: Value) -> i64 {
    let made = world.post("/bots/booking/broadcast", &body).await.ok();
    made["broadcast_id"].as_i64().unwrap()
}

async fn status(world: &World, id: i64) -> Value {
    world
        .get(&format!("/bots/booking/broadcasts/{id}"))
        .await
        .ok()
}

async fn order(world: &World, id: i64, what: &str) -> Answer {
    world
        .post(&format!("/bots/booking/broadcasts/{id}/{what}"), &json!({}))
        .await
}

async fn reaches(world: &World, id: i64, state: &str) -> Value {
    until(state, || async {
        let status = status(world, id).await;
        (status["status"] == state).then_some(status)
    })
    .await
}

/// Messages of a broadcast: chat and call.
pub(crate) fn sent(world: &World, words: &str) -> Vec<(i64, Value)> {
    let mut calls = world.telegram().calls();
    calls.retain(|call| call.status == 200 && call.body.to_string().contains(words));
    let of = |call: runtime_core::testing::telegram::Recorded| {
        (call.body["chat_id"].as_i64().unwrap_or_default(), call.body)
    };
    calls.into_iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_the_bot_has_met_gets_it_in_their_language() {
    for engine in engines() {
        let world = world(&engine).await;
        let (anna, boris) = (
            met(&world, "Anna", "en").await,
            met(&world, "Boris", "ru").await,
        );
        let people = world.get("/bots/booking/people").await.ok();
        assert_eq!(
            (&people["known"], &people["reachable"]),
            (&json!(2), &json!(2))
        );
        let body = json!({
            "audience": "all",
            "message": { "template": "t:no-bookings", "keyboard": [[{ "text": "t:btn-book", "callback": "/book" }]] },
            "throttle": { "per_sec": 50 },
        });
        let preview = world
            .post("/bots/booking/broadcast/preview", &body)
            .await
            .ok();
        assert_eq!(
            (&preview["total_users"], &preview["eta_seconds"]),
            (&json!(2), &json!(1))
        );
        let locales: Vec<_> = preview["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| &m["locale"])
            .collect();
        assert_eq!(locales.len(), 2, "{preview}");
        let made = world.post("/bots/booking/broadcast", &body).await.ok();
        assert_eq!(
            (&made["status"], &made["audience_size"]),
            (&json!("running"), &json!(2))
        );
        let status = reaches(&world, made["broadcast_id"].as_i64().unwrap(), "completed").await;
        for (field, value) in [
            ("bot_id", json!("booking")),
            ("audience", json!("all")),
            ("total_users", json!(2)),
            ("sent_count", json!(2)),
            ("failed_count", json!(0)),
            ("waiting_count", json!(0)),
        ] {
            assert_eq!(status[field], value, "{status}");
        }
        for time in ["created_at", "started_at", "completed_at"] {
            assert!(status[time].is_string(), "{status}");
        }
        let texts = |person: i64| {
            let calls = world.telegram().accepted("sendMessage");
            let of: Vec<String> = calls
                .iter()
                .filter(|call| call.body["chat_id"] == person)
                .map(|call| call.body["text"].as_str().unwrap().to_owned())
                .collect();
            of
        };
        let (hers, his) = (texts(anna.user().id), texts(boris.user().id));
        assert_ne!(hers.last(), his.last(), "each in their own language");
        // The button of the message works.
        anna.press_data("/book").await.only(EN.ask_service);
        let metrics = world.get("/metrics").await.text();
        for line in [
            "broadcast_total{audience=\"all\",bot_id=\"booking\"} 1",
            "broadcast_recipients_total{bot_id=\"booking\",outcome=\"sent\"} 2",
            "broadcast_duration_seconds_count{bot_id=\"booking\"} 1",
        ] {
            assert!(metrics.contains(line), "{line}");
        }
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_fields_and_files() {
    for engine in engines() {
        let world = world(&engine).await;
        let (anna, boris) = (
            met(&world, "Anna", "en").await,
            met(&world, "Bo", "en").await,
        );
        let ids = [anna.user().id, boris.user().id];
        let path = "/bots/booking/segments/vip";
        let changed = world
            .post(path, &json!({ "add": [ids[0], 4711] }))
            .await
            .ok();
        assert_eq!(
            (&changed["added"], &changed["removed"]),
            (&json!(2), &json!(0))
        );
        let again = world
            .post(path, &json!({ "add": [ids[0]], "remove": [5] }))
            .await
            .ok();
        assert_eq!((&again["added"], &again["removed"]), (&json!(0), &json!(0)));
        assert_eq!(
            world.get(path).await.ok()["user_ids"],
            json!([ids[0], 4711])
        );
        let all = world.get("/bots/booking/segments").await.ok();
        assert_eq!(all["segments"], json!([{ "segment": "vip", "people": 2 }]));
        world
            .get("/bots/booking/segments/v%20ip")
            .await
            .refused(400);
        // Somebody of the segment whom the bot has never met gets nothing.
        let id = make(
        &world,
        json!({
            "audience": "segment:vip",
            "message": { "media": { "type": "photo", "file": "https://example.org/a.jpg" }, "text": "<b>plumbus</b>",
                "parse_mode": "HTML" },
        }),
    )
    .await;
        let status = reaches(&world, id, "completed").await;
        assert_eq!(
            (&status["total_users"], &status["sent_count"]),
            (&json!(1), &json!(1))
        );
        let photos = sent(&world, "plumbus");
        assert_eq!(photos.len(), 1);
        assert_eq!(photos[0].0, ids[0]);
        assert_eq!(photos[0].1["photo"], "https://example.org/a.jpg");
        world.post(path, &json!({ "remove": ids })).await.ok();
        assert_eq!(world.get(path).await.ok()["user_ids"], json!([4711]));
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_refused_and_nothing_is_stored() {
    for engine in engines() {
        let world = world(&engine).await;
        met(&world, "Anna", "en").await;
        let long = "x".repeat(5000);
        let all = |message: Value| json!({ "audience": "all", "message": message });
        for (status, body) in [
            (422, json!({ "audience": "everybody", "message": "x" })),
            (422, json!({ "audience": "active_d", "message": "x" })),
            (422, json!({ "message": "x" })),
            (422, json!({ "audience": "all" })),
            (
                422,
                json!({ "audience": "all", "message": "x", "extra": 1 }),
            ),
            (422, json!({ "audience": "all", "message": { "txt": "x" } })),
            (
                422,
                json!({ "audience": "all", "message": "x", "throttle": { "per_sec": "x" } }),
            ),
            (400, json!({ "audience": "segment:a b", "message": "x" })),
            (400, json!({ "audience": "segment:", "message": "x" })),
            (400, json!({ "audience": "active_0d", "message": "x" })),
            (
                400,
                json!({ "audience": "all", "message": "x", "throttle": { "per_sec": 0 } }),
            ),
            (
                400,
                json!({ "audience": "all", "message": "x", "throttle": { "per_sec": 101 } }),
            ),
            (
                400,
                json!({ "audience": "all", "message": "x", "throttle": { "per_sec": -1 } }),
            ),
            (
                400,
                json!({ "audience": "all", "message": "x", "starts_at": "tomorrow" }),
            ),
            (
                400,
                json!({ "audience": "all", "message": "x", "starts_at": "2020-01-01T00:00:00Z" }),
            ),
            (
                400,
                json!({ "audience": "all", "message": "x", "starts_at": "2099-01-01T00:00:00Z" }),
            ),
            (400, all(json!("t:no-bookings {count=1}"))),
            (
                400,
                all(json!({ "text": "x", "keyboard": [[{ "text": "y", "url": "https://page" }]] })),
            ),
            (
                400,
                all(json!({ "text": "x", "media": { "type": "photo", "file": "https://" } })),
            ),
            (400, all(json!(""))),
            (400, all(json!("  \n "))),
            (400, all(json!(long))),
            (400, all(json!("t:no-such-text"))),
            (400, all(json!("t:bf-error"))),
            (400, all(json!({}))),
            (
                400,
                all(json!({ "text": "x", "template": "t:no-bookings" })),
            ),
            (400, all(json!({ "text": "x", "variables": { "a": 1 } }))),
            (400, all(json!({ "template": "no-bookings" }))),
            (400, all(json!({ "text": "<b>x", "parse_mode": "HTML" }))),
            (
                400,
                all(json!({ "text": "<script>x</script>", "parse_mode": "HTML" })),
            ),
            (
                400,
                all(json!({ "text": "x", "keyboard": [[{ "text": "y" }]] })),
            ),
            (
                400,
                all(
                    json!({ "text": "x", "keyboard": [[{ "text": "y", "callback": "/nowhere" }]] }),
                ),
            ),
            (
                400,
                all(json!({ "text": "x", "keyboard": [[{ "text": "y", "callback": "book" }]] })),
            ),
            (
                400,
                all(json!({ "text": "x", "keyboard": [[{ "text": "y", "url": "javascript:x" }]] })),
            ),
            (
                400,
                all(
                    json!({ "text": "x", "keyboard": [[{ "text": " ", "url": "https://example.org" }]] }),
                ),
            ),
            (
                400,
                all(
                    json!({ "text": "x", "media": { "type": "photo", "file": "http://example.org/a" } }),
                ),
            ),
            (
                400,
                all(json!({ "text": "x", "media": { "type": "photo", "file": "../etc/passwd" } })),
            ),
            (
                400,
                all(
                    json!({ "text": "y".repeat(1100), "media": { "type": "photo", "file": "id-1" } }),
                ),
            ),
        ] {
            for path in ["/bots/booking/broadcast", "/bots/booking/broadcast/preview"] {
                let answer = world.post(path, &body).await;
                assert_eq!(answer.status, status, "{path} {body}: {}", answer.text());
                let words = answer.refused(status);
                assert!(
                    !words.contains("script") && !words.contains("etc"),
                    "{words}"
                );
            }
        }
        let body = json!({ "audience": "all", "message": "x" });
        world
            .post("/bots/nobody/broadcast", &body)
            .await
            .refused(404);
        world
            .post("/bots/tiny_without_token/broadcast", &body)
            .await
            .refused(404);
        world.get("/bots/booking/broadcasts/1").await.refused(404);
        world.get("/bots/booking/broadcasts/x").await.refused(404);
        let list = world.get("/bots/booking/broadcasts").await.ok();
        assert_eq!(list["broadcasts"], json!([]));
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_and_a_cancelled_one_never_goes_on() {
    for engine in engines() {
        let world = world(&engine).await;
        for _ in 0..30 {
            met(&world, "Anna", "en").await;
        }
        let slow =
            json!({ "audience": "all", "message": "plumbus one", "throttle": { "per_sec": 10 } });
        let id = make(&world, slow.clone()).await;
        until("the first messages", || async {
            (sent(&world, "plumbus one").len() >= 3).then_some(())
        })
        .await;
        let paused = order(&world, id, "pause").await.ok();
        assert_eq!(paused["status"], "paused");
        // What had begun has left within a moment; then there is silence.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let then = sent(&world, "plumbus one").len();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(sent(&world, "plumbus one").len(), then);
        let standing = status(&world, id).await;
        assert_eq!(standing["sent_count"], then, "{standing}");
        assert_eq!(order(&world, id, "pause").await.ok()["status"], "paused");
        // It stays so over a restart, and goes on where it was.
        world.restart().await;
        assert_eq!(status(&world, id).await["status"], "paused");
        assert_eq!(order(&world, id, "resume").await.ok()["status"], "running");
        assert_eq!(order(&world, id, "resume").await.ok()["status"], "running");
        let done = reaches(&world, id, "completed").await;
        assert_eq!(
            (&done["sent_count"], sent(&world, "plumbus one").len()),
            (&json!(30), 30)
        );
        for what in ["pause", "resume", "cancel"] {
            order(&world, id, what).await.refused(409);
            order(&world, 99, what).await.refused(404);
        }
        let mut other = slow;
        other["message"] = json!("plumbus two");
        let id = make(&world, other).await;
        until("the first messages", || async {
            (sent(&world, "plumbus two").len() >= 3).then_some(())
        })
        .await;
        assert_eq!(
            order(&world, id, "cancel").await.ok()["status"],
            "cancelled"
        );
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let cancelled = status(&world, id).await;
        let count = |name: &str| cancelled[name].as_i64().unwrap();
        assert_eq!(
            count("sent_count") as usize,
            sent(&world, "plumbus two").len()
        );
        assert_eq!(
            count("sent_count") + count("skipped_count"),
            30,
            "{cancelled}"
        );
        assert_eq!(count("waiting_count"), 0, "{cancelled}");
        assert_eq!(
            order(&world, id, "cancel").await.ok()["status"],
            "cancelled"
        );
        order(&world, id, "resume").await.refused(409);
        let list = world.get("/bots/booking/broadcasts").await.ok();
        let states: Vec<_> = list["broadcasts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|b| &b["status"])
            .collect();
        assert_eq!(states, ["cancelled", "completed"]);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_and_the_same_request_twice() {
    for engine in engines() {
        let world = world(&engine).await;
        met(&world, "Anna", "en").await;
        let at = jiff::Timestamp::now() + Duration::from_secs(3);
        let body =
            json!({ "audience": "active_1d", "message": "plumbus", "starts_at": at.to_string() });
        let post = async || {
            let path = "/bots/booking/broadcast";
            let key = [("Idempotency-Key", "the-same")];
            http::post(world.address(), path, &key, body.to_string().as_bytes())
                .await
                .ok()
        };
        let (first, second) = tokio::join!(post(), post());
        assert_eq!(first["broadcast_id"], second["broadcast_id"]);
        // A correction under the same key is not lost without a word.
        let mut corrected = body.clone();
        for (part, value) in [("message", "beans"), ("audience", "all")] {
            corrected[part] = json!(value);
            let key = [("Idempotency-Key", "the-same")];
            let text = corrected.to_string();
            let path = "/bots/booking/broadcast";
            let answer = http::post(world.address(), path, &key, text.as_bytes()).await;
            answer.refused(409);
        }
        for (part, value) in [
            ("on_ambiguous", json!("resend")),
            ("starts_at", Value::Null),
        ] {
            let mut corrected = body.clone();
            corrected[part] = value;
            let (path, text) = ("/bots/booking/broadcast", corrected.to_string());
            let key = [("Idempotency-Key", "the-same")];
            let answer = http::post(world.address(), path, &key, text.as_bytes()).await;
            answer.refused(409);
        }
        assert_eq!(first["status"], "scheduled");
        let id = first["broadcast_id"].as_i64().unwrap();
        assert_eq!(status(&world, id).await["started_at"], Value::Null);
        // One that is paused before its time waits for it again when it is resumed.
        assert_eq!(order(&world, id, "pause").await.ok()["status"], "paused");
        assert_eq!(
            order(&world, id, "resume").await.ok()["status"],
            "scheduled"
        );
        // Somebody who comes before it begins gets it too.
        met(&world, "Bo", "en").await;
        assert!(sent(&world, "plumbus").is_empty());
        let done = reaches(&world, id, "completed").await;
        assert_eq!(done["sent_count"], 2, "{done}");
        let started: jiff::Timestamp = done["started_at"].as_str().unwrap().parse().unwrap();
        assert!(started >= at, "{done}");
        assert_eq!(sent(&world, "plumbus").len(), 2);
        // The same request makes nothing else, however long ago that was; another one is late.
        let db = world.db();
        db.execute("UPDATE bf_broadcast SET starts = 1577836800000000")
            .await;
        let mut late = body.clone();
        late["starts_at"] = json!("2020-01-01T00:00:00Z");
        let text = late.to_string();
        for (key, made) in [("the-same", true), ("another", false)] {
            let (path, key) = ("/bots/booking/broadcast", [("Idempotency-Key", key)]);
            let answer = http::post(world.address(), path, &key, text.as_bytes()).await;
            if made {
                assert_eq!(answer.ok()["broadcast_id"], id);
            } else {
                answer.refused(400);
            }
        }
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_got_nothing_is_counted_and_not_named() {
    for engine in engines() {
        let world = world(&engine).await;
        let mut ids = Vec::new();
        for _ in 0..6 {
            ids.push(met(&world, "Anna", "en").await.user().id);
        }
        world.telegram().block(ids[5]);
        for fault in [Fault::AcceptThenClose, Fault::Flood(1)] {
            world.telegram().fail_next(Some("sendMessage"), fault);
        }
        let body = json!({ "audience": "all", "message": "plumbus" });
        let id = make(&world, body.clone()).await;
        let done = reaches(&world, id, "completed").await;
        let counts: Vec<_> = [
            "sent_count",
            "blocked_count",
            "ambiguous_count",
            "failed_count",
        ]
        .iter()
        .map(|name| done[name].as_i64().unwrap())
        .collect();
        assert_eq!(counts, [4, 1, 1, 0], "{done}");
        let failures = world
            .get(&format!("/bots/booking/broadcasts/{id}/failures"))
            .await;
        let text = failures.text();
        assert!(
            ids.iter().all(|id| !text.contains(&id.to_string())),
            "{text}"
        );
        let failures = failures.ok();
        let mut codes: Vec<_> = failures["failures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|failure| {
                (
                    failure["status"].as_str().unwrap(),
                    failure["code"].as_str().unwrap(),
                )
            })
            .collect();
        codes.sort_unstable();
        assert_eq!(codes, [("ambiguous", "no_answer"), ("blocked", "blocked")]);
        let bad = format!("/bots/booking/broadcasts/{id}/failures?offset=-1");
        world.get(&bad).await.refused(400);
        // Whoever has blocked the bot is not tried again.
        let preview = world
            .post("/bots/booking/broadcast/preview", &body)
            .await
            .ok();
        assert_eq!(preview["total_users"], 5);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_people_than_one_broadcast_may_have_are_refused() {
    let world = world(&Engine::default()).await;
    let people = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= 1000000) \
         INSERT INTO bf_person (bot, person, bot_id, first_name, first_seen, last_seen, private) \
         SELECT 4242, i, 'booking', 'x', 1, 1, 1 FROM n";
    world.db().execute(people).await;
    let body = json!({ "audience": "all", "message": "x" });
    let answer = world.post("/bots/booking/broadcast", &body).await;
    answer.refused(400);
    assert_eq!(answer.json()["error"]["code"], "validation_error");
    let made = "SELECT count(*) FROM bf_broadcast";
    assert_eq!(world.db().number(made).await, 0);
    world.stop().await;
}
