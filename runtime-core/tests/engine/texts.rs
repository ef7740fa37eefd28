//! Texts that are overridden at run time.

use std::sync::Arc;

use runtime_core::bot::Bot;
use runtime_core::clock::Clock;
use runtime_core::texts::Overrides;
use runtime_core::texts::desk::{AUTHOR, Desk, Done, Refused, WORDS_BYTES, Wanted};
use runtime_core::texts::told::Finding;

use super::bot::BOT;
use super::rig::{ANNA, Database, Rig};

fn desk(rig: &Rig) -> Desk<'_> {
    Desk::new(&rig.store, BOT.spec())
}

fn overrides(rig: &Rig) -> Overrides {
    Overrides::new(rig.store.clone(), rig.engine.clone())
}

async fn set(rig: &Rig, locale: &str, texts: &[(&str, &str)]) -> Result<Done, Refused> {
    let wanted = texts
        .iter()
        .map(|(key, words)| Wanted::new((*key).into(), (*words).into()));
    desk(rig).set(locale, "anna", wanted.collect()).await
}

fn faults(refused: Result<Done, Refused>) -> Vec<Finding> {
    match refused {
        Err(Refused::Faults(found)) => found,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_overridden_text_is_spoken_listed_kept_exported_and_reverted() {
    let mut rig = Rig::new().await;
    let live = overrides(&rig);
    let done = set(
        &rig,
        "en",
        &[("hello", "Ahoy, { $name }.\n"), ("bf-unknown", "Pardon?")],
    )
    .await
    .unwrap();
    assert_eq!(done.set, ["hello", "bf-unknown"]);
    // Not before it is read: an update keeps the texts that it began with.
    assert!(rig.say(ANNA, "/start").await.text().starts_with("Hello"));
    live.load().await.unwrap();
    assert_eq!(
        rig.say(ANNA, "/start").await.text(),
        "Ahoy, Anna &lt;b&gt;."
    );
    let done = set(&rig, "en", &[("hello", "Ahoy, { $name }.")])
        .await
        .unwrap();
    assert_eq!(
        (done.set.len(), done.unchanged),
        (0, vec!["hello".to_owned()])
    );

    let listed = desk(&rig).list(Some("en"), false).await.unwrap();
    let hello = listed.iter().find(|text| text.key == "hello").unwrap();
    assert_eq!(
        (hello.original.as_str(), hello.source),
        ("Hello, { $name }!", "bot")
    );
    assert_eq!(
        (&hello.used[..], &hello.variables[..]),
        (&["message"][..], &["name".to_owned()][..])
    );
    let over = hello.overridden.as_ref().unwrap();
    assert_eq!(
        (over.words.as_str(), over.author.as_str()),
        ("Ahoy, { $name }.", "anna")
    );
    assert!(!over.stale && !over.original_changed);
    let yes = listed.iter().find(|text| text.key == "bf-yes").unwrap();
    assert_eq!((yes.source, &yes.overridden), ("runtime", &None));
    assert_eq!(desk(&rig).list(None, true).await.unwrap().len(), 2);

    let export = desk(&rig).export("en").await.unwrap();
    assert_eq!(export, "hello = Ahoy, { $name }.\nbf-unknown = Pardon?\n");
    // What was exported is what is said: putting it back changes nothing.
    let done = desk(&rig).set_ftl("en", "anna", export).await.unwrap();
    assert_eq!(done.unchanged.len(), 2);

    let mut rig = rig.restart().await;
    overrides(&rig).load().await.unwrap();
    assert!(rig.say(ANNA, "/start").await.text().starts_with("Ahoy"));
    // The original words revert it, and so does reverting.
    let done = set(&rig, "en", &[("hello", "Hello, { $name }!")])
        .await
        .unwrap();
    assert_eq!(done.reverted, ["hello"]);
    let done = desk(&rig).revert(Some("en"), None, "boris").await.unwrap();
    assert_eq!(done.reverted, ["bf-unknown"]);
    assert_eq!(
        desk(&rig).revert(None, None, "boris").await.unwrap(),
        Done::default()
    );
    overrides(&rig).load().await.unwrap();
    assert!(rig.say(ANNA, "/start").await.text().starts_with("Hello"));
    assert_eq!(rig.count("bf_texts").await, 0);
    let authors = rig
        .texts("SELECT author FROM bf_text_history ORDER BY id")
        .await;
    let authors: Vec<_> = authors.into_iter().flatten().collect();
    assert_eq!(authors, ["anna", "anna", "anna", "boris"]);
}

#[tokio::test]
async fn what_does_not_suit_is_refused_with_all_its_errors_and_nothing_is_stored() {
    let rig = Rig::new().await;
    let wrong = [
        ("hello", "Hi <b>{ $nam }"),
        ("helo", "x"),
        ("bf-yes", "{ $x }"),
        ("bf-no", "Never"),
    ];
    let found = faults(set(&rig, "en", &wrong).await);
    let mut codes: Vec<&str> = found.iter().map(|f| f.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["BF0410", "BF0412", "BF0420", "BF0430"]);
    let missing = found.iter().find(|f| f.code == "BF0412").unwrap();
    assert_eq!(missing.message, "`hello` needs `nam` in `en`");
    let at = &missing.at;
    assert_eq!(
        (at.key.as_deref(), at.line, at.column),
        (Some("hello"), 1, Some(10))
    );
    assert_eq!(missing.notes[0].at.file.as_deref(), Some("bot.yaml"));
    let broken = "hello = fine { $name }\nbf-no = { $x\n";
    let found = faults(desk(&rig).set_ftl("en", "anna", broken.into()).await);
    assert_eq!((found[0].code, found[0].at.line), ("BF0416", 2));
    assert!(matches!(
        set(&rig, "fr", &[("hello", "x")]).await,
        Err(Refused::Locale)
    ));
    let bound = set(&rig, "en", &[("hello", &"x".repeat(WORDS_BYTES + 1))]).await;
    assert!(matches!(bound, Err(Refused::Bound(_))));
    // Postgres would not take the first; what the compiler refuses in a file is refused here.
    for words in ["a\0b", "a\u{1}b", "\u{7f}"] {
        let bound = set(&rig, "en", &[("hello", words)]).await;
        assert!(matches!(bound, Err(Refused::Bound(_))), "{words:?}");
    }
    let bound = desk(&rig)
        .set("en", &"a".repeat(AUTHOR + 1), Vec::new())
        .await;
    assert!(matches!(bound, Err(Refused::Bound(_))));
    for table in ["bf_texts", "bf_text_history", "bf_text_versions"] {
        assert_eq!(rig.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_text_of_an_older_build_is_set_aside_and_breaks_nothing() {
    let mut rig = Rig::new().await;
    set(
        &rig,
        "en",
        &[("hello", "Ahoy, { $name }"), ("bf-no", "Never")],
    )
    .await
    .unwrap();
    // The build that it was written for gave it more, and had another text.
    rig.execute("UPDATE bf_texts SET words = 'Ahoy, { $title } { $name }', original = 'Hi' WHERE key = 'hello'").await;
    rig.execute(
        "INSERT INTO bf_texts (bot, locale, key, words, original, author, at) VALUES \
         ('booking', 'en', 'gone', 'x', 'y', 'anna', 0), ('booking', 'fr', 'hello', 'x', 'y', 'anna', 0)",
    )
    .await;
    let live = overrides(&rig);
    live.load().await.unwrap();
    assert!(rig.say(ANNA, "/start").await.text().starts_with("Hello"));
    let metrics = String::from_utf8(runtime_core::telemetry::metrics::text()).unwrap();
    for counted in [r#"state="active"} 1"#, r#"state="stale"} 3"#] {
        let counted = format!(r#"text_overrides{{bot_id="booking",{counted}"#);
        assert!(metrics.contains(&counted), "no {counted} in {metrics}");
    }
    let all = desk(&rig).list(None, true).await.unwrap();
    let french: Vec<_> = all.iter().filter(|text| text.locale == "fr").collect();
    assert!(
        french.len() == 1 && french[0].overridden.as_ref().unwrap().stale,
        "{french:?}"
    );
    let listed = desk(&rig).list(Some("en"), true).await.unwrap();
    let said: Vec<_> = listed
        .iter()
        .map(|text| {
            let over = text.overridden.as_ref().unwrap();
            let code = over.finding.as_ref().map(|f| f.code);
            (text.key.as_str(), over.stale, over.original_changed, code)
        })
        .collect();
    let wanted = [
        ("bf-no", false, false, None),
        ("gone", true, true, Some("BF0410")),
        ("hello", true, true, Some("BF0412")),
    ];
    assert_eq!(said, wanted);
    assert_eq!(
        desk(&rig).export("en").await.unwrap(),
        "hello = Hello, { $name }!\nbf-no = Never\n"
    );
    // It stands in nobody's way, and goes like any other.
    set(&rig, "en", &[("hello", "Hey, { $name }")])
        .await
        .unwrap();
    live.load().await.unwrap();
    assert!(rig.say(ANNA, "/start").await.text().starts_with("Hey"));
    let done = desk(&rig).revert(None, None, "anna").await.unwrap();
    assert_eq!(done.reverted.len(), 4);
}

#[tokio::test]
async fn two_who_change_at_once_both_count() {
    let rig = Rig::new().await;
    let all = ["bf-yes", "bf-no", "bf-skip"].map(|key| {
        let rig = &rig;
        async move { set(rig, "ru", &[(key, "Слово")]).await }
    });
    let [a, b, c] = all;
    let (a, b, c) = tokio::join!(a, b, c);
    // Yes and no cannot be one word: whoever of the two came second was refused.
    let refused = [&a, &b]
        .iter()
        .filter(|done| matches!(done, Err(Refused::Faults(_))))
        .count();
    assert_eq!(refused, 1, "{a:?} {b:?}");
    assert_eq!(c.unwrap().set, ["bf-skip"]);
    assert_eq!(rig.count("bf_texts").await, 2);
    assert_eq!(
        rig.numbers("SELECT version FROM bf_text_versions").await,
        [2]
    );
}

/// Nobody sees half of a change: while texts are swapped again and again, every reply is one of them.
#[tokio::test(flavor = "multi_thread")]
async fn texts_are_swapped_as_a_whole() {
    let mut rig = Rig::new().await;
    let swapping = {
        let other = Rig::on(rig.database.clone(), rig.clock.clone(), 5000).await;
        let (store, engine) = (rig.store.clone(), rig.engine.clone());
        tokio::spawn(async move {
            let live = Overrides::new(store, engine);
            for turn in 0..20 {
                let words = if turn % 2 == 0 {
                    "Ahoy, { $name }"
                } else {
                    "Hey, { $name }"
                };
                set(&other, "en", &[("hello", words)]).await.unwrap();
                live.load().await.unwrap();
            }
            other.store.close().await;
        })
    };
    let mut seen = std::collections::BTreeSet::new();
    while !swapping.is_finished() {
        let text = rig.say(ANNA, "/start").await.text();
        let first = text.split(',').next().unwrap().to_owned();
        assert!(["Hello", "Ahoy", "Hey"].contains(&first.as_str()), "{text}");
        assert!(
            text.ends_with("Anna &lt;b&gt;") || text.ends_with("Anna &lt;b&gt;!"),
            "{text}"
        );
        seen.insert(first);
    }
    swapping.await.unwrap();
    assert!(seen.len() > 1, "{seen:?}");
    assert!(rig.say(ANNA, "/start").await.text().starts_with("Hey"));
}

#[tokio::test]
async fn history_has_a_bound() {
    let rig = Rig::on(Arc::new(Database::new()), Clock::fixed(1_800_000_000), 1).await;
    set(&rig, "en", &[("bf-no", "Never")]).await.unwrap();
    rig.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) \
         INSERT INTO bf_text_history (bot, locale, key, words, author, at) SELECT 'booking', 'en', 'bf-no', NULL, 'x', i FROM n",
    )
    .await;
    set(&rig, "en", &[("bf-no", "Not now")]).await.unwrap();
    assert_eq!(rig.count("bf_text_history").await, 1000);
}
