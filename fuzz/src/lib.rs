//! What is fuzzed of the built bots: what Telegram sends, what people do to every bot of this repository, and what comes to
//! the routes of operators. A function per target panics when something does not hold; libFuzzer calls it
//! (`fuzz_targets/`, started by `scripts/fuzz.sh`).

mod api;
mod turn;

pub use api::api;
pub use runtime_core::testing::updates::read as update;
pub use turn::turn;

/// The runtime of this process; its tasks go on only while somebody waits.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}
