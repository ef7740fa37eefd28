//! Words that are code somewhere — SQL, templates, Fluent, markup, JSON, headers — through every field that a person controls,
//! in every example bot, on both engines. They are stored as they were written, printed as they were written, and do nothing.

use botfactory_lang::markup::{ParseMode, plain_text};
use serde_json::{Value, json};

use crate::ground::{Engine, Ground, VERA, message, payloads, press, say, steady};
use crate::wire::Wire;

const WORDS: &[&str] = &[
    // SQL
    "'; DROP TABLE bookings; --",
    "' OR '1'='1",
    "1); DELETE FROM answers; --",
    "x', 'y'); UPDATE bf_values SET value = ''; --",
    "\\'; DELETE FROM support_tickets; --",
    "$1 ?1 :user_id %s",
    "$$; DROP TABLE answers; $$",
    // Templates, in this language and in others
    "{{bot_id}} {{user.first_name}}",
    "{{#each bookings}}x{{/each}}",
    "{{t:booked}} {{{{",
    "t:menu-title",
    "${7*7} #{7*7} <%= 7*7 %>",
    // Fluent
    "{ $name } { -brand } { menu-title }",
    "}\nmenu-title = taken over\n{",
    "{\"\\u0041\"} { NUMBER($x) }",
    // Markup
    "<b>bold</b> & <i>italic",
    "</b></i></code></blockquote>",
    "<a href=\"https://evil.example/\">click</a>",
    "<script>alert(1)</script>",
    "<tg-spoiler>x</tg-spoiler><!-- -->]]>",
    "&lt;b&gt; &amp;amp; &#60;b&#62;",
    "*bold* _it_ __u__ ~s~ ||p|| `c` [x](https://evil.example/)",
    "```\ncode\n``` \\* \\",
    "\"><img src=x onerror=alert(1)>",
    // JSON and headers
    "\",\"text\":\"x\",\"a\":\"",
    "a\r\nX-Injected: yes\r\n\r\nHTTP/1.1 200 OK",
    // Letters
    "\u{202e}drawkcab\u{202c} \u{200b}\u{feff}x",
    "🏳️‍🌈👨‍👩‍👧‍👦 İıſẞ",
    "../../../../etc/passwd%00",
];

/// Where `words` may stand: the same person in every bot.
struct Attack<'a> {
    ground: &'a Ground,
    wire: Wire,
    person: i64,
    words: &'a str,
}

impl Attack<'_> {
    fn dressed(&self, mut update: Value) -> Value {
        // The attacker's own name is code too, in every update.
        for at in ["/message/from", "/callback_query/from"] {
            if let Some(from) = update.pointer_mut(at) {
                from["first_name"] = self.words.into();
                from["last_name"] = self.words.into();
                from["username"] = self.words.into();
            }
        }
        update
    }

    async fn send(&mut self, bot: &str, update: Value) -> Option<Value> {
        let update = self.dressed(update);
        let call = self.ground.hook(&mut self.wire, bot, update).await;
        if let Some(call) = &call {
            self.harmless(call);
        }
        call
    }

    async fn say(&mut self, bot: &str, text: &str) -> Option<Value> {
        self.send(bot, say(self.person, text)).await
    }

    /// Nothing of the words has become markup, a link or a value of ours.
    fn harmless(&self, call: &Value) {
        let text = call["text"].as_str().unwrap_or_default();
        let raw: &[&str] = match call["parse_mode"].as_str() {
            Some("HTML") => &["<a href=\"https://evil", "<script", "<img", "<tg-spoiler"],
            Some("MarkdownV2") => &["](https://evil", "||p||"],
            _ => &[],
        };
        for raw in raw {
            assert!(!text.contains(raw), "{raw} in {call}");
        }
        assert!(!text.contains("49 49"), "{call}");
    }

    /// The text of a call as people see it.
    fn shown(call: &Option<Value>) -> String {
        let call = call.as_ref().expect("an answer");
        let mode = match call["parse_mode"].as_str() {
            None => ParseMode::Plain,
            Some("HTML") => ParseMode::Html,
            Some(_) => ParseMode::MarkdownV2,
        };
        plain_text(mode, call["text"].as_str().unwrap_or_default())
    }
}

/// As texts are compared: controls and spaces may have been tidied up.
fn letters(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect()
}

