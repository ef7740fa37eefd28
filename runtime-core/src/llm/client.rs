//! One call of the model over HTTP. The answer's length is bounded, redirects are not followed (the key would go along),
//! every failure has a class.
//!
//! Not on a client crate for this API: the one that is kept (async-openai 0.43) reads an answer of whatever length into
//! memory and brings sixteen crates more; what is needed of the API is one request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::ask::{Ask, Format};
use super::output;
use super::prompt::Prompt;
use super::settings::{Moderation, Upstream};
use crate::telegram::client::NoClient;

/// Longest answer read, in bytes.
pub const ANSWER_BYTES: usize = 1 << 20;
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the moderation endpoint may take.
const MODERATION: Duration = Duration::from_secs(3);
/// How long the question whether it is well may take.
const HEALTH: Duration = Duration::from_secs(2);
/// Longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What the model said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) content: String,
    /// Tokens as the server counts them; `None`: it does not say.
    pub(super) tokens: Option<Tokens>,
    /// It had no more tokens: there would be more of it.
    pub(super) cut: bool,
}

/// Tokens of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) question: u32,
    pub(super) answer: u32,
}

/// Why a call has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// Nothing was sent.
    NoConnection,
    /// No answer in time; the model may have worked.
    TimedOut,
    /// The connection broke; the model may have worked.
    Broken,
    /// It said that it is overloaded or cannot now, with this status; how long to wait, if it said so.
    Busy(u16, Option<Duration>),
    /// It refused this request.
    Refused(u16),
    /// It refused us: a wrong key, no money left, a wrong address, another model.
    Denied(u16),
    /// It points elsewhere.
    Redirected,
    /// The answer is no answer of this API.
    Unreadable,
    /// The answer did not end.
    TooLong,
    /// Its own moderation held the answer back.
    Filtered,
}

impl Failed {
    /// For metrics.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NoConnection => "no_connection",
            Self::TimedOut => "timeout",
            Self::Broken => "broken",
            Self::Busy(429, _) => "flood",
            Self::Busy(..) => "server_error",
            Self::Refused(_) => "refused",
            Self::Denied(_) => "denied",
            Self::Redirected => "redirect",
            Self::Unreadable => "unreadable",
            Self::TooLong => "too_long",
            Self::Filtered => "filtered",
        }
    }

    /// Whether the same may go better soon.
    pub(super) fn again(self) -> bool {
        match self {
            Self::NoConnection
            | Self::TimedOut
            | Self::Broken
            | Self::Busy(..)
            | Self::Unreadable => true,
            Self::Refused(_)
            | Self::Denied(_)
            | Self::Redirected
            | Self::TooLong
            | Self::Filtered => false,
        }
    }

    /// Whether it says something about the server, not only about this request.
    pub(super) fn counts(self) -> bool {
        !matches!(self, Self::Refused(_) | Self::Filtered)
    }

    /// Whether tokens may have been used that nobody has counted.
    pub(super) fn may_have_cost(self) -> bool {
        matches!(
            self,
            Self::TimedOut | Self::Broken | Self::Unreadable | Self::TooLong | Self::Filtered
        )
    }
}

/// The way to the server.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    upstream: Upstream,
    bearer: Option<HeaderValue>,
    moderation: Option<(Moderation, Option<HeaderValue>)>,
    /// It has refused a schema for the answer: it is told in words only.
    plain: AtomicBool,
}

