//! A relay between a store and a server. It can lead to another server, answer with another time,
//! or hold answers back until many have asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::support::servers::Directory;
use crate::support::servers::redis::Redis;

/// The head of an answer to `TIME`: an array of two. The first is the seconds since the epoch.
const TIME: &[u8] = b"*2\r\n$10\r\n";

/// Holds answers back after a word has passed, until it has passed this many times.
#[derive(Debug)]
struct Gate {
    word: &'static [u8],
    times: usize,
    passed: watch::Sender<usize>,
}

impl Gate {
    fn see(&self, piece: &[u8]) {
        let seen = piece.windows(self.word.len()).filter(|window| *window == self.word).count();
        self.passed.send_modify(|passed| *passed += seen);
    }

    async fn open(&self) {
        let is_open = |passed: &usize| *passed == 0 || *passed >= self.times;
        self.passed.subscribe().wait_for(is_open).await.unwrap();
    }
}

#[derive(Debug)]
pub(crate) struct Relay {
    directory: Directory,
    target: Arc<Mutex<String>>,
    task: AbortHandle,
}

impl Relay {
    /// Leads to this server.
    pub(crate) fn to(server: &Redis) -> Self {
        Self::ahead(server, Duration::ZERO)
    }

    /// Leads to this server. Answers nothing after that word has passed, until it has passed this
    /// many times.
    pub(crate) fn gathering(server: &Redis, word: &'static [u8], times: usize) -> Self {
        Self::start(server, Duration::ZERO, Gate { word, times, passed: watch::Sender::new(0) })
    }

    /// Leads to this server, and shows its clock ahead by that many whole seconds.
    pub(crate) fn ahead(server: &Redis, ahead: Duration) -> Self {
        Self::start(server, ahead, Gate { word: TIME, times: 0, passed: watch::Sender::new(0) })
    }

    fn start(server: &Redis, ahead: Duration, gate: Gate) -> Self {
        let directory = Directory::new("redis-relay");
        let listener = UnixListener::bind(directory.path().join("socket")).unwrap();
        let target = Arc::new(Mutex::new(socket(server)));
        let (to, gate) = (target.clone(), Arc::new(gate));
        let accept = async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let to = to.lock().unwrap().clone();
                let (near, far) = (near.into_split(), UnixStream::connect(to).await.unwrap().into_split());
                connections.spawn(ask(near.0, far.1, gate.clone()));
                connections.spawn(answer(far.0, near.1, ahead, gate.clone()));
            }
        };
        Self { directory, target, task: tokio::spawn(accept).abort_handle() }
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.directory.path().join("socket").display())
    }

    /// Leads new connections to this server from now on. Old connections stay where they are.
    pub(crate) fn lead_to(&self, server: &Redis) {
        *self.target.lock().unwrap() = socket(server);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn socket(server: &Redis) -> String {
    server.url().strip_prefix("unix://").unwrap().to_owned()
}

async fn ask(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, gate: Arc<Gate>) {
    let mut buffer = [0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        gate.see(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

async fn answer(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    ahead: Duration,
    gate: Arc<Gate>,
) {
    let mut buffer = [0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let piece = &mut buffer[..length];
        if let Some(at) = piece.windows(TIME.len()).position(|window| window == TIME) {
            let seconds = &mut piece[at + TIME.len()..][..10];
            let time: u64 = str::from_utf8(seconds).unwrap().parse().unwrap();
            seconds.copy_from_slice((time + ahead.as_secs()).to_string().as_bytes());
        }
        gate.open().await;
        if to.write_all(piece).await.is_err() {
            return;
        }
    }
}
