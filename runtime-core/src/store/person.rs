//! What is stored about a person: handed out as a whole ([`super::export`]), and erased. Both go through one list of places
//! ([`HELD`], and what the compiler knows of the bot's own tables); a test holds the list against the migrations, so that no
//! table is forgotten.

use serde::Serialize;

use super::Store;
use super::error::StoreError;
use super::tables::{HeldByBot, PersonTable};
use crate::redis::notices::Notice;

/// Stands in the place of a person where there is none: dialogues of a whole group, events of the erased. Nobody has this number.
pub const NOBODY: i64 = 0;

/// A table of the runtime's with rows of people. `$1` is the person, `$2` Telegram's number of the bot.
pub(crate) struct Held {
    pub(crate) table: &'static str,
    /// Which rows.
    condition: &'static str,
    pub(crate) columns: &'static [&'static str],
    /// How they are erased, in this order.
    erase: &'static [&'static str],
}

/// In the order in which they are erased: what is found by way of another table stands before it.
pub(crate) const HELD: &[Held] = &[
    Held {
        table: "bf_dead_letters",
        condition: "bot = $2 AND update_id IN (SELECT update_id FROM bf_outbox WHERE bot = $2 AND chat = $1)",
        columns: &[
            "id",
            "bot",
            "update_id",
            "at",
            "code",
            "trace_id",
            "n",
            "method",
        ],
        erase: &[
            "DELETE FROM bf_dead_letters WHERE bot = $2 AND update_id IN \
             (SELECT update_id FROM bf_outbox WHERE bot = $2 AND chat = $1)",
        ],
    },
    Held {
        table: "bf_outbox",
        condition: "bot = $2 AND chat = $1",
        columns: &[
            "bot",
            "update_id",
            "n",
            "chat",
            "at",
            "state",
            "lease_until",
            "given_back",
            "attempts",
            "call",
            "class",
            "flags",
            "message",
        ],
        // A claim stays, without whose it is and what was said: Telegram may still deliver its update again.
        erase: &[
            "DELETE FROM bf_outbox WHERE bot = $2 AND chat = $1 AND (n > 0 OR update_id < 0)",
            "UPDATE bf_outbox SET state = 0, call = NULL, chat = NULL, message = NULL, flags = 0 \
             WHERE bot = $2 AND chat = $1",
        ],
    },
    Held {
        table: "bf_conversations",
        // A private chat has the person's number, whatever the bot's scope.
        condition: "bot = $2 AND (person = $1 OR chat = $1)",
        columns: &[
            "bot", "chat", "person", "thread", "run", "expires", "waiting", "version", "timer",
        ],
        erase: &["DELETE FROM bf_conversations WHERE bot = $2 AND (person = $1 OR chat = $1)"],
    },
    Held {
        table: "bf_jobs",
        condition: "bot = $2 AND (person = $1 OR chat = $1)",
        columns: &[
            "id", "bot", "chat", "person", "thread", "flow", "segment", "version", "at",
            "deadline", "ready", "attempts", "job",
        ],
        erase: &["DELETE FROM bf_jobs WHERE bot = $2 AND (person = $1 OR chat = $1)"],
    },
    Held {
        table: "bf_events",
        condition: "bot = $2 AND person = $1",
        columns: &[
            "id",
            "at",
            "bot",
            "bot_id",
            "person",
            "type",
            "name",
            "step",
            "took",
            "trace_id",
            "data",
            "result_tag",
        ],
        // What happened stays, without whom it happened to.
        erase: &["UPDATE bf_events SET person = 0 WHERE bot = $2 AND person = $1"],
    },
    Held {
        table: "bf_locales",
        condition: "bot = $2 AND subject = $1",
        columns: &["bot", "subject", "tag", "changed"],
        erase: &["DELETE FROM bf_locales WHERE bot = $2 AND subject = $1"],
    },
    Held {
        table: "bf_unreachable",
        condition: "bot = $2 AND chat = $1",
        columns: &["bot", "chat", "since"],
        erase: &["DELETE FROM bf_unreachable WHERE bot = $2 AND chat = $1"],
    },
    Held {
        table: "bf_recipient",
        condition: "person = $1 AND broadcast IN (SELECT id FROM bf_broadcast WHERE bot = $2)",
        columns: &[
            "broadcast",
            "person",
            "state",
            "due",
            "attempts",
            "code",
            "at",
        ],
        erase: &[
            // Whoever has not had their turn is passed over.
            "UPDATE bf_broadcast SET skipped = skipped + 1 WHERE bot = $2 AND state < 3 AND id IN \
             (SELECT broadcast FROM bf_recipient WHERE person = $1 AND state < 3)",
            "DELETE FROM bf_recipient WHERE person = $1 AND broadcast IN (SELECT id FROM bf_broadcast WHERE bot = $2)",
        ],
    },
    Held {
        table: "bf_broadcast",
        // Whoever is told how far it is. Whom it names is forgotten once its recipients have their rows.
        condition: "bot = $2 AND told_chat = $1",
        columns: &[
            "id",
            "bot",
            "bot_id",
            "name",
            "request",
            "audience",
            "people",
            "since",
            "messages",
            "per_second",
            "skip",
            "state",
            "problem",
            "created",
            "starts",
            "started",
            "finished",
            "enrolled",
            "last",
            "next_at",
            "total",
            "sent",
            "failed",
            "blocked",
            "ambiguous",
            "skipped",
            "told_chat",
            "told_tag",
            "told_at",
            "told_n",
        ],
        erase: &[
            "UPDATE bf_broadcast SET told_chat = NULL, told_tag = NULL, told_at = 0 WHERE bot = $2 AND told_chat = $1",
        ],
    },
    Held {
        table: "bf_segment",
        condition: "bot = $2 AND person = $1",
        columns: &["bot", "segment", "person", "bot_id", "at"],
        erase: &["DELETE FROM bf_segment WHERE bot = $2 AND person = $1"],
    },
    Held {
        table: "bf_person",
        condition: "bot = $2 AND person = $1",
        columns: &[
            "bot",
            "person",
            "bot_id",
            "first_name",
            "last_name",
            "username",
            "language",
            "first_seen",
            "last_seen",
            "private",
            "subscribed",
        ],
        erase: &["DELETE FROM bf_person WHERE bot = $2 AND person = $1"],
    },
];

