//! `botgen serve`.

use std::net::SocketAddr;

use super::engines::Which;
use super::{GOOD, WRONG_USE, complain};
use crate::serve;

/// Serves until the process ends.
pub fn run(listen: SocketAddr, origins: Vec<String>, engine: Which) -> u8 {
    let engines = match engine {
        Which::Sqlite => serve::Engines::Sqlite,
        Which::Postgres => serve::Engines::Postgres,
        Which::All => serve::Engines::All,
    };
    let checks = match serve::Checks::begin(engines) {
        Ok(checks) => checks,
        Err(words) => {
            complain(&words);
            return WRONG_USE;
        }
    };
    let started = |address: SocketAddr| {
        eprintln!(
            "botgen serve: http://{address} (POST /spec/validate, POST /spec/fix, GET /openapi.json)"
        );
        if !address.ip().is_loopback() {
            eprintln!("warning: everybody who reaches this address can have bots checked");
        }
    };
    match serve::run(listen, origins, checks, started) {
        Ok(()) => GOOD,
        Err(error) => {
            complain(&format!("cannot listen on {listen}: {error}"));
            WRONG_USE
        }
    }
}
