//! Recipients on SQLite: written, taken, sent to.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::super::Sqlite;
use super::audience;
use crate::faults;
use crate::store::broadcasts::sending::Fields;
use crate::store::broadcasts::{
    Advance, Advanced, Done, Ended, Enrolled, Filter, Paced, Slots, Take, Taken, Taking, sql,
};
use crate::store::error::StoreError;

impl Sqlite {
    pub(crate) async fn enrol(
        &self,
        id: i64,
        limit: i64,
        most: i64,
    ) -> Result<Enrolled, StoreError> {
        self.writer
            .write(move |connection| Box::pin(enrol(connection, id, limit, most)))
            .await
    }

    pub(crate) async fn take_recipients(&self, taking: Taking) -> Result<Take, StoreError> {
        faults::point("broadcast.before_take");
        let take = self
            .writer
            .write(move |connection| Box::pin(take(connection, taking)))
            .await?;
        faults::point("broadcast.after_take");
        Ok(take)
    }

    pub(crate) async fn left_of_cancelled(&self, now: i64) -> Result<Vec<(i64, i64)>, StoreError> {
        let mut reader = self.readers.get().await?;
        let query = sqlx::query_as(sql::LEFT).bind(now);
        let left = query.fetch_all(reader.connection()?).await?;
        reader.clean();
        Ok(left)
    }

    pub(crate) async fn settle_cancelled(&self, id: i64, now: i64) -> Result<i64, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let left = left_behind(connection, id, now, true).await?;
                    let query = sqlx::query(sql::RECOUNT).bind(id).bind(left).bind(now);
                    query.execute(connection).await?;
                    Ok(left)
                })
            })
            .await
    }

    pub(crate) async fn advance(&self, advance: Advance) -> Result<Advanced, StoreError> {
        let advance = std::sync::Arc::new(advance);
        self.writer
            .write(move |connection| {
                let advance = advance.clone();
                Box::pin(async move { step(connection, &advance).await })
            })
            .await
    }

    pub(crate) async fn give_back_recipients(
        &self,
        id: i64,
        rows: Vec<(i64, i64)>,
    ) -> Result<(), StoreError> {
        let rows = serde_json::to_string(&rows).unwrap_or_default();
        self.writer
            .write(move |connection| {
                let rows = rows.clone();
                Box::pin(async move { give_back(connection, id, &rows).await })
            })
            .await
    }
}

async fn enrol(
    connection: &mut SqliteConnection,
    id: i64,
    limit: i64,
    most: i64,
) -> Result<Enrolled, sqlx::Error> {
    let found = sqlx::query(
        "SELECT bot, audience, since, people, last, total FROM bf_broadcast WHERE id = $1 AND state = 1 AND NOT enrolled",
    )
    .bind(id)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = found else {
        return Ok(Enrolled {
            all: true,
            first: false,
        });
    };
    let audience: String = row.try_get(1)?;
    let filter = Filter::stored(&audience, row.try_get(2)?, row.try_get(3)?);
    let last: Option<i64> = row.try_get(4)?;
    let limit = limit.min(most - row.try_get::<i64, _>(5)?).max(0);
    let written = sqlx::query(concat!(
        "INSERT INTO bf_recipient (broadcast, person, state, due) SELECT $5, p.person, 0, 0 ",
        audience!(),
        " AND p.person > $6 ORDER BY p.person LIMIT $7 ON CONFLICT DO NOTHING RETURNING person"
    ))
    .bind(row.try_get::<i64, _>(0)?)
    .bind(filter.since)
    .bind(filter.segment)
    .bind(filter.people)
    .bind(id)
    .bind(last.unwrap_or(i64::MIN))
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    let mut newest = last;
    for row in &written {
        newest = newest.max(Some(row.try_get(0)?));
    }
    let count = i64::try_from(written.len()).unwrap_or(i64::MAX);
    let all = count < limit || limit == 0;
    sqlx::query(sql::ENROLLED)
        .bind(id)
        .bind(newest)
        .bind(count)
        .bind(all)
        .execute(connection)
        .await?;
    Ok(Enrolled {
        all,
        first: last.is_none(),
    })
}

