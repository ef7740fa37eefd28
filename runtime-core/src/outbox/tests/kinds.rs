//! Calls that name an earlier row; files and albums.

use super::*;

/// Calls about the message of row `n` of update 1.
fn revise(n: i64, text: &str) -> Call {
    Call::ReviseSent(ReviseSent {
        row: SentRow { update_id: 1, n },
        message: SendMessage {
            chat_id: 42,
            message_thread_id: None,
            text: text.to_owned(),
            parse_mode: None,
            reply_markup: None,
        },
    })
}

fn withdraw(n: i64) -> Call {
    Call::WithdrawSent(WithdrawSent {
        row: SentRow { update_id: 1, n },
        chat_id: 42,
    })
}

#[tokio::test]
async fn a_call_finds_the_message_of_an_earlier_row() {
    let mut bench = Bench::new("revise").await;
    bench.start();
    let mut rows = Vec::new();
    for n in 0..2 {
        let mut row = bench.row(1, n, 42, &format!("row {n}"), 60).await;
        row.flags = FLAG_KEEP;
        rows.push(row);
    }
    // Behind them in the same lane, before anything was marked.
    let mut edit = bench.row(2, 0, 42, "", 60).await;
    edit.call = revise(1, "edited");
    rows.push(edit);
    bench.sender.send(rows);
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["row 0", "edited"]);
    let ids: Vec<i64> = bench.bot.shown().iter().map(|m| m.message_id).collect();
    // The same words again: not modified is done.
    let mut again = bench.row(3, 0, 42, "", 60).await;
    again.call = revise(1, "edited");
    let mut gone = bench.row(4, 0, 42, "", 60).await;
    gone.call = withdraw(0);
    let mut twice = bench.row(5, 0, 42, "", 60).await;
    twice.call = withdraw(0);
    bench.sender.send(vec![again, gone, twice]);
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["edited"]);
    // What cannot be changed any more, or was never sent, is sent anew; from then on that is the row's message.
    let mut anew = bench.row(6, 0, 42, "", 60).await;
    anew.call = revise(0, "anew");
    let mut never = bench.row(7, 0, 42, "", 60).await;
    never.call = revise(9, "never sent");
    let mut nothing = bench.row(8, 0, 42, "", 60).await;
    nothing.call = withdraw(8);
    bench.sender.send(vec![anew, never, nothing]);
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["edited", "anew", "never sent"]);
    let key = |n| RowKey {
        bot: BOT,
        update_id: 1,
        n,
    };
    let new = bench.bot.shown()[1].message_id;
    assert_eq!(
        bench.store.sent_as(key(0)).await.unwrap(),
        SentAs::Message(new)
    );
    assert_eq!(
        bench.store.sent_as(key(1)).await.unwrap(),
        SentAs::Message(ids[1])
    );
    assert_eq!(bench.store.sent_as(key(9)).await.unwrap(), SentAs::Never);
    let dead = bench.store.dead_letters().await.unwrap();
    assert_eq!(dead, 0);
    bench.end().await;
}

#[tokio::test]
async fn a_call_waits_for_the_row_that_it_names() {
    let mut bench = Bench::new("revise-waits").await;
    // Another instance's, which gives it up in a moment.
    bench.row(1, 0, 42, "first", 1).await;
    bench.set("UPDATE bf_outbox SET flags = 2").await;
    bench.start();
    let mut edit = bench.row(2, 0, 42, "", 60).await;
    edit.call = revise(0, "edited");
    bench.sender.send(vec![edit]);
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["edited"]);
    let calls = bench.telegram.calls();
    let methods: Vec<_> = calls.iter().map(|call| call.method.as_str()).collect();
    assert_eq!(methods, ["sendMessage", "editMessageText"]);
    bench.end().await;
}

#[tokio::test]
async fn files_and_albums_leave_in_order_and_an_album_is_its_messages() {
    let mut bench = Bench::new("files").await;
    bench.start();
    let item = |kind, media: &str| AlbumItem {
        kind,
        media: media.to_owned(),
        caption: None,
        parse_mode: None,
    };
    let album = SendMediaGroup::new(
        -42,
        (0..10)
            .map(|n| item(AlbumKind::Photo, &format!("id{n}")))
            .collect(),
    )
    .unwrap();
    let photo = |chat_id, photo: &str| {
        Call::SendPhoto(SendPhoto {
            chat_id,
            message_thread_id: None,
            photo: photo.to_owned(),
            caption: Some("caption".to_owned()),
            parse_mode: None,
            reply_markup: None,
        })
    };
    let mut rows = Vec::new();
    for (n, call) in [
        photo(-42, "https://example.org/a.jpg"),
        Call::SendMediaGroup(album.clone()),
        photo(-42, "not an id"),
    ]
    .into_iter()
    .enumerate()
    {
        let n = i64::try_from(n).unwrap();
        let mut row = bench.row(1, n, -42, "", 60).await;
        row.call = call;
        rows.push(row);
    }
    bench.sender.send(rows);
    bench.until_marked().await;
    let texts = bench.texts();
    assert_eq!(texts.len(), 11);
    assert_eq!(texts[0], "[photo https://example.org/a.jpg] caption");
    assert_eq!(texts[10], "[photo id9] ");
    // The wrong one is a dead letter.
    let letters = bench.store.letters(BOT, 0).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].method.as_deref(), Some("sendPhoto"));
    // 12 of the group's 20 are used: another album fits, after which nothing does for a minute.
    assert!(bench.sender.open(BOT, -42));
    let mut row = bench.row(2, 0, -42, "", 60).await;
    row.call = Call::SendMediaGroup(album);
    bench.sender.send(vec![row]);
    bench.until_marked().await;
    assert_eq!(bench.texts().len(), 21);
    assert!(!bench.sender.open(BOT, -42));
    bench.end().await;
}
