//! The table of passkeys, in the form that the library needs. A row keeps the JSON that the sign-in
//! reads. The facts that this JSON has no place for stand beside it.

use std::time::{Duration, UNIX_EPOCH};

use credential_code::bridge::{self, RowContext};
use credential_code::error::BoxError;
use credential_code::host::{Addition, Advance, Changed, Keep, Removal, async_trait};
use credential_code::host::{CredentialManagement, CredentialRepository, SignCounters};
use credential_code::model::{Credential, CredentialDescriptor, CredentialId, CredentialStatus as Status};
use credential_code::model::{CredentialUuid as Uuid, NewCredential, Origin, UserId};
use sqlx::AssertSqlSafe;

use super::host::Host;

type Result<T> = std::result::Result<T, BoxError>;

/// True where another passkey of the user signs in, or where none has to be left.
const MAY_GO: &str = "(?3 OR EXISTS (SELECT 1 FROM passkeys AS other
    WHERE other.user_id = ?1 AND other.uuid <> ?2 AND other.status = 'Active'))";

#[async_trait]
impl CredentialRepository for Host {
    /// Lists the rows that can be converted. A row that can't be, for example of an old algorithm,
    /// is not listed and signs in as before.
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>> {
        let select = "SELECT passkey, uuid, name, ifnull(origin, ?2), ifnull(party, ?3), created_at,
            status FROM passkeys WHERE user_id = ?1";
        let all = sqlx::query_as(select).bind(user.as_str()).bind(self.app1()).bind(self.party.id());
        let rows: Vec<(String, String, String, String, String, i64, String)> =
            all.fetch_all(&self.db).await?;
        let mut credentials = Vec::with_capacity(rows.len());
        for (passkey, uuid, name, origin, party, created_at, status) in rows {
            let mut context = RowContext::new(user.clone(), party, Origin::new(origin)?);
            context.created_at = UNIX_EPOCH + Duration::from_millis(created_at.try_into()?);
            (context.uuid, context.name, context.status) = (Some(uuid.try_into()?), name, status.parse()?);
            match bridge::credential(&passkey, &context) {
                Ok(credential) => credentials.push(credential),
                Err(error) => tracing::warn!(%error, "a passkey is not listed"),
            }
        }
        Ok(credentials)
    }

    /// Stores the passkey and the notice of it in one transaction.
    async fn insert(&self, new: NewCredential, most: usize) -> Result<Addition> {
        let created_at = new.created_at.duration_since(UNIX_EPOCH)?.as_millis();
        let mut transaction = self.db.begin_with("BEGIN IMMEDIATE").await?;
        let insert = "INSERT INTO passkeys (id, user_id, passkey, uuid, name, origin, party, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
        let insert =
            sqlx::query(insert).bind(new.id.as_str()).bind(new.user.as_str()).bind(bridge::passkey(&new)?);
        let insert = insert.bind(new.uuid.as_str()).bind(&new.name).bind(new.origin.as_str());
        let insert = insert.bind(&new.relying_party_id).bind(i64::try_from(created_at)?);
        if insert.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Ok(Addition::Duplicate);
        }
        let count = sqlx::query_scalar("SELECT count(*) FROM passkeys WHERE user_id = ?1");
        let count: i64 = count.bind(new.user.as_str()).fetch_one(&mut *transaction).await?;
        if usize::try_from(count)? > most {
            return Ok(Addition::Full);
        }
        // The token stands behind the `#`: no browser sends that part, and no server logs it.
        let undo = new.undo_token().map_or(String::new(), |token| format!("/undo#{}", token.reveal()));
        let mail = format!("Passkey added: {}\nNot you? Then take it back: {}{undo}", new.name, self.app1());
        let notice = sqlx::query("INSERT INTO outbox (user_id, mail) VALUES (?1, ?2)");
        notice.bind(new.user.as_str()).bind(mail).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Addition::Added)
    }

    /// Excludes rows that can't be converted, too.
    async fn passkeys(&self, user: &UserId, party: &str, most: usize) -> Result<Vec<CredentialDescriptor>> {
        let select = "SELECT passkey FROM passkeys WHERE user_id = ?1 AND status = 'Active'
            AND ifnull(party, ?3) = ?2 ORDER BY created_at DESC";
        let select = sqlx::query_scalar(select).bind(user.as_str()).bind(party).bind(self.party.id());
        let rows: Vec<String> = select.fetch_all(&self.db).await?;
        Ok(rows.iter().filter_map(|row| bridge::descriptor(row).ok()).take(most).collect())
    }
}

#[async_trait]
impl CredentialManagement for Host {
    async fn set_status(&self, user: &UserId, uuid: &Uuid, to: Status, keep: Keep) -> Result<Changed> {
        let may_go = to == Status::Active || keep == Keep::Nothing;
        let update = "UPDATE passkeys SET status = ?4 WHERE user_id = ?1 AND uuid = ?2 AND status <> ?4";
        self.change(update, user, uuid, may_go, to.as_str()).await
    }

    async fn rename(&self, user: &UserId, uuid: &Uuid, name: &str) -> Result<Changed> {
        let update = "UPDATE passkeys SET name = ?4 WHERE user_id = ?1 AND uuid = ?2 AND name <> ?4";
        self.change(update, user, uuid, true, name).await
    }

    async fn remove(&self, user: &UserId, uuid: &Uuid, keep: Keep) -> Result<Removal> {
        let delete = "DELETE FROM passkeys WHERE user_id = ?1 AND uuid = ?2 AND ?4 = ''";
        Ok(match self.change(delete, user, uuid, keep == Keep::Nothing, "").await? {
            Changed::Changed => Removal::Removed,
            Changed::Missing | Changed::Unchanged => Removal::Missing,
            Changed::Last => Removal::Last,
        })
    }
}

impl Host {
    /// Changes a passkey in one statement. If the statement changed nothing, finds out why.
    async fn change(&self, sql: &str, user: &UserId, uuid: &Uuid, may_go: bool, to: &str) -> Result<Changed> {
        // Both are constants of this file.
        let change = sqlx::query(AssertSqlSafe(format!("{sql} AND {MAY_GO}")));
        let change = change.bind(user.as_str()).bind(uuid.as_str()).bind(may_go).bind(to);
        if change.execute(&self.db).await?.rows_affected() == 1 {
            return Ok(Changed::Changed);
        }
        let look = sqlx::query_scalar("SELECT status FROM passkeys WHERE user_id = ?1 AND uuid = ?2");
        let look = look.bind(user.as_str()).bind(uuid.as_str());
        Ok(match look.fetch_optional(&self.db).await? {
            None => Changed::Missing,
            Some(status) if may_go || to == String::as_str(&status) => Changed::Unchanged,
            Some(_) => Changed::Last,
        })
    }
}

#[async_trait]
impl SignCounters for Host {
    /// Raises the counter where the sign-in keeps it.
    async fn advance(&self, id: &CredentialId, count: u32) -> Result<Advance> {
        let update = "UPDATE passkeys SET passkey = json_set(passkey, '$.cred.counter', ?2)
            WHERE id = ?1 AND json_extract(passkey, '$.cred.counter') < ?2";
        let update = sqlx::query(update).bind(id.as_str()).bind(count).execute(&self.db).await?;
        Ok(if update.rows_affected() == 1 { Advance::Advanced } else { Advance::NotGreater })
    }
}
