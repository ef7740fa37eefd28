//! Delivering updates to a webhook, as the Bot API server does it (`WebhookActor.cpp`): one at a time within a queue,
//! queues beside each other; first retry at once, then 2, 4, 8 … seconds; `Retry-After` of an answer is honoured.

use std::time::Duration;

use serde_json::Value;

use super::server;
use super::state::{Bot, QueueKey, Shared, Update, Webhook};

/// The server waits 60 s for an answer.
const ANSWER: Duration = Duration::from_secs(60);
/// Longest pause between attempts: in between, at random.
const LONGEST: std::ops::RangeInclusive<u64> = 60..=120;

/// Whether a bot asked for this kind of update; an empty list means all.
pub(super) fn wanted(update: &Update, allowed: &[String]) -> bool {
    allowed.is_empty()
        || allowed
            .iter()
            .any(|kind| update.json.get(kind.as_str()).is_some())
}

/// Delivers for as long as the bot has this webhook.
pub(super) fn watch(state: Shared, token: String) {
    tokio::spawn(async move {
        let Ok(http) = crate::telegram::client::plain_http() else {
            return;
        };
        let watches = || {
            let goes_on = |bot: &mut Bot| {
                bot.watched = bot.webhook.is_some();
                bot.watched
            };
            !state.is_closed() && state.with(&token, goes_on).unwrap_or(false)
        };
        while watches() {
            let changed = state.changed.notified();
            let ready: Vec<QueueKey> = state
                .with(&token, |bot| {
                    let ready: Vec<QueueKey> = bot
                        .queues
                        .iter()
                        .filter(|(key, queue)| !queue.is_empty() && !bot.running.contains(key))
                        .map(|(key, _)| *key)
                        .collect();
                    bot.running.extend(ready.iter().copied());
                    ready
                })
                .unwrap_or_default();
            for key in ready {
                tokio::spawn(serve(state.clone(), token.clone(), key, http.clone()));
            }
            let _ = tokio::time::timeout(Duration::from_millis(100), changed).await;
        }
    });
}

/// One queue, until it is empty.
async fn serve(state: Shared, token: String, key: QueueKey, http: reqwest::Client) {
    let mut attempt = 0u32;
    loop {
        let next = state
            .with(&token, |bot| {
                let webhook = bot.webhook.clone();
                let update = bot.queues.get(&key).and_then(|q| q.front().cloned());
                if webhook.is_none() || update.is_none() {
                    bot.running.remove(&key);
                }
                webhook.zip(update)
            })
            .flatten();
        let Some((webhook, update)) = next else {
            return;
        };
        if state.is_closed() {
            return;
        }
        let pause = if wanted(&update, &webhook.allowed) {
            deliver(&state, &token, &http, &webhook, &update, attempt).await
        } else {
            None
        };
        match pause {
            None => {
                attempt = 0;
                state.with(&token, |bot| {
                    let queue = bot.queues.get_mut(&key);
                    // Only this update: more may have come behind it.
                    if let Some(done) = queue.and_then(std::collections::VecDeque::pop_front) {
                        bot.delivered.push(done);
                    }
                    if bot
                        .queues
                        .get(&key)
                        .is_some_and(std::collections::VecDeque::is_empty)
                    {
                        bot.queues.remove(&key);
                    }
                });
                state.changed.notify_waiters();
            }
            Some(pause) => {
                attempt += 1;
                tokio::time::sleep(state.scaled(pause)).await;
            }
        }
    }
}

/// One attempt: `None` when it was taken, else the pause before the next.
async fn deliver(
    state: &Shared,
    token: &str,
    http: &reqwest::Client,
    webhook: &Webhook,
    update: &Update,
    attempt: u32,
) -> Option<Duration> {
    let backoff = match attempt {
        0 => Duration::ZERO,
        n => Duration::from_secs((1 << n.min(7)).min(rand::random_range(LONGEST))),
    };
    let address = state.address(&webhook.url);
    let mut request = http.post(&address).timeout(ANSWER).json(&update.json);
    if let Some(secret) = &webhook.secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let Ok(response) = request.send().await else {
        return Some(backoff.max(Duration::from_millis(20)));
    };
    if !response.status().is_success() {
        let asked = response
            .headers()
            .get("retry-after")
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.parse::<u64>().ok())
            .map(|seconds| Duration::from_secs(seconds.min(3600)));
        return Some(asked.unwrap_or(backoff));
    }
    match response.bytes().await {
        Ok(body) => {
            if let Ok(call) = serde_json::from_slice::<Value>(&body) {
                server::responded(state, token, call).await;
            }
            None
        }
        // The answer broke off: Telegram cannot know whether it was taken.
        Err(_) => Some(backoff),
    }
}
