//! What is asked of events: pages of them, and what they come to. The same statements stand in docs/observability.md.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::store::Store;
use crate::store::error::StoreError;

/// Most events of an answer.
pub const MOST: u32 = 500;
/// Most hours of a report, a year.
pub const HOURS: u32 = 8760;
/// Rows of each part of a report.
pub(crate) const TOP: u32 = 20;

/// Which events, newest first.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this person.
    pub person: Option<i64>,
    /// Of this type.
    pub kind: Option<String>,
    /// Of this trace.
    pub trace: Option<String>,
    /// Not older (microseconds since 1970).
    pub since: Option<i64>,
    /// With smaller numbers only.
    pub before: Option<i64>,
    /// At most so many, [`MOST`] at most.
    pub limit: u32,
}

/// An event as it is handed out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Found {
    /// Its number: the newer, the greater.
    pub id: i64,
    /// When: RFC 3339.
    pub at: String,
    /// Telegram's id of whoever acted; null: nobody.
    pub user_id: Option<i64>,
    /// Out of the types of docs/observability.md.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of the command, the code, the place.
    pub name: String,
    /// Of the dialogue.
    pub step: String,
    /// Milliseconds from the arrival on.
    pub ms: f64,
    /// As in the log.
    pub trace_id: String,
    /// What else is known: effect class, statements, milliseconds of them, replies, locale, channel.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
    /// Who wrote the reply, where that is compared.
    #[schema(value_type = Option<Object>)]
    pub result_tag: Option<Box<RawValue>>,
}

/// What a bot did in some hours.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Report {
    /// How many hours.
    pub hours: u32,
    /// Events.
    pub events: i64,
    /// People who acted.
    pub people: i64,
    /// Share of events that took at most 200 ms; null: there was none.
    pub within_200_ms: Option<f64>,
    /// By type.
    pub types: Vec<Typed>,
    /// Commands and dialogues that take longest, by their mean.
    pub slow: Vec<Flow>,
    /// Commands and dialogues whose statements take longest, by their mean.
    pub slow_sql: Vec<Flow>,
    /// What failed most.
    pub errors: Vec<Problem>,
    /// Replies by who wrote them.
    pub tags: Vec<Tagged>,
}

/// Events of a type.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Typed {
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many.
    pub events: i64,
}

/// A command or a step of a dialogue.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Flow {
    /// The command.
    pub name: String,
    /// The step; empty: the command itself.
    pub step: String,
    /// How many.
    pub events: i64,
    /// Milliseconds, the mean.
    pub mean_ms: f64,
    /// Milliseconds, the most.
    pub most_ms: f64,
}

/// An error's code.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The code.
    pub code: String,
    /// Where.
    pub flow: String,
    /// How often.
    pub events: i64,
}

/// Replies with one tag.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Tagged {
    /// `yes`, `no` or `error`.
    pub llm: String,
    /// `treatment` or `control`; empty: nothing is compared.
    pub variant: String,
    /// How many.
    pub events: i64,
}

/// A row of a query for [`Found`], engine by engine.
pub(crate) struct Raw {
    pub(crate) numbers: (i64, i64, i64, i64),
    pub(crate) words: (String, String, String, String),
    pub(crate) data: String,
    pub(crate) tag: Option<String>,
}

#[allow(clippy::cast_precision_loss)] // durations are far below 2^52
fn ms(micros: i64) -> f64 {
    micros as f64 / 1000.0
}

impl From<Raw> for Found {
    fn from(raw: Raw) -> Self {
        let (id, at, person, took) = raw.numbers;
        let (kind, name, step, trace_id) = raw.words;
        let json = |text| RawValue::from_string(text).ok();
        Self {
            id,
            at: jiff::Timestamp::from_microsecond(at)
                .unwrap_or_default()
                .to_string(),
            user_id: (person != 0).then_some(person),
            kind,
            name,
            step,
            ms: ms(took),
            trace_id,
            data: json(raw.data).unwrap_or_default(),
            result_tag: raw.tag.and_then(json),
        }
    }
}

/// What the queries of a [`Report`] give, engine by engine: each a list of words and numbers.
pub(crate) struct Parts {
    /// Events, people, events within 200 ms.
    pub(crate) totals: (i64, i64, i64),
    pub(crate) types: Vec<(String, i64)>,
    /// Name, step, events, mean, most (microseconds).
    pub(crate) slow: Vec<(String, String, i64, i64, i64)>,
    pub(crate) slow_sql: Vec<(String, String, i64, i64, i64)>,
    pub(crate) errors: Vec<(String, String, i64)>,
    pub(crate) tags: Vec<(String, String, i64)>,
}

