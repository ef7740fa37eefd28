//! The one table of routes: the routers ([`super::routes`]), the labels of metrics (a route's pattern), the description
//! ([`super::openapi`]) and the tests of who may use what all come from here.
//!
//! A route is a handler with `#[utoipa::path(…)]`; the file it stands in has a `routes()` that names it, and that stands
//! below the door it is behind.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    bots, broadcasts, build_time, compiled, data, events, health, hooks, i18n, letters, llm,
    openapi, page, people, preview, segments, texts, webhook,
};
use crate::deployment::Deployment;

/// Who may use a route ([`super::guard`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Telegram, by the webhook's secret, which the handler checks itself.
    Telegram,
    /// Everybody, on every listener: balancers ask it.
    Alive,
    /// Everybody who reaches the listener: probes.
    Health,
    /// Everybody where an admin token is set, otherwise this machine: nothing secret, no effect.
    Page,
    /// Whoever shows the admin token, or this machine where there is none; on a listener of its own, everybody who reaches it.
    Metrics,
    /// Whoever shows the admin token, or this machine where there is none.
    Admin,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 6] = [
        Self::Telegram,
        Self::Alive,
        Self::Health,
        Self::Page,
        Self::Metrics,
        Self::Admin,
    ];
}

/// The routes behind a door.
pub fn behind(door: Door) -> OpenApiRouter<Deployment> {
    let none = OpenApiRouter::default;
    match door {
        Door::Telegram => none().routes(routes!(webhook::receive)),
        Door::Alive => none().routes(routes!(health::alive)),
        Door::Health => health::routes(),
        Door::Page => page::routes().merge(openapi::routes()),
        Door::Metrics => none().routes(routes!(health::metrics)),
        Door::Admin => none()
            .merge(bots::routes())
            .merge(compiled::routes())
            .merge(hooks::routes())
            .merge(data::routes())
            .merge(events::routes())
            .merge(letters::routes())
            .merge(broadcasts::routes())
            .merge(segments::routes())
            .merge(llm::routes())
            .merge(people::routes())
            .merge(texts::routes())
            .merge(i18n::routes())
            .merge(build_time::routes())
            .merge(preview::routes()),
    }
}
