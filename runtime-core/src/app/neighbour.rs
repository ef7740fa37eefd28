//! Who listens on our port already. Another instance of this deployment shares it with us until one of the two stops; with
//! another deployment (another database) people and Telegram would reach one or the other by chance.

use std::net::SocketAddr;
use std::time::Duration;

use super::AppError;
use super::health::ask;
use crate::http::health::DEPLOYMENT;

/// How long the question may take: who is too busy to answer is let be.
const PATIENCE: Duration = Duration::from_millis(500);
const QUESTION: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// The deployment of whoever listens there. To be asked before we listen there ourselves: the answer could be ours.
pub async fn deployment(address: SocketAddr) -> Option<String> {
    if address.port() == 0 {
        return None;
    }
    let answer = tokio::time::timeout(PATIENCE, ask(address, QUESTION)).await;
    named(&answer.ok()?.ok()?)
}

fn named(answer: &str) -> Option<String> {
    let mut lines = answer.lines();
    lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(DEPLOYMENT)
            .then(|| value.trim().to_owned())
    })
}

/// What is said where it is another deployment.
pub fn stranger(address: SocketAddr, variable: &str) -> AppError {
    AppError::Failed(format!(
        "another deployment of BotFactory, with another database, serves {address}: stop it, or set {variable} to another address"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_who_names_a_deployment_has_one() {
        let answer =
            |head: &str| named(&format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{{\"ok\":true}}"));
        assert_eq!(
            answer("X-BotFactory-Deployment:  0a1b "),
            Some("0a1b".to_owned())
        );
        assert_eq!(answer("content-type: application/json"), None);
        assert_eq!(named(""), None);
        // Nobody there, and somebody who says nothing.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        assert_eq!(deployment(address).await, None);
        drop(silent);
        assert_eq!(deployment(address).await, None);
    }
}
