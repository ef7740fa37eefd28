//! Recipients on Postgres: written, taken, sent to. Whoever changes rows of a broadcast holds the lock of its own row: the
//! others wait, and no two take rows in different orders.

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Row as _};

use super::super::pool::on;
use super::super::{Postgres, QUICK};
use super::audience;
use crate::faults;
use crate::store::broadcasts::sending::Fields;
use crate::store::broadcasts::{
    Advance, Advanced, Ended, Enrolled, Filter, Paced, Slots, Take, Taken, Taking, sql,
};
use crate::store::error::StoreError;

impl Postgres {
    pub(crate) async fn enrol(
        &self,
        id: i64,
        limit: i64,
        most: i64,
    ) -> Result<Enrolled, StoreError> {
        on!(self.own, QUICK, connection => enrol(connection, id, limit, most))
    }

    pub(crate) async fn take_recipients(&self, taking: Taking) -> Result<Take, StoreError> {
        faults::point("broadcast.before_take");
        let take = on!(self.own, QUICK, connection => take(connection, taking))?;
        faults::point("broadcast.after_take");
        Ok(take)
    }

    pub(crate) async fn left_of_cancelled(&self, now: i64) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(
            on!(self.own, QUICK, connection => sqlx::query_as(sql::LEFT).bind(now).fetch_all(connection))?,
        )
    }

    pub(crate) async fn settle_cancelled(&self, id: i64, now: i64) -> Result<i64, StoreError> {
        on!(self.own, QUICK, connection => settle_cancelled(connection, id, now))
    }

    pub(crate) async fn advance(&self, advance: Advance) -> Result<Advanced, StoreError> {
        on!(self.own, QUICK, connection => step(connection, &advance))
    }

    pub(crate) async fn give_back_recipients(
        &self,
        id: i64,
        rows: Vec<(i64, i64)>,
    ) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection => give_back(connection, id, &rows))
    }
}

/// Persons, and till when the row of each is ours.
fn pairs(rows: &[(i64, i64)]) -> (Vec<i64>, Vec<i64>) {
    rows.iter().copied().unzip()
}

async fn enrol(
    connection: &mut PgConnection,
    id: i64,
    limit: i64,
    most: i64,
) -> Result<Enrolled, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let found = sqlx::query(
        "SELECT bot, audience, since, people, last, total FROM bf_broadcast \
         WHERE id = $1 AND state = 1 AND NOT enrolled FOR NO KEY UPDATE",
    )
    .bind(id)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(row) = found else {
        transaction.rollback().await?;
        return Ok(Enrolled {
            all: true,
            first: false,
        });
    };
    let audience: String = row.try_get(1)?;
    let filter = Filter::stored(&audience, row.try_get(2)?, row.try_get(3)?);
    let last: Option<i64> = row.try_get(4)?;
    let limit = limit.min(most - row.try_get::<i64, _>(5)?).max(0);
    let written: (i64, Option<i64>) = sqlx::query_as(concat!(
        "WITH w AS (INSERT INTO bf_recipient (broadcast, person, state, due) SELECT $5, p.person, 0, 0 ",
        audience!(),
        " AND p.person > $6 ORDER BY p.person LIMIT $7 ON CONFLICT DO NOTHING RETURNING person) \
         SELECT count(*), max(person) FROM w"
    ))
    .bind(row.try_get::<i64, _>(0)?)
    .bind(filter.since)
    .bind(filter.segment)
    .bind(filter.people)
    .bind(id)
    .bind(last.unwrap_or(i64::MIN))
    .bind(limit)
    .fetch_one(&mut *transaction)
    .await?;
    let (count, newest) = written;
    let all = count < limit || limit == 0;
    sqlx::query(sql::ENROLLED)
        .bind(id)
        .bind(newest.or(last))
        .bind(count)
        .bind(all)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Enrolled {
        all,
        first: last.is_none(),
    })
}

