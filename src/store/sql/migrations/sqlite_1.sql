-- One-time records: what a code, a challenge or a signed action is worth. `record` is sealed, and `expires_at` is for the purge.
CREATE TABLE credential_code_records (
    kind       TEXT    NOT NULL,
    slot       BLOB    NOT NULL,
    expires_at INTEGER NOT NULL, -- microseconds since 1970
    record     BLOB    NOT NULL,
    PRIMARY KEY (kind, slot)
) STRICT, WITHOUT ROWID;

CREATE INDEX credential_code_records_expires_at ON credential_code_records (expires_at);

-- What became of each code, for its owner to see and to end. `session`, `opening` and `credential`
-- are sealed.
CREATE TABLE credential_code_enrolments (
    owner         BLOB    NOT NULL, -- who minted the code, as a keyed hash
    id            TEXT    NOT NULL,
    stage         TEXT    NOT NULL, -- waiting, opened, pending, added, refused, expired, revoked, undone
    created_at    INTEGER NOT NULL, -- microseconds since 1970
    expires_at    INTEGER NOT NULL, -- when the stage ends by itself
    gone_at       INTEGER NOT NULL, -- from when on it may be purged
    session       BLOB,    -- the session that minted the code
    opening       BLOB,    -- who entered the code
    credential    BLOB,    -- what was made
    attempts_left INTEGER, -- how many wrong check codes are left
    PRIMARY KEY (owner, id)
) STRICT;

CREATE INDEX credential_code_enrolments_gone_at ON credential_code_enrolments (gone_at);

CREATE TABLE credential_code_users (
    id           TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    display_name TEXT NOT NULL,
    status       TEXT NOT NULL, -- Active, Deactivated
    void_before  INTEGER -- microseconds since 1970: what began before then is void
) STRICT, WITHOUT ROWID;

-- Text is compared byte by byte, which is SQLite's default.
CREATE TABLE credential_code_credentials (
    id                    TEXT    NOT NULL UNIQUE, -- the client's name for it, unique among all users
    uuid                  TEXT    NOT NULL UNIQUE, -- the server's name for it
    user_id               TEXT    NOT NULL,
    kind                  TEXT    NOT NULL, -- Fido2, Key, PasswordProtectedKey, RecoveryKey
    name                  TEXT    NOT NULL,
    public_key            BLOB    NOT NULL, -- subject public key info, DER
    digest                TEXT    NOT NULL, -- SHA256, SHA384, SHA512
    relying_party_id      TEXT    NOT NULL,
    origin                TEXT    NOT NULL,
    created_at            INTEGER NOT NULL, -- microseconds since 1970
    status                TEXT    NOT NULL, -- Active, Deactivated
    encrypted_private_key TEXT,
    sign_count            INTEGER, -- of a passkey, as of its latest use
    fido2                 TEXT     -- of a passkey, what it was registered with: a JSON object
) STRICT;

CREATE INDEX credential_code_credentials_user_id ON credential_code_credentials (user_id);

-- What is left of budgets that several processes share: one instant each, from which on the budget is whole.
CREATE TABLE credential_code_purses (
    slot     BLOB    NOT NULL PRIMARY KEY,
    whole_at INTEGER NOT NULL, -- microseconds since 1970
    is_paid  INTEGER NOT NULL  -- what the latest payment came to: 1, or 0 if it was refused
) STRICT, WITHOUT ROWID;

CREATE INDEX credential_code_purses_whole_at ON credential_code_purses (whole_at);
