//! The scripts of the writer: reading where a person stands, and storing what an update did together with its claim. One
//! script each, because every call to the connection is a hop to sqlx's worker thread.
//!
//! Parameters are written `$N`: sqlx binds `?N` wrongly in a script whose later statements skip numbers.

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use crate::store::conversation::{Effects, Found, Key, Stand, json_rows};
use crate::store::outbox::{STATE_OFFERED, STATE_RODE, decode};

/// Opens the update's savepoint, looks for its claim and reads the conversation.
///
/// The claim is looked up by its key every time: within this statement that costs about a microsecond, less than keeping
/// the greatest claimed id on a row that most updates would otherwise not write.
pub(crate) async fn open(
    connection: &mut SqliteConnection,
    key: Key,
    update_id: i64,
) -> Result<Found, sqlx::Error> {
    let rows = sqlx::query(
        "SAVEPOINT u;
         SELECT o.state, o.call, c.run, c.expires, c.waiting, c.version FROM (SELECT 1) \
         LEFT JOIN bf_outbox o ON o.bot = $1 AND o.update_id = $2 AND o.n = 0 \
         LEFT JOIN bf_conversations c ON c.bot = $1 AND c.chat = $3 AND c.person = $4 AND c.thread = $5",
    )
    .bind(key.bot)
    .bind(update_id)
    .bind(key.chat)
    .bind(key.person)
    .bind(key.thread)
    .fetch_all(connection)
    .await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    if let Some(state) = row.try_get::<Option<i64>, _>(0)? {
        let call: Option<String> = row.try_get(1)?;
        let offered = call.filter(|_| matches!(state, STATE_OFFERED | STATE_RODE));
        // A call that only another build can read: handled all the same.
        return Ok(Found::Duplicate(
            offered.and_then(|call| decode(&call).ok()),
        ));
    }
    Ok(Found::Row(Stand {
        run: row.try_get::<Option<i64>, _>(2)?.unwrap_or(0),
        expires: row.try_get::<Option<i64>, _>(3)?.unwrap_or(0),
        waiting: row.try_get(4)?,
        version: row.try_get::<Option<i64>, _>(5)?.unwrap_or(0),
    }))
}

/// Whether somebody waits there, seen by a reader: enough to ignore the talk of a group.
pub(crate) async fn waits(
    connection: &mut SqliteConnection,
    key: Key,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM bf_conversations \
         WHERE bot = $1 AND chat = $2 AND person = $3 AND thread = $4 AND waiting IS NOT NULL)",
    )
    .bind(key.bot)
    .bind(key.chat)
    .bind(key.person)
    .bind(key.thread)
    .fetch_one(connection)
    .await
}

macro_rules! claim {
    () => {
        "INSERT INTO bf_outbox (bot, update_id, n, chat, at, state, lease_until, call, flags) \
         VALUES ($1, $2, 0, $7, $6, $8, $9, $10, $20);"
    };
}
macro_rules! rest {
    () => {
        "INSERT INTO bf_outbox (bot, update_id, n, at, state, chat, lease_until, call, flags) \
         SELECT $1, $2, key + 1, $6, value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each($11);"
    };
}
macro_rules! conversation {
    () => {
        "INSERT INTO bf_conversations (bot, chat, person, thread, run, expires, waiting, timer) \
         VALUES ($1, $3, $4, $5, $12, $13, $14, $19) ON CONFLICT (bot, chat, person, thread) \
         DO UPDATE SET run = $12, expires = $13, waiting = $14, timer = $19, version = version + 1;"
    };
}
macro_rules! locale {
    () => {
        "INSERT INTO bf_locales (bot, subject, tag, changed) \
         VALUES ($1, $15, $16, (SELECT coalesce(max(changed), 0) + 1 FROM bf_locales)) \
         ON CONFLICT (bot, subject) DO UPDATE SET tag = $16, changed = (SELECT max(changed) + 1 FROM bf_locales);"
    };
}
macro_rules! letter {
    () => {
        "INSERT INTO bf_dead_letters (bot, update_id, at, code, trace_id) VALUES ($1, $2, $6, $17, $18);"
    };
}

