//! How long a task in the background lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::yield_now;

use super::Background;

/// Starts a task that counts its turns.
fn counting() -> (Background, Arc<AtomicUsize>) {
    let turns = Arc::new(AtomicUsize::new(0));
    let counted = turns.clone();
    let task = async move {
        loop {
            counted.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
        }
    };
    (Background::spawn(task), turns)
}

/// Returns how many turns a task gets while this one yields.
async fn more(turns: &AtomicUsize) -> usize {
    let before = turns.load(Ordering::Relaxed);
    for _ in 0..10 {
        yield_now().await;
    }
    turns.load(Ordering::Relaxed) - before
}

#[tokio::test]
async fn a_task_ends_when_it_is_dropped() {
    let (task, turns) = counting();
    assert!(more(&turns).await > 0);
    drop(task);
    yield_now().await;
    assert_eq!(more(&turns).await, 0);
}

#[tokio::test]
async fn a_task_that_was_detached_goes_on() {
    let (task, turns) = counting();
    task.detach();
    yield_now().await;
    assert!(more(&turns).await > 0);
}
