//! A model's server in this process: OpenAI-compatible as far as we use it, and as slow, broken or hostile as a test wants
//! it. It refuses what such a server refuses, and remembers what it was asked.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State as AxumState;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

/// What it does with a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Answers with these words.
    Say(String),
    /// Answers with these words after a while.
    Slow(Duration, String),
    /// Answers with this status; `Retry-After` in seconds.
    Status(u16, Option<u64>),
    /// Says nothing for so long, then breaks the connection.
    Hang(Duration),
    /// Breaks the connection.
    Close,
    /// An answer that does not end.
    Endless,
    /// 200 with these bytes.
    Raw(String),
    /// 200 with these, which need not be text.
    Bytes(Vec<u8>),
    /// 200 with these bytes, one at a time with such a pause between them.
    Drip(Duration, String),
    /// 429, and `Retry-After` in these words.
    Later(String),
    /// Words, with this usage.
    Usage(String, Value),
    /// Points elsewhere.
    Redirect(String),
    /// 400 where the call asks for a form of the answer, else these words.
    NoSchemas(String),
}

/// A call as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its body.
    pub body: Value,
    /// Its `Authorization`.
    pub authorization: Option<String>,
}

impl Asked {
    /// The words of the message of this role; empty: it has none.
    pub fn message(&self, role: &str) -> String {
        let messages = self.body["messages"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let found = messages.iter().find(|m| m["role"] == role);
        let words = found.and_then(|m| m["content"].as_str());
        words.unwrap_or_default().to_owned()
    }
}

/// The server. Stops when it is dropped.
#[derive(Debug)]
pub struct Stub {
    url: String,
    state: Arc<State>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    plan: Mutex<Plan>,
    now: AtomicUsize,
    most: AtomicUsize,
}

#[derive(Debug)]
struct Plan {
    asked: Vec<Asked>,
    next: VecDeque<Act>,
    /// By words that the question holds.
    when: Vec<(String, Act)>,
    /// Asked before `always`.
    answers: Answers,
    always: Act,
    /// Tokens of question and answer.
    usage: (u64, u64),
    well: bool,
    /// Texts that hold one of these are flagged.
    flagged: Vec<String>,
    moderated: usize,
}

/// Finds out what to do with a call.
type Decide = dyn Fn(&Asked) -> Option<Act> + Send;

#[derive(Default)]
struct Answers(Option<Box<Decide>>);

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answers")
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Stub {
    /// Starts on a free port of loopback; says `ok` to everything, for 10 tokens.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start() -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State {
            plan: Mutex::new(Plan {
                asked: Vec::new(),
                next: VecDeque::new(),
                when: Vec::new(),
                answers: Answers::default(),
                always: Act::Say("ok".to_owned()),
                usage: (7, 3),
                well: true,
                flagged: Vec::new(),
                moderated: 0,
            }),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/health", get(health))
            .route("/v1/models", get(health))
            .route("/v1/chat/completions", post(complete))
            .route("/v1/moderations", post(moderate))
            .with_state(state.clone());
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, state, server })
    }

    /// For `LLM_BASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it does from now on, where nothing else is said.
    pub fn always(&self, act: Act) {
        self.state.plan().always = act;
    }

    /// It says this from now on.
    pub fn say(&self, words: &str) {
        self.always(Act::Say(words.to_owned()));
    }

    /// What it does with the next call; several stand in line.
    pub fn next(&self, act: Act) {
        self.state.plan().next.push_back(act);
    }

    /// What it does with calls whose person's text holds these words.
    pub fn when(&self, holds: &str, act: Act) {
        self.state.plan().when.push((holds.to_owned(), act));
    }

    /// What it does with a call is found out from the call, where nothing else is said.
    pub fn answers(&self, decide: impl Fn(&Asked) -> Option<Act> + Send + 'static) {
        self.state.plan().answers = Answers(Some(Box::new(decide)));
    }

    /// Forgets what was said of calls to come.
    pub fn clear(&self) {
        let mut plan = self.state.plan();
        plan.next.clear();
        plan.when.clear();
    }

    /// Tokens that each answer reports.
    pub fn usage(&self, question: u64, answer: u64) {
        self.state.plan().usage = (question, answer);
    }

    /// What its health route says.
    pub fn well(&self, well: bool) {
        self.state.plan().well = well;
    }

    /// The moderation endpoint flags texts that hold this.
    pub fn flag(&self, holds: &str) {
        self.state.plan().flagged.push(holds.to_owned());
    }

    /// Every call so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.plan().asked.clone()
    }

    /// How many calls so far.
    pub fn calls(&self) -> usize {
        self.state.plan().asked.len()
    }

    /// How many texts the moderation endpoint has seen.
    pub fn moderated(&self) -> usize {
        self.state.plan().moderated
    }

    /// Most calls at one moment.
    pub fn most_at_once(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }
}

