//! The Bot API's side: methods.

use std::time::{Duration, Instant};

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State as AxumState};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};

use super::delivery;
use super::files;
use super::rules::{self, Refused};
use super::state::{Fault, Recorded, Shared, Shown, State, Via, Webhook};

/// How old a press may be to be answered; the server says about 15 s in practice.
const PRESS_LIVES: Duration = Duration::from_secs(15);

pub(super) fn router(state: Shared) -> Router {
    Router::new()
        .route("/{bot}/{method}", any(call))
        .with_state(state)
}

/// What a call comes to, before faults.
enum Answered {
    Ok(Value),
    Refused(Refused, Option<Value>),
}

async fn call(
    AxumState(state): AxumState<Shared>,
    Path((bot, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(trace) = headers.get("traceparent") {
        state.traced(trace.to_str().unwrap_or_default());
    }
    let token = bot.strip_prefix("bot").unwrap_or_default().to_owned();
    let body: Value = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(&body).unwrap_or(Value::Null)
    };
    if state.with(&token, |_| ()).is_none() {
        return answer(
            &state,
            &method,
            body,
            Answered::Refused((401, "Unauthorized".to_owned()), None),
        );
    }
    let answered = match state.take_fault(&method) {
        None => perform(&state, &token, &method, &body, Via::Api).await,
        Some(Fault::Flood(seconds)) => flood(seconds),
        Some(Fault::Status(status)) => {
            Answered::Refused((status, "Internal Server Error".to_owned()), None)
        }
        Some(Fault::Blocked) => blocked(),
        Some(Fault::Migrated(chat)) => Answered::Refused(
            (
                400,
                "Bad Request: group chat was upgraded to a supergroup chat".to_owned(),
            ),
            Some(json!({ "migrate_to_chat_id": chat })),
        ),
        Some(Fault::Hang(time)) => {
            record(&state, &method, body, 0, "hung", Via::Api);
            tokio::time::sleep(time).await;
            return broken();
        }
        Some(Fault::Close) => {
            record(&state, &method, body, 0, "closed", Via::Api);
            return broken();
        }
        Some(Fault::AcceptThenClose) => {
            let done = perform(&state, &token, &method, &body, Via::Api).await;
            let _ = answer(&state, &method, body, done);
            return broken();
        }
    };
    answer(&state, &method, body, answered)
}

fn blocked() -> Answered {
    Answered::Refused(
        (403, "Forbidden: bot was blocked by the user".to_owned()),
        None,
    )
}

fn flood(seconds: u32) -> Answered {
    Answered::Refused(
        (429, format!("Too Many Requests: retry after {seconds}")),
        Some(json!({ "retry_after": seconds })),
    )
}

/// A response whose body breaks off, which breaks the connection.
fn broken() -> Response {
    let body = axum::body::Body::new(Broken);
    Response::new(body)
}

struct Broken;

impl axum::body::HttpBody for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}

fn record(state: &State, method: &str, body: Value, status: u16, description: &str, via: Via) {
    state.record(Recorded {
        method: method.to_owned(),
        body,
        status,
        description: description.to_owned(),
        via,
        at: Instant::now(),
    });
}

fn answer(state: &State, method: &str, body: Value, answered: Answered) -> Response {
    match answered {
        Answered::Ok(result) => {
            record(state, method, body, 200, "", Via::Api);
            Json(json!({ "ok": true, "result": result })).into_response()
        }
        Answered::Refused((status, description), parameters) => {
            record(state, method, body, status, &description, Via::Api);
            let mut envelope =
                json!({ "ok": false, "error_code": status, "description": description });
            if let (Value::Object(fields), Some(parameters)) = (&mut envelope, parameters) {
                fields.insert("parameters".to_owned(), parameters);
            }
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, Json(envelope)).into_response()
        }
    }
}

/// A call that rode in a webhook's response: its result is not reported to anybody, but recorded here.
pub(super) async fn responded(state: &Shared, token: &str, mut body: Value) {
    let Some(method) = body
        .as_object_mut()
        .and_then(|fields| fields.remove("method"))
        .and_then(|method| method.as_str().map(str::to_owned))
    else {
        return;
    };
    let (status, description) = match perform(state, token, &method, &body, Via::Response).await {
        Answered::Ok(_) => (200, String::new()),
        Answered::Refused((status, description), _) => (status, description),
    };
    record(state, &method, body, status, &description, Via::Response);
}