/// Stores all of it and releases the update's savepoint.
pub(crate) async fn close(
    connection: &mut SqliteConnection,
    effects: &Effects,
) -> Result<(), sqlx::Error> {
    let e = effects;
    if e.job.is_some() || e.settles.is_some() {
        super::jobs::store(connection, e).await?;
    }
    // The usual ones are one prepared script each; the rest is put together from the same parts.
    let script: &'static str = match (
        e.rest.is_empty(),
        e.conversation.is_some(),
        e.locale.is_some(),
        e.letter.is_some(),
    ) {
        (true, false, false, false) => concat!(claim!(), "RELEASE u"),
        (false, false, false, false) => concat!(claim!(), rest!(), "RELEASE u"),
        (true, true, false, false) => concat!(claim!(), conversation!(), "RELEASE u"),
        (false, true, false, false) => concat!(claim!(), rest!(), conversation!(), "RELEASE u"),
        (true, false, true, false) => concat!(claim!(), locale!(), "RELEASE u"),
        (false, false, true, false) => concat!(claim!(), rest!(), locale!(), "RELEASE u"),
        (true, true, true, false) => concat!(claim!(), conversation!(), locale!(), "RELEASE u"),
        (false, true, true, false) => {
            concat!(claim!(), rest!(), conversation!(), locale!(), "RELEASE u")
        }
        // A dead letter: nothing of the handler's is left but the apology.
        (true, false, _, true) => concat!(claim!(), letter!(), "RELEASE u"),
        (false, false, _, true) => concat!(claim!(), rest!(), letter!(), "RELEASE u"),
        (_, true, _, true) => concat!(claim!(), rest!(), conversation!(), letter!(), "RELEASE u"),
    };
    let (run, expires, waiting, timer) = match &e.conversation {
        Some(moved) => (
            moved.run,
            moved.expires,
            moved.waiting.as_deref(),
            moved.timer,
        ),
        None => (0, 0, None, 0),
    };
    let (subject, tag) = e.locale.unwrap_or((0, ""));
    let (code, trace_id) = match &e.letter {
        Some((code, trace_id)) => (*code, trace_id.as_str()),
        None => ("", ""),
    };
    sqlx::query(script)
        .bind(e.key.bot)
        .bind(e.update_id)
        .bind(e.key.chat)
        .bind(e.key.person)
        .bind(e.key.thread)
        .bind(e.at)
        .bind(e.first.chat)
        .bind(e.first.state)
        .bind(e.first.lease_until)
        .bind(e.first.call.as_deref())
        .bind(json_rows(&e.rest))
        .bind(run)
        .bind(expires)
        .bind(waiting)
        .bind(subject)
        .bind(tag)
        .bind(code)
        .bind(trace_id)
        .bind(timer)
        .bind(e.first.flags)
        .execute(connection)
        .await?;
    Ok(())
}

/// A redelivery takes the stored response: it is left alone for as long again.
pub(crate) async fn offer_again(
    connection: &mut SqliteConnection,
    bot: i64,
    update_id: i64,
    lease_until: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE bf_outbox SET lease_until = $3 WHERE bot = $1 AND update_id = $2 AND n = 0 AND state = 1",
    )
    .bind(bot)
    .bind(update_id)
    .bind(lease_until)
    .execute(connection)
    .await?;
    Ok(())
}

/// Undoes what the update did so far and closes its savepoint.
pub(crate) async fn abandon(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("ROLLBACK TO u; RELEASE u")
        .execute(connection)
        .await?;
    Ok(())
}

/// Undoes what the update did so far; its savepoint stays open.
pub(crate) async fn rollback(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("ROLLBACK TO u").execute(connection).await?;
    Ok(())
}

/// Closes the savepoint of an update that did nothing.
pub(crate) async fn release(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("RELEASE u").execute(connection).await?;
    Ok(())
}
