//! The Bot API over HTTP: JSON in, JSON out, every failure classified.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::error::{ApiError, Failure, Parameters};
use super::method::{Call, Method, Sent};
use super::token::Token;
use crate::telemetry::life::Life;
use crate::telemetry::trace::{self, Trace};
use crate::telemetry::{self, events, otlp};

/// Longest answer read, in bytes: 100 updates of the largest size fit many times.
const ANSWER_BYTES: usize = 16 << 20;
/// How long one call may take, connecting included.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Talks to one Bot API server; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Arc<str>,
}

/// The HTTP client could not be made (no trusted certificates on this machine).
#[derive(Debug, thiserror::Error)]
#[error("no TLS client: {0} (install CA certificates or point SSL_CERT_FILE at a bundle)")]
pub struct NoClient(String);

#[derive(Deserialize)]
struct Envelope<T> {
    ok: bool,
    // No `flatten`: it would buffer the result, which raw JSON values do not survive.
    #[serde(default = "Option::default")]
    result: Option<T>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Option<Parameters>,
}

impl Client {
    /// `base` is `https://api.telegram.org` or a local server, without a slash at the end.
    ///
    /// # Errors
    /// No trusted certificates on this machine.
    pub fn new(base: &str) -> Result<Self, NoClient> {
        if base.starts_with("http://") {
            return Self::without_tls(base);
        }
        Self::build(base, |builder| builder)
    }

    /// For deployments that never call Telegram, and for servers without TLS: no certificates are read.
    ///
    /// # Errors
    /// None in practice.
    pub fn without_tls(base: &str) -> Result<Self, NoClient> {
        Self::build(base, |builder| builder.tls_certs_only([]))
    }