async fn perform(state: &Shared, token: &str, method: &str, body: &Value, via: Via) -> Answered {
    // Never possible in a response: <https://core.telegram.org/bots/faq#how-can-i-make-requests-in-response-to-updates>
    if via == Via::Response && (method.starts_with("get") || method.ends_with("Webhook")) {
        return Answered::Refused(
            (
                400,
                "Bad Request: method not allowed in a response".to_owned(),
            ),
            None,
        );
    }
    let done = match method {
        "getMe" => rules::read::<rules::Nothing>(body).map(|_| {
            let id = state.with(token, |bot| bot.id);
            json!({ "id": id, "is_bot": true, "first_name": "Fake", "username": format!("fake_{}_bot", id.unwrap_or(0)) })
        }),
        "getUpdates" => return get_updates(state, token, body).await,
        "setWebhook" => set_webhook(state, token, body),
        "deleteWebhook" => rules::read::<rules::DeleteWebhook>(body).map(|delete| {
            state.with(token, |bot| {
                bot.webhook = None;
                if delete.drop_pending_updates {
                    bot.queues.clear();
                }
            });
            json!(true)
        }),
        "getWebhookInfo" => rules::read::<rules::Nothing>(body).map(|_| {
            json!({ "url": state.webhook_url(token).unwrap_or_default(), "has_custom_certificate": false,
                    "pending_update_count": state.pending(token) })
        }),
        "setMyCommands" => set_commands(state, token, body),
        "sendMessage" => return send(state, token, body),
        "editMessageText" => edit(state, token, body),
        "deleteMessage" => delete(state, token, body),
        "sendMediaGroup" => return album(state, token, body),
        "sendPhoto" | "sendDocument" | "sendVideo" | "sendAudio" | "sendAnimation" | "sendVoice" => {
            return send_file(state, token, method, body);
        }
        "answerCallbackQuery" => answer_press(state, token, body),
        _ => Err((404, "Not Found: method not found".to_owned())),
    };
    match done {
        Ok(result) => Answered::Ok(result),
        Err(refused) => Answered::Refused(refused, None),
    }
}

fn send(state: &Shared, token: &str, body: &Value) -> Answered {
    let checked = rules::read::<rules::Send>(body).and_then(|send| {
        let _ = send.message_thread_id;
        if send.chat_id == 0 {
            return Err((400, "Bad Request: chat not found".to_owned()));
        }
        rules::text(&send.text, send.parse_mode.as_deref())?;
        rules::keyboard(send.reply_markup.as_ref(), send.chat_id)?;
        Ok(send)
    });
    let send = match checked {
        Ok(send) => send,
        Err(refused) => return Answered::Refused(refused, None),
    };
    if state.blocked(send.chat_id) {
        return blocked();
    }
    if let Some(seconds) = state.flooded(send.chat_id) {
        return flood(seconds);
    }
    let message_id = state.with(token, |bot| {
        let message_id = bot.take_message_id();
        bot.show(Shown {
            chat: send.chat_id,
            message_id,
            text: send.text,
            parse_mode: send.parse_mode,
            markup: send.reply_markup,
            edits: 0,
        });
        message_id
    });
    Answered::Ok(
        json!({ "message_id": message_id, "date": 0, "chat": { "id": send.chat_id, "type": "private" } }),
    )
}

fn edit(state: &Shared, token: &str, body: &Value) -> Result<Value, Refused> {
    let edit: rules::Edit = rules::read(body)?;
    rules::text(&edit.text, edit.parse_mode.as_deref())?;
    rules::edited(edit.reply_markup.as_ref(), edit.chat_id)?;
    state
        .with(token, |bot| {
            let found = bot
                .shown
                .iter_mut()
                .find(|m| m.chat == edit.chat_id && m.message_id == edit.message_id);
            let Some(message) = found else {
                return Err((400, "Bad Request: message to edit not found".to_owned()));
            };
            if message.text == edit.text
                && message.parse_mode == edit.parse_mode
                && message.markup == edit.reply_markup
            {
                return Err((400, rules::NOT_MODIFIED.to_owned()));
            }
            message.text = edit.text;
            message.parse_mode = edit.parse_mode;
            message.markup = edit.reply_markup;
            message.edits += 1;
            Ok(json!({ "message_id": message.message_id, "date": 0, "chat": { "id": message.chat, "type": "private" } }))
        })
        .unwrap_or_else(|| Err((401, "Unauthorized".to_owned())))
}

/// A file: people see its kind, its name and its caption.
fn send_file(state: &Shared, token: &str, method: &str, body: &Value) -> Answered {
    let file = match files::file(method, body) {
        Ok(file) => file,
        Err(refused) => return Answered::Refused(refused, None),
    };
    if state.blocked(file.chat) {
        return blocked();
    }
    if let Some(seconds) = state.flooded(file.chat) {
        return flood(seconds);
    }
    Answered::Ok(show_file(state, token, file))
}

