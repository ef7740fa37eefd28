//! `POST /tg/{bot_id}`: Telegram's updates. Whatever is not transient is answered 200, so that one poisonous update
//! does not block its chat for the 24 hours that Telegram goes on trying.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use super::error::{ErrorBody, Problem};
use super::extract::At;
use super::guard::only;
use super::listener::Flushes;
use crate::deployment::Deployment;
use crate::deployment::delivery::{Addressee, Delivered};
use crate::engine::OfferedRow;
use crate::incoming::{Channel, Incoming};
use crate::telegram::update;
use crate::telemetry::life::Life;
use crate::telemetry::trace::{self, Trace};
use crate::telemetry::{self, events};

/// Bodies of so many bytes or more are refused.
pub const BODY_BYTES: usize = 1_000_000;
/// How much of a body that is too large is still read, so that its sender sees the answer.
const DRAINED_BYTES: usize = 8 << 20;
/// Where Telegram repeats the webhook's secret.
pub const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

/// Take an update of Telegram
///
/// Every valid update is answered 200 once it is recorded; the answer may carry one call back to Telegram.
#[utoipa::path(post, path = "/tg/{bot_id}", tag = "telegram",
    params(("bot_id" = String, Path, description = "The bot's id"),
        ("x-telegram-bot-api-secret-token" = String, Header, description = "The webhook's secret")),
    request_body(content = Object, content_type = "application/json", description = "Telegram's `Update`"),
    responses((status = 200, body = Object, description = "Recorded"),
        (status = 401, description = "Wrong secret", body = ErrorBody),
        (status = 404, description = "No such bot, or it has no token", body = ErrorBody),
        (status = 413, description = "The body has 1 MB or more", body = ErrorBody),
        (status = 503, description = "Not now; Telegram keeps the update", body = ErrorBody)))]
pub async fn receive(
    State(deployment): State<Deployment>,
    At(bot): At<String>,
    request: Request,
) -> Response {
    let arrived = Instant::now();
    let header = request.headers().get(trace::HEADER);
    let life = Life::traced(Trace::of(header.map(HeaderValue::as_bytes)));
    let trace_id = life.trace.id();
    let accepted = accept(&deployment, &bot, request, arrived, &trace_id);
    match life.during(accepted).await {
        Ok(response) => response,
        Err((problem, reason)) => {
            telemetry::emit(events::WebhookRefused {
                reason,
                trace_id: &trace_id,
            });
            problem.traced(trace_id).into_response()
        }
    }
}

type Refused = (Problem, &'static str);

async fn accept(
    deployment: &Deployment,
    bot: &str,
    request: Request,
    arrived: Instant,
    trace_id: &str,
) -> Result<Response, Refused> {
    let (index, id) = deployment
        .find(bot)
        .and_then(|index| Some((index, deployment.bot(index)?.telegram_id()?)))
        .ok_or((Problem::not_found("no such bot"), "unknown_bot"))?;
    if !right_secret(request.headers(), deployment.webhook_secret()) {
        return Err((
            Problem::unauthorized("wrong or missing secret token"),
            "wrong_secret",
        ));
    }
    let _permit = deployment.permit().ok_or((
        Problem::unavailable("too many updates at once", 1),
        "overload",
    ))?;
    let flushes = request.extensions().get::<Flushes>().cloned();
    let body = read(request.into_body()).await?;
    let update = update::read(&body).map_err(|_| {
        (
            Problem::bad_request("the body is no JSON object"),
            "malformed",
        )
    })?;
    let Some(update_id) = update.id else {
        return Ok(acknowledged());
    };
    let incoming = Incoming {
        bot: index,
        update_id,
        channel: Channel::Webhook,
        trace_id: trace_id.to_owned(),
        arrived,
        event: update.event,
    };
    let addressee = Addressee {
        name: deployment.name(index),
        id,
    };
    let life = Life::of(trace_id, addressee.name, incoming.event.person());
    let delivered = deployment
        .delivery()
        .run(deployment.core(), addressee, incoming)
        .await;
    match delivered {
        Delivered::Busy { retry_after } => Ok(Problem::unavailable(
            "the update cannot be handled now",
            retry_after,
        )
        .traced(trace_id.to_owned())
        .into_response()),
        Delivered::Done(None) => Ok(acknowledged()),
        Delivered::Done(Some((call, row))) => {
            life.within(|| {
                telemetry::emit(events::ReplySent {
                    bot: addressee.name,
                    via: "response",
                    after: None,
                });
            });
            // A call of ours always serializes; should it not, its row's lease ends and the outbox sends it.
            let body = serde_json::to_vec(&call).unwrap_or_default();
            Ok(carrying(body, row, flushes, deployment.clone()))
        }
    }
}

fn right_secret(headers: &HeaderMap, secret: &str) -> bool {
    // How long the secret is may be known.
    only(headers, HeaderName::from_static(SECRET_HEADER))
        .is_some_and(|given| given.ct_eq(secret.as_bytes()).into())
}

/// The body, below [`BODY_BYTES`].
async fn read(body: Body) -> Result<Bytes, Refused> {
    const TOO_LARGE: &str = "the body has 1 MB or more";
    let too_large = || (Problem::too_large(TOO_LARGE), "too_large");
    // Nobody waits for a body that announces itself as endless.
    if body.size_hint().lower() > DRAINED_BYTES as u64 {
        return Err(too_large());
    }
    let mut body = Box::pin(body);
    let mut first: Option<Bytes> = None;
    let mut whole: Vec<u8> = Vec::new();
    let mut length = 0;
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame =
            frame.map_err(|_| (Problem::bad_request("the body broke off"), "broken_body"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length += data.len();
        if length > DRAINED_BYTES {
            return Err(too_large());
        }
        if length >= BODY_BYTES {
            continue;
        }
        // Nearly every update is one piece: no copy then.
        match first.take() {
            None if whole.is_empty() => first = Some(data),
            None => whole.extend_from_slice(&data),
            Some(piece) => {
                whole.extend_from_slice(&piece);
                whole.extend_from_slice(&data);
            }
        }
    }
    if length >= BODY_BYTES {
        return Err(too_large());
    }
    Ok(first.unwrap_or_else(|| whole.into()))
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn acknowledged() -> Response {
    (
        [(header::CONTENT_TYPE, JSON)],
        Bytes::from_static(b"{\"ok\":true}"),
    )
        .into_response()
}

fn carrying(
    body: Vec<u8>,
    row: Option<OfferedRow>,
    flushes: Option<Flushes>,
    deployment: Deployment,
) -> Response {
    let body = match row {
        None => Body::from(body),
        Some(row) => Body::new(Offered {
            data: Some(Bytes::from(body)),
            row,
            flushes,
            deployment,
        }),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// A body that carries an offered row. Once it was taken, the row counts as sent when the connection has flushed it.
struct Offered {
    data: Option<Bytes>,
    row: OfferedRow,
    flushes: Option<Flushes>,
    deployment: Deployment,
}

impl HttpBody for Offered {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        let Some(data) = self.data.take() else {
            return Poll::Ready(None);
        };
        crate::faults::point("response.before_flush");
        let (row, deployment) = (self.row, self.deployment.clone());
        match &self.flushes {
            Some(flushes) => flushes.when_flushed(Box::new(move || deployment.core().flushed(row))),
            // Not over a connection of ours: in tests.
            None => deployment.core().flushed(row),
        }
        Poll::Ready(Some(Ok(http_body::Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}
