use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::store::sql::{Engine, TableNames};

/// Every statement that runs while requests are served. Both engines read the same SQL, `$1`
/// included, except for the purge.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) insert_record: SqlStr,
    pub(super) take_record: SqlStr,
    pub(super) purge_records: SqlStr,
    pub(super) enter_enrolment: SqlStr,
    pub(super) advance_enrolment: SqlStr,
    pub(super) enrolment: SqlStr,
    pub(super) enrolments_of_owner: SqlStr,
    pub(super) purge_enrolments: SqlStr,
    pub(super) spend: SqlStr,
    pub(super) spend_both: SqlStr,
    pub(super) give_back: SqlStr,
    pub(super) purge_purses: SqlStr,
    pub(super) insert_credential: SqlStr,
    pub(super) why_not_inserted: SqlStr,
    pub(super) credentials_of_user: SqlStr,
    pub(super) credential: SqlStr,
    pub(super) passkey: SqlStr,
    pub(super) passkeys: SqlStr,
    pub(super) keys: SqlStr,
    pub(super) count_credentials: SqlStr,
    pub(super) set_credential_status: SqlStr,
    pub(super) rename_credential: SqlStr,
    pub(super) credential_status: SqlStr,
    pub(super) remove_credential: SqlStr,
    pub(super) advance_sign_count: SqlStr,
    pub(super) user: SqlStr,
    pub(super) put_user: SqlStr,
}

impl Statements {
    pub(super) fn new(engine: &Engine, names: &TableNames) -> Self {
        let statement = |sql| AssertSqlSafe(Arc::<str>::from(names.statement(sql))).into_sql_str();
        let (purge_records, purge_enrolments, purge_purses, spend_both) = match engine {
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => (
                PURGE_RECORDS_IN_POSTGRES,
                PURGE_ENROLMENTS_IN_POSTGRES,
                PURGE_PURSES_IN_POSTGRES,
                spend_both_in_postgres(),
            ),
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => (
                PURGE_RECORDS_IN_SQLITE,
                PURGE_ENROLMENTS_IN_SQLITE,
                PURGE_PURSES_IN_SQLITE,
                SPEND_BOTH_IN_SQLITE.to_owned(),
            ),
        };
        Self {
            insert_record: statement(INSERT_RECORD),
            take_record: statement(TAKE_RECORD),
            purge_records: statement(purge_records),
            enter_enrolment: statement(ENTER_ENROLMENT),
            advance_enrolment: statement(ADVANCE_ENROLMENT),
            enrolment: statement(ENROLMENT),
            enrolments_of_owner: statement(ENROLMENTS_OF_OWNER),
            purge_enrolments: statement(purge_enrolments),
            spend: statement(&spend_one()),
            spend_both: statement(&spend_both),
            give_back: statement(GIVE_BACK),
            purge_purses: statement(purge_purses),
            insert_credential: statement(INSERT_CREDENTIAL),
            why_not_inserted: statement(WHY_NOT_INSERTED),
            credentials_of_user: statement(CREDENTIALS_OF_USER),
            credential: statement(CREDENTIAL),
            passkey: statement(PASSKEY),
            passkeys: statement(PASSKEYS),
            keys: statement(KEYS),
            count_credentials: statement(COUNT_CREDENTIALS),
            set_credential_status: statement(SET_CREDENTIAL_STATUS),
            rename_credential: statement(RENAME_CREDENTIAL),
            credential_status: statement(CREDENTIAL_STATUS),
            remove_credential: statement(REMOVE_CREDENTIAL),
            advance_sign_count: statement(ADVANCE_SIGN_COUNT),
            user: statement(USER),
            put_user: statement(PUT_USER),
        }
    }
}

const INSERT_RECORD: &str = "
    INSERT INTO credential_code_records (kind, slot, expires_at, record) VALUES ($1, $2, $3, $4)
    ON CONFLICT (kind, slot) DO NOTHING";

