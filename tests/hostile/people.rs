//! What is stored about a person, over HTTP and at the command line, of a deployment that people have used.

use serde_json::Value;

use crate::ground::{Engine, Ground, VERA, payloads, press, rows_with, say, steady};
use crate::support::http;
use crate::wire::Wire;

const ANNA: i64 = 5_551_234;

async fn lived(ground: &Ground) {
    let mut wire = Wire::new(ground.address());
    for (bot, words) in [
        (
            "booking",
            &[
                "/lang",
                "/quick",
                "spa",
                "2031-02-03 15:00",
                "gluten-free words",
                "/book",
            ][..],
        ),
        (
            "support",
            &["/ticket", "other", "her own secret words", "/skip"],
        ),
        ("survey", &["/survey", "no", "words of a reason", "no"]),
    ] {
        for text in words {
            ground.hook(&mut wire, bot, say(ANNA, text)).await;
        }
    }
    ground.settled().await;
}

async fn exported_and_erased(engine: Engine) {
    let ground = Ground::new(engine).await;
    ground.bystander().await;
    lived(&ground).await;
    let theirs = steady(&ground.dump().await, VERA);
    let path = |bot: &str| format!("/bots/{bot}/people/{ANNA}");
    let export = async |bot: &str| -> Value { http::get(ground.address(), &path(bot)).await.ok() };
    let booking = export("booking").await;
    assert_eq!(booking["user_id"], ANNA);
    let tables = |export: &Value| -> Vec<String> {
        let tables = export["tables"].as_array().unwrap().iter();
        tables
            .map(|table| table["table"].as_str().unwrap().to_owned())
            .collect()
    };
    let found = tables(&booking);
    for table in ["bookings", "bf_outbox", "bf_conversations"] {
        assert!(found.iter().any(|t| t == table), "no {table} in {found:?}");
    }
    assert!(booking.to_string().contains("gluten-free words"));
    assert!(
        !booking.to_string().contains("her own secret words"),
        "another bot's"
    );
    assert!(
        export("support")
            .await
            .to_string()
            .contains("her own secret words")
    );
    assert!(
        export("survey")
            .await
            .to_string()
            .contains("words of a reason")
    );
    assert!(tables(&export("shop").await).is_empty());
    // The same at the command line.
    let output = ground
        .home
        .run(&["people", "booking", "export", &ANNA.to_string()], "")
        .await;
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(tables(&line), found);

    let erase =
        async |bot: &str| http::send(ground.address(), "DELETE", &path(bot), &[], b"").await;
    let done = erase("booking").await.ok();
    assert_eq!(done["erased"], true);
    assert!(done["rows"].as_i64().unwrap() >= 3, "{done}");
    assert!(tables(&export("booking").await).is_empty());
    assert_eq!(erase("booking").await.ok()["rows"], 0);
    // Of this bot only, until the others are asked.
    assert!(
        export("support")
            .await
            .to_string()
            .contains("her own secret words")
    );
    let output = ground
        .home
        .run(&["people", "erase", "support", &ANNA.to_string()], "")
        .await;
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("support_tickets: 1"));
    erase("survey").await.ok();

    // Nothing is left of her anywhere, and everything of others.
    let dump = ground.dump().await;
    let left = rows_with(&dump, ANNA);
    assert!(left.values().all(Vec::is_empty), "{left:#?}");
    for words in [
        "gluten-free words",
        "her own secret words",
        "words of a reason",
    ] {
        assert!(
            !dump.values().flatten().any(|row| row.contains(words)),
            "{words}"
        );
    }
    assert_eq!(steady(&dump, VERA), theirs);
    // She begins anew, her buttons of before do nothing.
    let mut wire = Wire::new(ground.address());
    assert!(
        ground
            .hook(&mut wire, "booking", say(ANNA, "/start"))
            .await
            .is_some()
    );

    http::get(ground.address(), "/bots/nobody/people/5")
        .await
        .refused(404);
    http::get(ground.address(), "/bots/booking/people/anna")
        .await
        .refused(404);
    // Nobody's number: it stands for whole groups, and for everybody who was erased.
    for nobody in ["0", "-0", "+0", "00"] {
        let path = format!("/bots/booking/people/{nobody}");
        for method in ["GET", "DELETE"] {
            let said = http::send(ground.address(), method, &path, &[], b"").await;
            said.refused(404);
        }
    }
    // The record says that it happened, and to nobody.
    let output = ground.end().await;
    assert!(output.contains("person's data"), "{output}");
    assert!(!output.contains(&ANNA.to_string()), "{output}");
}

/// What came before an erasure does nothing after it: neither an update that Telegram delivers again nor a button.
async fn nothing_of_before_comes_back(engine: Engine) {
    let ground = Ground::with(engine, &[("RUST_LOG", "warn")]).await;
    let mut wire = Wire::new(ground.address());
    let button = async |wire: &mut Wire| {
        let call = ground.hook(wire, "booking", say(ANNA, "/book")).await;
        let all = payloads(&call.expect("an answer"));
        let found = all.iter().find(|(text, _)| text.contains("Spa"));
        found.map(|(_, data)| data.clone()).expect("a choice")
    };
    let before = button(&mut wire).await;
    let mut again = say(ANNA, "/book");
    again["update_id"] = ground.next_id().into();
    ground
        .post(&mut wire, "booking", again.to_string().as_bytes())
        .await;
    ground.settled().await;
    let path = format!("/bots/booking/people/{ANNA}");
    http::send(ground.address(), "DELETE", &path, &[], b"")
        .await
        .ok();
    ground
        .post(&mut wire, "booking", again.to_string().as_bytes())
        .await;
    // Who is seen is written once a second.
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    let left = rows_with(&ground.dump().await, ANNA);
    assert!(left.values().all(Vec::is_empty), "{left:#?}");
    // She begins the same again: the same question at the same place.
    let fresh = button(&mut wire).await;
    assert_ne!(before, fresh);
    let stands = |dump| rows_with(&dump, ANNA)["bf_conversations"].clone();
    let waiting = stands(ground.dump().await);
    assert_eq!(waiting.len(), 1);
    let said = ground
        .hook(&mut wire, "booking", press(ANNA, ANNA, &before))
        .await;
    assert_eq!(said.expect("an answer")["method"], "answerCallbackQuery");
    assert_eq!(stands(ground.dump().await), waiting);
    ground
        .hook(&mut wire, "booking", press(ANNA, ANNA, &fresh))
        .await;
    assert_ne!(stands(ground.dump().await), waiting);
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_before_comes_back_sqlite() {
    nothing_of_before_comes_back(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_before_comes_back_postgres() {
    nothing_of_before_comes_back(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exported_and_erased_sqlite() {
    exported_and_erased(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exported_and_erased_postgres() {
    exported_and_erased(Engine::Postgres).await;
}
