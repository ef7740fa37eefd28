//! `/cancel_booking` of bot `booking` (bots/booking/bot.yaml:86, `flow.generic.v1`).
//!
//! Effect: write (a transaction). Written by botgen; do not edit.

use runtime_core::prelude::*;

/// `/cancel_booking`, bots/booking/bot.yaml:86. Effect: write (a transaction).
pub async fn enter(cx: &mut Cx, args: &str) -> Handled {
    let Ok((id,)) = arguments(args, cx.words()) else {
        cx.refuse_args("/cancel_booking <id: int>");
        return Ok(());
    };
    let gone = delete_bookings(cx, id).await?;
    let Some(gone) = gone else {
        cx.reply(Message::new(no_such_booking(cx.words())));
        return Ok(());
    };
    cx.reply(Message::new(cancelled(cx.words(), gone)));
    Ok(())
}

/// Reads the arguments, as typed or from a button.
fn arguments(args: &str, words: &Words) -> Result<(i64,), Refusal> {
    let mut reader = ArgReader::new(args, words);
    let id = reader.required(false, |given| given.int(Bounds { min: None, max: None }))?;
    Ok((id,))
}

/// bots/booking/bot.yaml:90
async fn delete_bookings(cx: &mut Cx, id: i64) -> Result<Option<Instant>, HandlerError> {
    let bot_id = cx.bot_id();
    let user_id = cx.user_id();
    match cx.db_write().await? {
        Db::Sqlite(connection) => {
            let value = sqlx::query_scalar!(
                "DELETE FROM bookings WHERE id = ?1 AND bot_id = ?2 AND user_id = ?3 RETURNING slot",
                id, bot_id, user_id
            )
                .fetch_optional(connection)
                .await?;
            value.map(|value| Ok(Instant::from_sql(value)?)).transpose()
        }
        _ => Err(HandlerError::Bug("this build has no statement for the engine")),
    }
}

/// bots/booking/bot.yaml:93: t:no-such-booking
fn no_such_booking(words: &Words) -> Text {
    words.html().say("no-such-booking", Args::new())
}

/// bots/booking/bot.yaml:94: t:cancelled {slot=gone}
fn cancelled(words: &Words, gone: Instant) -> Text {
    words.html().say("cancelled", Args::new().with("slot", gone))
}
