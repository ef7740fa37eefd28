//! The management API of the built binary.

use serde_json::{Value, json};

use crate::support::world::assert_discreet;
use crate::support::{BOOKING_TOKEN, Channel, World, http, until};
use crate::words::EN;

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_told_taken_away_and_set_again() {
    let world = World::start(Channel::Webhook).await;
    let path = "/bots/booking/webhook";
    let known = world.get(path).await.ok();
    assert_eq!(known["webhook_ok"], true, "{known}");
    assert_eq!(known["url"], known["expected_url"]);
    assert_eq!(
        world.get("/bots/booking/status").await.ok()["webhook_ok"],
        true
    );
    let gone = world.post(path, &json!({"delete": true})).await.ok();
    assert_eq!(
        gone,
        json!({"bot_id": "booking", "webhook_ok": true, "url": null})
    );
    let known = world.get(path).await.ok();
    assert_eq!(
        (&known["webhook_ok"], &known["url"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(
        world.get("/bots/booking/status").await.ok()["webhook_ok"],
        false
    );
    let set = world.post(path, &json!({"set": true})).await.ok();
    assert_eq!(set["url"], known["expected_url"]);
    assert_eq!(
        world.get("/bots/booking/status").await.ok()["webhook_ok"],
        true
    );
    world.person("Anna", "en").say("/help").await.only(EN.help);
    world.post(path, &json!({})).await.refused(400);
    world
        .post("/bots/nobody/webhook", &json!({"set": true}))
        .await
        .refused(404);
    // No token: nothing to tell Telegram.
    world
        .post("/bots/shop/webhook", &json!({"set": true}))
        .await
        .refused(409);
    let text = world.get(path).await.text();
    assert_discreet(&text);
    assert!(!text.contains(BOOKING_TOKEN));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_polling_there_is_no_webhook_to_set() {
    let world = World::start(Channel::Polling).await;
    let said = world
        .post("/bots/booking/webhook", &json!({"set": true}))
        .await;
    assert!(said.refused(409).contains("BOTFACTORY_PUBLIC_URL"));
    let status = world.get("/bots/booking/status").await.ok();
    assert_eq!(
        (&status["mode"], &status["webhook_ok"]),
        (&json!("polling"), &json!(false))
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locales_and_keys_by_the_previous_names() {
    let world = World::start(Channel::Webhook).await;
    let anna = world.person("Anna", "en");
    anna.say("/start").await.only(EN.hello);
    let id = anna.user().id;
    let body = json!({"locale": "ru", "user_id": id});
    world.post("/bots/booking/i18n/locale", &body).await.ok();
    anna.say("/start").await.only("Здравствуйте, Anna");
    let body = json!({"locale": "ru", "keys": {"menu-title": "Привет!"}});
    let done = world.post("/bots/booking/i18n/keys", &body).await.ok();
    assert_eq!(
        (&done["keys_count"], &done["success"]),
        (&json!(1), &json!(true)),
        "{done}"
    );
    anna.say("/start").await.only("Привет!");
    let keys = world.get("/bots/booking/i18n/keys?locale=ru").await.ok();
    assert_eq!(keys["keys"]["menu-title"], "Привет!");
    assert_eq!(keys["keys_count"], keys["keys"].as_object().unwrap().len());
    let english = world
        .get("/bots/booking/i18n/keys?locale=en&limit=1")
        .await
        .ok();
    assert_eq!(english["keys_count"], 1);
    assert!(english["next"].is_string());
    let wrong = json!({"locale": "ru", "keys": {"menu-title": "{ $nobody }"}});
    world
        .post("/bots/booking/i18n/keys", &wrong)
        .await
        .refused(422);
    world
        .get("/bots/booking/i18n/keys?locale=xx")
        .await
        .refused(400);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_compiled_is_told_and_data_goes() {
    let world = World::start(Channel::Preview).await;
    let spec = world.get("/bots/booking/spec").await.ok();
    let commands = spec["commands"].as_array().unwrap();
    let book = commands
        .iter()
        .find(|one| one["command"] == "book")
        .unwrap();
    assert_eq!(book["block"], "flow.wizard.v1");
    assert_eq!(book["dialogue"]["steps"][0]["var"], "service", "{book}");
    let queries = book["queries"].as_array().unwrap();
    let inserts = queries.iter().any(|query| {
        let sql = query["sql"]["sqlite"].as_str().unwrap();
        query["writes"] == true && sql.contains("INSERT INTO bookings")
    });
    assert!(inserts, "{queries:?}");
    assert_eq!(spec["tables"][0]["name"], "bookings");
    let graph = world.get("/bots/booking/graph").await.ok();
    let edges = graph["edges"].as_array().unwrap();
    assert!(
        edges.contains(&json!({"from": "/start", "to": "/book", "by": "button"})),
        "{graph}"
    );
    assert!(
        edges.iter().any(|edge| edge["to"] == "/book complete"),
        "{graph}"
    );
    let drawn = world.get("/bots/booking/graph?format=mermaid").await.text();
    assert!(drawn.starts_with("flowchart TD\n"), "{drawn}");
    for bot in ["booking", "shop", "support", "survey"] {
        let said = world
            .post(&format!("/bots/{bot}/validate"), &json!({}))
            .await
            .ok();
        assert_eq!(
            (&said["ok"], &said["errors"]),
            (&json!(true), &json!([])),
            "{said}"
        );
        let said = world
            .post(&format!("/bots/{bot}/prepare"), &json!({}))
            .await
            .ok();
        assert_eq!(said["migrations_pending"], json!([]), "{said}");
    }
    // A booking, and then none.
    for text in ["/book", "spa", "2030-01-15 14:00", "/skip"] {
        let body = json!({"bot_id": "booking", "text": text, "locale": "en"});
        world.preview(body).await.ok();
    }
    assert_eq!(world.db().bookings().await, 1);
    let delete = async |path: &str| http::send(world.address(), "DELETE", path, &[], b"").await;
    // Whoever names a bot to be sure names this one.
    delete("/bots/booking/data?confirm=shop").await.refused(400);
    assert_eq!(world.db().bookings().await, 1);
    let gone = delete("/bots/booking/data").await.ok();
    assert_eq!(
        (&gone["data_cleared"], &gone["rows"]),
        (&json!(true), &json!(1)),
        "{gone}"
    );
    assert_eq!(world.db().bookings().await, 0);
    // Every bot's statements run: those of a bot without a row too.
    for bot in ["shop", "support", "survey"] {
        let gone = delete(&format!("/bots/{bot}/data?confirm={bot}"))
            .await
            .ok();
        assert_eq!(gone["data_cleared"], true, "{gone}");
    }
    let logs = world.node().await.logs().join("\n");
    assert!(logs.contains("deleted by an operator"), "{logs}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_is_remembered() {
    let world = World::start(Channel::Preview).await;
    let at = async || {
        let status = world.get("/bots/survey/status").await.ok();
        status["last_reload_at"].as_str().unwrap().to_owned()
    };
    let first = at().await;
    assert_eq!(at().await, first, "it is no clock");
    world.post("/bots/survey/reload", &json!({})).await.ok();
    until("a later moment", async || {
        (at().await > first).then_some(())
    })
    .await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_served() {
    let world = World::start(Channel::Preview).await;
    let api = world.get("/openapi.json").await.ok();
    for path in [
        "/bots/{id}/status",
        "/bots/{id}/spec",
        "/bots/{id}/data",
        "/tg/{bot_id}",
    ] {
        assert!(api["paths"][path].is_object(), "{path}");
    }
    let page = world.get("/docs").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(
        text.contains("/openapi.json") && !text.contains("https://"),
        "nothing from elsewhere"
    );
    world.stop().await;
}
