use axum_login::{AuthUser, AuthnBackend};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sqlx::{Sqlite, SqlitePool, Transaction};
use uuid::Uuid;
use webauthn_rs::prelude::{AuthenticationResult, Passkey};

use crate::app::Error;

/// The passkeys that a user may sign in with.
#[cfg(not(feature = "code"))]
const PASSKEYS: &str = "SELECT passkey FROM passkeys WHERE user_id = ?1";
#[cfg(feature = "code")]
const PASSKEYS: &str = "SELECT passkey FROM passkeys WHERE user_id = ?1 AND status = 'Active'";

/// A user who may sign in.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: Uuid,
    pub(crate) name: String,
}

impl AuthUser for Account {
    type Id = Uuid;

    fn id(&self) -> Uuid {
        self.id
    }

    /// Returns a constant of the account: nothing about an account ends its sessions.
    fn session_auth_hash(&self) -> &[u8] {
        self.id.as_bytes()
    }
}

/// The accounts, in the database.
#[derive(Clone, Debug)]
pub(crate) struct Accounts(pub(crate) SqlitePool);

impl AuthnBackend for Accounts {
    type User = Account;
    /// A user that a passkey has proved.
    type Credentials = Uuid;
    type Error = sqlx::Error;

    async fn authenticate(&self, proved: Uuid) -> Result<Option<Account>, sqlx::Error> {
        self.get_user(&proved).await
    }

    async fn get_user(&self, id: &Uuid) -> Result<Option<Account>, sqlx::Error> {
        let select = sqlx::query_scalar("SELECT name FROM users WHERE id = ?1").bind(id.to_string());
        Ok(select.fetch_optional(&self.0).await?.map(|name| Account { id: *id, name }))
    }
}

impl Accounts {
    /// Adds an account with its first passkey. Returns `false` if the name is taken.
    pub(crate) async fn add(&self, account: &Account, passkey: &Passkey) -> Result<bool, Error> {
        let mut transaction = self.0.begin_with("BEGIN IMMEDIATE").await?;
        let insert = sqlx::query("INSERT INTO users (id, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
        let insert = insert.bind(account.id.to_string()).bind(&account.name);
        if insert.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Ok(false);
        }
        add_passkey(&mut transaction, account.id, passkey).await?;
        transaction.commit().await?;
        Ok(true)
    }

    pub(crate) async fn passkeys(&self, user: Uuid) -> Result<Vec<Passkey>, Error> {
        let rows: Vec<String> =
            sqlx::query_scalar(PASSKEYS).bind(user.to_string()).fetch_all(&self.0).await?;
        rows.iter().map(|json| Ok(serde_json::from_str(json)?)).collect()
    }

    /// Stores what a sign-in reported about its passkey, for example its counter.
    pub(crate) async fn note(
        &self,
        passkeys: &mut [Passkey],
        said: &AuthenticationResult,
    ) -> Result<(), Error> {
        for passkey in passkeys {
            if passkey.update_credential(said) == Some(true) {
                let update = sqlx::query("UPDATE passkeys SET passkey = ?2 WHERE id = ?1");
                let update = update.bind(id(passkey)).bind(serde_json::to_string(passkey)?);
                update.execute(&self.0).await?;
            }
        }
        Ok(())
    }
}

async fn add_passkey(
    transaction: &mut Transaction<'_, Sqlite>,
    user: Uuid,
    passkey: &Passkey,
) -> Result<(), Error> {
    let insert = sqlx::query("INSERT INTO passkeys (id, user_id, passkey) VALUES (?1, ?2, ?3)");
    let insert = insert.bind(id(passkey)).bind(user.to_string()).bind(serde_json::to_string(passkey)?);
    insert.execute(&mut **transaction).await?;
    Ok(())
}

/// Returns a passkey's id, in base64url.
fn id(passkey: &Passkey) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(passkey.cred_id())
}
