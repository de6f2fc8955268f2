//! A relay between two sockets. It counts the pieces that pass, and stops everything at the point
//! that it was told.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// How much of the last piece still passes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    Before,
    Within,
    After,
}

/// The fuse that all relays of a process share. A piece is what one of the two sides wrote at once.
#[derive(Clone, Debug)]
pub(crate) struct Fuse {
    state: Arc<Mutex<State>>,
    blown: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    passed: u32,
    armed: Option<(u32, Cut)>,
    has_stopped: bool,
}

/// The fate of a piece.
enum Passage {
    Whole,
    /// Only this much of it passes, and nothing more.
    Last(usize),
    Nothing,
}

impl Fuse {
    pub(crate) fn new() -> Self {
        Self { state: Arc::default(), blown: watch::Sender::new(false) }
    }

    /// Returns how many pieces have passed.
    pub(crate) fn passed(&self) -> u32 {
        self.state.lock().unwrap().passed
    }

    /// Lets this many pieces pass from now on, and stops at the next.
    pub(crate) fn arm(&self, pieces: u32, cut: Cut) {
        self.state.lock().unwrap().armed = Some((pieces, cut));
    }

    /// Waits until everything has stopped.
    pub(crate) async fn blown(&self) {
        self.blown.subscribe().wait_for(|blown| *blown).await.unwrap();
    }

    fn admit(&self, length: usize) -> Passage {
        let mut state = self.state.lock().unwrap();
        if state.has_stopped {
            return Passage::Nothing;
        }
        state.passed += 1;
        match &mut state.armed {
            None => Passage::Whole,
            Some((0, cut)) => {
                let cut = *cut;
                state.has_stopped = true;
                Passage::Last(match cut {
                    Cut::Before => 0,
                    Cut::Within => length / 2,
                    Cut::After => length,
                })
            }
            Some((left, _)) => {
                *left -= 1;
                Passage::Whole
            }
        }
    }
}

/// A relay. It connects every client that comes here to the target, until it is dropped.
#[derive(Debug)]
pub(crate) struct Relay(AbortHandle);

impl Relay {
    pub(crate) fn start(from: &Path, to: impl Into<PathBuf>, fuse: &Fuse) -> Self {
        let _ = std::fs::remove_file(from);
        let (listener, to, fuse) = (UnixListener::bind(from).unwrap(), to.into(), fuse.clone());
        let accept = async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = UnixStream::connect(&to).await else { continue };
                let (near, far) = (near.into_split(), far.into_split());
                connections.spawn(pass(near.0, far.1, fuse.clone()));
                connections.spawn(pass(far.0, near.1, fuse.clone()));
            }
        };
        Self(tokio::spawn(accept).abort_handle())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn pass(
    mut from: tokio::net::unix::OwnedReadHalf,
    mut to: tokio::net::unix::OwnedWriteHalf,
    fuse: Fuse,
) {
    let mut buffer = [0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let passed = match fuse.admit(length) {
            Passage::Whole => to.write_all(&buffer[..length]).await,
            Passage::Last(length) => {
                let _ = to.write_all(&buffer[..length]).await;
                fuse.blown.send_replace(true);
                std::future::pending().await
            }
            Passage::Nothing => std::future::pending().await,
        };
        if passed.is_err() {
            return;
        }
    }
}