/// Takes a record whatever its expiry: an expired record is removed as well.
const TAKE_RECORD: &str = "
    DELETE FROM credential_code_records WHERE kind = $1 AND slot = $2
    RETURNING record";

/// The list is made once, so the batch stays a batch. It skips rows that a `take` or another purge
/// holds.
#[cfg(feature = "postgres")]
const PURGE_RECORDS_IN_POSTGRES: &str = "
    WITH expired AS MATERIALIZED (
        SELECT kind, slot FROM credential_code_records WHERE expires_at <= $1
        ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM credential_code_records AS records USING expired
    WHERE records.kind = expired.kind AND records.slot = expired.slot";

#[cfg(feature = "sqlite")]
const PURGE_RECORDS_IN_SQLITE: &str = "
    DELETE FROM credential_code_records WHERE (kind, slot) IN (
        SELECT kind, slot FROM credential_code_records WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
    )";

const ENTER_ENROLMENT: &str = "
    INSERT INTO credential_code_enrolments (
        owner, id, stage, created_at, expires_at, gone_at, session, opening, credential, attempts_left
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (owner, id) DO NOTHING";

/// `$3` lists the allowed stages, each between blanks. A null value leaves the column unchanged.
const ADVANCE_ENROLMENT: &str = "
    UPDATE credential_code_enrolments SET
        stage = $4,
        gone_at = $5,
        expires_at = COALESCE($6, expires_at),
        opening = COALESCE($7, opening),
        credential = COALESCE($8, credential),
        attempts_left = COALESCE($9, attempts_left)
    WHERE owner = $1 AND id = $2 AND $3 LIKE '% ' || stage || ' %'
    RETURNING id, stage, created_at, expires_at, gone_at, session, opening, credential, attempts_left";

const ENROLMENT: &str = "
    SELECT id, stage, created_at, expires_at, gone_at, session, opening, credential, attempts_left
    FROM credential_code_enrolments WHERE owner = $1 AND id = $2";

const ENROLMENTS_OF_OWNER: &str = "
    SELECT id, stage, created_at, expires_at, gone_at, session, opening, credential, attempts_left
    FROM credential_code_enrolments WHERE owner = $1 AND gone_at > $2
    ORDER BY created_at DESC, id LIMIT $3";

#[cfg(feature = "postgres")]
const PURGE_ENROLMENTS_IN_POSTGRES: &str = "
    WITH gone AS MATERIALIZED (
        SELECT owner, id FROM credential_code_enrolments WHERE gone_at <= $1
        ORDER BY gone_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM credential_code_enrolments AS enrolments USING gone
    WHERE enrolments.owner = gone.owner AND enrolments.id = gone.id";

#[cfg(feature = "sqlite")]
const PURGE_ENROLMENTS_IN_SQLITE: &str = "
    DELETE FROM credential_code_enrolments WHERE (owner, id) IN (
        SELECT owner, id FROM credential_code_enrolments WHERE gone_at <= $1 ORDER BY gone_at LIMIT $2
    )";

/// `$2` is now, and `$5` the skew. `per` is the time in which an empty purse fills, and `interval`
/// the time in which one comes back. A refusal is written as well. A clock far ahead may have
/// filled a purse too far: that is brought down to a bearable wait.
fn spend(row: &str, per: &str, interval: &str) -> String {
    format!(
        "INSERT INTO credential_code_purses AS purse (slot, whole_at, is_paid) {row}
        ON CONFLICT (slot) DO UPDATE SET
            whole_at = CASE
                WHEN purse.whole_at <= $2 THEN $2 + {interval}
                WHEN purse.whole_at <= $2 + {per} - {interval} THEN purse.whole_at + {interval}
                WHEN purse.whole_at <= $2 + {per} + $5 THEN purse.whole_at
                ELSE $2 + {per} + $5
            END,
            is_paid = CASE WHEN purse.whole_at <= $2 + {per} - {interval} THEN 1 ELSE 0 END
        RETURNING slot, whole_at, is_paid"
    )
}

fn spend_one() -> String {
    spend("VALUES ($1, $2 + $4, 1)", "$3", "$4")
}

/// `$6` to `$8` are slot, time and interval of the second purse. It is spent from if the first
/// paid. The first is given back if the second refused.
#[cfg(feature = "postgres")]
fn spend_both_in_postgres() -> String {
    let second = spend("SELECT $6, $2 + $8, 1 FROM first WHERE first.is_paid = 1", "$7", "$8");
    format!(
        "WITH first AS ({}), second AS ({second})
        SELECT slot, whole_at, is_paid FROM first UNION ALL SELECT slot, whole_at, is_paid FROM second",
        spend_one()
    )
}

/// The same for SQLite. It has one writer, so both purses are decided before either is written.
/// `is_paid` is 2 if a purse would have paid, and was not touched because the other refused.
#[cfg(feature = "sqlite")]
const SPEND_BOTH_IN_SQLITE: &str = "
    WITH charge (place, slot, per, interval) AS (VALUES (1, $1, $3, $4), (2, $6, $7, $8)),
    bounded AS (
        SELECT charge.*, min(ifnull(purse.whole_at, 0), $2 + per + $5) AS whole_at
        FROM charge LEFT JOIN credential_code_purses AS purse USING (slot)
    ),
    decided AS (
        SELECT *, max(whole_at, $2) + interval AS next, max(whole_at, $2) + interval <= $2 + per AS pays
        FROM bounded
    )
    INSERT INTO credential_code_purses (slot, whole_at, is_paid)
    SELECT slot,
        CASE WHEN (SELECT min(pays) FROM decided) THEN next ELSE whole_at END,
        CASE WHEN pays AND NOT (SELECT min(pays) FROM decided) THEN 2 ELSE pays END
    FROM decided WHERE place = 1 OR (SELECT pays FROM decided WHERE place = 1)
    ON CONFLICT (slot) DO UPDATE SET whole_at = excluded.whole_at, is_paid = excluded.is_paid
    RETURNING slot, whole_at, is_paid";

const GIVE_BACK: &str = "
    UPDATE credential_code_purses SET whole_at = whole_at - $2 WHERE slot = $1";

/// It has no order, so it ends when the batch is full: there is no index for an order.
#[cfg(feature = "postgres")]
const PURGE_PURSES_IN_POSTGRES: &str = "
    WITH whole AS MATERIALIZED (
        SELECT slot FROM credential_code_purses WHERE whole_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM credential_code_purses AS purses USING whole WHERE purses.slot = whole.slot";

#[cfg(feature = "sqlite")]
const PURGE_PURSES_IN_SQLITE: &str = "
    DELETE FROM credential_code_purses WHERE slot IN (
        SELECT slot FROM credential_code_purses WHERE whole_at <= $1 ORDER BY whole_at LIMIT $2
    )";

/// `$15` is how many the user may have. A duplicate means that the user has the id, or that a
/// passkey of anybody has it. A conflict with anything else is not a duplicate but a failure.
const INSERT_CREDENTIAL: &str = "
    INSERT INTO credential_code_credentials (
        id, uuid, user_id, kind, name, public_key, digest, relying_party_id, origin, created_at, status,
        encrypted_private_key, sign_count, fido2
    )
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
    WHERE NOT EXISTS (SELECT id FROM credential_code_credentials WHERE user_id = $3 AND id = $1)
    AND (
        SELECT COUNT(*) FROM (
            SELECT id FROM credential_code_credentials WHERE user_id = $3 LIMIT $15
        ) AS counted
    ) < $15
    ON CONFLICT (id) WHERE kind = 'Fido2' DO NOTHING";

/// Returns a row if it was a duplicate.
const WHY_NOT_INSERTED: &str = "
    SELECT id FROM credential_code_credentials
    WHERE id = $1 AND (user_id = $2 OR (kind = 'Fido2' AND $3 = 'Fido2'))";

const CREDENTIALS_OF_USER: &str = "
    SELECT
        id, uuid, user_id, kind, name, public_key, digest, relying_party_id, origin, created_at, status,
        encrypted_private_key, sign_count, fido2
    FROM credential_code_credentials WHERE user_id = $1";

const CREDENTIAL: &str = "
    SELECT
        id, uuid, user_id, kind, name, public_key, digest, relying_party_id, origin, created_at, status,
        encrypted_private_key, sign_count, fido2
    FROM credential_code_credentials WHERE user_id = $1 AND id = $2";

const PASSKEY: &str = "
    SELECT
        id, uuid, user_id, kind, name, public_key, digest, relying_party_id, origin, created_at, status,
        encrypted_private_key, sign_count, fido2
    FROM credential_code_credentials WHERE id = $1 AND kind = 'Fido2'";

const PASSKEYS: &str = "
    SELECT kind, id, encrypted_private_key, fido2 FROM credential_code_credentials
    WHERE user_id = $1 AND relying_party_id = $2 AND kind = 'Fido2' AND status = 'Active'
    ORDER BY created_at DESC LIMIT $3";

const KEYS: &str = "
    SELECT kind, id, encrypted_private_key, fido2 FROM credential_code_credentials
    WHERE user_id = $1 AND kind IN ('Key', 'PasswordProtectedKey') AND status = 'Active'
    ORDER BY created_at DESC LIMIT $2";

const COUNT_CREDENTIALS: &str = "
    SELECT COUNT(*) FROM (
        SELECT id FROM credential_code_credentials WHERE user_id = $1 LIMIT $2
    ) AS counted";

/// `$4` is 1 if one that signs has to be kept.
const SET_CREDENTIAL_STATUS: &str = "
    UPDATE credential_code_credentials AS changed SET status = $3
    WHERE user_id = $1 AND uuid = $2 AND status <> $3 AND (
        $4 = 0 OR status <> 'Active' OR kind NOT IN ('Fido2', 'Key', 'PasswordProtectedKey') OR EXISTS (
            SELECT id FROM credential_code_credentials AS other
            WHERE other.user_id = $1 AND other.uuid <> $2 AND other.status = 'Active'
            AND other.kind IN ('Fido2', 'Key', 'PasswordProtectedKey')
        )
    )";

const RENAME_CREDENTIAL: &str = "
    UPDATE credential_code_credentials SET name = $3 WHERE user_id = $1 AND uuid = $2 AND name <> $3";

const CREDENTIAL_STATUS: &str = "
    SELECT status FROM credential_code_credentials WHERE user_id = $1 AND uuid = $2";

/// `$3` is 1 if one that signs has to be kept.
const REMOVE_CREDENTIAL: &str = "
    DELETE FROM credential_code_credentials AS removed
    WHERE user_id = $1 AND uuid = $2 AND (
        $3 = 0 OR status <> 'Active' OR kind NOT IN ('Fido2', 'Key', 'PasswordProtectedKey') OR EXISTS (
            SELECT id FROM credential_code_credentials AS other
            WHERE other.user_id = $1 AND other.uuid <> $2 AND other.status = 'Active'
            AND other.kind IN ('Fido2', 'Key', 'PasswordProtectedKey')
        )
    )";

const ADVANCE_SIGN_COUNT: &str = "
    UPDATE credential_code_credentials SET sign_count = $2
    WHERE id = $1 AND kind = 'Fido2' AND sign_count < $2";

const USER: &str = "
    SELECT name, display_name, status, void_before, handle FROM credential_code_users WHERE id = $1";

const PUT_USER: &str = "
    INSERT INTO credential_code_users (id, name, display_name, status, void_before, handle)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO UPDATE SET
        name = excluded.name,
        display_name = excluded.display_name,
        status = excluded.status,
        void_before = excluded.void_before,
        handle = excluded.handle";
