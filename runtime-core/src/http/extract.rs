//! What handlers read of a request; whatever cannot be read is refused in the one envelope.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::Problem;
use super::given::{Fault, Tree};

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

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        query(&parts.uri).map(Self)
    }
}

/// What a query says.
///
/// # Errors
/// 400: it says something else.
pub(super) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
    let Query(pairs) = pairs.map_err(|_| Problem::bad_request("the query cannot be read"))?;
    // No text of ours has it, and Postgres takes none that has.
    if pairs.iter().any(|(_, value)| value.contains('\0')) {
        return Err(Problem::bad_request("a parameter holds a NUL"));
    }
    let read = Tree::of_query(pairs).read();
    read.map_err(|fault| Problem::bad_request(fault.words("the query", "parameter")))
}

/// The query of a route that has no parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoParams {}

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
        let tree = Json::<Tree>::from_request(request, state).await;
        let Json(tree) = tree.map_err(|rejection| refused(&rejection))?;
        tree.read().map(Self).map_err(|fault| unfit(&fault))
    }
}

/// A body of another form.
pub(super) fn unfit(fault: &Fault) -> Problem {
    Problem::unprocessable(fault.words("the body", "field"))
        .with_details(serde_json::json!({ "path": fault.path() }))
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
        JsonRejection::MissingJsonContentType(_) => {
            Problem::unsupported("send `Content-Type: application/json`")
        }
        JsonRejection::JsonSyntaxError(error) => Problem::bad_request(no_json(&error.body_text())),
        other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::too_large("the body is too large")
        }
        _ => Problem::bad_request("the body broke off"),
    }
}

/// Where a body stops being JSON; of the parser's words only the place is repeated.
fn no_json(said: &str) -> String {
    let place = said.rsplit_once(" at line ");
    let place = place.and_then(|(_, place)| place.split_once(" column "));
    let number = |text: &str| text.parse::<u32>().ok();
    match place.and_then(|(line, column)| Some((number(line)?, number(column)?))) {
        Some((line, column)) => format!("the body is not JSON (line {line}, column {column})"),
        None => "the body is not JSON".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::no_json;

    #[test]
    fn where_it_stops_being_json() {
        let said =
            "Failed to parse the request body as JSON: message: expected `,` at line 3 column 14";
        assert_eq!(no_json(said), "the body is not JSON (line 3, column 14)");
        assert_eq!(no_json("words at line x column y"), "the body is not JSON");
    }
}
