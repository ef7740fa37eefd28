//! What operators see.
//!
//! | module | shows |
//! |---|---|
//! | `scrape` | reads `/metrics` as Prometheus does |
//! | `families` | every family moves when what it counts happens, and its labels' values are those that the page names |
//! | `rules` | alerts and boards ask for series that a deployment has |
//! | `lines` | log lines |
//! | `traces` | spans at a collector |
//! | `events` | events, by hand and over HTTP |

mod events;
mod families;
mod lines;
mod rules;
mod scrape;
mod traces;

use serde_json::Value;

use crate::support::raw::SECRET;
use crate::support::{WEBHOOK_SECRET, World, http};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn hook_traced(world: &World, update: &Value, traceparent: &str) {
    let headers = [(SECRET, WEBHOOK_SECRET), ("traceparent", traceparent)];
    let body = update.to_string();
    let answer = http::post(world.address(), "/tg/booking", &headers, body.as_bytes()).await;
    assert_eq!(answer.status, 200);
}
