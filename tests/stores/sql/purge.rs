//! Expired rows go, in batches, and no others.

#[cfg(feature = "tracing")]
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use credential_code::clock::{Clock, Sleep};
use credential_code::model::{EnrolmentId, Insertion};
use credential_code::store::{
    Budget, CodeGrant, Entry, OneTimeStore, Payment, PendingRegistration, PurseStore, SharedLedger, Slot,
    SqlStore,
};
use credential_code::testing::{ManualClock, Sample};

use super::backend::Backend;
#[cfg(feature = "tracing")]
use super::backend::Engine;
#[cfg(feature = "tracing")]
use crate::support::servers::Directory;

const SECOND: Duration = Duration::from_secs(1);

async fn insert<R: Sample>(store: &SqlStore, number: u8, expires_at: SystemTime) -> Slot {
    let slot = Slot::from_bytes([number; 32]);
    let inserted = store.insert(slot, R::sample(number, expires_at)).await.unwrap();
    assert_eq!(inserted, Insertion::Created);
    slot
}

#[tokio::test]
async fn a_purge_removes_what_expired_long_ago_in_batches() {
    let now = ManualClock::new().now();
    assert_eq!(SqlStore::PURGE_SLACK, Duration::from_secs(3600), "a clock may be an hour ahead");
    for Backend { store, .. } in &Backend::all().await {
        for number in 0..20 {
            insert::<CodeGrant>(store, number, now - SqlStore::PURGE_SLACK).await;
        }
        for number in 20..25 {
            insert::<PendingRegistration>(store, number, now - 2 * SqlStore::PURGE_SLACK).await;
        }
        let lately = insert::<CodeGrant>(store, 25, now - SqlStore::PURGE_SLACK + SECOND).await;
        let alive = insert::<CodeGrant>(store, 26, now + SECOND).await;
        let mut purged = Vec::new();
        for _ in 0..4 {
            purged.push(store.purge(now, 10).await.unwrap());
        }
        assert_eq!(purged, [10, 10, 5, 0]);
        // A process whose clock is an hour behind still finds a record that has expired by this
        // one's clock.
        let behind = now - SqlStore::PURGE_SLACK;
        assert!(OneTimeStore::<CodeGrant>::take(store, lately, behind).await.unwrap().is_some());
        assert!(OneTimeStore::<CodeGrant>::take(store, alive, now).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purges_at_once_share_the_work() {
    let now = ManualClock::new().now();
    for Backend { store, .. } in &Backend::all().await {
        for number in 0..200 {
            insert::<CodeGrant>(store, number, now - 2 * SqlStore::PURGE_SLACK).await;
        }
        let mut purges = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = store.clone();
            purges.spawn(async move {
                let mut purged = 0;
                loop {
                    match store.purge(now, 7).await.unwrap() {
                        0 => return purged,
                        some => purged += some,
                    }
                }
            });
        }
        assert_eq!(purges.join_all().await.iter().sum::<u64>(), 200);
    }
}

/// A clock that counts how often it is asked for the time.
#[derive(Debug)]
struct Asked(ManualClock, AtomicUsize);

impl Clock for Asked {
    fn now(&self) -> SystemTime {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.0.sleep(duration)
    }
}

#[tokio::test]
async fn the_background_purge_runs_by_the_clock_and_ends_with_its_guard() {
    for backend in &Backend::all().await {
        let clock = ManualClock::new();
        // One more than a batch.
        for number in 0..=1000_u16 {
            let mut slot = [0; 32];
            slot[..2].copy_from_slice(&number.to_be_bytes());
            let record = CodeGrant::sample(0, clock.now());
            let inserted = backend.store.insert(Slot::from_bytes(slot), record).await.unwrap();
            assert_eq!(inserted, Insertion::Created);
        }
        let asked = Arc::new(Asked(clock.clone(), AtomicUsize::new(0)));
        let times = || asked.1.load(Ordering::Relaxed);
        let left = async || {
            let mut left = 0;
            // A purge that does not pause is there more often than these.
            for _ in 0..10 {
                left = backend.number("SELECT COUNT(*) FROM credential_code_records").await;
            }
            left
        };
        let purge = backend.store.spawn_purge(asked.clone(), 2 * SqlStore::PURGE_SLACK);
        while times() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!((left().await, times()), (1001, 1), "it is too early");
        clock.advance(2 * SqlStore::PURGE_SLACK);
        while left().await > 0 {}
        assert_eq!((left().await, times()), (0, 3), "each batch asks once");
        let tasks = tokio::runtime::Handle::current().metrics();
        let with_purge = tasks.num_alive_tasks();
        drop(purge);
        while tasks.num_alive_tasks() >= with_purge {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn purses_that_have_long_been_whole_go_as_well() {
    let now = ManualClock::new().now();
    let budget = Budget::per_minute(10);
    for backend in &Backend::all().await {
        let count = "SELECT COUNT(*) FROM credential_code_purses";
        for number in 0..3 {
            let purse = Slot::from_bytes([number; 32]);
            let paid = backend.store.spend(purse, budget, now - 2 * SqlStore::PURGE_SLACK).await.unwrap();
            assert_eq!(paid, Payment::Paid);
        }
        let spent = Slot::from_bytes([3; 32]);
        assert_eq!(backend.store.spend(spent, budget, now).await.unwrap(), Payment::Paid);
        assert_eq!(backend.store.purge(now, 2).await.unwrap(), 2);
        assert_eq!(backend.store.purge(now, 2).await.unwrap(), 1);
        assert_eq!(backend.number(count).await, 1);
    }
}

#[tokio::test]
async fn enrolments_that_have_long_been_gone_go_as_well_and_others_stay() {
    let now = ManualClock::new().now();
    let owner = Slot::from_bytes([7; 32]);
    for Backend { store, .. } in &Backend::all().await {
        let enter = async |number: u8, gone_at| {
            let id = EnrolmentId::new(format!("en-aaaaa-bbbbb-{number:016}")).unwrap();
            let entry = Entry::new(owner, id.clone(), now, now, gone_at);
            assert_eq!(store.enter(entry).await.unwrap(), Insertion::Created);
            id
        };
        for number in 0..3 {
            enter(number, now - SqlStore::PURGE_SLACK).await;
        }
        let lately = enter(3, now - SqlStore::PURGE_SLACK + SECOND).await;
        let there = enter(4, now + SECOND).await;
        insert::<CodeGrant>(store, 0, now - SqlStore::PURGE_SLACK).await;
        // Records come first in a batch. Enrolments get the rest of it.
        assert_eq!(store.purge(now, 2).await.unwrap(), 2);
        assert_eq!(store.purge(now, 10).await.unwrap(), 2);
        assert_eq!(store.purge(now, 10).await.unwrap(), 0);
        for id in [lately, there] {
            assert!(store.find(owner, &id).await.unwrap().is_some());
        }
        // A request in time sees this one, and the purge of another process leaves it.
        assert_eq!(store.entries(owner, now).await.unwrap().len(), 1);
    }
}

/// Otherwise tables would grow for weeks before anybody asks why.
#[cfg(feature = "tracing")]
#[tokio::test]
async fn a_background_purge_that_fails_is_a_warning() {
    for engine in &Engine::all() {
        let directory = Directory::new("log");
        let log = directory.path().join("log");
        let subscriber = tracing_subscriber::fmt().with_writer(Arc::new(File::create(&log).unwrap()));
        let _guard = tracing::subscriber::set_default(subscriber.with_ansi(false).finish());
        // The store has no tables yet.
        let store = engine.open().await;
        let _purge = store.spawn_purge(Arc::new(ManualClock::new()), SECOND);
        let warning = async {
            loop {
                let said = std::fs::read_to_string(&log).unwrap();
                match said.lines().find(|line| line.contains("expired rows were not purged")) {
                    Some(line) => return line.to_owned(),
                    None => tokio::task::yield_now().await,
                }
            }
        };
        let warning = tokio::time::timeout(10 * SECOND, warning).await.expect("a warning");
        assert!(warning.contains("WARN") && warning.contains("credential_code_records"), "{warning}");
    }
}
