-- An id is unique among the credentials of its user. That of a passkey is unique among all passkeys, too.
-- SQLite drops no UNIQUE of a table, so the table is made anew, in the order that its ALTER TABLE page names.

-- Text is compared byte by byte, which is SQLite's default.
CREATE TABLE credential_code_credentials_2 (
    id                    TEXT    NOT NULL, -- the client's name for it
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

INSERT INTO credential_code_credentials_2 SELECT
    id, uuid, user_id, kind, name, public_key, digest, relying_party_id, origin, created_at, status,
    encrypted_private_key, sign_count, fido2
FROM credential_code_credentials;

DROP TABLE credential_code_credentials;

ALTER TABLE credential_code_credentials_2 RENAME TO credential_code_credentials;

CREATE UNIQUE INDEX credential_code_credentials_own_id ON credential_code_credentials (user_id, id);
CREATE UNIQUE INDEX credential_code_credentials_passkey_id ON credential_code_credentials (id) WHERE kind = 'Fido2';

-- What is offered to a user who signs, the newest first.
CREATE INDEX credential_code_credentials_passkeys
ON credential_code_credentials (user_id, relying_party_id, created_at) WHERE kind = 'Fido2' AND status = 'Active';
CREATE INDEX credential_code_credentials_keys
ON credential_code_credentials (user_id, created_at)
WHERE kind IN ('Key', 'PasswordProtectedKey') AND status = 'Active';

-- The handle that a user's passkeys have. Where it is null, it is the id.
ALTER TABLE credential_code_users ADD COLUMN handle BLOB;
