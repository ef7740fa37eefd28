//! `botfactory people BOT export|erase USER`.

use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;

use super::cli::People;
use super::{AppError, start};
use crate::bot::Bot;
use crate::config::Config;
use crate::store::person::preview_number;
use crate::store::{Store, StoreError};
use crate::telegram::token::Token;
use crate::telemetry;
use crate::telemetry::events::PersonHandled;

/// Does it: an export goes to standard output as JSON. Running instances may know a person's language for as long as they
/// run; nothing else of an erased person is kept in memory.
///
/// # Errors
/// In words for a person.
pub async fn run(
    bots: &'static [&'static dyn Bot],
    config: Config,
    name: &str,
    what: People,
) -> Result<(), AppError> {
    let at = bots
        .iter()
        .position(|bot| bot.spec().id == name)
        .ok_or_else(|| super::chat::no_such_bot(bots, name))?;
    let token = config.tokens.get(at).and_then(Option::as_ref);
    let numbers: Vec<i64> = token
        .map(Token::bot)
        .into_iter()
        .chain([preview_number(name)])
        .collect();
    let store = start::store(bots, &config).await?;
    let told = match bots.get(at) {
        Some(bot) => work(&store, *bot, &numbers, what).await,
        None => Ok(()), // it was found there
    };
    store.close().await;
    told.map_err(|error| {
        AppError::Failed(match error {
            Failed::Store(error) if error.is_conflict() => "rows of others refer to this person's: the tables' foreign keys do not say what becomes of them".to_owned(),
            other => other.to_string(),
        })
    })
}

async fn work(
    store: &Arc<Store>,
    bot: &'static dyn Bot,
    numbers: &[i64],
    what: People,
) -> Result<(), Failed> {
    let mut out = tokio::io::stdout();
    match what {
        People::Export(user_id) => {
            let mut export = store.export(bot.held(), numbers, user_id).await?;
            while let Some(piece) = export.next().await {
                out.write_all(&piece?).await?;
            }
            out.write_all(b"\n").await?;
        }
        People::Erase(user_id) => {
            let erased = store.erase_person(bot.held(), numbers, user_id).await?;
            for table in &erased {
                let line = format!("{}: {}\n", table.table, table.rows);
                out.write_all(line.as_bytes()).await?;
            }
            let rows: u64 = erased.iter().map(|table| table.rows).sum();
            // Of an export the store says it.
            telemetry::emit(PersonHandled {
                bot: bot.spec().id,
                what: "erase",
                rows,
            });
            let line = format!("{rows} rows erased\n");
            out.write_all(line.as_bytes()).await?;
        }
    }
    out.flush().await?;
    Ok(())
}

/// Why it did not go to its end.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the database failed: {0}")]
    Store(#[from] StoreError),
    #[error("cannot write to standard output: {0}")]
    Output(#[from] std::io::Error),
}
