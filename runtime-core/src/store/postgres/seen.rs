//! People and segments on Postgres.

use sqlx::postgres::PgConnection;

use super::pool::on;
use super::{Postgres, QUICK};
use crate::store::error::StoreError;
use crate::store::seen::Sight;

/// Rows come sorted: whoever writes several takes them in this order.
const WRITE: &str = "INSERT INTO bf_person \
     (bot, person, bot_id, first_name, last_name, username, language, private, first_seen, last_seen) \
   SELECT t.bot, t.person, t.bot_id, t.first, t.last, t.username, t.language, t.private, t.at, t.at \
   FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[], \
     $9::bigint[]) WITH ORDINALITY AS t (bot, person, bot_id, first, last, username, language, private, at, n) \
   ORDER BY t.n \
   ON CONFLICT (bot, person) DO UPDATE SET bot_id = excluded.bot_id, first_name = excluded.first_name, \
     last_name = excluded.last_name, username = excluded.username, language = excluded.language, \
     private = bf_person.private OR excluded.private, last_seen = greatest(bf_person.last_seen, excluded.last_seen)";

/// Within the transaction of an update, or by itself.
pub(crate) async fn write(
    connection: &mut PgConnection,
    sights: &[Sight],
) -> Result<(), sqlx::Error> {
    let of = |part: fn(&Sight) -> i64| sights.iter().map(part).collect::<Vec<_>>();
    let names = |part: fn(&Sight) -> Option<&str>| sights.iter().map(part).collect::<Vec<_>>();
    sqlx::query(WRITE)
        .bind(of(|s| s.bot))
        .bind(of(|s| s.person))
        .bind(names(|s| Some(s.bot_id)))
        .bind(names(|s| Some(&s.first_name)))
        .bind(names(|s| s.last_name.as_deref()))
        .bind(names(|s| s.username.as_deref()))
        .bind(names(|s| s.language.as_deref()))
        .bind(sights.iter().map(|s| s.private).collect::<Vec<_>>())
        .bind(of(|s| s.at))
        .execute(connection)
        .await?;
    Ok(())
}

/// Within the transaction of an update: whether a person wants broadcasts.
pub(crate) async fn subscribe(
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    (bot, bot_id): (i64, &str),
    segment: &str,
    people: &[i64],
    join: bool,
    now: i64,
) -> Result<u64, sqlx::Error> {
    let done = if join {
        sqlx::query(
            "INSERT INTO bf_segment (bot, segment, person, bot_id, at) \
             SELECT $1, $2, p.person, $4, $5 FROM unnest($3::bigint[]) AS p (person) ORDER BY p.person \
             ON CONFLICT DO NOTHING",
        )
        .bind(bot)
        .bind(segment)
        .bind(people)
        .bind(bot_id)
        .bind(now)
        .execute(connection)
        .await?
    } else {
        sqlx::query("DELETE FROM bf_segment WHERE bot = $1 AND segment = $2 AND person = ANY ($3)")
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
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
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

impl Postgres {
    pub(crate) async fn write_people(&self, sights: Vec<Sight>) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection => write(connection, &sights))
    }

    pub(crate) async fn count_people(&self, bot: i64) -> Result<(i64, i64), StoreError> {
        on!(self.own, QUICK, connection => sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE p.subscribed AND NOT EXISTS \
               (SELECT 1 FROM bf_unreachable u WHERE u.bot = p.bot AND u.chat = p.person)) \
             FROM bf_person p WHERE p.bot = $1 AND p.private",
        )
        .bind(bot)
        .fetch_one(connection))
    }

    pub(crate) async fn segments(&self, bot: i64) -> Result<Vec<(String, i64)>, StoreError> {
        on!(self.own, QUICK, connection => sqlx::query_as(
            "SELECT segment, count(*) FROM bf_segment WHERE bot = $1 GROUP BY segment ORDER BY segment",
        )
        .bind(bot)
        .fetch_all(connection))
    }

    pub(crate) async fn segment(
        &self,
        bot: i64,
        segment: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<i64>, StoreError> {
        on!(self.own, QUICK, connection => sqlx::query_scalar(
            "SELECT person FROM bf_segment WHERE bot = $1 AND segment = $2 AND person > $3 ORDER BY person LIMIT $4",
        )
        .bind(bot)
        .bind(segment)
        .bind(after)
        .bind(limit)
        .fetch_all(connection))
    }

    pub(crate) async fn change_segment(
        &self,
        bot: (i64, &'static str),
        name: String,
        people: Vec<i64>,
        join: bool,
        now: i64,
    ) -> Result<u64, StoreError> {
        on!(self.own, QUICK, connection => segment(connection, bot, &name, &people, join, now))
    }
}
