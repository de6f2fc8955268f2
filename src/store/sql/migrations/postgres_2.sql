-- An id is unique among the credentials of its user. That of a passkey is unique among all passkeys, too.
ALTER TABLE credential_code_credentials DROP CONSTRAINT credential_code_credentials_id_key;
DROP INDEX credential_code_credentials_user_id;

CREATE UNIQUE INDEX credential_code_credentials_own_id ON credential_code_credentials (user_id, id);
CREATE UNIQUE INDEX credential_code_credentials_passkey_id ON credential_code_credentials (id) WHERE kind = 'Fido2';

-- What is offered to a user who signs, the newest first.
CREATE INDEX credential_code_credentials_passkeys
ON credential_code_credentials (user_id, relying_party_id, created_at) WHERE kind = 'Fido2' AND status = 'Active';
CREATE INDEX credential_code_credentials_keys
ON credential_code_credentials (user_id, created_at)
WHERE kind IN ('Key', 'PasswordProtectedKey') AND status = 'Active';

-- The handle that a user's passkeys have. Where it is null, it is the id.
ALTER TABLE credential_code_users ADD COLUMN handle BYTEA;
