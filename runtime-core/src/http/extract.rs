//! What handlers read of a request; whatever cannot be read is refused in the one envelope.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::Problem;

/// The parts of the path that a route's pattern names.
#[derive(Debug)]
pub struct At<T>(pub T);

impl<S, T> FromRequestParts<S> for At<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            // No id of ours is not UTF-8, and no number of ours has letters.
            Err(_) => Err(Problem::not_found("no such route")),
        }
    }
}

/// The query's parameters.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<S, T> FromRequestParts<S> for Params<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::bad_request("the query cannot be read")),
        }
    }
}

/// A JSON body.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<S, T> FromRequest<S> for JsonBody<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(refused(&rejection)),
        }
    }
}

/// A body as it comes.
#[derive(Debug)]
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Problem::too_large("the body is too large"))
            }
            Err(_) => Err(Problem::bad_request("the body broke off")),
        }
    }
}

fn refused(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::JsonDataError(error) => Problem::unprocessable(shape(&error.body_text())),
        JsonRejection::JsonSyntaxError(_) => Problem::bad_request("the body is not JSON"),
        JsonRejection::MissingJsonContentType(_) => {
            Problem::unsupported("send `Content-Type: application/json`")
        }
        other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::too_large("the body is too large")
        }
        _ => Problem::bad_request("the body broke off"),
    }
}

/// serde's words name fields and types, but also quote strings of the body: those go.
fn shape(message: &str) -> String {
    let message = message
        .strip_prefix("Failed to deserialize the JSON body into the target type: ")
        .unwrap_or(message);
    let mut out = String::new();
    let mut quoted = false;
    for c in message.chars().take(400) {
        if c == '"' {
            quoted = !quoted;
        } else if !quoted {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_string_of_the_body_comes_back() {
        let shape = super::shape(
            "Failed to deserialize the JSON body into the target type: user_id: invalid type: string \"secret\", expected i64 at line 1",
        );
        assert_eq!(
            shape,
            "user_id: invalid type: string , expected i64 at line 1"
        );
    }
}
