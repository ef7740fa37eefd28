//! `botgen postgres`: the private server by hand.

use clap::ValueEnum;

use super::{ERRORS, WRONG_USE, complain, print};
use crate::postgres::Cluster;
use crate::postgres::cluster::Status;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum What {
    /// Say whether it runs, and where; exit code 1 if it does not
    Status,
    /// Stop it; the next check starts it again
    Stop,
}

/// Does it.
pub fn run(what: What) -> u8 {
    let cluster = match Cluster::from_env() {
        Ok(cluster) => cluster,
        Err(words) => {
            complain(&words);
            return WRONG_USE;
        }
    };
    let folder = cluster.folder();
    match what {
        What::Status => match cluster.status() {
            Status::Running(pid) => print(&format!("running as process {pid} in {folder}\n")),
            Status::Stopped => {
                print(&format!("not running; its folder is {folder}\n"));
                ERRORS
            }
        },
        What::Stop => match cluster.stop() {
            Ok(true) => print("stopped\n"),
            Ok(false) => print("it did not run\n"),
            Err(words) => {
                complain(&words);
                ERRORS
            }
        },
    }
}
