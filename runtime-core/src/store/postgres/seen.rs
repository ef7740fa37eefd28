//! People and segments on Postgres.

use sqlx::postgres::PgConnection;

pub(crate) use crate::store::both::seen::postgres::{in_segment, subscribe, subscribed};
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
        .bind(names(|s| Some(&*s.bot_id)))
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
