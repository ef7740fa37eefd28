//! `botfactory dead-letters BOT [list | requeue ID… | discard ID…]`.

use super::cli::Letters;
use super::{AppError, start};
use crate::bot::Bot;
use crate::config::{Config, token_variable};
use crate::store::letters::{Letter, Requeued};
use crate::store::{Store, StoreError};
use crate::telegram::token::Token;

/// Does it. A requeued call is sent by a running instance, within a second or two.
///
/// # Errors
/// In words for a person; after every letter had its turn.
pub async fn run(
    bots: &'static [&'static dyn Bot],
    config: Config,
    name: &str,
    what: Letters,
) -> Result<(), AppError> {
    let at = bots
        .iter()
        .position(|bot| bot.spec().id == name)
        .ok_or_else(|| super::chat::no_such_bot(bots, name))?;
    let token = config.tokens.get(at).and_then(Option::as_ref);
    let bot = token.map(Token::bot).ok_or_else(|| {
        AppError::Failed(format!(
            "`{name}` has no token: set {}",
            token_variable(name)
        ))
    })?;
    let store = start::store(bots, &config).await?;
    let told = work(&store, bot, what).await;
    store.close().await;
    match told {
        Ok(missed) if missed.is_empty() => Ok(()),
        Ok(missed) => Err(AppError::Failed(missed.join("\n"))),
        Err(error) => Err(AppError::Failed(format!("the database failed: {error}"))),
    }
}

async fn work(store: &Store, bot: i64, what: Letters) -> Result<Vec<String>, StoreError> {
    let mut missed = Vec::new();
    match what {
        Letters::List => {
            let mut after = 0;
            loop {
                let page = store.letters(bot, after).await?;
                let Some(last) = page.last() else { break };
                after = last.id;
                for letter in &page {
                    println!("{}", line(letter));
                }
            }
        }
        Letters::Requeue(numbers) => {
            for number in numbers {
                match store.requeue(bot, number).await? {
                    Requeued::Done => println!("{number}: waits to be sent again"),
                    Requeued::NoCall => {
                        missed.push(format!("{number} has no call: its handler failed"));
                    }
                    Requeued::Missing => missed.push(format!("{number}: no such dead letter")),
                }
            }
        }
        Letters::Discard(numbers) => {
            for number in numbers {
                if store.discard(bot, number).await? {
                    println!("{number}: discarded");
                } else {
                    missed.push(format!("{number}: no such dead letter"));
                }
            }
        }
    }
    Ok(missed)
}

fn line(letter: &Letter) -> String {
    let update = letter
        .update_id
        .map_or_else(|| "bulk".to_owned(), |id| format!("update {id}"));
    let what = letter.method.as_deref().unwrap_or("handler");
    let more = match (&letter.trace_id, letter.requeueable) {
        (Some(trace), _) => format!("  trace {trace}"),
        (None, true) => "  can be requeued".to_owned(),
        (None, false) => String::new(),
    };
    format!(
        "{}  {}  {}  {what}  {update}{more}",
        letter.id, letter.at, letter.code
    )
}
