//! Telling Telegram about a bot: webhook or none, and the menu's commands in every locale.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{Deployment, Mode, Served, Standing};
use crate::config::Config;
use crate::outbox::Sender;
use crate::redis::Redis;
use crate::telegram::client::Client;
use crate::telegram::error::ApiError;
use crate::telegram::method::{
    ALLOWED_UPDATES, Command, CommandScope, DeleteWebhook, GetMe, GetWebhookInfo, SetMyCommands,
    SetWebhook, WebhookInfo,
};
use crate::telegram::token::Token;
use crate::telemetry::{self, events};
use crate::texts::menus::Menus;

/// Longest pause between attempts at start.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How long a registration by one instance spares the others theirs.
const REGISTERED: Duration = Duration::from_secs(30);
/// Instances whose menus have changed tell Telegram within this time.
const RENEW_WITHIN: Duration = Duration::from_millis(500);
/// How often, and at what intervals, a starting instance looks whether Redis is there.
const CONNECTS: u32 = 30;
const CONNECT_LOOK: Duration = Duration::from_millis(10);

/// Registers bots.
#[derive(Debug, Clone)]
pub struct Registrar {
    client: Client,
    menus: Arc<dyn Menus>,
    sender: Option<Sender>,
    public_url: Option<String>,
    secret: SecretString,
    redis: Redis,
}

impl Registrar {
    /// With the webhook's base address (`None`: polling) and secret.
    pub fn new(
        client: Client,
        menus: Arc<dyn Menus>,
        sender: Option<Sender>,
        public_url: Option<String>,
        secret: SecretString,
        redis: Redis,
    ) -> Self {
        Self {
            client,
            menus,
            sender,
            public_url,
            secret,
            redis,
        }
    }

    /// Registers a bot now; whether everything worked. How it stands is visible in `GET /bots/{id}`.
    pub async fn register(&self, deployment: &Deployment, bot: &Served) -> bool {
        let Some(token) = bot.link().token else {
            return false;
        };
        let index = deployment.find(bot.spec().id).unwrap_or(usize::MAX);
        let named = self.name(index, bot, &token).await;
        // Under polling the poller frees the way itself and reports how that stands.
        let updates = match deployment.mode(bot) {
            Mode::Webhook => {
                let set = match named {
                    Ok(()) => self.set_webhook(bot.spec().id, &token).await,
                    Err(error) => Err(error),
                };
                let standing = standing(&set);
                bot.update(|link| link.updates = standing);
                report(bot.spec().id, "webhook", &set);
                set.is_ok()
            }
            _ => named.is_ok(),
        };
        let commands = self.set_commands(index, bot.spec().id, &token).await;
        let how = standing(&commands);
        bot.update(|link| link.commands = how);
        report(bot.spec().id, "commands", &commands);
        updates && commands.is_ok()
    }