/// Tables of the runtime's that say nothing about a person.
#[cfg(test)]
const NOT_HELD: &[&str] = &[
    "bf_failures",
    "bf_llm_bots",
    "bf_llm_days",
    "bf_migrations",
    "bf_pace",
    "bf_polling",
    "bf_text_history",
    "bf_text_versions",
    "bf_texts",
    "bf_values",
];

/// What `$2` is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Second {
    None,
    Number(i64),
    Name(&'static str),
}

/// Rows of one table, ready to be asked for.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) table: &'static str,
    pub(crate) select: String,
    pub(crate) erase: Vec<String>,
    pub(crate) second: Second,
}

/// How many rows of a table went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// The table.
    pub table: &'static str,
    /// Rows.
    pub rows: u64,
}

/// Everywhere that something of a person's may be, with this bot.
pub(super) fn parts(bot: HeldByBot, numbers: &[i64]) -> Vec<Part> {
    let own = bot.tables.iter().map(|table| of_bot(bot.id, table));
    let runtime = numbers
        .iter()
        .flat_map(|number| HELD.iter().map(|held| of_runtime(held, *number)));
    own.chain(runtime).collect()
}

fn of_runtime(held: &Held, number: i64) -> Part {
    Part {
        table: held.table,
        select: select(held.table, held.columns, held.condition),
        erase: held.erase.iter().map(|sql| (*sql).to_owned()).collect(),
        second: Second::Number(number),
    }
}

fn of_bot(id: &'static str, table: &PersonTable) -> Part {
    let name = quoted(table.table);
    Part {
        table: table.table,
        select: select(table.table, table.columns, table.condition),
        erase: vec![format!("DELETE FROM {name} WHERE {}", table.condition)],
        second: if table.by_bot {
            Second::Name(id)
        } else {
            Second::None
        },
    }
}

/// Names are the compiler's and ours, never a person's.
fn select(table: &str, columns: &[&str], condition: &str) -> String {
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    format!(
        "SELECT {} FROM {} WHERE {condition}",
        columns.join(", "),
        quoted(table),
    )
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.to_ascii_lowercase().replace('"', "\"\""))
}

impl Store {
    /// Erases everything that is stored about a person by this bot, which `numbers` are Telegram's for, in one transaction; what
    /// went, by table. A second time there is nothing left. Claims of updates stay, without any sign of whose they were.
    ///
    /// # Errors
    /// The database fails, or rows of others refer to this person's ([`StoreError::is_conflict`]): nothing is erased then.
    pub async fn erase_person(
        &self,
        bot: HeldByBot,
        numbers: &[i64],
        person: i64,
    ) -> Result<Vec<Erased>, StoreError> {
        let parts = parts(bot, numbers);
        let _events = self.events.writing.lock().await;
        let _people = self.people.writing.lock().await;
        for number in numbers {
            self.people.forget(*number, person);
            self.events.forget(*number, person, self.clock().micros());
        }
        let mut erased = backend!(self, backend => backend.erase_person(parts, person).await)?;
        erased.retain(|erased| erased.rows > 0);
        for number in numbers {
            self.people.forget(*number, person);
            self.locales.stale(*number, person);
            self.locales.tell(Notice::Locale {
                bot: *number,
                subject: person,
            });
        }
        Ok(erased)
    }
}

/// The number under which previews of this bot are stored.
pub fn preview_number(id: &str) -> i64 {
    // Telegram's ids are positive; the name makes it the same after every start.
    -1 - i64::from(botfactory_lang::callback::hash32(id))
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::clock::Clock;

    /// Whoever adds a table says whether it holds anything about people, and all of its columns are exported.
    #[tokio::test]
    async fn every_table_of_the_runtime_is_known_here() {
        let folder = std::env::temp_dir().join(format!("bf-people-{:016x}", rand::random::<u64>()));
        let url = format!("sqlite://{}/x.db", folder.display());
        let store = Store::open(&url, &[], Clock::system()).await.unwrap();
        let mut reader = store.sqlite().readers.get().await.unwrap();
        let columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name LIKE 'bf!_%' ESCAPE '!'",
        )
        .fetch_all(reader.connection().unwrap())
        .await
        .unwrap();
        reader.clean();
        let tables: BTreeSet<&str> = columns.iter().map(|(table, _)| table.as_str()).collect();
        let known: BTreeSet<&str> = HELD
            .iter()
            .map(|held| held.table)
            .chain(NOT_HELD.iter().copied())
            .collect();
        assert_eq!(tables, known, "put a new table into HELD or NOT_HELD");
        for held in HELD {
            let there: BTreeSet<&str> = columns
                .iter()
                .filter(|(table, _)| table == held.table)
                .map(|(_, column)| column.as_str())
                .collect();
            let listed: BTreeSet<&str> = held.columns.iter().copied().collect();
            assert_eq!(there, listed, "{}", held.table);
        }
        store.close().await;
        let _ = std::fs::remove_dir_all(&folder);
    }
}
