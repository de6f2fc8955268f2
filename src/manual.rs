//! Pages to read: how an application with a sign-in takes the library in, what each default is and
//! why, how passkeys open an existing sign-in, what is told, which clauses of the standards hold,
//! what an attacker may try, which store to choose, and the tables of SQLite and PostgreSQL.

#[doc = include_str!("../docs/defaults.md")]
pub mod defaults {}

#[doc = include_str!("../docs/handles.md")]
pub mod handles {}

#[doc = include_str!("../docs/integrate.md")]
pub mod integrate {}

#[doc = include_str!("../docs/observability.md")]
pub mod observability {}

#[doc = include_str!("../docs/standards.md")]
pub mod standards {}

#[doc = include_str!("../docs/stores.md")]
pub mod stores {}

#[doc = include_str!("../docs/threat-model.md")]
pub mod threat_model {}

#[doc = include_str!("../docs/sql.md")]
///
/// ### PostgreSQL
///
/// ```sql
#[doc = include_str!("store/sql/migrations/postgres_1.sql")]
#[doc = include_str!("store/sql/migrations/postgres_2.sql")]
/// ```
///
/// ### SQLite
///
/// ```sql
#[doc = include_str!("store/sql/migrations/sqlite_1.sql")]
#[doc = include_str!("store/sql/migrations/sqlite_2.sql")]
/// ```
pub mod sql {}
