//! `/my` of bot `booking` (bots/booking/bot.yaml:65, `flow.generic.v1`).
//!
//! Effect: read (one query). Written by botgen; do not edit.

use runtime_core::prelude::*;

/// A row of the query at bots/booking/bot.yaml:70.
#[derive(Debug, Clone, PartialEq)]
pub struct Bookings {
    /// Column `id`.
    pub id: i64,
    /// Column `service`.
    pub service: String,
    /// Column `slot`.
    pub slot: Instant,
    /// Column `note`.
    pub note: Option<String>,
}

/// `/my`, bots/booking/bot.yaml:65. Effect: read (one query).
pub async fn enter(cx: &mut Cx) -> Handled {
    let bookings = select_bookings(cx).await?;
    let text = if bookings.is_empty() {
        no_bookings(cx.words())
    } else {
        reply_text(cx.words(), &bookings)
    };
    cx.reply(
        Message::new(text)
            .row([Button::command(btn_book(cx.words()), CommandLine::new("book"))]),
    );
    Ok(())
}

/// bots/booking/bot.yaml:70
async fn select_bookings(cx: &mut Cx) -> Result<Vec<Bookings>, HandlerError> {
    let bot_id = cx.bot_id();
    let user_id = cx.user_id();
    match cx.db().await? {
        Db::Sqlite(connection) => {
            let rows = sqlx::query!(
                r#"SELECT id, service, slot, note FROM bookings
WHERE bot_id = ?1 AND user_id = ?2
ORDER BY slot DESC
LIMIT 5"#,
                bot_id, user_id
            )
                .fetch_all(connection)
                .await?;
            rows.into_iter()
                .map(|row| Ok(Bookings {
                    id: row.id,
                    service: row.service,
                    slot: Instant::from_sql(row.slot)?,
                    note: row.note,
                }))
                .collect()
        }
        _ => Err(HandlerError::Bug("this build has no statement for the engine")),
    }
}

/// bots/booking/bot.yaml:66: t:cmd-my
pub fn cmd_my(words: &Words) -> Text {
    words.plain().say("cmd-my", Args::new())
}

/// bots/booking/bot.yaml:77: \<b>{{t:my-title {count=bookings | count}}}\</b> {{#each bookings}} {{@index}}. {…
fn reply_text(words: &Words, bookings: &[Bookings]) -> Text {
    let p = words.html();
    let mut out = p.begin();
    let shown_1 = p.t("my-title", Args::new().with("count", count(bookings)));
    writeln!(out, "<b>{shown_1}</b>");
    for (index, item) in (1_i64..).zip(bookings) {
        let shown_1 = p.s(label_of::<super::book::Service>(&item.service, words));
        let shown_2 = p.datetime(item.slot, Style::Pattern("d MMMM, HH:mm"));
        write!(out, "{}. {shown_1} — {shown_2}", p.int(index));
        if let Some(item_note) = item.note.as_deref() {
            write!(out, " <i>({})</i>", p.v(item_note));
        }
        out.push("\n");
        out.row();
    }
    out.end()
}

/// bots/booking/bot.yaml:81: t:no-bookings
fn no_bookings(words: &Words) -> Text {
    words.html().say("no-bookings", Args::new())
}

/// bots/booking/bot.yaml:83: t:btn-book
fn btn_book(words: &Words) -> Text {
    words.plain().say("btn-book", Args::new())
}
