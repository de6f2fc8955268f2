use std::time::SystemTime;

use async_trait::async_trait;

use crate::error::{BoxError, StoreError};
use crate::model::{Enrolment, EnrolmentId, Insertion, Stage};
use crate::store::parts::ENROLMENTS;
use crate::store::sql::SqlStore;
use crate::store::sql::value::{Row, Value, micros, time};
use crate::store::{Entry, EntryChange, SharedLedger, Slot, Transition};

#[async_trait]
impl SharedLedger for SqlStore {
    async fn enter(&self, entry: Entry) -> Result<Insertion, StoreError> {
        let values = [
            Value::Bytes(entry.owner.as_bytes()),
            Value::Text(entry.id.as_str()),
            Value::Text(entry.stage.as_str()),
            Value::Integer(micros(entry.created_at)),
            Value::Integer(micros(entry.expires_at)),
            Value::Integer(micros(entry.gone_at)),
            Value::MaybeBytes(entry.session.as_deref()),
            Value::MaybeBytes(entry.opening.as_deref()),
            Value::MaybeBytes(entry.credential.as_deref()),
            Value::MaybeInteger(entry.attempts_left.map(i64::from)),
        ];
        self.insert_one(&self.statements.enter_enrolment, &values).await
    }

    async fn advance(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        from: &[Stage],
        change: EntryChange,
    ) -> Result<Transition<Entry>, StoreError> {
        let from = Stage::listed(from);
        let values = [
            Value::Bytes(owner.as_bytes()),
            Value::Text(id.as_str()),
            Value::Text(&from),
            Value::Text(change.stage.as_str()),
            Value::Integer(micros(change.gone_at)),
            Value::MaybeInteger(change.expires_at.map(micros)),
            Value::MaybeBytes(change.opening.as_deref()),
            Value::MaybeBytes(change.credential.as_deref()),
            Value::MaybeInteger(change.attempts_left.map(i64::from)),
        ];
        if let Some(row) = self.fetch_one(&self.statements.advance_enrolment, &values).await? {
            return Ok(Transition::Made(read(owner, row)?));
        }
        // This decides nothing: the update did. It tells the loser the current state.
        Ok(match self.find(owner, id).await? {
            Some(entry) => Transition::Elsewhere(entry),
            None => Transition::Missing,
        })
    }

    async fn find(&self, owner: Slot, id: &EnrolmentId) -> Result<Option<Entry>, StoreError> {
        let values = [Value::Bytes(owner.as_bytes()), Value::Text(id.as_str())];
        let row = self.fetch_one(&self.statements.enrolment, &values).await?;
        row.map(|row| read(owner, row)).transpose()
    }

    async fn entries(&self, owner: Slot, now: SystemTime) -> Result<Vec<Entry>, StoreError> {
        let most = i64::try_from(Enrolment::MOST_LISTED).unwrap_or(i64::MAX);
        let values = [Value::Bytes(owner.as_bytes()), Value::Integer(micros(now)), Value::Integer(most)];
        let rows = self.fetch(&self.statements.enrolments_of_owner, &values).await?;
        rows.into_iter().map(|row| read(owner, row)).collect()
    }
}

/// Reads the columns that each statement over enrolments returns. Every cell is parsed, since
/// others may write to the table.
fn read(owner: Slot, row: Row) -> Result<Entry, StoreError> {
    parse(owner, row).map_err(|error| StoreError::unreadable(ENROLMENTS, error))
}

fn parse(owner: Slot, mut row: Row) -> Result<Entry, BoxError> {
    let id = EnrolmentId::new(row.text()?)?;
    let stage = row.text()?.parse()?;
    let (created_at, expires_at) = (time(row.integer()?)?, time(row.integer()?)?);
    let mut entry = Entry::new(owner, id, created_at, expires_at, time(row.integer()?)?);
    entry.stage = stage;
    entry.session = row.maybe_bytes()?.map(Into::into);
    entry.opening = row.maybe_bytes()?.map(Into::into);
    entry.credential = row.maybe_bytes()?.map(Into::into);
    entry.attempts_left = row.maybe_integer()?.map(u8::try_from).transpose()?;
    Ok(entry)
}
