//! The bots of this deployment, as `build.rs` has compiled them.

include!(concat!(env!("OUT_DIR"), "/bots.rs"));
