//! `botfactory people BOT export|erase USER`.

use serde_json::json;

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
        AppError::Failed(if error.is_conflict() {
            "rows of others refer to this person's: the tables' foreign keys do not say what becomes of them".to_owned()
        } else {
            format!("the database failed: {error}")
        })
    })
}

async fn work(
    store: &Store,
    bot: &'static dyn Bot,
    numbers: &[i64],
    what: People,
) -> Result<(), StoreError> {
    let bot_id = bot.spec().id;
    let handled = |what, rows| {
        telemetry::emit(PersonHandled {
            bot: bot_id,
            what,
            rows,
        });
    };
    match what {
        People::Export(user_id) => {
            let tables = store.person(bot, numbers, user_id).await?;
            println!(
                "{}",
                json!({"bot_id": bot_id, "user_id": user_id, "tables": tables})
            );
            handled(
                "export",
                tables.iter().map(|table| table.rows.len() as u64).sum(),
            );
        }
        People::Erase(user_id) => {
            let erased = store.erase_person(bot, numbers, user_id).await?;
            for table in &erased {
                println!("{}: {}", table.table, table.rows);
            }
            let rows: u64 = erased.iter().map(|table| table.rows).sum();
            println!("{rows} rows erased");
            handled("erase", rows);
        }
    }
    Ok(())
}
