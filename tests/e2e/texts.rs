//! Texts of the compiled bots, overridden while they run.

use serde_json::{Value, json};

use crate::support::http::{self, Answer};
use crate::support::{Channel, World, until};
use crate::words::EN;

async fn put(world: &World, locale: &str, texts: Value) -> Answer {
    let path = format!("/bots/booking/texts/{locale}");
    let body = json!({ "texts": texts }).to_string();
    http::send(world.address(), "PUT", &path, &[], body.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn other_words_in_every_place() {
    let world = World::start(Channel::Webhook).await;
    let anna = world.person("Anna", "en");
    anna.say("/start").await.only(EN.hello);
    let texts = json!({
        "menu-title": "Ahoy, <b>{ $name }</b>!",
        "btn-book": "Reserve",
        "hours": "Never on Sundays",
        "cmd-start": "The beginning",
        "svc-spa": "Sauna",
        "booked": "{ $service ->\n    [spa] <i>Steam</i>\n   *[other] Work\n}: { DATETIME($slot, dateStyle: \"short\") }",
        "bf-cancel": "Stop it",
    });
    let done = put(&world, "en", texts).await.ok();
    assert_eq!(done["set"].as_array().unwrap().len(), 7, "{done}");
    let menu = anna.say("/start").await;
    menu.only("Ahoy, Anna!");
    assert_eq!(menu.messages[0].labels()[0], ["Reserve"]);
    anna.press(EN.btn_hours).await.toast("Never on Sundays");
    let question = anna.press("Reserve").await;
    let labels: Vec<&str> = question.messages[0].labels().concat();
    assert!(
        labels.contains(&"Sauna") && labels.contains(&"Stop it"),
        "{labels:?}"
    );
    // What people read is what they may type.
    anna.say("sauna").await.only(EN.ask_slot);
    anna.say("2030-01-15 14:00").await.only(EN.ask_note);
    anna.press(EN.skip).await.expect("Steam: ");
    // Another language is not concerned.
    let ivan = world.person("Ivan", "ru");
    ivan.say("/start").await.only("Здравствуйте, Ivan");
    // The menu of commands is told again.
    until("the menu", || async {
        let commands = world.bot("booking").commands("en");
        let told = commands.contains(&("start".to_owned(), "The beginning".to_owned()));
        told.then_some(())
    })
    .await;
    let logs = world.node().await.logs().join("\n");
    assert!(logs.contains("speaks overridden texts"), "{logs}");
    assert!(!logs.contains("Ahoy") && !logs.contains("Sauna"), "{logs}");

    world.restart().await;
    anna.say("/start").await.only("Ahoy, Anna!");
    let reverted = http::send(
        world.address(),
        "DELETE",
        "/bots/booking/texts/en",
        &[],
        b"",
    )
    .await;
    assert_eq!(reverted.ok()["reverted"].as_array().unwrap().len(), 7);
    anna.say("/start").await.only(EN.hello);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_do_not_suit_are_refused_together() {
    let world = World::start(Channel::Preview).await;
    let anna = world.person("Anna", "en");
    let texts = json!({
        "menu-title": "Hi, <b>{ $nam }",
        "btn-book": "<b>Book</b>",
        "svc-spa": "💆 massage",
        "cmd-book": "x".repeat(300),
        "ask-note": "{\"\"}",
    });
    let refused = put(&world, "en", texts).await;
    refused.refused(422);
    let found = refused.json()["error"]["details"]["diagnostics"].clone();
    let mut said: Vec<(String, String)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            (
                f["code"].as_str().unwrap().to_owned(),
                f["key"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    said.sort();
    said.dedup();
    let wanted = [
        ("BF0412", "menu-title"),
        ("BF0430", "menu-title"),
        ("BF0431", "btn-book"),
        ("BF0432", "ask-note"),
        ("BF0437", "svc-spa"),
        ("BF0604", "cmd-book"),
    ];
    let wanted = wanted.map(|(code, key)| (code.to_owned(), key.to_owned()));
    assert_eq!(said, wanted, "{found:#}");
    let listed = world.get("/bots/booking/texts?overridden=true").await.ok();
    assert_eq!(listed["texts"], json!([]));
    anna.say("/start").await.only(EN.hello);
    world.stop().await;
}
