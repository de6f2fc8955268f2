//! Attackers. Each keeps to a rate, so that what they take of the machine is not all of it.

use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use credential_code::error::BoxError;
use http::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{interval, sleep};

use crate::people::Client;
use crate::server::ATTACKERS;

const SLOW: usize = 10_000;
const GUESSES_A_SECOND: usize = 1_100;
const BEGINS_A_SECOND: usize = 500;
/// Three times as many as there are seats.
const POLLS: usize = 3_000;
const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Attack {
    /// Connections that send a byte a second: half of them the head, half of them the body.
    SlowConnections,
    WrongCodes,
    Begins,
    LongPolls,
}

impl Attack {
    pub(crate) const ALL: [Self; 4] =
        [Self::SlowConnections, Self::WrongCodes, Self::Begins, Self::LongPolls];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SlowConnections => "10 000 slow connections",
            Self::WrongCodes => "1 100 wrong codes a second",
            Self::Begins => "500 begins a second",
            Self::LongPolls => "3 000 long polls",
        }
    }

    async fn start(self, address: SocketAddr) -> Result<(), BoxError> {
        match self {
            Self::SlowConnections => {
                for number in 0..SLOW {
                    tokio::spawn(drip(address, number));
                    // No more at once than a listener's queue holds.
                    if number % 100 == 0 {
                        sleep(Duration::from_millis(10)).await;
                    }
                }
            }
            Self::WrongCodes => {
                let body = json!({ "credentialKind": "Key", "code": "ABC-DEF-GHJ" });
                for number in 0..ATTACKERS {
                    let client = client(address, number).await?;
                    let pause = SECOND * ATTACKERS as u32 / GUESSES_A_SECOND as u32;
                    tokio::spawn(repeat(client, "/credentials/code/init", body.clone(), pause));
                }
            }
            Self::Begins => {
                let payload = json!({ "amount": 1 }).to_string();
                let body = json!({
                    "userActionPayload": payload,
                    "userActionHttpMethod": "POST",
                    "userActionHttpPath": "/transfers",
                    "userActionServerKind": "Api",
                });
                for number in 0..ATTACKERS {
                    let client = client(address, number).await?;
                    let pause = SECOND * ATTACKERS as u32 / BEGINS_A_SECOND as u32;
                    tokio::spawn(repeat(client, "/action/init", body.clone(), pause));
                }
            }
            Self::LongPolls => {
                for number in 0..ATTACKERS {
                    let mut first = client(address, number).await?;
                    let minted = first.mint().await?;
                    let id = minted["enrolmentId"].as_str().ok_or("no enrolment")?;
                    let path = format!("/credentials/enrolments/{id}?after=waiting&wait=25");
                    for _ in 0..POLLS / ATTACKERS {
                        tokio::spawn(poll(client(address, number).await?, path.clone()));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Begins the attacks, says so, and goes on until the process is stopped.
pub(crate) async fn attack(address: SocketAddr, names: &[String]) -> Result<(), BoxError> {
    for attack in Attack::ALL {
        if names.iter().any(|name| name == attack.name()) {
            attack.start(address).await?;
        }
    }
    println!("They have begun.");
    pending().await
}

async fn client(address: SocketAddr, number: usize) -> Result<Client, BoxError> {
    Client::connect(address, format!("us-x{number}"), format!("botnet {}", number % 50)).await
}

/// Sends a byte a second, and connects anew when the server has had enough.
async fn drip(address: SocketAddr, number: usize) {
    let head = "POST /auth/credentials/code/init HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/json\r\ncontent-length: 1000\r\n\r\n";
    let at_once = if number.is_multiple_of(2) { head } else { "" };
    loop {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            let mut sent = stream.write_all(at_once.as_bytes()).await;
            let mut slowly = head[at_once.len()..].bytes().chain(std::iter::repeat(b' '));
            while sent.is_ok() {
                sleep(SECOND).await;
                sent = stream.write_all(&[slowly.next().unwrap_or(b' ')]).await;
            }
        }
        sleep(SECOND).await;
    }
}

/// Sends a request again and again. An answer of any status is as welcome as another.
async fn repeat(mut client: Client, path: &'static str, body: Value, pause: Duration) {
    let mut ticks = interval(pause);
    loop {
        ticks.tick().await;
        if client.send(Method::POST, path, &body).await.is_err() {
            return;
        }
    }
}

/// Waits for a change that never comes. Without a seat it tries again after a second.
async fn poll(mut client: Client, path: String) {
    while client.send(Method::GET, &path, &Value::Null).await.is_ok() {
        sleep(SECOND).await;
    }
}
