use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::clock::Clock;
use crate::error::StoreError;
use crate::model::Insertion;
use crate::store::sql::SqlStore;
use crate::store::sql::value::{Value, micros};
use crate::store::{OneTimeStore, Record, SharedStore, Slot, codec};

#[async_trait]
impl<R: Record> OneTimeStore<R> for SqlStore {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        let bytes = codec::encode(&record)?;
        let values = [
            Value::Text(R::NAME),
            Value::Bytes(slot.as_bytes()),
            Value::Integer(micros(record.expires_at())),
            Value::Bytes(&bytes),
        ];
        self.insert_one(&self.statements.insert_record, &values).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        let values = [Value::Text(R::NAME), Value::Bytes(slot.as_bytes())];
        let Some(mut row) = self.fetch_one(&self.statements.take_record, &values).await? else {
            return Ok(None);
        };
        let record: R = codec::decode(&row.bytes().map_err(|error| self.failed(error))?)?;
        Ok(Some(record).filter(|record| now < record.expires_at()))
    }
}

impl SharedStore for SqlStore {
    fn clock(&self) -> Arc<dyn Clock> {
        self.clock()
    }
}