async fn attack(ground: &Ground, person: i64, words: &str, hour: usize) {
    let mut a = Attack {
        ground,
        wire: Wire::new(ground.address()),
        person,
        words,
    };
    // The name is printed in the menu as it is written.
    let menu = a.say("booking", "/start").await;
    let shown = letters(&Attack::shown(&menu));
    let start: String = letters(words).chars().take(12).collect();
    assert!(shown.contains(&start), "{words:?} is shown as {shown:?}");
    // An answer is stored and printed as it is written.
    a.say("booking", "/quick").await;
    a.say("booking", "spa").await;
    let slot = format!("2031-{:02}-{:02} 14:00", 1 + hour / 28, 1 + hour % 28);
    a.say("booking", &slot).await;
    a.say("booking", words).await;
    ground.settled().await;
    let sql = format!("SELECT note FROM bookings WHERE user_id = {person}");
    let stored = ground.texts(&sql).await;
    assert_eq!(stored.len(), 1, "{words:?}");
    assert_eq!(letters(&stored[0]), letters(words));
    let list = a.say("booking", "/my").await;
    assert!(
        letters(&Attack::shown(&list)).contains(&letters(words)),
        "{list:?}"
    );
    // What is no answer, no command and no press.
    for text in [
        words.to_owned(),
        format!("/start {words}"),
        format!("/{words}"),
        format!("/cancel_booking {words}"),
    ] {
        a.say("booking", &text).await;
    }
    a.send(
        "booking",
        press(person, person, &words.chars().take(16).collect::<String>()),
    )
    .await;
    // Captions, files, contacts, places, shared data.
    for content in [
        json!({"photo": [{"file_id": words, "file_unique_id": words, "width": 1, "height": 1}], "caption": words}),
        json!({"document": {"file_id": words, "file_unique_id": "u", "file_name": words, "mime_type": words}, "caption": words}),
        json!({"contact": {"phone_number": words, "first_name": words, "last_name": words, "user_id": person, "vcard": words}}),
        json!({"venue": {"location": {"latitude": 1.0, "longitude": 2.0}, "title": words, "address": words}, "location": {"latitude": 1.0, "longitude": 2.0}}),
        json!({"sticker": {"file_id": words, "emoji": words, "set_name": words}}),
        json!({"poll": {"id": words, "question": words, "options": [{"text": words, "voter_count": 0}]}}),
        json!({"web_app_data": {"data": words, "button_text": words}}),
        json!({"text": "/start", "forward_origin": {"type": "hidden_user", "sender_user_name": words, "date": 1}}),
        json!({"new_chat_title": words}),
    ] {
        for bot in ["booking", "shop"] {
            a.send(bot, message(person, content.clone())).await;
        }
    }
    // A dialogue with a photo, and a text in a quotation.
    a.say("support", "/ticket").await;
    a.say("support", "other").await;
    let what = format!("{words} and ten letters");
    a.say("support", &what).await;
    let photo = json!({"photo": [{"file_id": "AgAC", "file_unique_id": "u", "width": 1, "height": 1}], "caption": words});
    a.send("support", message(person, photo)).await;
    ground.settled().await;
    let sql = format!("SELECT what FROM support_tickets WHERE user_id = {person}");
    let stored = ground.texts(&sql).await;
    assert_eq!(
        stored.iter().map(|s| letters(s)).collect::<Vec<_>>(),
        [letters(&what)]
    );
    let list = a.say("support", "/tickets").await.expect("a list");
    let close = payloads(&list)
        .into_iter()
        .find(|(label, _)| label.starts_with("✖️"))
        .expect("a button")
        .1;
    let sure = a.send("support", press(person, person, &close)).await;
    ground.settled().await;
    if let Some(sure) = sure.filter(|call| call["method"] == "sendMessage") {
        assert!(letters(&Attack::shown(&Some(sure))).contains(&start));
    }
    // A free answer behind branches.
    a.say("survey", "/survey").await;
    a.say("survey", "no").await;
    a.say("survey", words).await;
    a.say("survey", "yes").await;
    a.say("survey", words).await; // no e-mail address
    a.say("survey", "anna@example.org").await;
    ground.settled().await;
    let sql = format!("SELECT reason FROM answers WHERE user_id = {person}");
    let stored = ground.texts(&sql).await;
    assert_eq!(
        stored.iter().map(|s| letters(s)).collect::<Vec<_>>(),
        [letters(words)]
    );
}

async fn everywhere(engine: Engine) {
    let ground = Ground::with(engine, &[("RUST_LOG", "warn")]).await;
    ground.bystander().await;
    let before = ground.dump().await;
    for (at, words) in WORDS.iter().enumerate() {
        attack(&ground, 2000 + i64::try_from(at).unwrap(), words, at).await;
    }
    let after = ground.dump().await;
    let tables = |dump: &crate::ground::Dump| dump.keys().cloned().collect::<Vec<_>>();
    assert_eq!(tables(&before), tables(&after));
    assert_eq!(steady(&before, VERA), steady(&after, VERA));
    assert_eq!(before["bf_values"], after["bf_values"]);
    let output = ground.end().await;
    for words in WORDS {
        assert!(!output.contains(words), "{words:?} in {output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn through_every_field_sqlite() {
    everywhere(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn through_every_field_postgres() {
    everywhere(Engine::Postgres).await;
}
