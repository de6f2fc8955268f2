//! Connections that pass from one statement to the next.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Error, Pool};
use tokio::sync::oneshot;

/// How many statements run on a connection before it goes back to its pool. So a host that has the
/// pool too waits for a few of our statements, and not until none of them waits.
const PASSES: u32 = 16;

/// The connections of a pool, and the statements that wait for one.
///
/// A pool asks the server about each connection that comes back, which is a round trip for each
/// statement. A statement that succeeded has just shown that its connection lives. So the
/// connection goes straight to the next statement. If none waits, it goes back.
#[derive(Debug)]
pub(super) struct Connections<DB: Database> {
    pool: Pool<DB>,
    waiting: Arc<Mutex<VecDeque<oneshot::Sender<Lent<DB>>>>>,
}

/// A connection for one statement. Without [`Connections::pass_on`] it goes back to its pool.
#[derive(Debug)]
pub(super) struct Lent<DB: Database> {
    pub(super) connection: PoolConnection<DB>,
    passes: u32,
}

impl<DB: Database> Connections<DB> {
    pub(super) fn new(pool: Pool<DB>) -> Self {
        Self { pool, waiting: Arc::default() }
    }

    pub(super) fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    /// Waits for a connection that another statement passes on, or for one of the pool. While the
    /// pool may open more connections, nobody waits for those of others.
    pub(super) async fn acquire(&self) -> Result<Lent<DB>, Error> {
        let acquired = async { Ok(Lent { connection: self.pool.acquire().await?, passes: 0 }) };
        if self.pool.size() < self.pool.options().get_max_connections() {
            return acquired.await;
        }
        let (mut acquired, mut passed) = (pin!(acquired), self.wait());
        poll_fn(|cx| match Pin::new(&mut passed).poll(cx) {
            Poll::Ready(Ok(lent)) => Poll::Ready(Ok(lent)),
            _ => acquired.as_mut().poll(cx),
        })
        .await
    }

    /// Gives a connection to the statement that has waited for the longest time.
    pub(super) fn pass_on(&self, lent: Lent<DB>) {
        let mut lent = Lent { passes: lent.passes + 1, ..lent };
        while lent.passes < PASSES {
            let Some(next) = self.waiting().pop_front() else { return };
            match next.send(lent) {
                Ok(()) => return,
                Err(unwanted) => lent = unwanted,
            }
        }
    }

    /// Joins the queue, and clears its head of statements that wait no more.
    fn wait(&self) -> oneshot::Receiver<Lent<DB>> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting();
        while waiting.front().is_some_and(oneshot::Sender::is_closed) {
            waiting.pop_front();
        }
        waiting.push_back(sender);
        receiver
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<oneshot::Sender<Lent<DB>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<DB: Database> Clone for Connections<DB> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), waiting: self.waiting.clone() }
    }
}
