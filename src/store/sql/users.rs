use async_trait::async_trait;

use crate::error::{BoxError, StoreError};
use crate::host::UserDirectory;
use crate::model::{User, UserId, UserStatus};
use crate::store::sql::SqlStore;
use crate::store::sql::value::{Row, UnexpectedRow, Value, micros, time};

impl SqlStore {
    /// Adds a user, or changes their data. This is for hosts that keep their users here. Other
    /// hosts implement a [`UserDirectory`] over their own table.
    pub async fn put_user(&self, user: &User) -> Result<(), StoreError> {
        let values = [
            Value::Text(user.id.as_str()),
            Value::Text(&user.name),
            Value::Text(&user.display_name),
            Value::Text(status_name(user.status)),
            Value::MaybeInteger(user.void_before.map(micros)),
            Value::Bytes(user.handle()),
        ];
        self.execute(&self.statements.put_user, &values).await.map(drop)
    }
}

#[async_trait]
impl UserDirectory for SqlStore {
    async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError> {
        if self.is_nobody(id) {
            return Ok(None);
        }
        let row = self.fetch_one(&self.statements.user, &[Value::Text(id.as_str())]).await?;
        row.map(|row| read(id, row)).transpose()
    }
}

fn read(id: &UserId, mut row: Row) -> Result<User, BoxError> {
    let mut user = User::new(id.clone(), row.text()?);
    user.display_name = row.text()?;
    user.status = match row.text()?.as_str() {
        "Active" => UserStatus::Active,
        "Deactivated" => UserStatus::Deactivated,
        _ => return Err(UnexpectedRow.into()),
    };
    user.void_before = row.maybe_integer()?.map(time).transpose()?;
    Ok(match row.maybe_bytes()? {
        Some(handle) => user.with_handle(handle)?,
        None => user,
    })
}

fn status_name(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Active => "Active",
        UserStatus::Deactivated => "Deactivated",
    }
}
