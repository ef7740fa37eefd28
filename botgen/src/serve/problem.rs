//! The envelope of every error: `{"error": {"code", "message", "details"?, "trace_id"}}`, as the runtime's.

use std::hash::{BuildHasher, Hasher, RandomState};

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// An error as a client sees it.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<u32>,
}

/// The envelope of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    error: ErrorFacts,
}

#[derive(Debug, Serialize, ToSchema)]
struct ErrorFacts {
    /// A word for programs, such as `not_found`.
    code: &'static str,
    /// Words for people.
    message: String,
    /// Names this answer.
    trace_id: String,
}

impl Problem {
    /// Of a status that [`code`] knows.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            status,
            code: code(status),
            message: message.into(),
            retry_after: None,
        }
    }

    /// 503 with `Retry-After` in seconds.
    pub fn busy(message: impl Into<String>, retry_after: u32) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(503, message)
        }
    }
}

fn code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "bad_request",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        408 => "timeout",
        413 => "payload_too_large",
        415 => "unsupported_media_type",
        422 => "unprocessable",
        503 => "unavailable",
        _ => "internal",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = ErrorFacts {
            code: self.code,
            message: self.message,
            trace_id: format!("{:016x}{:016x}", random(), random()),
        };
        let mut response = (self.status, Json(ErrorBody { error })).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Every hasher of the standard library has keys of its own.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
