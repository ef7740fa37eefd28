//! Replies and bulk, ambiguity, and the classes of errors.

use super::*;

/// Messages of bulk to these chats.
fn bulk(chats: impl Iterator<Item = i64>) -> Vec<Call> {
    let message = |chat_id| {
        Call::SendMessage(SendMessage {
            chat_id,
            message_thread_id: None,
            text: "news".to_owned(),
            parse_mode: None,
            reply_markup: None,
        })
    };
    chats.map(message).collect()
}

fn counted(policy: &str) -> u64 {
    let m = crate::telemetry::metrics::metrics().unwrap();
    m.outbox_ambiguous
        .with_label_values(&["booking", policy])
        .get()
}

#[tokio::test]
async fn a_reply_that_may_be_skipped_is_never_sent_twice() {
    let mut bench = Bench::new("skip").await;
    bench.start();
    let before = counted("skip");
    // No answer: it has arrived, as it happens.
    bench.telegram.fail_next(None, Fault::AcceptThenClose);
    let mut row = bench.row(1, 0, 42, "once", 60).await;
    row.flags = flags(OnAmbiguous::Skip);
    bench.sender.send(vec![row]);
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["once"]);
    // A lease that ended unmarked: nothing is sent.
    bench.row(2, 0, 42, "perhaps", -1).await;
    bench
        .set("UPDATE bf_outbox SET flags = 1 WHERE update_id = 2")
        .await;
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["once"]);
    assert_eq!(counted("skip"), before + 2);
    // An edit is simply repeated.
    let sent = bench
        .bot
        .shown()
        .first()
        .map(|m| m.message_id)
        .unwrap_or_default();
    bench
        .telegram
        .fail_next(Some("editMessageText"), Fault::Status(502));
    let mut row = bench.row(3, 0, 42, "", 60).await;
    row.flags = flags(OnAmbiguous::Skip);
    row.call = Call::EditMessageText(EditMessageText {
        chat_id: 42,
        message_id: sent,
        text: "changed".to_owned(),
        parse_mode: None,
        reply_markup: None,
    });
    bench.sender.send(vec![row]);
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["changed"]);
    assert_eq!(counted("skip"), before + 2);
    bench.end().await;
}

#[tokio::test]
async fn a_direct_call_follows_its_policy_too() {
    let bench = Bench::new("direct-skip").await;
    for (policy, taken) in [(OnAmbiguous::Skip, true), (OnAmbiguous::Resend, false)] {
        let before = counted(policy.name());
        bench.telegram.fail_next(None, Fault::AcceptThenClose);
        let call = bulk(std::iter::once(42)).remove(0);
        let told = bench.sender.direct(BOT, Outgoing::new(call, policy)).await;
        assert_eq!(told.is_ok(), taken);
        assert!(counted(policy.name()) > before);
    }
    bench.end().await;
}

#[tokio::test]
async fn bulk_waits_for_replies_and_never_the_other_way() {
    let mut bench = Bench::new("bulk").await;
    // More than the bulk limit lets out at once, stored twice under one name.
    for _ in 0..2 {
        let calls = bulk(1000..1080);
        bench.store.store_bulk(BOT, 7, calls, None).await.unwrap();
    }
    assert_eq!(bench.unsent().await, 80);
    bench.start();
    bench
        .bot
        .wait(|| (bench.telegram.calls().len() >= 20).then_some(()))
        .await;
    let began = std::time::Instant::now();
    for update in 1..=30 {
        let row = bench.row(update, 0, 1000 + update, "reply", 60).await;
        bench.sender.send(vec![row]);
    }
    bench
        .bot
        .wait(|| (bench.texts().iter().filter(|t| *t == "reply").count() == 30).then_some(()))
        .await;
    // Bulk alone needs more than two seconds for what is left of it.
    assert!(began.elapsed() < Duration::from_millis(1500));
    bench.until_marked().await;
    let news = bench.texts().iter().filter(|t| *t == "news").count();
    assert_eq!(news, 80);
    bench.end().await;
}

#[tokio::test]
async fn bulk_that_may_have_arrived_is_not_repeated() {
    let mut bench = Bench::new("bulk-skip").await;
    bench.telegram.fail_next(None, Fault::AcceptThenClose);
    let calls = bulk(1..2);
    bench.store.store_bulk(BOT, 1, calls, None).await.unwrap();
    bench.start();
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["news"]);
    bench.end().await;
}

#[tokio::test]
async fn an_unreachable_chat_is_remembered_until_it_is_heard_of() {
    let mut bench = Bench::new("unreachable").await;
    let calls = bulk(42..44);
    bench.store.store_bulk(BOT, 1, calls, None).await.unwrap();
    bench.telegram.fail_next(None, Fault::Blocked);
    let row = bench.row(1, 0, 42, "never", 60).await;
    bench.sender.send(vec![row]);
    bench
        .bot
        .wait(|| (bench.telegram.calls().len() == 1).then_some(()))
        .await;
    for _ in 0..200 {
        if bench.store.unreachable(BOT, 42).await.unwrap() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // What waited for it is gone and counted, and nothing more is stored for it.
    let counted = || {
        let m = crate::telemetry::metrics::metrics().unwrap();
        [&m.unreachable, &m.outbox_dropped].map(|c| c.with_label_values(&["booking"]).get())
    };
    bench.bot.wait(|| (counted() >= [1, 1]).then_some(())).await;
    let calls = bulk(42..43);
    bench.store.store_bulk(BOT, 2, calls, None).await.unwrap();
    bench.start();
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["news"]);
    assert!(bench.store.unreachable(BOT, 42).await.unwrap());
    let heard = bench.store.clock().micros();
    bench.store.heard.hear(BOT, 42, heard - 60_000_000);
    bench.store.forget_unreachable().await.unwrap();
    assert!(bench.store.unreachable(BOT, 42).await.unwrap());
    bench.store.heard.hear(BOT, 42, heard + 1);
    bench.store.forget_unreachable().await.unwrap();
    assert!(!bench.store.unreachable(BOT, 42).await.unwrap());
    bench.end().await;
}

#[tokio::test]
async fn a_dead_token_and_a_rival_are_waited_out_and_in_the_end_recorded() {
    let bench = Bench::new("patience").await;
    for (update, status, code) in [
        (1, 401, "telegram_token"),
        (2, 409, "telegram_conflict"),
        (3, 502, "telegram_unavailable"),
    ] {
        // Chats of their own: one that waits keeps what is newer waiting.
        if status != 502 {
            bench
                .telegram
                .fail_next(Some("sendMessage"), Fault::Status(status));
            let row = bench.row(update, 0, 40 + update, "later", 60).await;
            bench.sender.send(vec![row]);
            for _ in 0..200 {
                if bench.sender.waiting() == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // Given back for a minute, and surely not sent.
            assert_eq!(bench.unsent().await, update);
            let due = bench.store.lease_expired(Class::Reply, 9).await.unwrap();
            assert!(due.is_empty(), "{status}");
        }
        bench
            .telegram
            .fail_next(Some("sendMessage"), Fault::Status(status));
        let mut row = bench.row(10 + update, 0, 50 + update, "never", 60).await;
        row.attempts = super::super::backoff::ATTEMPTS - 1;
        bench.sender.send(vec![row]);
        let mut codes = Vec::new();
        for _ in 0..200 {
            let letters = bench.store.letters(BOT, 0).await.unwrap();
            codes = letters.into_iter().map(|letter| letter.code).collect();
            if codes.len() == usize::try_from(update).unwrap() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(codes.last().map(String::as_str), Some(code));
    }
    assert!(bench.texts().is_empty());
    bench.end().await;
}
