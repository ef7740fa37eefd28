//! People and segments on SQLite.

use sqlx::sqlite::SqliteConnection;

pub(crate) use crate::store::both::seen::sqlite::{in_segment, subscribe, subscribed};
use crate::store::seen::Sight;

/// Writes people: JSON of `[[bot, person, bot_id, first, last, username, language, private, at], …]`.
const WRITE: &str = "INSERT INTO bf_person \
     (bot, person, bot_id, first_name, last_name, username, language, private, first_seen, last_seen) \
   SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>8 \
   FROM json_each($1) WHERE true \
   ON CONFLICT (bot, person) DO UPDATE SET bot_id = excluded.bot_id, first_name = excluded.first_name, \
     last_name = excluded.last_name, username = excluded.username, language = excluded.language, \
     private = max(private, excluded.private), last_seen = max(last_seen, excluded.last_seen)";

fn json(sights: &[Sight]) -> String {
    let rows: Vec<_> = sights
        .iter()
        .map(|s| {
            (
                s.bot,
                s.person,
                &s.bot_id,
                &s.first_name,
                &s.last_name,
                &s.username,
                &s.language,
                i32::from(s.private),
                s.at,
            )
        })
        .collect();
    serde_json::to_string(&rows).unwrap_or_default() // numbers and strings: never fails
}

/// Within the transaction of an update.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    sights: &[Sight],
) -> Result<(), sqlx::Error> {
    sqlx::query(WRITE)
        .bind(json(sights))
        .execute(connection)
        .await?;
    Ok(())
}

/// Puts people into a segment, or takes them out.
pub(crate) async fn segment(
    connection: &mut SqliteConnection,
    (bot, bot_id): (i64, &str),
    segment: &str,
    people: &[i64],
    join: bool,
    now: i64,
) -> Result<u64, sqlx::Error> {
    let people = serde_json::to_string(people).unwrap_or_default();
    let done = if join {
        sqlx::query(
            "INSERT INTO bf_segment (bot, segment, person, bot_id, at) SELECT $1, $2, value, $4, $5 FROM json_each($3) \
             WHERE true ON CONFLICT DO NOTHING",
        )
        .bind(bot)
        .bind(segment)
        .bind(people)
        .bind(bot_id)
        .bind(now)
        .execute(connection)
        .await?
    } else {
        sqlx::query(
            "DELETE FROM bf_segment WHERE bot = $1 AND segment = $2 AND person IN (SELECT value FROM json_each($3))",
        )
        .bind(bot)
        .bind(segment)
        .bind(people)
        .execute(connection)
        .await?
    };
    Ok(done.rows_affected())
}