async fn take(connection: &mut SqliteConnection, taking: Taking) -> Result<Take, sqlx::Error> {
    let found = sqlx::query(
        "SELECT b.bot, b.next_at, b.per_second, b.skip, coalesce(p.next_at, 0), coalesce(p.held, 0) FROM bf_broadcast b \
         LEFT JOIN bf_pace p ON p.bot = b.bot WHERE b.id = $1 AND b.state = 1",
    )
    .bind(taking.id)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = found else {
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
    let left = left_behind(connection, taking.id, taking.now, skip).await?;
    if skip && left > 0 {
        take.ambiguous = left;
        sqlx::query(sql::AMBIGUOUS)
            .bind(taking.id)
            .bind(left)
            .execute(&mut *connection)
            .await?;
    }
    let paced = Paced {
        per_second: i64::from(row.try_get::<i32, _>(2)?),
        next: row.try_get(1)?,
        bot_next: row.try_get(4)?,
        held: row.try_get(5)?,
    };
    let mut slots = Slots::new(paced, &taking);
    let wanted = slots.wanted(&taking);
    let taken = sqlx::query(
        "UPDATE bf_recipient SET state = 1, due = $3 WHERE broadcast = $1 AND person IN \
           (SELECT person FROM bf_recipient WHERE broadcast = $1 AND state < 3 AND state <> 2 AND due <= $2 \
            ORDER BY due, person LIMIT $4) \
         RETURNING person, attempts",
    )
    .bind(taking.id)
    .bind(taking.now)
    .bind(taking.until)
    .bind(wanted)
    .fetch_all(&mut *connection)
    .await?;
    take.idle = taken.is_empty() && wanted > 0;
    let mut attempts = Vec::with_capacity(taken.len());
    for row in &taken {
        attempts.push((row.try_get::<i64, _>(0)?, row.try_get::<i64, _>(1)?));
    }
    attempts.sort_unstable();
    let people = serde_json::to_string(&attempts).unwrap_or_default();
    let known = sqlx::query(
        "SELECT t.value->>0, t.value->>1, coalesce(p.first_name, ''), p.last_name, p.username, p.language, l.tag \
         FROM json_each($2) t LEFT JOIN bf_person p ON p.bot = $1 AND p.person = t.value->>0 \
         LEFT JOIN bf_locales l ON l.bot = $1 AND l.subject = t.value->>0 ORDER BY t.key",
    )
    .bind(bot)
    .bind(people)
    .fetch_all(&mut *connection)
    .await?;
    for row in &known {
        take.taken.push(read(row)?);
    }
    take.moments = slots.give(known.len(), &taking);
    if take.moments.is_empty() {
        return Ok(take);
    }
    (take.missed, take.made_up) = (slots.missed, slots.made_up(&take.moments));
    sqlx::query(sql::PACED)
        .bind(taking.id)
        .bind(slots.next)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO bf_pace (bot, next_at) VALUES ($1, $2) ON CONFLICT (bot) DO UPDATE SET next_at = $2",
    )
    .bind(bot)
    .bind(slots.bot_next)
    .execute(connection)
    .await?;
    Ok(take)
}

