//! People and segments on SQLite.

use std::sync::Arc;

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use crate::store::error::StoreError;
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
                s.bot_id,
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

/// Within the transaction of an update: whether a person wants broadcasts.
pub(crate) async fn subscribe(
    connection: &mut SqliteConnection,
    sight: &Sight,
    wants: bool,
) -> Result<(), sqlx::Error> {
    write(connection, std::slice::from_ref(sight)).await?;
    sqlx::query("UPDATE bf_person SET subscribed = $3 WHERE bot = $1 AND person = $2")
        .bind(sight.bot)
        .bind(sight.person)
        .bind(wants)
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

/// Whether a person wants broadcasts; who was never asked does.
pub(crate) async fn subscribed(
    connection: &mut SqliteConnection,
    bot: i64,
    person: i64,
) -> Result<bool, sqlx::Error> {
    let found =
        sqlx::query_scalar("SELECT subscribed FROM bf_person WHERE bot = $1 AND person = $2")
            .bind(bot)
            .bind(person)
            .fetch_optional(connection)
            .await?;
    Ok(found.unwrap_or(true))
}

/// Whether a person belongs to a segment.
pub(crate) async fn in_segment(
    connection: &mut SqliteConnection,
    bot: i64,
    segment: &str,
    person: i64,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM bf_segment WHERE bot = $1 AND segment = $2 AND person = $3)",
    )
    .bind(bot)
    .bind(segment)
    .bind(person)
    .fetch_one(connection)
    .await
}

impl Sqlite {
    pub(crate) async fn write_people(&self, sights: Vec<Sight>) -> Result<(), StoreError> {
        let sights: Arc<[Sight]> = sights.into();
        self.writer
            .write(move |connection| {
                let sights = sights.clone();
                Box::pin(async move { write(connection, &sights).await })
            })
            .await
    }

    pub(crate) async fn count_people(&self, bot: i64) -> Result<(i64, i64), StoreError> {
        let mut reader = self.readers.get().await?;
        let counts = sqlx::query_as(
            "SELECT count(*), coalesce(sum(p.subscribed AND NOT EXISTS \
               (SELECT 1 FROM bf_unreachable u WHERE u.bot = p.bot AND u.chat = p.person)), 0) \
             FROM bf_person p WHERE p.bot = $1 AND p.private",
        )
        .bind(bot)
        .fetch_one(reader.connection()?)
        .await?;
        reader.clean();
        Ok(counts)
    }

    pub(crate) async fn segments(&self, bot: i64) -> Result<Vec<(String, i64)>, StoreError> {
        let mut reader = self.readers.get().await?;
        let segments = sqlx::query_as(
            "SELECT segment, count(*) FROM bf_segment WHERE bot = $1 GROUP BY segment ORDER BY segment",
        )
        .bind(bot)
        .fetch_all(reader.connection()?)
        .await?;
        reader.clean();
        Ok(segments)
    }

    pub(crate) async fn segment(
        &self,
        bot: i64,
        segment: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let mut reader = self.readers.get().await?;
        let rows = sqlx::query(
            "SELECT person FROM bf_segment WHERE bot = $1 AND segment = $2 AND person > $3 ORDER BY person LIMIT $4",
        )
        .bind(bot)
        .bind(segment)
        .bind(after)
        .bind(limit)
        .fetch_all(reader.connection()?)
        .await?;
        reader.clean();
        let people = rows.iter().map(|row| row.try_get(0));
        Ok(people.collect::<Result<_, sqlx::Error>>()?)
    }

    pub(crate) async fn change_segment(
        &self,
        bot: (i64, &'static str),
        name: String,
        people: Vec<i64>,
        join: bool,
        now: i64,
    ) -> Result<u64, StoreError> {
        let people: Arc<[i64]> = people.into();
        self.writer
            .write(move |connection| {
                let (name, people) = (name.clone(), people.clone());
                Box::pin(async move { segment(connection, bot, &name, &people, join, now).await })
            })
            .await
    }
}
