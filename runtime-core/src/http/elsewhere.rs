//! What the previous system did at run time and a compiler does before: each answers with the command that does it here.
//! They are marked as deprecated in the description, so that clients and tests of the API need not try them.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::find;
use super::error::{ErrorBody, Problem};
use super::extract::At;
use super::state::Deployment;
use crate::config::token_variable;

/// The routes of this file.
#[allow(deprecated)] // the attribute is for the description
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(create))
        .routes(routes!(change, remove))
        .routes(routes!(token))
        .routes(routes!(store_spec))
        .routes(routes!(submit))
        .routes(routes!(validate_spec))
        .routes(routes!(fix_spec))
}

/// Create a bot: at build time
///
/// A bot is a folder: `cargo botgen new bots/NAME` writes one, `cargo build --release` compiles it in, a start of the new binary
/// serves it.
#[utoipa::path(post, path = "/bots", tag = "at build time",
    responses((status = 405, description = "Explains what does it here", body = ErrorBody)))]
#[deprecated]
pub async fn create() -> Problem {
    Problem::not_at_run_time(
        "GET",
        "bots are compiled into this binary: a new one is a folder, a build and a start",
        "cargo botgen new bots/NAME && cargo build --release",
    )
}

/// Change a bot: at build time
///
/// Name and spec are its `bot.yaml`. Words can be changed without a build: `PUT /bots/{id}/texts/{locale}`.
#[utoipa::path(put, path = "/bots/{id}", tag = "at build time",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 404, description = "No such bot", body = ErrorBody),
        (status = 405, description = "Explains what does it here", body = ErrorBody)))]
#[deprecated]
pub async fn change(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<(), Problem> {
    let id = find(&deployment, &id)?.spec().id;
    Err(Problem::not_at_run_time(
        "GET",
        "a bot's name and behaviour are its files: edit them, check, build, start; texts alone can be overridden (`PUT /bots/{id}/texts/{locale}`)",
        format!("cargo botgen check bots/{id} && cargo build --release"),
    ))
}

/// Remove a bot: at build time
///
/// `BOTFACTORY_BOTS` at build time picks the bots of a deployment. Its rows go by `DELETE /bots/{id}/data`.
#[utoipa::path(delete, path = "/bots/{id}", tag = "at build time",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 404, description = "No such bot", body = ErrorBody),
        (status = 405, description = "Explains what does it here", body = ErrorBody)))]
#[deprecated]
pub async fn remove(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<(), Problem> {
    let gone = find(&deployment, &id)?.spec().id;
    let bots = deployment.bots().iter().map(|bot| bot.spec().id);
    let rest: Vec<&str> = bots.filter(|id| *id != gone).collect();
    Err(Problem::not_at_run_time(
        "GET",
        "a bot leaves with a build without it; without its token it is not served to Telegram from the next start on",
        format!("BOTFACTORY_BOTS={} cargo build --release", rest.join(",")),
    ))
}

/// Set a bot's token: in the environment
///
/// Tokens live in the environment or `.env`, never in the database. A renewed token of the same bot takes effect by
/// `POST /bots/{id}/reload`, another bot's by a start.
#[utoipa::path(put, path = "/bots/{id}/token", tag = "at build time",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 404, description = "No such bot", body = ErrorBody),
        (status = 405, description = "Explains what does it here", body = ErrorBody)))]
#[deprecated]
pub async fn token(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<(), Problem> {
    let id = find(&deployment, &id)?.spec().id;
    let variable = token_variable(id);
    Err(Problem::not_at_run_time(
        "",
        format!(
            "a token is not taken over HTTP: set {variable} in the environment or `.env`, then reload; the token of another bot takes a new start"
        ),
        format!("{variable}=… in .env, then POST /bots/{id}/reload"),
    ))
}

/// Store a spec: at build time
#[utoipa::path(put, path = "/bots/{id}/spec", tag = "at build time",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 404, description = "No such bot", body = ErrorBody),
        (status = 405, description = "Explains what does it here", body = ErrorBody)))]
#[deprecated]
pub async fn store_spec(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<(), Problem> {
    let id = find(&deployment, &id)?.spec().id;
    Err(Problem::not_at_run_time(
        "GET",
        "a spec is compiled, not stored: it is a folder of this repository; a spec of the previous system is translated once",
        format!("cargo botgen import SPEC.json --out bots/{id} && cargo build --release"),
    ))
}

/// Submit a spec that a model wrote: to `botgen serve`
///
/// `botgen serve` checks and mends what a model writes (`POST /spec/fix`), and answers with the findings, suggestions and a
/// template that works.
#[utoipa::path(post, path = "/bots/{id}/spec/llm-submit", tag = "at build time",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 404, description = "No such bot", body = ErrorBody),
        (status = 405, description = "Explains what does it here", body = ErrorBody)))]
#[deprecated]
pub async fn submit(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<(), Problem> {
    find(&deployment, &id)?;
    Err(Problem::not_at_run_time(
        "",
        "the compiler is not part of this binary: `botgen serve` checks and mends specs (`POST /spec/fix`), a build takes the result",
        "cargo botgen serve",
    ))
}

/// Check a spec: by `botgen serve`
#[utoipa::path(post, path = "/spec/validate", tag = "at build time",
    responses((status = 405, description = "Explains what does it here", body = ErrorBody)))]
#[deprecated]
pub async fn validate_spec() -> Problem {
    compiler()
}

/// Mend a spec: by `botgen serve`
#[utoipa::path(post, path = "/spec/fix", tag = "at build time",
    responses((status = 405, description = "Explains what does it here", body = ErrorBody)))]
#[deprecated]
pub async fn fix_spec() -> Problem {
    compiler()
}

fn compiler() -> Problem {
    Problem::not_at_run_time(
        "",
        "the compiler is not part of this binary: `botgen serve` has this route, `botgen check` says the same in a terminal",
        "cargo botgen serve",
    )
}
