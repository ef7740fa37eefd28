//! What operators do that cannot be taken back.

use tracing::warn;

use crate::telemetry::Fact;
use crate::telemetry::metrics::Metrics;

/// Rows of a bot's tables were deleted.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct DataCleared {
    pub bot: &'static str,
    pub rows: u64,
    /// Nothing that could go is left.
    pub complete: bool,
}

impl Fact for DataCleared {
    fn observe(&self, _: Option<&Metrics>) {
        warn!(
            bot_id = self.bot,
            rows = self.rows,
            complete = self.complete,
            "the rows of a bot's tables were deleted by an operator"
        );
    }
}
