//! `botgen serve`.

use std::net::SocketAddr;

use super::{GOOD, WRONG_USE, complain};
use crate::serve;

/// Serves until the process ends.
pub fn run(listen: SocketAddr, origins: Vec<String>) -> u8 {
    let started = |address: SocketAddr| {
        eprintln!(
            "botgen serve: http://{address} (POST /spec/validate, POST /spec/fix, GET /openapi.json)"
        );
        if !address.ip().is_loopback() {
            eprintln!("warning: everybody who reaches this address can have bots checked");
        }
    };
    match serve::run(listen, origins, started) {
        Ok(()) => GOOD,
        Err(error) => {
            complain(&format!("cannot listen on {listen}: {error}"));
            WRONG_USE
        }
    }
}
