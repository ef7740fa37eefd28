//! `/openapi.json`: the description of the API, made of the table of routes ([`super::api`]) and of what each handler says
//! of itself.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::{self, Door};
use super::error::ErrorBody;
use crate::deployment::Deployment;

/// Name of the scheme: `Authorization: Bearer …` with the admin token.
const ADMIN: &str = "admin_token";

const ABOUT: &str = "Operators' and builders' routes of a deployment of BotFactory. Every error is `{\"error\": {\"code\", \
    \"message\", \"details\"?, \"trace_id\"}}`. Routes with `admin_token` need `Authorization: Bearer …` with \
    `BOTFACTORY_ADMIN_TOKEN`; while that is unset they answer this machine only.";

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default().routes(routes!(show))
}

/// The description of this API, for programs
///
/// OpenAPI. The same for every deployment of this version: it says nothing of bots or settings.
#[utoipa::path(get, path = "/openapi.json", tag = "pages", responses((status = 200, body = Object)))]
pub async fn show() -> Response {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| document().to_json().unwrap_or_default().into());
    (
        [(header::CONTENT_TYPE, "application/json")],
        DOCUMENT.clone(),
    )
        .into_response()
}

/// The description.
pub fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("BotFactory")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT));
    let mut whole = OpenApiBuilder::new().info(info).build();
    for door in Door::ALL {
        let mut part = api::behind(door).into_openapi();
        for (path, item) in &mut part.paths.paths {
            each(item, &mut |method, operation| {
                finish(door, method, path, operation);
            });
        }
        whole.merge(part);
    }
    let components = whole.components.get_or_insert_default();
    components.add_security_scheme(
        ADMIN,
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    let mut schemas = Vec::new();
    <ErrorBody as utoipa::ToSchema>::schemas(&mut schemas);
    components.schemas.extend(schemas);
    whole
}

/// Calls `visit` with every operation of a path.
pub(crate) fn each(item: &mut PathItem, visit: &mut dyn FnMut(&'static str, &mut Operation)) {
    for (method, operation) in [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
    ] {
        if let Some(operation) = operation {
            visit(method, operation);
        }
    }
}

/// What is the same for all of a door: a name, who may use it, and the form of errors.
fn finish(door: Door, method: &str, path: &str, operation: &mut Operation) {
    operation.operation_id = Some(name(method, path));
    let error = |words: &str| {
        ResponseBuilder::new()
            .description(words)
            .content(
                "application/json",
                Content::new(Some(Ref::from_schema_name("ErrorBody"))),
            )
            .build()
            .into()
    };
    let responses = &mut operation.responses.responses;
    if matches!(door, Door::Admin | Door::Metrics) {
        operation.security = Some(vec![SecurityRequirement::new(ADMIN, [""; 0])]);
        responses.insert("401".to_owned(), error("No admin token, or a wrong one"));
    }
    if matches!(door, Door::Admin | Door::Metrics | Door::Page) {
        responses.insert(
            "403".to_owned(),
            error("No admin token is set, and this is not the machine itself"),
        );
    }
    responses
        .entry("default".to_owned())
        .or_insert_with(|| error("Any other refusal"));
}

/// `get_bots_id_texts_locale`: stable, and no two routes share one.
fn name(method: &str, path: &str) -> String {
    let mut name = method.to_owned();
    for part in path.split('/') {
        let part: String = part
            .chars()
            .filter(|c| !matches!(c, '{' | '}'))
            .map(|c| if c.is_alphanumeric() { c } else { '_' })
            .collect();
        if !part.is_empty() {
            name.push('_');
            name.push_str(&part);
        }
    }
    name
}
