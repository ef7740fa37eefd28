//! One process for each task. It has a bound on memory and on time; a bot on which the compiler hangs or dies takes nothing
//! with it but its own answer.

use std::io::{Read, Write};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::engines::{Engines, Judge};
use super::given::{self, Kind};
use super::problem::Problem;
use super::task::{self, What};
use crate::postgres;

/// The subcommand of a worker.
pub const COMMAND: &str = "serve-worker";
/// How long a task may take.
pub const TIME: Duration = Duration::from_secs(20);
/// Seconds of processor time: a backstop should nobody end the process any more.
const CPU: u64 = 60;
/// Address space, in bytes. Stacks of threads are reserved in it, so it is more than what is used.
const MEMORY: u64 = 4 << 30;
/// Longest answer, in bytes.
const ANSWER: u64 = 32 << 20;

/// Has a task done.
///
/// # Errors
/// It is nothing that could be done, took too long, or ended its process.
pub async fn ask(what: What, kind: Kind, engines: Engines, body: Bytes) -> Result<Value, Problem> {
    match tokio::time::timeout(TIME, done(what, kind, engines, body)).await {
        Ok(Some(answer)) => told(answer),
        Ok(None) => Err(Problem::new(
            500,
            "the compiler has failed on this: that is a mistake of botgen, not yours",
        )),
        // The process is killed with the future that waited for it.
        Err(_) => Err(Problem::busy(
            format!("this takes longer than {} s", TIME.as_secs()),
            60,
        )),
    }
}

async fn done(what: What, kind: Kind, engines: Engines, body: Bytes) -> Option<Value> {
    // The program as it was started: it may have been built anew since.
    let program = match cfg!(target_os = "linux") {
        true => "/proc/self/exe".into(),
        false => std::env::current_exe().ok()?,
    };
    let kind = match kind {
        Kind::Json => "json",
        Kind::Text => "text",
    };
    // Only what leads to Postgres, where that is asked.
    let known = |name: &&'static str| Some((*name, std::env::var_os(name)?));
    let variables = postgres::ENVIRONMENT.iter().filter_map(known);
    let variables = variables.filter(|_| engines != Engines::Sqlite);
    let mut child = Command::new(program)
        .args([COMMAND, what.name(), kind, engines.name()])
        .env_clear()
        .envs(variables)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let (mut stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
    let mut answer = Vec::new();
    let mut stdout = stdout.take(ANSWER);
    let write = async {
        // A process that has ended takes nothing more; its answer says so.
        let _ = stdin.write_all(&body).await;
        drop(stdin);
    };
    let ((), read) = tokio::join!(write, stdout.read_to_end(&mut answer));
    read.ok()?;
    let ended = child.wait().await.ok()?;
    ended.success().then_some(())?;
    serde_json::from_slice(&answer).ok()
}

fn told(mut answer: Value) -> Result<Value, Problem> {
    match answer.get("refused").and_then(Value::as_u64) {
        Some(status) => {
            let words = answer["message"].as_str().unwrap_or_default().to_owned();
            if status == 503 {
                return Err(Problem::busy(words, 5));
            }
            Err(Problem::new(u16::try_from(status).unwrap_or(422), words))
        }
        None => Ok(answer["done"].take()),
    }
}

/// The other side: reads the body from standard input, writes the answer to standard output.
pub fn main(what: &str, kind: &str, engines: &str) -> ExitCode {
    limit();
    let Some(engines) = Engines::named(engines) else {
        return ExitCode::FAILURE;
    };
    let what = match what {
        "validate" => What::Validate,
        "fix" => What::Fix,
        _ => return ExitCode::FAILURE,
    };
    let kind = match kind {
        "json" => Kind::Json,
        _ => Kind::Text,
    };
    let mut body = Vec::new();
    if std::io::stdin().read_to_end(&mut body).is_err() {
        return ExitCode::FAILURE;
    }
    let answer = match (given::read(kind, &body), Judge::find(engines)) {
        (Ok(given), Ok(judge)) => json!({ "done": task::run(what, given, &judge) }),
        (Err((status, message)), _) => json!({ "refused": status, "message": message }),
        // Its words may name places of this machine.
        (_, Err(_)) => json!({ "refused": 503, "message": "Postgres does not answer" }),
    };
    match std::io::stdout().write_all(answer.to_string().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[cfg(unix)]
fn limit() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let bound = |most| Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    // Where the system does not take them, time is still bounded by whoever waits.
    let _ = setrlimit(Resource::As, bound(MEMORY));
    let _ = setrlimit(Resource::Cpu, bound(CPU));
    let _ = setrlimit(Resource::Core, bound(0));
}

#[cfg(not(unix))]
fn limit() {}