impl Parts {
    #[allow(clippy::cast_precision_loss)] // counts of rows
    fn report(self, hours: u32) -> Report {
        let (events, people, fast) = self.totals;
        let flows = |rows: Vec<(String, String, i64, i64, i64)>| {
            let flow = |(name, step, events, mean, most)| Flow {
                name,
                step,
                events,
                mean_ms: ms(mean),
                most_ms: ms(most),
            };
            rows.into_iter().map(flow).collect()
        };
        Report {
            hours,
            events,
            people,
            within_200_ms: (events > 0).then(|| fast as f64 / events as f64),
            types: self
                .types
                .into_iter()
                .map(|(kind, events)| Typed { kind, events })
                .collect(),
            slow: flows(self.slow),
            slow_sql: flows(self.slow_sql),
            errors: self
                .errors
                .into_iter()
                .map(|(code, flow, events)| Problem { code, flow, events })
                .collect(),
            tags: self
                .tags
                .into_iter()
                .map(|(llm, variant, events)| Tagged {
                    llm,
                    variant,
                    events,
                })
                .collect(),
        }
    }
}

impl Store {
    /// Events of a bot (its folder's name), newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn events(&self, bot: &str, filter: &Filter) -> Result<Vec<Found>, StoreError> {
        let raw = backend!(self, backend => backend.events(bot, filter).await)?;
        Ok(raw.into_iter().map(Found::from).collect())
    }

    /// What a bot did in the last hours.
    ///
    /// # Errors
    /// The database fails.
    pub async fn report(&self, bot: &str, hours: u32) -> Result<Report, StoreError> {
        let since = self
            .clock
            .micros()
            .saturating_sub(i64::from(hours).saturating_mul(3_600_000_000));
        let parts = backend!(self, backend => backend.report(bot, since).await)?;
        Ok(parts.report(hours))
    }
}

/// The statements of [`Parts`], for both engines but for the way into JSON: `$1` the bot, `$2` since when.
macro_rules! statements {
    ($sql_us:literal, $flow:literal, $llm:literal, $variant:literal) => {
        pub(crate) const TOTALS: &str = "SELECT count(*), count(DISTINCT CASE WHEN person <> 0 THEN person END), \
             count(CASE WHEN took <= 200000 THEN 1 END) FROM bf_events WHERE bot_id = $1 AND at >= $2";
        pub(crate) const TYPES: &str = "SELECT type, count(*) FROM bf_events WHERE bot_id = $1 AND at >= $2 \
             GROUP BY type ORDER BY 2 DESC, 1";
        pub(crate) const SLOW: &str = "SELECT name, step, count(*), CAST(avg(took) AS BIGINT), max(took) FROM bf_events \
             WHERE bot_id = $1 AND at >= $2 AND type <> 'error' AND name <> '' \
             GROUP BY name, step ORDER BY 4 DESC LIMIT $3";
        pub(crate) const SLOW_SQL: &str = concat!(
            "SELECT name, step, count(*), CAST(avg(", $sql_us, ") AS BIGINT), max(", $sql_us, ") FROM bf_events \
             WHERE bot_id = $1 AND at >= $2 AND type <> 'error' AND ", $sql_us, " > 0 \
             GROUP BY name, step ORDER BY 4 DESC LIMIT $3"
        );
        pub(crate) const ERRORS: &str = concat!(
            "SELECT name, coalesce(", $flow, ", ''), count(*) FROM bf_events \
             WHERE bot_id = $1 AND at >= $2 AND type = 'error' GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT $3"
        );
        pub(crate) const TAGS: &str = concat!(
            "SELECT coalesce(", $llm, ", ''), coalesce(", $variant, ", ''), count(*) FROM bf_events \
             WHERE bot_id = $1 AND at >= $2 AND result_tag IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2 LIMIT $3"
        );
    };
}

/// Pages: `$1` the bot, `$2` person, `$3` type, `$4` trace, `$5` since, `$6` before, `$7` how many; NULL: any.
macro_rules! page {
    ($data:literal, $tag:literal, $number:literal, $word:literal) => {
        concat!(
            "SELECT id, at, person, took, type, name, step, trace_id, ",
            $data,
            ", ",
            $tag,
            " FROM bf_events \
             WHERE bot_id = $1 AND ($2",
            $number,
            " IS NULL OR person = $2) AND ($3",
            $word,
            " IS NULL OR type = $3) \
             AND ($4",
            $word,
            " IS NULL OR trace_id = $4) AND ($5",
            $number,
            " IS NULL OR at >= $5) \
             AND ($6",
            $number,
            " IS NULL OR id < $6) ORDER BY id DESC LIMIT $7"
        )
    };
}

#[cfg(feature = "sqlite")]
pub(crate) mod sqlite {
    pub(crate) const PAGE: &str = page!("data", "result_tag", "", "");
    statements!(
        "CAST(data->>'sql_us' AS BIGINT)",
        "data->>'flow'",
        "result_tag->>'llm'",
        "result_tag->>'variant'"
    );
}

#[cfg(feature = "postgres")]
pub(crate) mod postgres {
    pub(crate) const PAGE: &str = page!("data::text", "result_tag::text", "::bigint", "::text");
    statements!(
        "(data->>'sql_us')::bigint",
        "data->>'flow'",
        "result_tag->>'llm'",
        "result_tag->>'variant'"
    );
}
