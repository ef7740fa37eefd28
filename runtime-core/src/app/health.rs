//! `botfactory health`: asks the instance of this configuration whether it is ready. For health checks of containers, which
//! hold nothing but the binary.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::AppError;
use crate::config::Config;

/// How long the whole question may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Most bytes that are read of the answer.
const ANSWER: u64 = 4096;
const QUESTION: &[u8] =
    b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Asks `/health/ready`, where the operators' routes are.
///
/// # Errors
/// It is not ready, or nobody answers.
pub async fn run(config: &Config) -> Result<(), AppError> {
    let address = config.admin_listen.unwrap_or(config.listen);
    match tokio::time::timeout(PATIENCE, ask(address, QUESTION)).await {
        Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 200 ") => {
            println!("ready");
            Ok(())
        }
        Ok(Ok(_)) => Err(AppError::Failed(format!("{address} is not ready"))),
        Ok(Err(error)) => Err(AppError::Failed(format!(
            "{address} does not answer: {error}"
        ))),
        Err(_) => Err(AppError::Failed(format!(
            "{address} does not answer within 2 s"
        ))),
    }
}

/// Asks whoever listens at an address, and reads what fits [`ANSWER`].
///
/// # Errors
/// Nobody does, or the connection breaks.
pub(super) async fn ask(mut address: SocketAddr, question: &[u8]) -> std::io::Result<String> {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(question).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
