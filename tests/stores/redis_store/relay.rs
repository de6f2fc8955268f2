//! Stands between a store and a server: it leads to another one when it is told, or answers with another time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::support::servers::Directory;
use crate::support::servers::redis::Redis;

/// What `TIME` answers: an array of two, of which the first is the seconds since the epoch.
const TIME: &[u8] = b"*2\r\n$10\r\n";

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

    /// Leads to this server, whose clock is then ahead by so many whole seconds.
    pub(crate) fn ahead(server: &Redis, ahead: Duration) -> Self {
        let directory = Directory::new("redis-relay");
        let listener = UnixListener::bind(directory.path().join("socket")).unwrap();
        let target = Arc::new(Mutex::new(socket(server)));
        let to = target.clone();
        let accept = async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let to = to.lock().unwrap().clone();
                let (near, far) = (near.into_split(), UnixStream::connect(to).await.unwrap().into_split());
                connections.spawn(pass(near.0, far.1, Duration::ZERO));
                connections.spawn(pass(far.0, near.1, ahead));
            }
        };
        Self { directory, target, task: tokio::spawn(accept).abort_handle() }
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.directory.path().join("socket").display())
    }

    /// From now on who connects is led to this server. Connections stay where they are.
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

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, ahead: Duration) {
    let mut buffer = [0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let piece = &mut buffer[..length];
        if let Some(at) = piece.windows(TIME.len()).position(|window| window == TIME) {
            let seconds = &mut piece[at + TIME.len()..][..10];
            let time: u64 = str::from_utf8(seconds).unwrap().parse().unwrap();
            seconds.copy_from_slice((time + ahead.as_secs()).to_string().as_bytes());
        }
        if to.write_all(piece).await.is_err() {
            return;
        }
    }
}
