//! Events, by hand and over HTTP.

use serde_json::Value;

use crate::support::{Channel, Home, World, until};

#[tokio::test(flavor = "multi_thread")]
async fn events_are_asked_for_over_http_and_by_hand() {
    let world = World::start_at(Channel::Webhook, Home::new()).await;
    let anna = world.person("Anna", "en");
    for words in [
        "/book",
        "nothing of it",
        "spa",
        "2030-01-15 14:00",
        "/skip",
        "/my",
    ] {
        anna.say(words).await;
    }
    let events = until("events", || async {
        let page = world.get("/bots/booking/events").await.ok();
        (page["events"].as_array().unwrap().len() >= 6).then_some(page)
    })
    .await;
    let all = events["events"].as_array().unwrap();
    let kinds: Vec<&str> = all.iter().map(|e| e["type"].as_str().unwrap()).collect();
    for kind in [
        "wizard_start",
        "wizard_refused",
        "wizard_step",
        "wizard_done",
        "command",
    ] {
        assert!(kinds.contains(&kind), "no {kind} in {kinds:?}");
    }
    assert!(!events.to_string().contains("nothing of it"));
    let user = all[0]["user_id"].as_i64().unwrap();
    let own = world
        .get(&format!(
            "/bots/booking/events?user_id={user}&type=wizard_done"
        ))
        .await
        .ok();
    assert_eq!(own["events"].as_array().unwrap().len(), 1);
    assert_eq!(own["log_user_id"].as_str().unwrap().len(), 16);
    let report = world.get("/bots/booking/events/report?hours=1").await.ok();
    assert_eq!(report["people"], 1);
    assert!(report["within_200_ms"].as_f64().unwrap() <= 1.0);
    world
        .get("/bots/booking/events?type=gossip")
        .await
        .refused(400);
    world.get("/bots/booking/events?limit=0").await.refused(400);
    world
        .get("/bots/booking/events/report?hours=0")
        .await
        .refused(400);
    world.get("/bots/plumbus/events").await.refused(404);
    let listed = world
        .home()
        .run(&["events", "booking", "--type", "wizard_done"], "")
        .await;
    let line: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(line["type"], "wizard_done");
    let report = world.home().run(&["events", "booking", "report"], "").await;
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert!(report["events"].as_i64().unwrap() >= 6);
    world.stop().await;
}
