CREATE TABLE users (
    id TEXT PRIMARY KEY, -- a UUID, whose 16 bytes are the user handle of the passkeys
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE passkeys (
    id TEXT PRIMARY KEY, -- the credential id, in base64url
    user_id TEXT NOT NULL REFERENCES users (id),
    passkey TEXT NOT NULL -- a `Passkey` of webauthn-rs, as JSON
);

CREATE INDEX passkeys_of_user ON passkeys (user_id);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    record TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    mail TEXT NOT NULL
);