async fn take(connection: &mut PgConnection, taking: Taking) -> Result<Take, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let found = sqlx::query(
        "SELECT bot, next_at, per_second, skip FROM bf_broadcast WHERE id = $1 AND state = 1 FOR NO KEY UPDATE",
    )
    .bind(taking.id)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(row) = found else {
        transaction.rollback().await?;
        return Ok(Take {
            stopped: true,
            ..Take::default()
        });
    };
    let bot: i64 = row.try_get(0)?;
    let mut take = Take {
        until: taking.until,
        ..Take::default()
    };
    let skip: bool = row.try_get(3)?;
    let left = left_behind(&mut transaction, taking.id, taking.now, skip).await?;
    if skip && left > 0 {
        take.ambiguous = left;
        sqlx::query(sql::AMBIGUOUS)
            .bind(taking.id)
            .bind(left)
            .execute(&mut *transaction)
            .await?;
    }
    // A statement of its own after the insert: it sees what a rival has just committed.
    sqlx::query("INSERT INTO bf_pace (bot, next_at) VALUES ($1, 0) ON CONFLICT DO NOTHING")
        .bind(bot)
        .execute(&mut *transaction)
        .await?;
    let (bot_next, held): (i64, i64) =
        sqlx::query_as("SELECT next_at, held FROM bf_pace WHERE bot = $1 FOR NO KEY UPDATE")
            .bind(bot)
            .fetch_one(&mut *transaction)
            .await?;
    let paced = Paced {
        per_second: i64::from(row.try_get::<i32, _>(2)?),
        next: row.try_get(1)?,
        bot_next,
        held,
    };
    let mut slots = Slots::new(paced, &taking);
    let wanted = slots.wanted(&taking);
    let taken = sqlx::query(
        "WITH t AS (UPDATE bf_recipient r SET state = 1, due = $3 \
             FROM (SELECT person FROM bf_recipient WHERE broadcast = $1 AND state < 3 AND state <> 2 AND due <= $2 \
               ORDER BY due, person LIMIT $4) f \
             WHERE r.broadcast = $1 AND r.person = f.person RETURNING r.person, r.attempts) \
         SELECT t.person, t.attempts, coalesce(p.first_name, ''), p.last_name, p.username, p.language, l.tag \
         FROM t LEFT JOIN bf_person p ON p.bot = $5 AND p.person = t.person \
         LEFT JOIN bf_locales l ON l.bot = $5 AND l.subject = t.person ORDER BY t.person",
    )
    .bind(taking.id)
    .bind(taking.now)
    .bind(taking.until)
    .bind(wanted)
    .bind(bot)
    .fetch_all(&mut *transaction)
    .await?;
    take.idle = taken.is_empty() && wanted > 0;
    for row in &taken {
        take.taken.push(read(row)?);
    }
    take.moments = slots.give(taken.len(), &taking);
    if !take.moments.is_empty() {
        (take.missed, take.made_up) = (slots.missed, slots.made_up(&take.moments));
        sqlx::query(sql::PACED)
            .bind(taking.id)
            .bind(slots.next)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE bf_pace SET next_at = $2 WHERE bot = $1")
            .bind(bot)
            .bind(slots.bot_next)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(take)
}

/// Calls that a crash has left: given up, or to be taken again. How many.
async fn left_behind(
    connection: &mut PgConnection,
    id: i64,
    now: i64,
    skip: bool,
) -> Result<i64, sqlx::Error> {
    let left = sqlx::query(sql::LEFT_BEHIND)
        .bind(id)
        .bind(now)
        .bind(skip)
        .execute(connection)
        .await?;
    Ok(i64::try_from(left.rows_affected()).unwrap_or(i64::MAX))
}

async fn settle_cancelled(
    connection: &mut PgConnection,
    id: i64,
    now: i64,
) -> Result<i64, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT 1 FROM bf_broadcast WHERE id = $1 FOR NO KEY UPDATE")
        .bind(id)
        .execute(&mut *transaction)
        .await?;
    let left = left_behind(&mut transaction, id, now, true).await?;
    sqlx::query(sql::RECOUNT)
        .bind(id)
        .bind(left)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(left)
}

fn read(row: &PgRow) -> Result<Taken, sqlx::Error> {
    Ok(Taken {
        person: row.try_get(0)?,
        attempts: i64::from(row.try_get::<i32, _>(1)?),
        fields: Fields {
            first_name: row.try_get(2)?,
            last_name: row.try_get(3)?,
            username: row.try_get(4)?,
        },
        language: row.try_get(5)?,
        chosen: row.try_get(6)?,
    })
}

async fn give_back(
    connection: &mut PgConnection,
    id: i64,
    rows: &[(i64, i64)],
) -> Result<(), sqlx::Error> {
    let (people, until) = pairs(rows);
    sqlx::query(
        "WITH b AS MATERIALIZED (SELECT id FROM bf_broadcast WHERE id = $1 FOR NO KEY UPDATE) \
         UPDATE bf_recipient r SET state = 0, due = 0 FROM b, unnest($2::bigint[], $3::bigint[]) AS t (person, due) \
         WHERE r.broadcast = b.id AND r.person = t.person AND r.state = 1 AND r.due = t.due",
    )
    .bind(id)
    .bind(people)
    .bind(until)
    .execute(connection)
    .await?;
    Ok(())
}

async fn step(connection: &mut PgConnection, advance: &Advance) -> Result<Advanced, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let found: Option<(i16, i64)> = sqlx::query_as(
        "SELECT b.state, coalesce(p.held, 0) FROM bf_broadcast b LEFT JOIN bf_pace p ON p.bot = b.bot \
         WHERE b.id = $1 FOR NO KEY UPDATE OF b",
    )
    .bind(advance.id)
    .fetch_optional(&mut *transaction)
    .await?;
    let (state, held) = found.unzip();
    let mut advanced = Advanced {
        runs: state == Some(1),
        held: held.unwrap_or(0),
        ..Advanced::default()
    };
    settle(&mut transaction, advance, state == Some(4)).await?;
    if !advanced.runs || advanced.held > advance.now {
        give_back(&mut transaction, advance.id, &advance.begin).await?;
    } else if !advance.begin.is_empty() {
        begin(&mut transaction, advance, &mut advanced).await?;
    }
    transaction.commit().await?;
    Ok(advanced)
}

