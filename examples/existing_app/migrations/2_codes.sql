ALTER TABLE passkeys ADD COLUMN uuid TEXT; -- the server's name for it, which a page may show
ALTER TABLE passkeys ADD COLUMN name TEXT NOT NULL DEFAULT 'Passkey';
ALTER TABLE passkeys ADD COLUMN origin TEXT; -- null if the sign-up made it
ALTER TABLE passkeys ADD COLUMN party TEXT; -- null if the sign-up made it
ALTER TABLE passkeys ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0; -- milliseconds since 1970
ALTER TABLE passkeys ADD COLUMN status TEXT NOT NULL DEFAULT 'Active';

CREATE UNIQUE INDEX passkeys_by_uuid ON passkeys (uuid);

UPDATE passkeys SET uuid = lower(printf('cr-%.5s-%.5s-%.16s', hex(randomblob(3)), hex(randomblob(3)), hex(randomblob(8))));

-- The sign-up goes on to insert rows as it did.
CREATE TRIGGER passkeys_of_sign_up AFTER INSERT ON passkeys WHEN new.uuid IS NULL BEGIN
    UPDATE passkeys
    SET uuid = lower(printf('cr-%.5s-%.5s-%.16s', hex(randomblob(3)), hex(randomblob(3)), hex(randomblob(8)))),
        created_at = unixepoch() * 1000
    WHERE id = new.id;
END;
