//! Statements that wait for a connection, and connections that serve one after the other.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Error, Pool};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// How many statements a connection serves before it goes back to its pool. So a host that has the
/// pool too waits for a few of our statements, and not until none of them waits.
const SERVED: u32 = 16;

pub(super) type Running<'c, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'c>>;

/// The connections of a pool, and the statements that wait for one.
///
/// A pool asks the server about each connection that comes back, which is a round trip for each
/// statement. A statement that succeeded has just shown that its connection lives. So the
/// connection serves the next statement that waits. If none waits, it goes back.
#[derive(Debug)]
pub(super) struct Connections<DB: Database> {
    pool: Pool<DB>,
    queue: Arc<Mutex<Queue<DB>>>,
}

/// There are never more statements than tasks that wait for the pool. So each statement gets a
/// connection or an error, even if the task that serves them now stops.
#[derive(Debug)]
struct Queue<DB: Database> {
    waiting: VecDeque<Waiting<DB>>,
    acquiring: usize,
}

/// A statement that waits for a connection, and for how long its caller waits.
struct Waiting<DB: Database> {
    until: Instant,
    run: Run<DB>,
}

/// Runs a statement, and tells its caller. Returns the connection if it can serve another one.
type Run<DB> = Box<dyn FnOnce(Result<PoolConnection<DB>, Error>) -> Ran<DB> + Send>;
type Ran<DB> = Pin<Box<dyn Future<Output = Option<PoolConnection<DB>>> + Send>>;

impl<DB: Database> Connections<DB> {
    pub(super) fn new(pool: Pool<DB>) -> Self {
        Self { pool, queue: Arc::new(Mutex::new(Queue { waiting: VecDeque::new(), acquiring: 0 })) }
    }

    pub(super) fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    /// Waits for a connection and then for the work, together no longer than the deadline.
    ///
    /// The work is part of another task. So a caller who hangs up leaves no connection in the
    /// middle of a statement. Work that has not begun by then never begins. A connection whose time
    /// ran out is closed: nobody waits for its answer.
    pub(super) async fn run<T, W>(&self, deadline: Duration, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut DB::Connection) -> Running<'c, T> + Send + 'static,
    {
        let until = Instant::now() + deadline;
        let (answer, answered) = oneshot::channel();
        let run = move |lent: Result<PoolConnection<DB>, Error>| -> Ran<DB> {
            Box::pin(async move {
                let (ended, lent) = match lent {
                    Ok(lent) if answer.is_closed() => return Some(lent),
                    Ok(lent) => end(lent, until, work).await,
                    Err(error) => (Err(error), None),
                };
                // The caller may have hung up.
                let _ = answer.send(ended);
                lent
            })
        };
        self.push(Waiting { until, run: Box::new(run) });
        match timeout_at(until, answered).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(stopped)) if Instant::now() < until => Err(Error::Io(io::Error::other(stopped))),
            Ok(Err(_)) | Err(_) => Err(timed_out()),
        }
    }

    /// Lets a statement wait. Asks the pool for another connection if each that was asked for has a
    /// statement already.
    fn push(&self, statement: Waiting<DB>) {
        let mut queue = self.queue();
        queue.waiting.push_back(statement);
        if queue.acquiring < queue.waiting.len() {
            queue.acquiring += 1;
            drop(queue);
            tokio::spawn(serve(Acquiring { connections: self.clone(), is_counted: true }));
        }
    }

    fn next(&self) -> Option<Run<DB>> {
        self.queue().next()
    }

    fn queue(&self) -> MutexGuard<'_, Queue<DB>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<DB: Database> Queue<DB> {
    /// Returns the statement that has waited for the longest time.
    fn next(&mut self) -> Option<Run<DB>> {
        self.forget_late();
        self.waiting.pop_front().map(|next| next.run)
    }

    /// Drops the statements at the head whose callers gave up.
    fn forget_late(&mut self) {
        let now = Instant::now();
        while self.waiting.front().is_some_and(|first| first.until <= now) {
            self.waiting.pop_front();
        }
    }
}

/// Has one connection serve statements while some wait.
async fn serve<DB: Database>(mut acquiring: Acquiring<DB>) {
    let Some(mut lent) = acquiring.connection().await else { return };
    let (mut next, mut served) = (acquiring.arrive(), 0);
    while let Some(run) = next {
        let Some(still) = run(Ok(lent)).await else { return };
        lent = still;
        served += 1;
        next = if served < SERVED { acquiring.connections.next() } else { None };
    }
}

/// A task that waits for a connection of the pool, and is counted meanwhile.
struct Acquiring<DB: Database> {
    connections: Connections<DB>,
    is_counted: bool,
}

impl<DB: Database> Acquiring<DB> {
    /// Waits for a connection while there are statements for it. A failure of the pool is that of
    /// one statement.
    async fn connection(&mut self) -> Option<PoolConnection<DB>> {
        while let Some(until) = self.longest() {
            match timeout_at(until, self.connections.pool.acquire()).await {
                Ok(Ok(connection)) => return Some(connection),
                Ok(Err(error)) => {
                    if let Some(run) = self.connections.next() {
                        run(Err(error)).await;
                    }
                }
                // Its caller has gone.
                Err(_) => {}
            }
        }
        None
    }

    /// Returns how long the next statement waits. If other connections come for all statements,
    /// this one is not counted from now on.
    fn longest(&mut self) -> Option<Instant> {
        let mut queue = self.connections.queue();
        queue.forget_late();
        if queue.waiting.len() < queue.acquiring {
            queue.acquiring -= 1;
            self.is_counted = false;
            return None;
        }
        queue.waiting.front().map(|first| first.until)
    }

    /// Returns the first statement for a connection that came.
    fn arrive(&mut self) -> Option<Run<DB>> {
        let mut queue = self.connections.queue();
        queue.acquiring -= 1;
        self.is_counted = false;
        queue.next()
    }
}

impl<DB: Database> Drop for Acquiring<DB> {
    /// Forgets a statement for which no connection comes now. That is so where a runtime stops.
    fn drop(&mut self) {
        if self.is_counted {
            let mut queue = self.connections.queue();
            queue.acquiring -= 1;
            if queue.waiting.len() > queue.acquiring {
                queue.waiting.pop_front();
            }
        }
    }
}

/// Runs work on a connection to its end, and returns the connection if it can serve again.
async fn end<DB, T, W>(
    mut lent: PoolConnection<DB>,
    until: Instant,
    work: W,
) -> (Result<T, Error>, Option<PoolConnection<DB>>)
where
    DB: Database,
    W: for<'c> FnOnce(&'c mut DB::Connection) -> Running<'c, T>,
{
    match timeout_at(until, work(&mut lent)).await {
        Ok(Ok(done)) => (Ok(done), Some(lent)),
        // The pool looks whether the connection still lives.
        Ok(Err(failed)) => (Err(failed), None),
        Err(_) => {
            lent.close_on_drop();
            (Err(timed_out()), None)
        }
    }
}

fn timed_out() -> Error {
    Error::Io(io::ErrorKind::TimedOut.into())
}

impl<DB: Database> Clone for Connections<DB> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), queue: self.queue.clone() }
    }
}

impl<DB: Database> fmt::Debug for Waiting<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("until", &self.until).finish_non_exhaustive()
    }
}