/// Calls that a crash has left: given up, or to be taken again. How many.
async fn left_behind(
    connection: &mut SqliteConnection,
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

fn read(row: &SqliteRow) -> Result<Taken, sqlx::Error> {
    Ok(Taken {
        person: row.try_get(0)?,
        attempts: row.try_get(1)?,
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
    connection: &mut SqliteConnection,
    id: i64,
    rows: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE bf_recipient SET state = 0, due = 0 WHERE broadcast = $1 AND state = 1 \
           AND (person, due) IN (SELECT value->>0, value->>1 FROM json_each($2))",
    )
    .bind(id)
    .bind(rows)
    .execute(connection)
    .await?;
    Ok(())
}

async fn step(
    connection: &mut SqliteConnection,
    advance: &Advance,
) -> Result<Advanced, sqlx::Error> {
    let found: Option<(i16, i64)> = sqlx::query_as(
        "SELECT b.state, coalesce(p.held, 0) FROM bf_broadcast b LEFT JOIN bf_pace p ON p.bot = b.bot WHERE b.id = $1",
    )
    .bind(advance.id)
    .fetch_optional(&mut *connection)
    .await?;
    let (state, held) = found.unzip();
    let mut advanced = Advanced {
        runs: state == Some(1),
        held: held.unwrap_or(0),
        ..Advanced::default()
    };
    settle(connection, advance, state == Some(4)).await?;
    let begin = serde_json::to_string(&advance.begin).unwrap_or_default();
    if !advanced.runs || advanced.held > advance.now {
        give_back(connection, advance.id, &begin).await?;
        return Ok(advanced);
    }
    if advance.begin.is_empty() {
        return Ok(advanced);
    }
    let rows = sqlx::query(
        "UPDATE bf_recipient AS r SET due = $3, at = $2, \
           (state, code) = (SELECT CASE WHEN x.code IS NULL THEN 2 ELSE 7 END, x.code FROM (SELECT CASE \
              WHEN NOT EXISTS (SELECT 1 FROM bf_person p WHERE p.bot = $4 AND p.person = r.person AND p.subscribed) \
                THEN 'opted_out' \
              WHEN EXISTS (SELECT 1 FROM bf_unreachable u WHERE u.bot = $4 AND u.chat = r.person) THEN 'unreachable' \
              END AS code) x) \
         WHERE broadcast = $1 AND state = 1 AND due > $2 \
           AND (person, due) IN (SELECT value->>0, value->>1 FROM json_each($5)) RETURNING person, state",
    )
    .bind(advance.id)
    .bind(advance.now)
    .bind(advance.until)
    .bind(advance.bot)
    .bind(begin)
    .fetch_all(&mut *connection)
    .await?;
    for row in &rows {
        if row.try_get::<i64, _>(1)? == 2 {
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
    Ok(advanced)
}

/// Stores how calls ended, and counts those that had not been given up meanwhile.
async fn settle(
    connection: &mut SqliteConnection,
    advance: &Advance,
    cancelled: bool,
) -> Result<(), sqlx::Error> {
    if advance.done.is_empty() {
        return Ok(());
    }
    let row = |done: &Done| {
        let ended = done.ended.at_last(cancelled);
        (
            done.person,
            done.until,
            ended.stored(),
            ended.due(),
            done.code,
            i32::from(!done.free),
        )
    };
    let done: Vec<_> = advance.done.iter().map(row).collect();
    let stored = sqlx::query(
        "UPDATE bf_recipient SET state = d.value->>2, due = d.value->>3, code = d.value->>4, at = $2, \
           attempts = attempts + (d.value->>5) \
         FROM json_each($3) d WHERE broadcast = $1 AND person = d.value->>0 AND state = 2 AND due = d.value->>1 \
         RETURNING state",
    )
    .bind(advance.id)
    .bind(advance.now)
    .bind(serde_json::to_string(&done).unwrap_or_default())
    .fetch_all(&mut *connection)
    .await?;
    let mut counts = [0_i64; 8];
    for row in &stored {
        let state: i64 = row.try_get(0)?;
        if let Some(count) = usize::try_from(state)
            .ok()
            .and_then(|at| counts.get_mut(at))
        {
            *count += 1;
        }
    }
    let [_, _, _, sent, failed, blocked, ambiguous, _] = counts;
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
    for gone in advance.done.iter().filter(|d| d.ended == Ended::Blocked) {
        sqlx::query(
            "INSERT INTO bf_unreachable (bot, chat, since) VALUES ($1, $2, $3) \
             ON CONFLICT (bot, chat) DO UPDATE SET since = $3",
        )
        .bind(advance.bot)
        .bind(gone.person)
        .bind(advance.now)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