fn album(state: &Shared, token: &str, body: &Value) -> Answered {
    let files = match files::album(body) {
        Ok(files) => files,
        Err(refused) => return Answered::Refused(refused, None),
    };
    for file in &files {
        if let Some(seconds) = state.flooded(file.chat) {
            return flood(seconds);
        }
    }
    let sent = files
        .into_iter()
        .map(|file| show_file(state, token, file))
        .collect();
    Answered::Ok(Value::Array(sent))
}

fn show_file(state: &Shared, token: &str, file: files::File) -> Value {
    let message_id = state.with(token, |bot| {
        let message_id = bot.take_message_id();
        bot.shown.push(Shown {
            chat: file.chat,
            message_id,
            text: file.shown,
            parse_mode: None,
            markup: file.markup,
            edits: 0,
        });
        message_id
    });
    json!({ "message_id": message_id, "date": 0, "chat": { "id": file.chat, "type": "private" } })
}

fn delete(state: &Shared, token: &str, body: &Value) -> Result<Value, Refused> {
    let delete: rules::Delete = rules::read(body)?;
    let deleted = state.with(token, |bot| {
        let before = bot.shown.len();
        bot.shown
            .retain(|m| m.chat != delete.chat_id || m.message_id != delete.message_id);
        bot.shown.len() < before
    });
    match deleted {
        Some(true) => Ok(json!(true)),
        _ => Err((400, "Bad Request: message to delete not found".to_owned())),
    }
}

fn answer_press(state: &Shared, token: &str, body: &Value) -> Result<Value, Refused> {
    let answer: rules::Answer = rules::read(body)?;
    rules::toast(answer.text.as_deref())?;
    let fresh = state.with(token, |bot| {
        bot.callbacks
            .get(&answer.callback_query_id)
            .is_some_and(|at| at.elapsed() < PRESS_LIVES)
    });
    match fresh {
        Some(true) => Ok(json!(true)),
        _ => Err((400, rules::TOO_OLD.to_owned())),
    }
}

fn set_commands(state: &Shared, token: &str, body: &Value) -> Result<Value, Refused> {
    let set: rules::SetCommands = rules::read(body)?;
    rules::commands(&set)?;
    let commands = set
        .commands
        .into_iter()
        .map(|c| (c.command, c.description))
        .collect();
    let mut whose = set.language_code.unwrap_or_default();
    if let Some(chat) = set
        .scope
        .as_ref()
        .and_then(|scope| scope["chat_id"].as_i64())
    {
        whose = format!("{chat} {whose}");
    }
    state.with(token, |bot| bot.commands.insert(whose, commands));
    Ok(json!(true))
}

fn set_webhook(state: &Shared, token: &str, body: &Value) -> Result<Value, Refused> {
    let set: rules::SetWebhook = rules::read(body)?;
    rules::webhook(&set)?;
    let watched = state.with(token, |bot| {
        if set.drop_pending_updates {
            bot.queues.clear();
        }
        bot.webhook = Some(Webhook {
            url: set.url,
            secret: set.secret_token,
            allowed: set.allowed_updates.unwrap_or_default(),
        });
        std::mem::replace(&mut bot.watched, true)
    });
    if watched == Some(false) {
        delivery::watch(state.clone(), token.to_owned());
    }
    Ok(json!(true))
}

async fn get_updates(state: &Shared, token: &str, body: &Value) -> Answered {
    let get: rules::GetUpdates = match rules::read(body) {
        Ok(get) => get,
        Err(refused) => return Answered::Refused(refused, None),
    };
    let until = tokio::time::Instant::now() + Duration::from_secs(get.timeout.unwrap_or(0).min(50));
    loop {
        let changed = state.changed.notified();
        if state.webhook_url(token).is_some() {
            return Answered::Refused((409, rules::WEBHOOK_ACTIVE.to_owned()), None);
        }
        let found = state
            .with(token, |bot| {
                let offset = get.offset.unwrap_or(0);
                let mut found = Vec::new();
                for queue in bot.queues.values_mut() {
                    // Everything below the offset is confirmed and forgotten.
                    let (gone, kept) = std::mem::take(queue)
                        .into_iter()
                        .partition::<std::collections::VecDeque<_>, _>(|u| u.id < offset);
                    bot.delivered.extend(gone);
                    *queue = kept;
                    found.extend(queue.iter().cloned());
                }
                found.sort_by_key(|update| update.id);
                found.truncate(get.limit.unwrap_or(100).clamp(1, 100));
                found
            })
            .unwrap_or_default();
        let found: Vec<Value> = found
            .into_iter()
            .filter(|update| {
                delivery::wanted(update, get.allowed_updates.as_deref().unwrap_or(&[]))
            })
            .map(|update| update.json)
            .collect();
        if !found.is_empty() || tokio::time::Instant::now() >= until || state.is_closed() {
            return Answered::Ok(Value::Array(found));
        }
        let _ = tokio::time::timeout_at(until, changed).await;
    }
}
