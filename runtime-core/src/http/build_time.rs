//! What the previous system did at run time and a compiler does before: each route answers with the command that does it here.
//! They are marked as deprecated in the description, so that clients and tests of the API need not try them.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::{Content, Deprecated, ObjectBuilder, Ref, Required, ResponseBuilder, Type};
use utoipa_axum::router::OpenApiRouter;

use super::bots::find;
use super::error::Problem;
use super::extract::At;
use crate::config::token_variable;
use crate::deployment::Deployment;

/// A route. In its answer `{id}` is the bot's id, `{token}` the variable of its token, `{others}` every bot but this one.
struct Route {
    method: (HttpMethod, MethodFilter),
    path: &'static str,
    /// In the description: a line, and what follows it.
    about: (&'static str, &'static str),
    /// The methods that the path has.
    allow: &'static str,
    message: &'static str,
    command: &'static str,
}

const POST: (HttpMethod, MethodFilter) = (HttpMethod::Post, MethodFilter::POST);
const PUT: (HttpMethod, MethodFilter) = (HttpMethod::Put, MethodFilter::PUT);
const DELETE: (HttpMethod, MethodFilter) = (HttpMethod::Delete, MethodFilter::DELETE);

const SERVED: &str = "the compiler is not part of this binary: `botgen serve` has this route, `botgen check` says the same in a terminal";

static ROUTES: [Route; 8] = [
    Route {
        method: POST,
        path: "/bots",
        about: (
            "Create a bot: at build time",
            "A bot is a folder: `cargo botgen new bots/NAME` writes one, `cargo build --release` compiles it in, a start of the new binary\n\
             serves it.",
        ),
        allow: "GET",
        message: "bots are compiled into this binary: a new one is a folder, a build and a start",
        command: "cargo botgen new bots/NAME && cargo build --release",
    },
    Route {
        method: PUT,
        path: "/bots/{id}",
        about: (
            "Change a bot: at build time",
            "Name and spec are its `bot.yaml`. Words can be changed without a build: `PUT /bots/{id}/texts/{locale}`.",
        ),
        allow: "GET",
        message: "a bot's name and behaviour are its files: edit them, check, build, start; texts alone can be overridden (`PUT /bots/{id}/texts/{locale}`)",
        command: "cargo botgen check bots/{id} && cargo build --release",
    },
    Route {
        method: DELETE,
        path: "/bots/{id}",
        about: (
            "Remove a bot: at build time",
            "`BOTFACTORY_BOTS` at build time picks the bots of a deployment. Its rows go by `DELETE /bots/{id}/data`.",
        ),
        allow: "GET",
        message: "a bot leaves with a build without it; without its token it is not served to Telegram from the next start on",
        command: "BOTFACTORY_BOTS={others} cargo build --release",
    },
    Route {
        method: PUT,
        path: "/bots/{id}/token",
        about: (
            "Set a bot's token: in the environment",
            "Tokens live in the environment or `.env`, never in the database. A renewed token of the same bot takes effect by\n\
             `POST /bots/{id}/reload`, another bot's by a start.",
        ),
        allow: "",
        message: "a token is not taken over HTTP: set {token} in the environment or `.env`, then reload; the token of another bot takes a new start",
        command: "{token}=… in .env, then POST /bots/{id}/reload",
    },
    Route {
        method: PUT,
        path: "/bots/{id}/spec",
        about: ("Store a spec: at build time", ""),
        allow: "GET",
        message: "a spec is compiled, not stored: it is a folder of this repository; a spec of the previous system is translated once",
        command: "cargo botgen import SPEC.json --out bots/{id} && cargo build --release",
    },
    Route {
        method: POST,
        path: "/bots/{id}/spec/llm-submit",
        about: (
            "Submit a spec that a model wrote: to `botgen serve`",
            "`botgen serve` checks and mends what a model writes (`POST /spec/fix`), and answers with the findings, suggestions and a\n\
             template that works.",
        ),
        allow: "",
        message: "the compiler is not part of this binary: `botgen serve` checks and mends specs (`POST /spec/fix`), a build takes the result",
        command: "cargo botgen serve",
    },
    Route {
        method: POST,
        path: "/spec/validate",
        about: ("Check a spec: by `botgen serve`", ""),
        allow: "",
        message: SERVED,
        command: "cargo botgen serve",
    },
    Route {
        method: POST,
        path: "/spec/fix",
        about: ("Mend a spec: by `botgen serve`", ""),
        allow: "",
        message: SERVED,
        command: "cargo botgen serve",
    },
];

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    ROUTES.iter().fold(OpenApiRouter::default(), |all, route| {
        let item = PathItem::new(route.method.0.clone(), route.described());
        let paths = PathsBuilder::new().path(route.path, item).build();
        all.routes((Vec::new(), paths, route.handler()))
    })
}

impl Route {
    fn is_of_a_bot(&self) -> bool {
        self.path.contains("{id}")
    }

    fn handler(&'static self) -> MethodRouter<Deployment> {
        let answer = async |State(deployment): State<Deployment>,
                            At(parts): At<BTreeMap<String, String>>| {
            match parts.get("id") {
                Some(id) => self.answer(&deployment, id),
                None => Problem::not_at_run_time(self.allow, self.message, self.command),
            }
        };
        on(self.method.1, answer)
    }

    fn answer(&self, deployment: &Deployment, id: &str) -> Problem {
        let id = match find(deployment, id) {
            Ok(bot) => bot.spec().id,
            Err(problem) => return problem,
        };
        let bots = deployment.bots().iter().map(|bot| bot.spec().id);
        let others: Vec<&str> = bots.filter(|other| *other != id).collect();
        let filled = |text: &str| {
            text.replace("{id}", id)
                .replace("{token}", &token_variable(id))
                .replace("{others}", &others.join(","))
        };
        Problem::not_at_run_time(self.allow, filled(self.message), filled(self.command))
    }

    fn described(&self) -> Operation {
        let (summary, more) = self.about;
        let mut described = OperationBuilder::new()
            .tag("at build time")
            .summary(Some(summary))
            .description((!more.is_empty()).then_some(more))
            .deprecated(Some(Deprecated::True));
        let refusal = |words: &str| {
            let body = Content::new(Some(Ref::from_schema_name("ErrorBody")));
            ResponseBuilder::new()
                .description(words)
                .content("application/json", body)
        };
        if self.is_of_a_bot() {
            let id = ParameterBuilder::new()
                .name("id")
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some("The bot's id"))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
            described = described
                .parameter(id)
                .response("404", refusal("No such bot"));
        }
        described
            .response("405", refusal("Explains what does it here"))
            .build()
    }
}
