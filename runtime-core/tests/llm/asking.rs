//! One question: what is sent, what comes back, what is tried again.

use std::time::{Duration, Instant};

use runtime_core::llm::presets::Preset;
use runtime_core::llm::settings::LlmConfig;
use runtime_core::llm::{Answer, Ask, Field, Format, Kind, Output, Refused};
use runtime_core::testing::llm::{Act, Stub};
use serde_json::json;

use crate::rig::{KEY, choice, config, rig, said, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_asked_as_it_should_be() {
    let stub = Stub::start().await.unwrap();
    stub.say("  Hello!\u{7}\n");
    let rig = rig(config(&stub)).await;
    let answer = rig.ask(&text("Say hello to Anna")).await.unwrap();
    assert_eq!(
        answer,
        Answer {
            output: said("Hello!"),
            tokens: 10,
            cached: false,
        }
    );
    let asked = stub.asked().remove(0);
    assert_eq!(asked.authorization, Some(format!("Bearer {KEY}")));
    assert_eq!(asked.body["model"], "small");
    assert_eq!(asked.body["max_tokens"], 10);
    assert_eq!(asked.body["temperature"], json!(0.2));
    assert_eq!(asked.body["top_p"], json!(0.9));
    assert_eq!(asked.body["stream"], false);
    assert!(asked.body.get("response_format").is_none());
    assert!(asked.body.get("tools").is_none());
    assert!(!asked.message("system").contains("Anna"));
    let user = asked.message("user");
    assert!(user.contains("\nSay hello to Anna\n</data "), "{user}");
    assert!(!format!("{:?}", rig.llm).contains("hunter2"));
    assert!(!rig.metric("hunter2").await && !rig.metric("Anna").await);
}

fn record() -> Ask {
    Ask {
        format: Format::Record {
            fields: vec![Field {
                name: "guests".into(),
                kind: Kind::Int { min: 1, max: 9 },
                optional: false,
                about: "how many come".into(),
            }],
        },
        ..text("A table for three")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_has_a_schema_where_the_server_knows_them() {
    let stub = Stub::start().await.unwrap();
    stub.say("```json\n{\"guests\": 3}\n```");
    let rig = rig(config(&stub)).await;
    let Output::Record(found) = rig.ask(&record()).await.unwrap().output else {
        panic!("no record");
    };
    assert_eq!(found["guests"], 3);
    let body = stub.asked().remove(0).body;
    let schema = &body["response_format"]["json_schema"]["schema"];
    assert_eq!(schema["properties"]["guests"]["type"], "integer");

    stub.always(Act::NoSchemas("{\"guests\": 4}".to_owned()));
    assert!(rig.ask(&record()).await.is_ok());
    assert_eq!(stub.calls(), 3, "refused once, then told in words");
    assert!(rig.ask(&record()).await.is_ok());
    assert_eq!(stub.calls(), 4, "it remembers");
    let last = stub.asked().pop().unwrap();
    assert!(
        last.message("system")
            .contains("- guests (integer 1..9): how many come")
    );
    let counted = r#"llm_outputs_total{bot_id="shop",form="record",valid="true"} 3"#;
    assert!(rig.metric(counted).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_go_better_is_tried_again() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(LlmConfig {
        retries: 2,
        ..config(&stub)
    })
    .await;
    for (act, calls) in [
        (Act::Status(503, None), 2),
        (Act::Status(500, Some(0)), 2),
        (Act::Status(429, None), 2),
        (Act::Status(408, None), 2),
        (Act::Close, 2),
        (Act::Raw("<html>bad gateway</html>".to_owned()), 2),
        (Act::Raw("{\"choices\":[]}".to_owned()), 2),
    ] {
        let before = stub.calls();
        stub.next(act.clone());
        assert_eq!(
            rig.ask(&text("x")).await.unwrap().output,
            said("ok"),
            "{act:?}"
        );
        assert_eq!(stub.calls() - before, calls, "{act:?}");
    }
    for (act, why) in [
        (Act::Status(400, None), Refused::Failed),
        (Act::Status(401, None), Refused::Failed),
        (Act::Status(402, None), Refused::Failed),
        (Act::Status(413, None), Refused::Failed),
        (Act::Status(404, None), Refused::Failed),
        (Act::Status(422, None), Refused::Failed),
        (
            Act::Redirect("http://127.0.0.1:1/".to_owned()),
            Refused::Failed,
        ),
    ] {
        let before = stub.calls();
        stub.next(act.clone());
        assert_eq!(rig.ask(&text("x")).await, Err(why), "{act:?}");
        assert_eq!(stub.calls() - before, 1, "{act:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_its_form_is_asked_for_again_and_then_given_up() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(LlmConfig {
        retries: 2,
        ..config(&stub)
    })
    .await;
    stub.next(Act::Say("I think it might be one of them".to_owned()));
    stub.next(Act::Say("bug".to_owned()));
    let answer = rig.ask(&choice("It broke")).await.unwrap();
    assert_eq!(answer.output, Output::Choice("bug".to_owned()));
    assert_eq!(answer.tokens, 20, "both calls cost");
    stub.say("no idea");
    assert_eq!(rig.ask(&choice("It broke")).await, Err(Refused::Invalid));
    assert_eq!(stub.calls(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_ends_within_one_deadline() {
    let stub = Stub::start().await.unwrap();
    let mut config = config(&stub);
    config.deadline = Duration::from_millis(900);
    config.retries = 5;
    if let Some(upstream) = &mut config.upstream {
        upstream.timeout = Duration::from_millis(300);
    }
    let rig = rig(config).await;
    for act in [
        Act::Hang(Duration::from_secs(30)),
        Act::Slow(Duration::from_secs(30), "late".to_owned()),
        Act::Status(503, Some(3600)),
    ] {
        stub.always(act.clone());
        rig.llm.reset_breaker(crate::rig::SHOP).await;
        let began = Instant::now();
        assert!(rig.ask(&text("x")).await.is_err(), "{act:?}");
        assert!(began.elapsed() < Duration::from_millis(1500), "{act:?}");
    }
    stub.say("ok");
    rig.llm.reset_breaker(crate::rig::SHOP).await;
    assert!(rig.ask(&text("x")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_a_failure() {
    let stub = Stub::start().await.unwrap();
    let gone = config(&stub);
    drop(stub);
    let rig = rig(gone).await;
    assert_eq!(rig.ask(&text("x")).await, Err(Refused::Failed));
    assert_eq!(rig.used().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_model_every_question_is_refused_at_once() {
    let rig = rig(LlmConfig::default()).await;
    assert_eq!(rig.ask(&text("x")).await, Err(Refused::Disabled));
    let off = runtime_core::llm::Llm::off();
    assert_eq!(off.ask("shop", 1, &text("x")).await, Err(Refused::Disabled));
    assert!(!rig.llm.configured() && !rig.llm.healthy().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_switched_off_and_on() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(config(&stub)).await;
    rig.llm
        .set_settings("shop", Some(false), None)
        .await
        .unwrap();
    assert_eq!(rig.ask(&text("x")).await, Err(Refused::Disabled));
    assert!(rig.llm.ask("desk", 1, &text("x")).await.is_ok());
    assert_eq!(
        rig.llm.ask("other", 1, &text("x")).await,
        Err(Refused::Disabled)
    );
    rig.llm
        .set_settings("shop", Some(true), None)
        .await
        .unwrap();
    assert!(rig.ask(&text("x")).await.is_ok());
    assert!(rig.llm.healthy().await);
    stub.well(false);
    assert!(!rig.llm.healthy().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preset_of_the_bot_replaces_a_neutral_style() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(config(&stub)).await;
    let reply = "Your table is booked.";
    let ask = |style: Preset, most| {
        let ask = style.improve("p".into(), "en".into(), reply, most);
        ask.unwrap()
    };
    let asked = async |question: &Ask| {
        rig.ask(question).await.unwrap();
        let asked = stub.asked().pop().unwrap();
        (asked.message("system"), asked.body["max_tokens"].clone())
    };
    let (system, most) = asked(&ask(Preset::Neutral, None)).await;
    assert!(system.contains("friendlier") && most == 200, "{system}");
    let set = async |preset| {
        rig.llm
            .set_settings("shop", None, Some(preset))
            .await
            .unwrap();
    };
    set(Preset::Short).await;
    let (system, most) = asked(&ask(Preset::Neutral, Some(150))).await;
    assert!(system.contains("briefly") && most == 100, "{system}");
    set(Preset::Detailed).await;
    let (system, most) = asked(&ask(Preset::Neutral, Some(250))).await;
    assert!(system.contains("more detail") && most == 250, "{system}");
    // What the author has chosen stays.
    let (system, most) = asked(&ask(Preset::Short, None)).await;
    assert!(system.contains("briefly") && most == 100, "{system}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_calls_at_once_than_allowed() {
    let stub = Stub::start().await.unwrap();
    stub.always(Act::Slow(Duration::from_millis(30), "ok".to_owned()));
    let rig = rig(LlmConfig {
        parallel: 4,
        ..config(&stub)
    })
    .await;
    let asks: Vec<Ask> = (0..20).map(|n| text(&format!("number {n}"))).collect();
    let mut all = tokio::task::JoinSet::new();
    for ask in asks {
        let llm = rig.llm.clone();
        all.spawn(async move { llm.ask("shop", 1, &ask).await });
    }
    let answers = all.join_all().await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(stub.most_at_once(), 4);
}

/// A whole answer of the API with this choice.
fn whole(choice: serde_json::Value) -> Act {
    let usage = json!({"prompt_tokens": 7, "completion_tokens": 3});
    Act::Raw(json!({"choices": [choice], "usage": usage}).to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_answer_in_their_own_ways() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(config(&stub)).await;
    let parts = json!([
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "Hello"},
        {"type": "text", "text": ", Anna!"},
    ]);
    let plain = json!({"message": {"content": "Hello, Anna!"}});
    let Act::Raw(body) = whole(plain) else {
        panic!("no body");
    };
    for act in [
        whole(json!({"message": {"role": "assistant", "content": parts}})),
        // With more than anybody needs, and without an account of it.
        Act::Raw(json!({"id": 7, "choices": [{"index": 0, "logprobs": null, "finish_reason": "stop", "message":
            {"role": "assistant", "content": "Hello, Anna!", "refusal": null, "tool_calls": [], "reasoning_content": "hm"}},
            {"index": 1, "message": {"content": "Bye"}}], "system_fingerprint": null}).to_string()),
        Act::Bytes([&b"\xef\xbb\xbf"[..], body.as_bytes()].concat()),
        Act::Raw(format!("\r\n  {body}\n\n")),
        Act::Drip(Duration::from_millis(1), body.clone()),
        whole(json!({"message": {"content": "\u{feff}Hello, Anna!\u{feff}"}})),
    ] {
        stub.next(act.clone());
        let answer = rig.ask(&text("Greet Anna")).await;
        assert_eq!(answer.unwrap().output, said("Hello, Anna!"), "{act:?}");
    }
    for (act, why) in [
        // A call of a tool instead of words: there are no tools.
        (
            whole(
                json!({"finish_reason": "tool_calls", "message": {"role": "assistant", "tool_calls": [{"id": "1"}]}}),
            ),
            Refused::Invalid,
        ),
        (
            whole(json!({"message": {"content": "", "refusal": "I cannot help with that."}})),
            Refused::Moderated,
        ),
        (
            whole(json!({"message": {"content": [{"type": "image_url", "image_url": "x"}]}})),
            Refused::Invalid,
        ),
        (whole(json!({"text": "Hello"})), Refused::Failed),
        (whole(json!({"message": "Hello"})), Refused::Failed),
        (
            Act::Raw(json!({"error": {"message": "overloaded", "code": 503}}).to_string()),
            Refused::Failed,
        ),
        (
            // No text.
            Act::Bytes(
                body.bytes()
                    .map(|b| if b == b'A' { 0xff } else { b })
                    .collect(),
            ),
            Refused::Failed,
        ),
    ] {
        stub.next(act.clone());
        assert_eq!(rig.ask(&text("Greet Anna")).await, Err(why), "{act:?}");
        rig.llm.reset_breaker(crate::rig::SHOP).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_no_more_tokens_is_not_taken_for_whole() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(LlmConfig {
        retries: 2,
        ..config(&stub)
    })
    .await;
    let cut =
        |words: &str| whole(json!({"finish_reason": "length", "message": {"content": words}}));
    stub.always(cut("We are open on workdays from ni"));
    let answer = rig.ask(&text("When?")).await.unwrap();
    assert_eq!(answer.output, said("We are open on workdays from…"));
    // A choice that was said is said; what has not its form would not have it the next time either.
    stub.always(cut("bug: because it"));
    let answer = rig.ask(&choice("It broke")).await.unwrap();
    assert_eq!(answer.output, Output::Choice("bug".to_owned()));
    let before = stub.calls();
    stub.always(cut("{\"guests\": 3, \"wi"));
    assert_eq!(rig.ask(&record()).await, Err(Refused::Invalid));
    stub.always(cut("Let me think about it: the person says"));
    assert_eq!(rig.ask(&choice("It broke")).await, Err(Refused::Invalid));
    // Half of a reply is less than the author's own words.
    let reply = "Your table is booked for Friday at seven.";
    let improves = Preset::Short.improve("p".into(), "en".into(), reply, None);
    stub.always(cut("Your table is booked for"));
    assert_eq!(rig.ask(&improves.unwrap()).await, Err(Refused::Invalid));
    assert_eq!(stub.calls() - before, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_has_no_more_time_than_another() {
    let stub = Stub::start().await.unwrap();
    let mut config = config(&stub);
    if let Some(upstream) = &mut config.upstream {
        upstream.timeout = Duration::from_millis(300);
    }
    let rig = rig(config).await;
    stub.next(Act::Drip(Duration::from_millis(50), " ".repeat(1_000)));
    let began = Instant::now();
    assert_eq!(rig.ask(&text("x")).await, Err(Refused::TimedOut));
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_when_to_come_again() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(LlmConfig {
        retries: 1,
        ..config(&stub)
    })
    .await;
    let soon = jiff::Timestamp::now() + Duration::from_secs(4);
    let soon = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&soon);
    for (when, waits) in [
        (soon.unwrap().as_str(), true),
        ("1", true),
        ("Fri, 27 Nov 2015 15:00:00 GMT", false),
        // It is as if nothing was said.
        ("-5", false),
        ("1.5", false),
        ("soon", false),
        ("99999999999999999999999999", false),
    ] {
        stub.next(Act::Later(when.to_owned()));
        let (began, before) = (Instant::now(), stub.calls());
        assert!(rig.ask(&text("x")).await.is_ok(), "{when}");
        assert_eq!(stub.calls() - before, 2, "{when}");
        let waited = began.elapsed() >= Duration::from_secs(1);
        assert_eq!(waited, waits, "{when}");
    }
    // Longer than a question has: nobody waits for it.
    for when in ["3600", "Mon, 27 Nov 2215 15:00:00 GMT"] {
        stub.next(Act::Later(when.to_owned()));
        let (began, before) = (Instant::now(), stub.calls());
        assert_eq!(rig.ask(&text("x")).await, Err(Refused::Failed));
        assert!(began.elapsed() < Duration::from_secs(1) && stub.calls() - before == 1);
    }
}
