use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::error::{BoxError, StoreError};
use crate::model::{Enrolment, EnrolmentId, Insertion, Stage, UserId};
use crate::store::parts::{ENROLMENTS, decode_part, encode_part};
use crate::store::sql::SqlStore;
use crate::store::sql::value::{Row, Value, micros, time};
use crate::store::{Change, EnrolmentLedger, Transition};

#[async_trait]
impl EnrolmentLedger for SqlStore {
    async fn enter(&self, enrolment: Enrolment) -> Result<Insertion, StoreError> {
        let opening = enrolment.opening.as_deref().map(encode_part).transpose()?;
        let credential = enrolment.credential.as_deref().map(encode_part).transpose()?;
        let values = [
            user_id(&enrolment.user),
            Value::Text(enrolment.id.as_str()),
            Value::Text(enrolment.stage.as_str()),
            Value::Integer(micros(enrolment.created_at)),
            Value::Integer(micros(enrolment.expires_at)),
            Value::Integer(micros(enrolment.gone_at)),
            Value::MaybeBytes(enrolment.session.as_ref().map(<[u8; 32]>::as_slice)),
            Value::MaybeBytes(opening.as_deref()),
            Value::MaybeBytes(credential.as_deref()),
            Value::MaybeInteger(enrolment.attempts_left.map(i64::from)),
        ];
        self.insert_one(&self.statements.enter_enrolment, &values).await
    }

    async fn advance(
        &self,
        user: &UserId,
        id: &EnrolmentId,
        from: &[Stage],
        change: Change,
    ) -> Result<Transition, StoreError> {
        let opening = change.opening.as_deref().map(encode_part).transpose()?;
        let credential = change.credential.as_deref().map(encode_part).transpose()?;
        let from = Stage::listed(from);
        let values = [
            user_id(user),
            Value::Text(id.as_str()),
            Value::Text(&from),
            Value::Text(change.stage.as_str()),
            Value::Integer(micros(change.gone_at)),
            Value::MaybeInteger(change.expires_at.map(micros)),
            Value::MaybeBytes(opening.as_deref()),
            Value::MaybeBytes(credential.as_deref()),
            Value::MaybeInteger(change.attempts_left.map(i64::from)),
        ];
        if let Some(row) = self.fetch_one(&self.statements.advance_enrolment, &values).await? {
            return Ok(Transition::Made(read(user, row)?));
        }
        // It decides nothing: the update did. The loser is told where it is by now.
        Ok(match self.find(user, id).await? {
            Some(enrolment) => Transition::Elsewhere(enrolment),
            None => Transition::Missing,
        })
    }

    async fn find(&self, user: &UserId, id: &EnrolmentId) -> Result<Option<Enrolment>, StoreError> {
        let values = [user_id(user), Value::Text(id.as_str())];
        let row = self.fetch_one(&self.statements.enrolment, &values).await?;
        row.map(|row| read(user, row)).transpose()
    }

    async fn enrolments(&self, user: &UserId, now: SystemTime) -> Result<Vec<Enrolment>, StoreError> {
        let most = i64::try_from(Enrolment::MOST_LISTED).unwrap_or(i64::MAX);
        let values = [user_id(user), Value::Integer(micros(now)), Value::Integer(most)];
        let rows = self.fetch(&self.statements.enrolments_of_user, &values).await?;
        rows.into_iter().map(|row| read(user, row)).collect()
    }
}

/// As bytes: PostgreSQL has no text with a NUL, and records are kept for users whose id has one.
fn user_id(user: &UserId) -> Value<'_> {
    Value::Bytes(user.as_str().as_bytes())
}

/// Reads the columns that each statement over enrolments returns. Every cell is parsed, since
/// others may write to the table.
fn read(user: &UserId, row: Row) -> Result<Enrolment, StoreError> {
    parse(user, row).map_err(|error| StoreError::unreadable(ENROLMENTS, error))
}

fn parse(user: &UserId, mut row: Row) -> Result<Enrolment, BoxError> {
    let id = EnrolmentId::new(row.text()?)?;
    let stage = row.text()?.parse()?;
    let (created_at, expires_at) = (time(row.integer()?)?, time(row.integer()?)?);
    let mut enrolment = Enrolment::new(id, user.clone(), created_at, expires_at);
    enrolment.stage = stage;
    enrolment.gone_at = time(row.integer()?)?;
    enrolment.session = row.maybe_bytes()?.as_deref().map(<[u8; 32]>::try_from).transpose()?;
    enrolment.opening = row.maybe_bytes()?.as_deref().map(decode_part).transpose()?.map(Arc::new);
    enrolment.credential = row.maybe_bytes()?.as_deref().map(decode_part).transpose()?.map(Arc::new);
    enrolment.attempts_left = row.maybe_integer()?.map(u8::try_from).transpose()?;
    Ok(enrolment)
}