    fn build(
        base: &str,
        with: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, NoClient> {
        let http = build(|builder| with(builder.connect_timeout(CONNECT_TIMEOUT)))?;
        Ok(Self {
            http,
            base: base.trim_end_matches('/').into(),
        })
    }

    /// Calls a method with the usual time limit.
    pub async fn call<M: Method>(&self, token: &Token, method: &M) -> Result<M::Answer, ApiError> {
        self.call_within(token, method, CALL_TIMEOUT).await
    }

    /// Calls a method; `limit` covers connecting, sending and the whole answer.
    pub async fn call_within<M: Method>(
        &self,
        token: &Token,
        method: &M,
        limit: Duration,
    ) -> Result<M::Answer, ApiError> {
        let started = Instant::now();
        let trace = Life::current().map(|life| life.trace.child());
        let outcome = self.exchange(token, method, limit, trace).await;
        if let Some(trace) = trace.filter(|trace| otlp::wanted(*trace)) {
            otlp::record(otlp::Span {
                trace,
                name: M::NAME,
                kind: otlp::Kind::Client,
                took: started.elapsed(),
                attributes: Vec::new(),
                failed: outcome.as_ref().err().map(ApiError::class),
            });
        }
        telemetry::emit(events::TelegramCalled {
            method: M::NAME,
            class: outcome.as_ref().err().map_or("ok", ApiError::class),
            took: started.elapsed(),
        });
        outcome
    }

    /// Sends an outgoing call. `Some` with the id of a new message. What is settled without an effect
    /// ("not modified", "query is too old") is a success.
    pub async fn send(&self, token: &Token, call: &Call) -> Result<Option<i64>, ApiError> {
        let sent = match call {
            Call::SendMessage(m) => self
                .call(token, m)
                .await
                .map(|Sent { message_id }| Some(message_id)),
            Call::EditMessageText(m) => self.call(token, m).await.map(|_| None),
            Call::AnswerCallbackQuery(m) => self.call(token, m).await.map(|_| None),
            Call::DeleteMessage(m) => self.call(token, m).await.map(|_| None),
            Call::SendPhoto(m) => self.call(token, m).await.map(|sent| Some(sent.message_id)),
            Call::SendDocument(m) => self.call(token, m).await.map(|sent| Some(sent.message_id)),
            Call::SendVideo(m) => self.call(token, m).await.map(|sent| Some(sent.message_id)),
            Call::SendAudio(m) => self.call(token, m).await.map(|sent| Some(sent.message_id)),
            Call::SendAnimation(m) => self.call(token, m).await.map(|sent| Some(sent.message_id)),
            Call::SendVoice(m) => self.call(token, m).await.map(|sent| Some(sent.message_id)),
            Call::SendMediaGroup(m) => {
                let sent = self.call(token, m).await;
                sent.map(|sent| sent.first().map(|first| first.message_id))
            }
            // The sender knows the row; nothing has left.
            Call::ReviseSent(_) | Call::WithdrawSent(_) => {
                Err(ApiError::Unsent("the call names a row"))
            }
        };
        match sent {
            Err(error) if error.settled() => Ok(None),
            other => other,
        }
    }

    async fn exchange<M: Method>(
        &self,
        token: &Token,
        method: &M,
        limit: Duration,
        trace: Option<Trace>,
    ) -> Result<M::Answer, ApiError> {
        // The address holds the token: it must never reach an error or a log, hence `broken` below.
        let address = format!("{}/bot{}/{}", self.base, token.expose(), M::NAME);
        let mut request = self.http.post(address).timeout(limit).json(method);
        if let Some(trace) = trace {
            request = request.header(trace::HEADER, otlp::header(trace));
        }
        let response = request.send().await.map_err(|e| broken(&e))?;
        let status = response.status().as_u16();
        let body = read(response).await?;
        let Ok(envelope) = serde_json::from_slice::<Envelope<M::Answer>>(&body) else {
            return Err(match status {
                // A proxy's page, or a shape that we do not know: it may have been done.
                200..=299 | 500..=599 => ApiError::Ambiguous("telegram's answer was unreadable"),
                _ => ApiError::from_answer(status, &Failure::default()),
            });
        };
        match envelope.result {
            Some(result) if envelope.ok => Ok(result),
            _ if envelope.ok => Err(ApiError::Ambiguous("telegram's answer was unreadable")),
            _ => Err(ApiError::from_answer(
                status,
                &Failure {
                    description: envelope.description,
                    parameters: envelope.parameters,
                },
            )),
        }
    }
}

/// An HTTP client that follows no redirects: what it sends must not go elsewhere.
///
/// # Errors
/// No trusted certificates on this machine.
pub(crate) fn build(
    with: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, NoClient> {
    // A second call finds the provider installed: fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    with(reqwest::Client::builder())
        .pool_idle_timeout(Duration::from_secs(90))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("botfactory/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| NoClient(root_cause(&e)))
}

/// A bare HTTP client for the strict fake.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn plain_http() -> reqwest::Result<reqwest::Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().tls_certs_only([]).build()
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| broken(&e))? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(ApiError::Ambiguous("telegram's answer was too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Before the connection stood nothing can have been sent; afterwards nobody knows.
fn broken(error: &reqwest::Error) -> ApiError {
    if error.is_connect() {
        ApiError::Unsent("no connection")
    } else if error.is_builder() {
        ApiError::Unsent("the call could not be built")
    } else if error.is_timeout() {
        ApiError::Ambiguous("timeout")
    } else {
        ApiError::Ambiguous("connection broke")
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::method::{
        AnswerCallbackQuery, EditMessageText, GetMe, SendMessage, SetMyCommands,
    };
    use crate::testing::telegram::{FakeTelegram, Fault};

    const TOKEN: &str = "123456:AAaa_-BBbbCCccDDddEEee";

    fn message(text: &str) -> Call {
        Call::SendMessage(SendMessage {
            chat_id: 42,
            message_thread_id: None,
            text: text.to_owned(),
            parse_mode: Some("HTML".to_owned()),
            reply_markup: None,
        })
    }

    async fn setup() -> (FakeTelegram, Client, Token) {
        let telegram = FakeTelegram::start().await.unwrap();
        telegram.bot(TOKEN);
        let client = Client::new(telegram.url()).unwrap();
        (telegram, client, Token::parse(TOKEN).unwrap())
    }

    #[tokio::test]
    async fn calls_and_answers() {
        let (telegram, client, token) = setup().await;
        let me = client.call(&token, &GetMe {}).await.unwrap();
        assert_eq!(me.id, 123_456);
        let id = client.send(&token, &message("<b>hi</b>")).await.unwrap();
        let edit = |text: &str| {
            Call::EditMessageText(EditMessageText {
                chat_id: 42,
                message_id: id.unwrap_or_default(),
                text: text.to_owned(),
                parse_mode: Some("HTML".to_owned()),
                reply_markup: None,
            })
        };
        assert_eq!(client.send(&token, &edit("new")).await, Ok(None));
        // "message is not modified" and "query is too old" are as good as done.
        assert_eq!(client.send(&token, &edit("new")).await, Ok(None));
        let late = Call::AnswerCallbackQuery(AnswerCallbackQuery {
            callback_query_id: "unknown".into(),
            text: None,
            show_alert: false,
        });
        assert_eq!(client.send(&token, &late).await, Ok(None));
        assert_eq!(telegram.calls().len(), 5);
    }

    #[tokio::test]
    async fn every_failure_has_its_class() {
        let (telegram, client, token) = setup().await;
        for (fault, class) in [
            (Fault::Flood(7), "flood"),
            (Fault::Status(500), "ambiguous"),
            (Fault::Close, "ambiguous"),
            (Fault::AcceptThenClose, "ambiguous"),
            (Fault::Blocked, "unreachable"),
            (Fault::Migrated(-1001), "migrated"),
        ] {
            telegram.fail_next(Some("sendMessage"), fault);
            let error = client.send(&token, &message("x")).await.unwrap_err();
            assert_eq!(error.class(), class, "{fault:?}");
        }
        telegram.fail_next(None, Fault::Hang(Duration::from_secs(5)));
        let hung = client
            .call_within(&token, &GetMe {}, Duration::from_millis(100))
            .await;
        assert_eq!(hung, Err(ApiError::Ambiguous("timeout")));
        let refused = client.send(&token, &message("<x>")).await.unwrap_err();
        assert_eq!(refused.class(), "refused");
        let unknown = Token::parse("9:AAaa_-BBbbCCccDDddEEee").unwrap();
        let dead = client.call(&unknown, &GetMe {}).await;
        assert_eq!(dead, Err(ApiError::BadToken));
        let long = SetMyCommands {
            scope: None,
            commands: vec![],
            language_code: Some("eng".into()),
        };
        assert_eq!(
            client.call(&token, &long).await.unwrap_err().class(),
            "refused"
        );
    }

    #[tokio::test]
    async fn no_connection_is_surely_unsent() {
        let client = Client::new("http://127.0.0.1:1").unwrap();
        let token = Token::parse(TOKEN).unwrap();
        let error = client.call(&token, &GetMe {}).await.unwrap_err();
        assert_eq!(error.class(), "unsent");
        assert!(!format!("{error:?} {error}").contains("AAaa"));
    }
}
