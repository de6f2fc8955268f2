-- One-time records: what a code, a challenge or a signed action is worth. `record` is sealed, and `expires_at` is for the purge.
-- Rows come and go by the minute, so the dead ones are collected early.
CREATE TABLE credential_code_records (
    kind       TEXT COLLATE "C" NOT NULL,
    slot       BYTEA            NOT NULL,
    expires_at BIGINT           NOT NULL, -- microseconds since 1970
    record     BYTEA            NOT NULL,
    PRIMARY KEY (kind, slot)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

CREATE INDEX credential_code_records_expires_at ON credential_code_records (expires_at);

-- What became of each code, for its owner to see and to end. `session`, `opening` and `credential`
-- are sealed.
CREATE TABLE credential_code_enrolments (
    owner         BYTEA            NOT NULL, -- who minted the code, as a keyed hash
    id            TEXT COLLATE "C" NOT NULL,
    stage         TEXT COLLATE "C" NOT NULL, -- waiting, opened, pending, added, refused, expired, revoked, undone
    created_at    BIGINT           NOT NULL, -- microseconds since 1970
    expires_at    BIGINT           NOT NULL, -- when the stage ends by itself
    gone_at       BIGINT           NOT NULL, -- from when on it may be purged
    session       BYTEA,  -- the session that minted the code
    opening       BYTEA,  -- who entered the code
    credential    BYTEA,  -- what was made
    attempts_left BIGINT, -- how many wrong check codes are left
    PRIMARY KEY (owner, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

CREATE INDEX credential_code_enrolments_gone_at ON credential_code_enrolments (gone_at);

CREATE TABLE credential_code_users (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name         TEXT             NOT NULL,
    display_name TEXT             NOT NULL,
    status       TEXT             NOT NULL, -- Active, Deactivated
    void_before  BIGINT -- microseconds since 1970: what began before then is void
);

-- The collation "C" compares byte by byte, whatever the database's own is.
CREATE TABLE credential_code_credentials (
    id                    TEXT COLLATE "C" NOT NULL UNIQUE, -- the client's name for it, unique among all users
    uuid                  TEXT COLLATE "C" NOT NULL UNIQUE, -- the server's name for it
    user_id               TEXT COLLATE "C" NOT NULL,
    kind                  TEXT             NOT NULL, -- Fido2, Key, PasswordProtectedKey, RecoveryKey
    name                  TEXT             NOT NULL,
    public_key            BYTEA            NOT NULL, -- subject public key info, DER
    digest                TEXT             NOT NULL, -- SHA256, SHA384, SHA512
    relying_party_id      TEXT             NOT NULL,
    origin                TEXT             NOT NULL,
    created_at            BIGINT           NOT NULL, -- microseconds since 1970
    status                TEXT             NOT NULL, -- Active, Deactivated
    encrypted_private_key TEXT,
    sign_count            BIGINT, -- of a passkey, as of its latest use
    fido2                 TEXT    -- of a passkey, what it was registered with: a JSON object
);

CREATE INDEX credential_code_credentials_user_id ON credential_code_credentials (user_id);

-- What is left of budgets that several processes share: one instant each, from which on the budget is whole. Everybody may
-- wait for the same row, so the table is not logged, and a payment waits for no disk. A crash of the server makes all budgets whole.
-- A payment changes its row where it lies: no index has what it changes, and pages keep room for it.
CREATE UNLOGGED TABLE credential_code_purses (
    slot     BYTEA  NOT NULL PRIMARY KEY,
    whole_at BIGINT NOT NULL, -- microseconds since 1970
    is_paid  BIGINT NOT NULL  -- what the latest payment came to: 1, or 0 if it was refused
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
