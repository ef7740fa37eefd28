//! What the tests stand on: a built binary with a folder of its own ([`Home`], [`Node`]), HTTP without a library in
//! between ([`http`]), the rows of its database ([`Db`]), and people who talk to its bots ([`World`], [`Talk`]).

pub mod db;
pub mod home;
pub mod http;
pub mod node;
pub mod raw;
pub mod talk;
pub mod world;

pub use db::Db;
pub use home::Home;
pub use http::Answer;
pub use node::Node;
pub use talk::Talk;
pub use world::{Channel, World};

use std::future::Future;
use std::time::Duration;

/// No test may hang: what takes longer than this has failed.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// Token of the booking bot. Its secret part must never be seen anywhere.
pub const BOOKING_TOKEN: &str = "4242:AAbookingSECRETbookingSECRETbooking";
/// Token of the survey bot.
pub const SURVEY_TOKEN: &str = "4343:AAsurveySECRETsurveySECRETsurveySE";
/// Numeric id of the booking bot.
pub const BOOKING_ID: i64 = 4242;
/// The webhook's secret where a test sets one.
pub const WEBHOOK_SECRET: &str = "e2e-webhook-secret-0123456789";

/// Runs `work` for at most [`PATIENCE`].
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => panic!("{what} took longer than {PATIENCE:?}"),
    }
}

/// Waits until `found` finds something.
pub async fn until<T, F>(what: &str, mut found: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    within(what, async {
        loop {
            if let Some(found) = found().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}
