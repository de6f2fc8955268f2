//! What sealing and opening add to a record that becomes bytes anyway.
//!
//! `seal` and `open` go through a store that keeps one record. Without `encode` and `decode` they
//! take at most 2 µs each.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_code::error::StoreError;
use credential_code::model::Insertion;
use credential_code::store::{
    ClearRecord, CodeGrant, OneTimeStore, PendingAction, PendingApproval, PendingRegistration, Record,
    SealedStore, Slot, SlotKey, SlotKeys, UserAction, codec,
};
use credential_code::testing::{Sample, block_on};
use criterion::Criterion;

/// Keeps the latest record, and never gives it away.
#[derive(Debug)]
struct Latest<R>(Mutex<Option<R>>);

#[async_trait]
impl<R: Record> OneTimeStore<R> for Latest<R> {
    async fn insert(&self, _: Slot, record: R) -> Result<Insertion, StoreError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(record);
        Ok(Insertion::Created)
    }

    async fn take(&self, _: Slot, _: SystemTime) -> Result<Option<R>, StoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn measure<R: Sample + ClearRecord>(criterion: &mut Criterion) {
    let (now, slot) = (SystemTime::now(), Slot::from_bytes([1; 32]));
    let record = R::sample(1, now + Duration::from_secs(600));
    let bytes = codec::encode(&record).expect("its instants are after 1970");
    let key = SlotKey::new([7; 32]).expect("it has 32 bytes");
    let store = SealedStore::new(Latest(Mutex::default()), SlotKeys::new(&key, &[]));
    let mut each = |name: &str, work: &mut dyn FnMut()| {
        criterion.bench_function(&format!("{name}_{}", R::NAME), |bencher| bencher.iter(&mut *work));
    };
    each("encode", &mut || drop(black_box(codec::encode(&record))));
    each("seal", &mut || {
        let inserted = block_on(store.insert(slot, record.clone())).expect("it keeps everything");
        assert_eq!(inserted, Insertion::Created);
    });
    each("decode", &mut || drop(black_box(codec::decode::<R>(&bytes))));
    each("open", &mut || {
        let taken: Option<R> = block_on(store.take(slot, now)).expect("it opens");
        assert!(black_box(taken).is_some());
    });
}

fn main() {
    let criterion = Criterion::default().warm_up_time(Duration::from_millis(200));
    let mut criterion = criterion.measurement_time(Duration::from_secs(1)).configure_from_args();
    measure::<CodeGrant>(&mut criterion);
    measure::<PendingRegistration>(&mut criterion);
    measure::<PendingAction>(&mut criterion);
    measure::<UserAction>(&mut criterion);
    measure::<PendingApproval>(&mut criterion);
    criterion.final_summary();
}
