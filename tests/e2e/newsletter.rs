//! The newsletter with a token: the segments that it declares, previews beside real people, a broadcast while it is away. On
//! SQLite, and on Postgres.

use std::time::Duration;

use serde_json::json;

use crate::broadcast::{Engine, engines, sent};
use crate::support::{Channel, Home, World, until};

/// The newsletter has a token here, and declares its segments.
const NEWSLETTER: (&str, &str) = (
    "BOTFACTORY_TOKEN_NEWSLETTER",
    "4545:AAnewsletterSECRETnewsletterSECRET",
);

async fn world(engine: &Engine) -> World {
    let home = Home::new().with(NEWSLETTER.0, NEWSLETTER.1);
    if let Some(url) = &engine.url {
        home.set("DATABASE_URL", url);
    }
    let world = World::start_at(Channel::Webhook, home).await;
    world.telegram().bot(NEWSLETTER.1);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_has_the_segments_that_it_declares() {
    for engine in engines() {
        let world = world(&engine).await;
        let segments =
            async || world.get("/bots/newsletter/segments").await.ok()["segments"].clone();
        let of = |segment: &str, people: i64| json!({ "segment": segment, "people": people });
        let empty = [of("events", 0), of("news", 0), of("offers", 0)];
        assert_eq!(segments().await, json!(empty));
        let broadcast = |segment: &str| {
            json!({ "audience": format!("segment:{segment}"), "message": "x",
                "starts_at": (jiff::Timestamp::now() + Duration::from_secs(3600)).to_string() })
        };
        let paths = [
            "/bots/newsletter/broadcast/preview",
            "/bots/newsletter/broadcast",
        ];
        // A slip is no segment; one that nobody has joined yet is.
        for path in paths {
            let words = world.post(path, &broadcast("nwes")).await.refused(400);
            assert!(
                words.contains("`nwes`") && words.contains("`news`"),
                "{words}"
            );
            world.post(path, &broadcast("news")).await.ok();
        }
        let slip = "/bots/newsletter/segments/nwes";
        world.get(slip).await.refused(404);
        world.post(slip, &json!({ "add": [7] })).await.refused(404);
        world.post(slip, &json!({ "remove": [7] })).await.ok();
        let news = "/bots/newsletter/segments/news";
        for nobody in [0, -7, 1_i64 << 60] {
            let body = json!({ "add": [7, nobody] });
            world.post(news, &body).await.refused(400);
        }
        assert_eq!(segments().await, json!(empty));
        world.post(news, &json!({ "add": [7, 7] })).await.ok();
        // People of a segment that an earlier build had are still reached, and can be taken out.
        let old = "INSERT INTO bf_segment (bot, segment, person, bot_id, at) VALUES (4545, 'old', 8, 'newsletter', 0)";
        world.db().execute(old).await;
        let all = [
            of("events", 0),
            of("news", 1),
            of("offers", 0),
            of("old", 1),
        ];
        assert_eq!(segments().await, json!(all));
        world.post(paths[0], &broadcast("old")).await.ok();
        world
            .post("/bots/newsletter/segments/old", &json!({ "remove": [8] }))
            .await
            .ok();
        world.post(paths[0], &broadcast("old")).await.refused(400);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_waits_for_a_bot_that_is_away() {
    for engine in engines() {
        let world = world(&engine).await;
        let people: Vec<String> = (1..=20)
            .map(|person| format!("(4545, {person}, 'newsletter', 'A', 1, 1, TRUE)"))
            .collect();
        let people = format!(
            "INSERT INTO bf_person (bot, person, bot_id, first_name, first_seen, last_seen, private) VALUES {}",
            people.join(", ")
        );
        world.db().execute(&people).await;
        let body = json!({ "audience": "all", "message": "plumbus", "throttle": { "per_sec": 5 } });
        let path = "/bots/newsletter/broadcast";
        let made = world.post(path, &body).await.ok();
        let path = format!("/bots/newsletter/broadcasts/{}", made["broadcast_id"]);
        let got = || sent(&world, "plumbus").len();
        until("the first messages", || async {
            (got() >= 3).then_some(())
        })
        .await;
        // The deployment goes on without its token: nothing is sent, and nothing is lost.
        world.home().set(NEWSLETTER.0, "");
        world.restart().await;
        world.get(&path).await.refused(409);
        let then = got();
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert_eq!(got(), then);
        let running = "SELECT count(*) FROM bf_broadcast WHERE state = 1";
        assert_eq!(world.db().number(running).await, 1);
        world.home().set(NEWSLETTER.0, NEWSLETTER.1);
        world.restart().await;
        let done = until("its end", || async {
            let status = world.get(&path).await.ok();
            (status["status"] == "completed").then_some(status)
        })
        .await;
        assert_eq!(done["sent_count"], 20, "{done}");
        let mut everybody: Vec<i64> = sent(&world, "plumbus").iter().map(|(id, _)| *id).collect();
        everybody.sort_unstable();
        assert_eq!(everybody, (1..=20).collect::<Vec<_>>());
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn previews_see_themselves_and_nobody_counts_them() {
    for engine in engines() {
        let world = world(&engine).await;
        let say = async |text: &str| {
            let body = json!({ "bot_id": "newsletter", "text": text });
            let reply = world.preview(body).await.ok();
            reply["bot_reply"].as_str().unwrap().to_owned()
        };
        let silent = "You get no letters.";
        assert!(!say("/mine").await.contains(silent));
        say("/stop").await;
        let mine = say("/mine").await;
        assert!(mine.contains(silent), "{mine}");
        let seen = "SELECT count(*) FROM bf_people WHERE bot_id = ";
        assert_eq!(world.db().number(&format!("{seen} 'newsletter'")).await, 0);
        assert_eq!(
            world
                .db()
                .number(&format!("{seen} 'preview:newsletter'"))
                .await,
            1
        );
        world.stop().await;
    }
}