fn bearer(key: Option<&SecretString>) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key?.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl Client {
    /// # Errors
    /// No trusted certificates on this machine, where one of the addresses needs some.
    pub(super) fn new(
        upstream: Upstream,
        moderation: Option<Moderation>,
    ) -> Result<Self, NoClient> {
        let urls = [Some(&upstream.base), moderation.as_ref().map(|m| &m.url)];
        let tls = urls.iter().flatten().any(|url| url.starts_with("https:"));
        let http = crate::telegram::client::build(|builder| {
            let builder = builder.connect_timeout(CONNECT);
            if tls {
                builder
            } else {
                builder.tls_certs_only([])
            }
        })?;
        Ok(Self {
            http,
            bearer: bearer(upstream.key.as_ref()),
            moderation: moderation.map(|m| {
                let key = bearer(m.key.as_ref());
                (m, key)
            }),
            upstream,
            plain: AtomicBool::new(false),
        })
    }

    pub(super) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Calls the model; takes at most `limit`.
    pub(super) async fn call(
        &self,
        ask: &Ask,
        prompt: &Prompt,
        limit: Duration,
    ) -> Result<Said, Failed> {
        let plain = self.plain.load(Ordering::Relaxed);
        let form = output::response_format(&ask.format).filter(|_| !plain);
        let asked_for_form = form.is_some();
        let began = std::time::Instant::now();
        let first = self.once(ask, prompt, form, limit).await;
        if asked_for_form && matches!(first, Err(Failed::Refused(400 | 422))) {
            // Many servers know no schemas; the prompt says the same in words.
            let left = limit.saturating_sub(began.elapsed());
            let second = self.once(ask, prompt, None, left).await;
            if second.is_ok() {
                self.plain.store(true, Ordering::Relaxed);
            }
            return second;
        }
        first
    }

    async fn once(
        &self,
        ask: &Ask,
        prompt: &Prompt,
        form: Option<Value>,
        limit: Duration,
    ) -> Result<Said, Failed> {
        let mut body = json!({
            "model": self.upstream.model,
            "messages": [
                { "role": "system", "content": prompt.system },
                { "role": "user", "content": prompt.user },
            ],
            "temperature": f64::from(ask.temperature) / 100.0,
            "top_p": (f64::from(self.upstream.top_p) * 1000.0).round() / 1000.0,
            "max_tokens": ask.max_tokens,
            "stream": false,
        });
        if let (Some(form), Some(fields)) = (form, body.as_object_mut()) {
            fields.insert("response_format".to_owned(), form);
        }
        let address = format!("{}/chat/completions", self.upstream.base);
        let bytes = self
            .post(&address, self.bearer.as_ref(), &body, limit)
            .await?;
        said(&bytes, &ask.format)
    }

    /// Whether there is a moderation endpoint to wait for.
    pub(super) fn moderates(&self) -> bool {
        self.moderation.is_some()
    }

    /// Whether the moderation endpoint lets a text pass. One that does not answer lets none: there is a fallback.
    pub(super) async fn moderate(&self, text: &str) -> bool {
        let Some((moderation, bearer)) = &self.moderation else {
            return true;
        };
        let body = json!({ "input": text });
        let asked = self.post(&moderation.url, bearer.as_ref(), &body, MODERATION);
        let Ok(bytes) = asked.await else { return false };
        let Ok(answer) = serde_json::from_slice::<Value>(&bytes) else {
            return false;
        };
        let flagged = answer
            .pointer("/results/0/flagged")
            .and_then(Value::as_bool);
        flagged == Some(false)
    }

    /// Whether the server answers: at `/health` where it has that, else with its list of models.
    pub(super) async fn healthy(&self) -> bool {
        let Ok(base) = reqwest::Url::parse(&self.upstream.base) else {
            return false;
        };
        let models = format!("{}/models", self.upstream.base);
        for address in [base.join("/health").ok().map(String::from), Some(models)] {
            let Some(address) = address else { continue };
            let mut request = self.http.get(address).timeout(HEALTH);
            if let Some(bearer) = &self.bearer {
                request = request.header(AUTHORIZATION, bearer);
            }
            if request.send().await.is_ok_and(|r| r.status().is_success()) {
                return true;
            }
        }
        false
    }

    async fn post(
        &self,
        address: &str,
        bearer: Option<&HeaderValue>,
        body: &Value,
        limit: Duration,
    ) -> Result<Vec<u8>, Failed> {
        let mut request = self.http.post(address).timeout(limit).json(body);
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        let response = request.send().await.map_err(|error| broken(&error))?;
        match response.status().as_u16() {
            200..=299 => read(response).await,
            300..=399 => Err(Failed::Redirected),
            status @ (408 | 429 | 500..=599) => Err(Failed::Busy(status, wait(&response))),
            status @ (401..=405 | 407) => Err(Failed::Denied(status)),
            status => Err(Failed::Refused(status)),
        }
    }
}

/// `Retry-After`: seconds, or a date.
fn wait(response: &reqwest::Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
            let left = at.duration_since(jiff::Timestamp::now());
            Duration::try_from(left).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(Failed::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn broken(error: &reqwest::Error) -> Failed {
    if error.is_connect() || error.is_builder() {
        Failed::NoConnection
    } else if error.is_timeout() {
        Failed::TimedOut
    } else {
        Failed::Broken
    }
}

/// Reads what was said; tolerant of everything that is not needed.
fn said(bytes: &[u8], format: &Format) -> Result<Said, Failed> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let answer: Value = serde_json::from_slice(bytes).map_err(|_| Failed::Unreadable)?;
    let choice = answer.pointer("/choices/0").ok_or(Failed::Unreadable)?;
    let finished = choice.get("finish_reason").and_then(Value::as_str);
    if finished == Some("content_filter") {
        return Err(Failed::Filtered);
    }
    let message = choice.get("message").and_then(Value::as_object);
    let message = message.ok_or(Failed::Unreadable)?;
    let refusal = message.get("refusal").and_then(Value::as_str);
    let content = match message.get("content") {
        Some(Value::String(content)) => content.clone(),
        // Some servers answer a schema with the object itself.
        Some(object @ Value::Object(_)) if matches!(format, Format::Record { .. }) => {
            object.to_string()
        }
        Some(Value::Array(parts)) => parts.iter().filter_map(spoken).collect(),
        // A call of a tool, say: there are none.
        None | Some(Value::Null) => String::new(),
        _ => return Err(Failed::Unreadable),
    };
    // It has declined to answer.
    if content.is_empty() && refusal.is_some_and(|words| !words.is_empty()) {
        return Err(Failed::Filtered);
    }
    let count = |name: &str| {
        let number = answer.get("usage")?.get(name)?;
        let number = number.as_u64().or_else(|| number.as_i64().map(|_| 0))?;
        Some(u32::try_from(number).unwrap_or(u32::MAX))
    };
    let tokens = match (count("prompt_tokens"), count("completion_tokens")) {
        (None, None) => count("total_tokens").map(|all| Tokens {
            question: all,
            answer: 0,
        }),
        (question, answer) => Some(Tokens {
            question: question.unwrap_or_default(),
            answer: answer.unwrap_or_default(),
        }),
    };
    Ok(Said {
        content,
        tokens,
        cut: matches!(finished, Some("length" | "max_tokens")),
    })
}

/// The words of a part of an answer, where it is one that people read.
fn spoken(part: &Value) -> Option<&str> {
    match part.get("type")?.as_str()? {
        "text" | "output_text" => part.get("text")?.as_str(),
        _ => None,
    }
}
