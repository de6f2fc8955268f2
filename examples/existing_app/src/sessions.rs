use async_trait::async_trait;
use sqlx::SqlitePool;
use time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result, SessionStore};

/// Sessions in the application's own database.
#[derive(Clone, Debug)]
pub(crate) struct SqliteSessions(pub(crate) SqlitePool);

impl SqliteSessions {
    /// Writes a session. Returns `false` if another session has that id.
    async fn write(&self, statement: &'static str, record: &Record) -> Result<bool> {
        let json = serde_json::to_string(record).map_err(|error| Error::Encode(error.to_string()))?;
        let write = sqlx::query(statement).bind(record.id.to_string()).bind(json);
        let written = write.bind(record.expiry_date.unix_timestamp()).execute(&self.0).await;
        written.map(|written| written.rows_affected() == 1).map_err(|error| backend(&error))
    }
}

#[async_trait]
impl SessionStore for SqliteSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let insert =
            "INSERT INTO sessions (id, record, expires_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        while !self.write(insert, record).await? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let replace = "INSERT OR REPLACE INTO sessions (id, record, expires_at) VALUES (?1, ?2, ?3)";
        self.write(replace, record).await.map(drop)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let select = "SELECT record FROM sessions WHERE id = ?1 AND expires_at > ?2";
        let select = sqlx::query_scalar::<_, String>(select).bind(id.to_string());
        let found = select.bind(OffsetDateTime::now_utc().unix_timestamp()).fetch_optional(&self.0).await;
        let found = found.map_err(|error| backend(&error))?;
        let read = found.map(|json| serde_json::from_str(&json)).transpose();
        read.map_err(|error| Error::Decode(error.to_string()))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let delete = sqlx::query("DELETE FROM sessions WHERE id = ?1").bind(id.to_string());
        delete.execute(&self.0).await.map(drop).map_err(|error| backend(&error))
    }
}

fn backend(error: &sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}
