//! `botfactory webhook set|delete|info [BOT]`.

use super::cli::Action;
use super::{AppError, start};
use crate::bot::Bot;
use crate::config::{Config, token_variable};

/// Does it, for one bot or all that have a token.
///
/// # Errors
/// In words for a person; after every bot had its turn.
pub async fn run(
    bots: &'static [&'static dyn Bot],
    config: Config,
    action: Action,
    only: Option<String>,
) -> Result<(), AppError> {
    if let Some(name) = &only
        && !bots.iter().any(|bot| bot.spec().id == name)
    {
        return Err(super::chat::no_such_bot(bots, name));
    }
    if action == Action::Set && config.public_url.is_none() {
        return Err(AppError::Failed(
            "BOTFACTORY_PUBLIC_URL is not set: Telegram needs an address to call".to_owned(),
        ));
    }
    let app = start::open(bots, &config).await?;
    let mut failures = Vec::new();
    let mut any = false;
    for bot in app.deployment.bots() {
        let id = bot.spec().id;
        if only.as_deref().is_some_and(|name| name != id) {
            continue;
        }
        let (Some(token), Some(registrar)) = (bot.link().token, app.deployment.registrar()) else {
            if only.is_some() {
                failures.push(format!("`{id}` has no token: set {}", token_variable(id)));
            }
            continue;
        };
        any = true;
        let said = match action {
            Action::Set => registrar.set_webhook(id, &token).await.map(|()| {
                let url = registrar.webhook_url(id).unwrap_or_default();
                format!("{id}: webhook set to {url}")
            }),
            Action::Delete => registrar
                .delete_webhook(&token)
                .await
                .map(|()| format!("{id}: webhook deleted")),
            Action::Info => registrar.webhook_info(&token).await.map(|info| {
                let info = serde_json::to_string_pretty(&info).unwrap_or_default();
                format!("{id}: {info}")
            }),
        };
        match said {
            Ok(line) => println!("{line}"),
            Err(error) => failures.push(format!("{id}: {error}")),
        }
    }
    app.store.close().await;
    if !any && failures.is_empty() {
        failures.push("no bot has a token: set BOTFACTORY_TOKEN_<BOT>".to_owned());
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(AppError::Failed(failures.join("\n")))
    }
}
