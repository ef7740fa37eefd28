//! `botfactory events BOT [list | report] [--user N] [--type T] [--trace ID] [--hours N] [--limit N]`.

use super::cli::Events;
use super::{AppError, start};
use crate::bot::Bot;
use crate::config::Config;
use crate::store::{Store, StoreError};

/// Prints it: events as JSON, one a line, newest first; a report as one JSON object.
///
/// # Errors
/// In words for a person.
pub async fn run(
    bots: &'static [&'static dyn Bot],
    config: Config,
    name: &str,
    what: Events,
) -> Result<(), AppError> {
    if !bots.iter().any(|bot| bot.spec().id == name) {
        return Err(super::chat::no_such_bot(bots, name));
    }
    let store = start::store(bots, &config).await?;
    let told = work(&store, name, what).await;
    store.close().await;
    told.map_err(|error| AppError::Failed(format!("the database failed: {error}")))
}

async fn work(store: &Store, bot: &str, what: Events) -> Result<(), StoreError> {
    match what {
        Events::List { mut filter, hours } => {
            filter.since = hours.map(|hours| {
                let ago = i64::from(hours).saturating_mul(3_600_000_000);
                store.clock().micros().saturating_sub(ago)
            });
            for event in store.events(bot, &filter).await? {
                // What was read from JSON serializes.
                println!("{}", serde_json::to_string(&event).unwrap_or_default());
            }
        }
        Events::Report(hours) => {
            let report = store.report(bot, hours).await?;
            println!(
                "{}",
                serde_json::to_string_pretty(&report).unwrap_or_default()
            );
        }
    }
    Ok(())
}