async fn begin(
    connection: &mut PgConnection,
    advance: &Advance,
    advanced: &mut Advanced,
) -> Result<(), sqlx::Error> {
    let (people, until) = pairs(&advance.begin);
    // What this very statement began before its COMMIT was lost sight of is ours too.
    let rows = sqlx::query(
        "UPDATE bf_recipient r SET due = $3, at = $2, state = CASE WHEN x.code IS NULL THEN 2 ELSE 7 END, code = x.code \
         FROM (SELECT t.person, t.due, CASE \
              WHEN p.person IS NULL THEN 'opted_out' WHEN u.chat IS NOT NULL THEN 'unreachable' END AS code \
            FROM unnest($5::bigint[], $6::bigint[]) AS t (person, due) \
            LEFT JOIN bf_person p ON p.bot = $4 AND p.person = t.person AND p.subscribed \
            LEFT JOIN bf_unreachable u ON u.bot = $4 AND u.chat = t.person) x \
         WHERE r.broadcast = $1 AND r.person = x.person \
           AND ((r.state = 1 AND r.due = x.due AND r.due > $2) OR (r.state = 2 AND r.due = $3)) \
         RETURNING r.person, r.state",
    )
    .bind(advance.id)
    .bind(advance.now)
    .bind(advance.until)
    .bind(advance.bot)
    .bind(people)
    .bind(until)
    .fetch_all(&mut *connection)
    .await?;
    for row in &rows {
        if row.try_get::<i16, _>(1)? == 2 {
            advanced.begun.push(row.try_get(0)?);
        } else {
            advanced.skipped += 1;
        }
    }
    if advanced.skipped > 0 {
        sqlx::query(sql::SKIPPED)
            .bind(advance.id)
            .bind(advanced.skipped)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Stores how calls ended, and counts those that had not been given up meanwhile.
async fn settle(
    connection: &mut PgConnection,
    advance: &Advance,
    cancelled: bool,
) -> Result<(), sqlx::Error> {
    if advance.done.is_empty() {
        return Ok(());
    }
    let done = &advance.done;
    let ended = || done.iter().map(|d| d.ended.at_last(cancelled));
    let counts: (i64, i64, i64, i64) = sqlx::query_as(
        "WITH s AS (UPDATE bf_recipient r SET state = d.state, due = d.due, code = d.code, at = $2, \
             attempts = r.attempts + d.attempt \
           FROM unnest($3::bigint[], $4::bigint[], $5::smallint[], $6::bigint[], $7::text[], $8::int[]) \
             AS d (person, until, state, due, code, attempt) \
           WHERE r.broadcast = $1 AND r.person = d.person AND r.state = 2 AND r.due = d.until RETURNING r.state) \
         SELECT count(*) FILTER (WHERE state = 3), count(*) FILTER (WHERE state = 4), \
           count(*) FILTER (WHERE state = 5), count(*) FILTER (WHERE state = 6) FROM s",
    )
    .bind(advance.id)
    .bind(advance.now)
    .bind(done.iter().map(|d| d.person).collect::<Vec<_>>())
    .bind(done.iter().map(|d| d.until).collect::<Vec<_>>())
    .bind(ended().map(Ended::stored).collect::<Vec<_>>())
    .bind(ended().map(Ended::due).collect::<Vec<_>>())
    .bind(done.iter().map(|d| d.code).collect::<Vec<_>>())
    .bind(done.iter().map(|d| i32::from(!d.free)).collect::<Vec<_>>())
    .fetch_one(&mut *connection)
    .await?;
    let (sent, failed, blocked, ambiguous) = counts;
    // Of a cancelled one they were counted as skipped.
    let taken_back = if cancelled {
        sent + failed + blocked + ambiguous
    } else {
        0
    };
    sqlx::query(sql::COUNT)
        .bind(advance.id)
        .bind(sent)
        .bind(failed)
        .bind(blocked)
        .bind(ambiguous)
        .bind(taken_back)
        .bind(advance.now)
        .execute(&mut *connection)
        .await?;
    let gone = done.iter().filter(|d| d.ended == Ended::Blocked);
    let gone: Vec<i64> = gone.map(|d| d.person).collect();
    if !gone.is_empty() {
        sqlx::query(
            "INSERT INTO bf_unreachable (bot, chat, since) SELECT $1, c, $3 FROM unnest($2::bigint[]) AS t (c) ORDER BY c \
             ON CONFLICT (bot, chat) DO UPDATE SET since = excluded.since",
        )
        .bind(advance.bot)
        .bind(gone)
        .bind(advance.now)
        .execute(connection)
        .await?;
    }
    Ok(())
}
