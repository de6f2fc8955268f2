use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use sqlx::{Connection, PgConnection, Row};

use crate::engines::Engines;
use crate::support::text;

/// The acknowledged credentials, and PostgreSQL's answer about them. A credential has the name of
/// the code that bought it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    codes: AtomicU32,
    acknowledged: Mutex<Vec<(String, String)>>,
}

impl Ledger {
    /// Returns a name for the next code.
    pub(crate) fn code(&self) -> String {
        format!("code {}", self.codes.fetch_add(1, Ordering::Relaxed))
    }

    /// Notes that somebody has seen this answer of register.
    pub(crate) fn acknowledge(&self, answer: &Value) {
        let credential = (text(answer, "credentialId"), text(answer, "credentialUuid"));
        self.acknowledged.lock().unwrap().push(credential);
    }

    /// Asserts that no acknowledged credential is lost, that none is there twice, and that no code
    /// has bought two. Returns the figures.
    pub(crate) async fn check(&self, engines: &Engines) -> String {
        let rows = rows(engines).await;
        let ids: HashMap<&str, &str> = rows.iter().map(|row| (&*row.id, &*row.uuid)).collect();
        let names: HashSet<&str> = rows.iter().map(|row| &*row.name).collect();
        assert_eq!(ids.len(), rows.len(), "a credential is there twice");
        assert_eq!(names.len(), rows.len(), "a code has bought two credentials");
        let acknowledged = self.acknowledged.lock().unwrap();
        for (id, uuid) in &*acknowledged {
            assert_eq!(ids.get(&**id), Some(&&**uuid), "{id} was acknowledged");
        }
        let codes = self.codes.load(Ordering::Relaxed);
        assert!(acknowledged.len() <= rows.len() && rows.len() <= codes as usize);
        format!(
            "{codes} codes bought {} credentials, {} of them acknowledged: none lost, none twice",
            rows.len(),
            acknowledged.len()
        )
    }
}

struct Credential {
    id: String,
    uuid: String,
    name: String,
}

async fn rows(engines: &Engines) -> Vec<Credential> {
    let mut connection = PgConnection::connect(&engines.postgres.url()).await.unwrap();
    let rows =
        sqlx::query("SELECT id, uuid, name FROM credential_code_credentials").fetch_all(&mut connection);
    let read =
        |row: &sqlx::postgres::PgRow| Credential { id: row.get(0), uuid: row.get(1), name: row.get(2) };
    rows.await.unwrap().iter().map(read).collect()
}

/// Tells whether a credential of that name is there.
pub(crate) async fn is_stored(engines: &Engines, name: &str) -> bool {
    rows(engines).await.iter().any(|row| row.name == name)
}
