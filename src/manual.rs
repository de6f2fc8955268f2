//! A page for each question.
//!
//! | page | question |
//! | --- | --- |
//! | [integrate] | How do I add one-time codes to an application that has users, sessions and perhaps passkeys? |
//! | [mount] | Where do the endpoints go in an axum application, in a tower stack, and in a tonic server? |
//! | [wire] | What do clients send and get, and where does that differ from the published schema? |
//! | [errors] | What did the caller see, why, what do I do, and which event tells more? |
//! | [kinds] | Which credentials can a code add, and how is each verified? |
//! | [attestation] | How are attestation statements of passkeys verified, and which engine do I choose? |
//! | [passwords] | How do I allow passwords and one-time passwords, and which limits do they have? |
//! | [owner] | Somebody else may enter a code. How does its owner see that, and how do they stop it? |
//! | [managing] | How do users list, rename, deactivate and remove the credentials that they have? |
//! | [handles] | Which user handle do new passkeys get? How do they work in the sign-in that an application already has? |
//! | [checklist] | What is left to the host, and what goes wrong without it? |
//! | [defaults] | What is each setting if I do not set it, and why? |
//! | [stores] | Which store do I take, and what holds when something breaks? |
//! | [sql] | What do SQLite and PostgreSQL guarantee, and what lies in their tables? |
//! | [redis] | What do Redis and Valkey guarantee, and how do I configure them? |
//! | [observability] | What does a site tell of what happens, and what do logs, metrics and traces get from it? |
//! | [testing_your_host] | How do I test that my tables and my store keep the laws that the library relies on? |
//! | [upgrading] | What may change between releases, and what do I do about it? |
//! | [standards] | Which clauses of the standards does the crate meet, and what is left to me? |
//! | [threat_model] | What may an attacker try, and where does it fail? |
//! | [not_defended] | Which attacks and failures does the crate not stop, and what can I do about them? |

#[doc = include_str!("../docs/integrate.md")]
pub mod integrate {}

#[doc = include_str!("../docs/mount.md")]
pub mod mount {}

#[doc = include_str!("../docs/wire.md")]
pub mod wire {}

#[doc = include_str!("../docs/errors.md")]
pub mod errors {}

#[doc = include_str!("../docs/kinds.md")]
pub mod kinds {}

#[doc = include_str!("../docs/attestation.md")]
pub mod attestation {}

#[doc = include_str!("../docs/passwords.md")]
pub mod passwords {}

#[doc = include_str!("../docs/owner.md")]
pub mod owner {}

#[doc = include_str!("../docs/managing.md")]
pub mod managing {}

#[doc = include_str!("../docs/handles.md")]
pub mod handles {}

#[doc = include_str!("../docs/checklist.md")]
pub mod checklist {}

#[doc = include_str!("../docs/defaults.md")]
pub mod defaults {}

#[doc = include_str!("../docs/stores.md")]
pub mod stores {}

#[doc = include_str!("../docs/redis.md")]
pub mod redis {}

#[doc = include_str!("../docs/observability.md")]
pub mod observability {}

#[doc = include_str!("../docs/testing.md")]
pub mod testing_your_host {}

#[doc = include_str!("../docs/upgrading.md")]
pub mod upgrading {}

#[doc = include_str!("../docs/standards.md")]
pub mod standards {}

#[doc = include_str!("../docs/threat-model.md")]
pub mod threat_model {}

#[doc = include_str!("../docs/not-defended.md")]
pub mod not_defended {}

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
