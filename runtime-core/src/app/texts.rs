//! `botfactory texts BOT [list [LOCALE] | set LOCALE KEY WORDS | set LOCALE FILE.ftl | revert [LOCALE [KEY…]] | export LOCALE]`.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::cli::Texts;
use super::{AppError, start};
use crate::bot::Bot;
use crate::config::Config;
use crate::redis::Redis;
use crate::store::Store;
use crate::texts::desk::{Desk, Done, Refused, TextEntry, Wanted};

/// Who changes texts in a terminal.
const AUTHOR: &str = "terminal";
/// How long Redis may take to answer before the instances find out by themselves.
const CONNECT: Duration = Duration::from_millis(500);
/// What a notice takes to leave.
const LEAVE: Duration = Duration::from_millis(50);

/// Does it. Running instances speak what was changed within a second.
///
/// # Errors
/// In words for a person: every finding.
pub async fn run(
    bots: &'static [&'static dyn Bot],
    config: Config,
    name: &str,
    what: Texts,
) -> Result<(), AppError> {
    let bot = bots
        .iter()
        .find(|bot| bot.spec().id == name)
        .ok_or_else(|| super::chat::no_such_bot(bots, name))?;
    let store = start::store(bots, &config).await?;
    let redis = match &config.redis {
        Some(url) => {
            Redis::open(url.expose_secret()).map_err(|e| AppError::Failed(e.to_string()))?
        }
        None => Redis::alone(),
    };
    store.share(redis.clone());
    let changes = matches!(
        what,
        Texts::Set { .. } | Texts::SetFile { .. } | Texts::Revert { .. }
    );
    if changes && redis.configured() {
        let up = async {
            while !redis.up() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(CONNECT, up).await;
    }
    let desk = Desk::new(&store, bot.spec());
    let told = work(&desk, &store, bot.spec().id, what).await;
    if changes && redis.up() {
        tokio::time::sleep(LEAVE).await;
    }
    store.close().await;
    told
}

async fn work(desk: &Desk<'_>, store: &Store, bot: &str, what: Texts) -> Result<(), AppError> {
    match what {
        Texts::List(locale) => {
            let texts = desk.list(locale.as_deref(), false).await.map_err(words)?;
            texts.iter().for_each(|text| println!("{}", line(text)));
        }
        Texts::Changes => {
            let changes = store.text_changes(bot, i64::MAX).await;
            for change in changes.map_err(|e| words(Refused::Store(e)))? {
                let what = change
                    .words
                    .as_deref()
                    .map_or("reverted".to_owned(), |w| format!("{w:?}"));
                let (at, author) = (change.at, change.author);
                println!("{at}  {author}  {}  {}  {what}", change.locale, change.key);
            }
        }
        Texts::Set {
            locale,
            key,
            words: new,
        } => {
            let wanted = vec![Wanted::new(key, new)];
            said(desk.set(&locale, AUTHOR, wanted).await.map_err(words)?);
        }
        Texts::SetFile { locale, file } => {
            let ftl = tokio::fs::read_to_string(&file).await;
            let ftl = ftl.map_err(|e| AppError::Failed(format!("cannot read `{file}`: {e}")))?;
            said(desk.set_ftl(&locale, AUTHOR, ftl).await.map_err(words)?);
        }
        Texts::Revert { locale, keys } => {
            let keys = Some(keys.as_slice()).filter(|keys| !keys.is_empty());
            let done = desk
                .revert(locale.as_deref(), keys, AUTHOR)
                .await
                .map_err(words)?;
            let missed = keys
                .into_iter()
                .flatten()
                .filter(|key| !done.reverted.contains(key));
            let missed: Vec<String> = missed
                .map(|key| format!("`{key}` is not overridden"))
                .collect();
            said(done);
            if !missed.is_empty() {
                return Err(AppError::Failed(missed.join("\n")));
            }
        }
        Texts::Export(locale) => print!("{}", desk.export(&locale).await.map_err(words)?),
    }
    Ok(())
}

fn said(done: Done) {
    let all = [
        ("overridden", done.set),
        ("reverted", done.reverted),
        ("unchanged", done.unchanged),
    ];
    for (what, keys) in all {
        keys.iter().for_each(|key| println!("{key}: {what}"));
    }
    done.diagnostics
        .iter()
        .for_each(|advice| eprintln!("{advice}"));
}

fn words(refused: Refused) -> AppError {
    AppError::Failed(match refused {
        Refused::Locale => "the bot has no such locale".to_owned(),
        Refused::Bound(words) => words,
        Refused::Race => "others change the same texts; try again".to_owned(),
        Refused::Store(error) => format!("the database failed: {error}"),
        Refused::Faults(found) => {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            format!("nothing is stored\n{}", found.join("\n"))
        }
    })
}

/// Words of several lines stand on one, with `\n`.
fn line(text: &TextEntry) -> String {
    let (locale, key) = (&text.locale, &text.key);
    match &text.overridden {
        None => format!("{locale}  {key}  {:?}", text.original),
        Some(over) => {
            let stale = match &over.finding {
                _ if !over.stale => String::new(),
                Some(found) => format!("  set aside: {}", found.message),
                None => "  set aside".to_owned(),
            };
            let (new, author, at) = (&over.words, &over.author, &over.at);
            format!(
                "{locale}  {key}  {:?} → {new:?}  {author} {at}{stale}",
                text.original
            )
        }
    }
}
