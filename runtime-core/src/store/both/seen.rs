//! People and segments: what a person has said, and what is asked.

use std::sync::Arc;

use crate::store::error::StoreError;
use crate::store::seen::Sight;

on_both! {
    /// Within the transaction of an update: whether a person wants broadcasts.
    pub(crate) async fn subscribe(
        connection: &mut Connection,
        sight: &Sight,
        wants: bool,
    ) -> Result<(), sqlx::Error> {
        engine::seen::write(connection, std::slice::from_ref(sight)).await?;
        sqlx::query("UPDATE bf_person SET subscribed = $3 WHERE bot = $1 AND person = $2")
            .bind(sight.bot)
            .bind(sight.person)
            .bind(wants)
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Whether a person wants broadcasts; who was never asked does.
    pub(crate) async fn subscribed(
        connection: &mut Connection,
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
        connection: &mut Connection,
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

    impl Engine {
        pub(crate) async fn write_people(&self, sights: Vec<Sight>) -> Result<(), StoreError> {
            let sights: Arc<[Sight]> = sights.into();
            writing!(self, [sights], connection => engine::seen::write(connection, &sights))
        }

        pub(crate) async fn count_people(&self, bot: i64) -> Result<(i64, i64), StoreError> {
            reading!(self, connection => sqlx::query_as(
                "SELECT count(*), count(*) FILTER (WHERE p.subscribed AND NOT EXISTS \
                   (SELECT 1 FROM bf_unreachable u WHERE u.bot = p.bot AND u.chat = p.person)) \
                 FROM bf_person p WHERE p.bot = $1 AND p.private",
            )
            .bind(bot)
            .fetch_one(connection))
        }

        pub(crate) async fn segments(&self, bot: i64) -> Result<Vec<(String, i64)>, StoreError> {
            reading!(self, connection => sqlx::query_as(
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
            reading!(self, connection => sqlx::query_scalar(
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
            let people: Arc<[i64]> = people.into();
            writing!(self, [name, people], connection =>
                engine::seen::segment(connection, bot, &name, &people, join, now))
        }
    }
}