    /// Registers a bot, trying again with growing pauses until it works.
    pub async fn register_until_done(self, deployment: Deployment, index: usize) {
        let Some(bot) = deployment.bot(index) else {
            return;
        };
        let mode = deployment.mode(bot); // before the lock that it takes too
        bot.update(|link| {
            if mode == Mode::Webhook {
                link.updates = Standing::Pending;
            }
            link.commands = Standing::Pending;
        });
        if self.others_did(index, bot).await {
            return;
        }
        let mut pause = Duration::from_secs(2);
        while !self.register(&deployment, bot).await {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let link = bot.link();
        if let (Some(token), Some(username)) = (link.token, link.username) {
            let done = format!("{} {username}", self.fingerprint(index, bot, &token));
            self.redis.put(&key(&token), &done, REGISTERED).await;
        }
    }

    /// Tells Telegram the bot's menus again, which have changed, trying with growing pauses until it works. Where instances
    /// share a Redis, one does it.
    pub async fn renew_commands(self, deployment: Deployment, index: usize) {
        // Those that have changed together do not go together.
        tokio::time::sleep(RENEW_WITHIN.mul_f64(rand::random())).await;
        let mut pause = Duration::from_secs(2);
        loop {
            let Some(bot) = deployment.bot(index) else {
                return;
            };
            let Some(token) = bot.link().token else {
                return;
            };
            if self.others_did(index, bot).await {
                return;
            }
            let commands = self.set_commands(index, bot.spec().id, &token).await;
            let how = standing(&commands);
            bot.update(|link| link.commands = how);
            report(bot.spec().id, "commands", &commands);
            if commands.is_ok() {
                if let Some(username) = bot.link().username {
                    let done = format!("{} {username}", self.fingerprint(index, bot, &token));
                    self.redis.put(&key(&token), &done, REGISTERED).await;
                }
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Whether another instance has said just the same to Telegram a moment ago: many that start together would only be
    /// told 429.
    async fn others_did(&self, index: usize, bot: &Served) -> bool {
        let Some(token) = bot.link().token else {
            return false;
        };
        for _ in 0..CONNECTS {
            if !self.redis.configured() || self.redis.up() {
                break;
            }
            tokio::time::sleep(CONNECT_LOOK).await;
        }
        let done = self.redis.get(&key(&token)).await.unwrap_or_default();
        let Some((fingerprint, username)) = done.split_once(' ') else {
            return false;
        };
        if fingerprint != self.fingerprint(index, bot, &token) {
            return false;
        }
        self.menus.named(index, username);
        bot.update(|link| {
            link.username = Some(username.to_owned());
            if link.updates == Standing::Pending {
                link.updates = Standing::Ok;
            }
            link.commands = Standing::Ok;
        });
        true
    }

    /// Everything that Telegram is told about a bot.
    fn fingerprint(&self, index: usize, bot: &Served, token: &Token) -> String {
        let mut hash = Sha256::new();
        let url = self.webhook_url(bot.spec().id).unwrap_or_default();
        for part in [url.as_str(), self.secret.expose_secret(), token.expose()] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(format!("{:?}", self.menus.menus(index)).as_bytes());
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Takes what was read again: a token that was renewed takes effect. `true`: something changed that takes a new start.
    pub fn reread(&self, deployment: &Deployment, bot: &Served, config: &Config) -> bool {
        let index = deployment.find(bot.spec().id).unwrap_or(usize::MAX);
        let fresh = config.tokens.get(index).cloned().flatten();
        let restart = fresh.as_ref().map(Token::bot) != bot.telegram_id();
        if let (Some(token), false) = (fresh, restart) {
            if let Some(sender) = &self.sender {
                sender.set_bot(bot.spec().id, token.clone());
            }
            bot.update(|link| link.token = Some(token));
        }
        restart
    }

    async fn name(&self, index: usize, bot: &Served, token: &Token) -> Result<(), ApiError> {
        let me = self.client.call(token, &GetMe {}).await?;
        if let Some(username) = me.username {
            self.menus.named(index, &username);
            bot.update(|link| link.username = Some(username));
        }
        Ok(())
    }

    /// Where Telegram is to call for this bot.
    pub fn webhook_url(&self, id: &str) -> Option<String> {
        self.public_url
            .as_ref()
            .map(|base| format!("{base}/tg/{id}"))
    }

    /// Sets the webhook; updates that wait are kept.
    ///
    /// # Errors
    /// Telegram refuses, or cannot be reached. Without a public address there is nothing to set.
    pub async fn set_webhook(&self, id: &str, token: &Token) -> Result<(), ApiError> {
        let Some(url) = self.webhook_url(id) else {
            return Err(ApiError::Unsent("BOTFACTORY_PUBLIC_URL is not set"));
        };
        let call = SetWebhook {
            url,
            secret_token: self.secret.expose_secret().to_owned(),
            allowed_updates: ALLOWED_UPDATES,
            drop_pending_updates: false,
        };
        self.client.call(token, &call).await.map(|_| ())
    }

    /// Removes the webhook; updates that wait are kept.
    ///
    /// # Errors
    /// Telegram refuses, or cannot be reached.
    pub async fn delete_webhook(&self, token: &Token) -> Result<(), ApiError> {
        // What others have said is void.
        self.redis
            .put(&key(token), "", Duration::from_secs(1))
            .await;
        let call = DeleteWebhook {
            drop_pending_updates: false,
        };
        self.client.call(token, &call).await.map(|_| ())
    }

    /// What Telegram knows of the webhook.
    ///
    /// # Errors
    /// Telegram refuses, or cannot be reached.
    pub async fn webhook_info(&self, token: &Token) -> Result<WebhookInfo, ApiError> {
        self.client.call(token, &GetWebhookInfo {}).await
    }

    async fn set_commands(
        &self,
        bot: usize,
        bot_name: &'static str,
        token: &Token,
    ) -> Result<(), ApiError> {
        for menu in self.menus.menus(bot) {
            let call = SetMyCommands {
                commands: menu
                    .commands
                    .into_iter()
                    .map(|(command, description)| Command {
                        command,
                        description,
                    })
                    .collect(),
                language_code: menu.language,
                scope: menu.chat.map(|chat_id| CommandScope::Chat { chat_id }),
            };
            match self.client.call(token, &call).await {
                Ok(_) => {}
                // An admin who has never written to the bot has no chat with it yet.
                Err(error) if menu.chat.is_some() && !error.transient() => {
                    report(bot_name, "admin_menu", &Err(error));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Deployment {
    /// Tells Telegram a bot's menus again, which have changed, as [`Registrar::renew_commands`] does; `None`: it is not told
    /// about this bot.
    pub fn renewal(&self, bot: usize) -> Option<impl Future<Output = ()> + Send + use<>> {
        let (registrar, served) = (self.registrar()?, self.bot(bot)?);
        let told = self.mode(served) != Mode::Preview;
        told.then(|| registrar.clone().renew_commands(self.clone(), bot))
    }
}

/// Where instances tell each other what they have registered.
fn key(token: &Token) -> String {
    format!("bf:{{{}}}:registered", token.bot())
}

fn standing(outcome: &Result<(), ApiError>) -> Standing {
    match outcome {
        Ok(()) => Standing::Ok,
        Err(error) => Standing::Failed {
            class: error.class(),
            reason: error.to_string(),
        },
    }
}

fn report(bot: &'static str, what: &'static str, outcome: &Result<(), ApiError>) {
    let words = outcome.as_ref().err().map(|e| (e.class(), e.to_string()));
    telemetry::emit(events::Registered {
        bot,
        what,
        error: words
            .as_ref()
            .map(|(class, words)| (*class, words.as_str())),
    });
}