impl State {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn act(&self, asked: Asked) -> (Act, (u64, u64)) {
        let mut plan = self.plan();
        let text = asked.message("user");
        let decided = plan.answers.0.as_ref().and_then(|decide| decide(&asked));
        plan.asked.push(asked);
        let when = plan.when.iter().find(|(holds, _)| text.contains(holds));
        let when = when.map(|(_, act)| act.clone());
        let next = plan.next.pop_front();
        let act = next
            .or(when)
            .or(decided)
            .unwrap_or_else(|| plan.always.clone());
        (act, plan.usage)
    }
}

/// Counts the calls of this moment, however they end.
struct Here<'a>(&'a State);

impl<'a> Here<'a> {
    fn new(state: &'a State) -> Self {
        let now = state.now.fetch_add(1, Ordering::SeqCst) + 1;
        state.most.fetch_max(now, Ordering::SeqCst);
        Self(state)
    }
}

impl Drop for Here<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn health(AxumState(state): AxumState<Arc<State>>) -> StatusCode {
    if state.plan().well {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

async fn moderate(AxumState(state): AxumState<Arc<State>>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = body["input"].as_str().unwrap_or_default().to_owned();
    let mut plan = state.plan();
    plan.moderated += 1;
    let flagged = plan.flagged.iter().any(|holds| text.contains(holds));
    axum::Json(json!({ "id": "m", "results": [{ "flagged": flagged }] })).into_response()
}

async fn complete(
    AxumState(state): AxumState<Arc<State>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let _here = Here::new(&state);
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let complete = body["model"].is_string()
        && body["messages"].as_array().is_some_and(|m| m.len() == 2)
        && body["max_tokens"].as_u64().is_some_and(|n| n > 0)
        && body["temperature"]
            .as_f64()
            .is_some_and(|t| (0.0..=2.0).contains(&t))
        && body["stream"] == false;
    if !complete {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let wants_form = body.get("response_format").is_some();
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let (act, usage) = state.act(Asked {
        body,
        authorization,
    });
    match act {
        Act::Say(words) => said(&words, usage),
        Act::Slow(time, words) => {
            tokio::time::sleep(time).await;
            said(&words, usage)
        }
        Act::Status(status, retry) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
            let error = json!({ "error": { "message": "no", "type": "server_error" } });
            let mut response = (status, axum::Json(error)).into_response();
            if let Some(seconds) = retry {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, seconds.into());
            }
            response
        }
        Act::Hang(time) => {
            tokio::time::sleep(time).await;
            Response::new(Body::new(Stream { endless: false }))
        }
        Act::Close => Response::new(Body::new(Stream { endless: false })),
        Act::Endless => Response::new(Body::new(Stream { endless: true })),
        Act::Raw(bytes) => bytes.into_response(),
        Act::Bytes(bytes) => bytes.into_response(),
        Act::Drip(pause, bytes) => {
            let (give, rest) = tokio::sync::mpsc::channel(1);
            tokio::spawn(async move {
                for byte in bytes.into_bytes() {
                    tokio::time::sleep(pause).await;
                    if give.send(Bytes::from(vec![byte])).await.is_err() {
                        return;
                    }
                }
            });
            Response::new(Body::new(Dripping(rest)))
        }
        Act::Later(when) => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, when)]).into_response()
        }
        Act::Usage(words, usage) => answer(&words, &usage),
        Act::Redirect(to) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
        Act::NoSchemas(_) if wants_form => StatusCode::BAD_REQUEST.into_response(),
        Act::NoSchemas(words) => said(&words, usage),
    }
}

fn said(words: &str, (question, answered): (u64, u64)) -> Response {
    let all = question.saturating_add(answered);
    answer(
        words,
        &json!({ "prompt_tokens": question, "completion_tokens": answered, "total_tokens": all }),
    )
}

fn answer(words: &str, usage: &Value) -> Response {
    let message = json!({ "role": "assistant", "content": words });
    axum::Json(json!({
        "id": "c", "object": "chat.completion", "model": "stub",
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": usage,
    }))
    .into_response()
}

/// A body that never ends, or breaks at once.
struct Stream {
    endless: bool,
}

impl axum::body::HttpBody for Stream {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(if self.endless {
            Ok(http_body::Frame::data(Bytes::from_static(
                &[b' '; 16 << 10],
            )))
        } else {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }))
    }
}

/// A body that comes slowly.
struct Dripping(tokio::sync::mpsc::Receiver<Bytes>);

impl axum::body::HttpBody for Dripping {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        let next = self.0.poll_recv(context);
        next.map(|bytes| bytes.map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}
