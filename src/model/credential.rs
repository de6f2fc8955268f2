use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;
use std::{fmt, io};

use serde::{Deserialize, Serialize};

use crate::crypto::{Digest, PublicKey};
use crate::encoding::private_key;
use crate::model::public_id;
use crate::model::{ClientReport, CredentialKind, Invalid, Origin, UserId};

/// A client's name for a credential, kept and returned verbatim.
///
/// For a passkey it is the WebAuthn credential id in base64url. It is unique among the passkeys of
/// all users.
///
/// For keys it may be any text, such as a path or an ARN. It is unique only among the credentials
/// of its user. So nobody can occupy a name that others would choose.
///
/// A password and a one-time password get one from the server: 32 random bytes in base64url.
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct CredentialId(Arc<str>);

impl CredentialId {
    /// The longest id: a WebAuthn id of 1023 bytes in base64url. The bound keeps ids short enough
    /// for a unique index.
    pub const MAX_LENGTH: usize = 1364;

    /// Creates an id of 1 to [`MAX_LENGTH`](Self::MAX_LENGTH) bytes without control characters.
    pub fn new(id: impl Into<Arc<str>>) -> Result<Self, Invalid> {
        let id = id.into();
        if id.is_empty() || id.len() > Self::MAX_LENGTH || id.chars().any(char::is_control) {
            return Err(Invalid::new("a credential id has 1 to 1364 bytes and no control characters"));
        }
        Ok(Self(id))
    }

    /// Returns the id as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

shown_text!(CredentialId);
conversions_of_text!(CredentialId);

/// The server's name for a credential: `cr-6uunn-bm6ja-f6rmod5kqrk5rbel`.
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct CredentialUuid(Arc<str>);

impl CredentialUuid {
    const PREFIX: &'static str = "cr";

    /// Creates a name of the form `cr-xxxxx-xxxxx-` and 14 to 16 more symbols: lower-case letters
    /// and digits.
    pub fn new(uuid: impl Into<Arc<str>>) -> Result<Self, Invalid> {
        let uuid = uuid.into();
        if public_id::is_public_id(Self::PREFIX, &uuid) {
            Ok(Self(uuid))
        } else {
            Err(Invalid::new("a credential uuid looks like cr-6uunn-bm6ja-f6rmod5kqrk5rbel"))
        }
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name for the credential of an enrolment. Each try of the same enrolment gets the
    /// same name.
    pub(super) fn of_enrolment(id: &str) -> Self {
        let (_, name) = id.split_at(Self::PREFIX.len());
        Self([Self::PREFIX, name].concat().into())
    }

    /// Draws a new random name, for a credential that a host had before this crate. Fails if the
    /// system gives no randomness.
    pub fn generate() -> io::Result<Self> {
        let bytes = crate::random::bytes().map_err(io::Error::other)?;
        Ok(Self(public_id::public_id(Self::PREFIX, bytes)))
    }

    /// Derives the name of a passkey in somebody else's table from its id, so each look-up finds
    /// the same name.
    #[cfg(feature = "webauthn-rs")]
    pub(crate) fn of_digest(digest: [u8; public_id::RANDOM_BYTES]) -> Self {
        Self(public_id::public_id(Self::PREFIX, digest))
    }
}

shown_text!(CredentialUuid);
conversions_of_text!(CredentialUuid);

/// A private key that the client encrypted under a password. The password never leaves the client.
/// The text is opaque to the server, and `Debug` hides it.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct EncryptedPrivateKey(Box<str>);

impl EncryptedPrivateKey {
    /// The greatest length in bytes. An RSA key of 4096 bits, encrypted and in base64, has some
    /// five thousand.
    pub const MAX_LENGTH: usize = 8192;

    /// Wraps the text. Rejects an empty text, one that is too long, and one with a NUL, which many
    /// databases can't store. Also rejects one that is plainly not encrypted: a private key in PEM,
    /// as a JWK, or as DER in base64.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, Invalid> {
        let text = text.into();
        if text.is_empty() {
            return Err(Invalid::new("an encrypted private key is not empty"));
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(Invalid::new("an encrypted private key has at most 8192 bytes"));
        }
        if text.contains('\0') {
            return Err(Invalid::new("an encrypted private key has no NUL in it"));
        }
        if private_key::is_plain(&text) {
            return Err(Invalid::new("a private key has to be encrypted before it is sent"));
        }
        Ok(Self(text))
    }

    /// Returns the text. Only the owner of the credential may see it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

hidden!(EncryptedPrivateKey);
conversions_of_text!(EncryptedPrivateKey);

/// Whether a credential may still be used.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub enum CredentialStatus {
    /// It may be used.
    Active,
    /// The user or the host withdrew it.
    Deactivated,
}

impl CredentialStatus {
    /// Returns its name in storage: `Active`, `Deactivated`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Deactivated => "Deactivated",
        }
    }
}

impl fmt::Display for CredentialStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CredentialStatus {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        [Self::Active, Self::Deactivated]
            .into_iter()
            .find(|status| status.as_str() == name)
            .ok_or(Invalid::new("not the name of a status"))
    }
}

/// Whether a trusted certificate confirms what an authenticator says of itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum AttestationTrust {
    /// None does, so its model may be anything, even software. There was no statement, or the
    /// credential signed it itself, or its certificates lead to no configured root.
    #[default]
    Untrusted,
    /// The statement's certificates lead to a root that is configured for the model that it names.
    Trusted,
}

/// The properties that only a passkey has.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Fido2Properties {
    /// The authenticator's model. Believe it only if [`attestation_trust`](Self::attestation_trust)
    /// is `Trusted`.
    pub aaguid: [u8; 16],
    /// The attestation statement's format: `none`, `packed`, `fido-u2f`, …
    pub format: String,
    /// Whether a configured root confirms the model. A row written before this field existed is
    /// read as untrusted.
    #[serde(default)]
    pub attestation_trust: AttestationTrust,
    /// The signature counter at registration.
    pub sign_count: u32,
    /// The person was verified (PIN, fingerprint, face), not just present.
    pub user_verified: bool,
    /// The credential may be synchronised between devices.
    pub backup_eligible: bool,
    /// The credential was synchronised when it was registered.
    pub backed_up: bool,
    /// The hints that its client gave.
    #[serde(default)]
    pub report: ClientReport,
}

impl Fido2Properties {
    /// Creates the properties of a passkey. Only its format is known.
    pub fn new(format: impl Into<String>) -> Self {
        Self {
            aaguid: [0; 16],
            format: format.into(),
            attestation_trust: AttestationTrust::Untrusted,
            sign_count: 0,
            user_verified: false,
            backup_eligible: false,
            backed_up: false,
            report: ClientReport::default(),
        }
    }
}

/// A credential as a host keeps it. A host that loads one from its own table makes it with
/// [`Credential::new`] and sets the fields that differ.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Credential {
    /// The user to whom it belongs.
    pub user: UserId,
    /// Its kind.
    pub kind: CredentialKind,
    /// The client's name for the credential.
    pub id: CredentialId,
    /// The server's name for the credential.
    pub uuid: CredentialUuid,
    /// The person's name for the credential.
    pub name: String,
    /// The key that verifies its signatures. A password and a one-time password sign nothing and
    /// have none. Their secret is never stored here: see
    /// [`NewCredential::secret`](crate::model::NewCredential::secret).
    pub public_key: Option<PublicKey>,
    /// The digest that it signs with, now and later. It has no meaning without a public key.
    pub digest: Digest,
    /// The relying party for which it was made.
    pub relying_party_id: String,
    /// The origin that its client signed, or from which it asked.
    pub origin: Origin,
    /// When it was registered.
    pub created_at: SystemTime,
    /// Whether it may still be used.
    pub status: CredentialStatus,
    /// The encrypted private key of a password-protected key, and of some recovery keys.
    pub encrypted_private_key: Option<EncryptedPrivateKey>,
    /// The properties that only a passkey has.
    pub fido2: Option<Fido2Properties>,
}

impl Credential {
    /// Creates an active credential: SHA-256, empty name, `created_at` at the Unix epoch. Set other
    /// fields afterwards. Pass its public key, or `None` for a kind that has none.
    pub fn new(
        user: UserId,
        kind: CredentialKind,
        id: CredentialId,
        uuid: CredentialUuid,
        public_key: impl Into<Option<PublicKey>>,
        relying_party_id: impl Into<String>,
        origin: Origin,
    ) -> Self {
        Self {
            user,
            kind,
            id,
            uuid,
            name: String::new(),
            public_key: public_key.into(),
            digest: Digest::Sha256,
            relying_party_id: relying_party_id.into(),
            origin,
            created_at: SystemTime::UNIX_EPOCH,
            status: CredentialStatus::Active,
            encrypted_private_key: None,
            fido2: None,
        }
    }

    /// Returns whether a new credential may not be stored beside this one, because its id is taken.
    /// An id is taken if the same user has it. A passkey's id is taken if a passkey of any user has
    /// it. This is for repositories without unique indexes.
    pub fn takes_id_of(&self, new: &Self) -> bool {
        let are_passkeys = self.kind == CredentialKind::Fido2 && new.kind == CredentialKind::Fido2;
        self.id == new.id && (self.user == new.user || are_passkeys)
    }

    /// Returns whether both are the same credential. Verifying the same proof again makes the same
    /// credential.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.id == other.id
            && self.uuid == other.uuid
            && self.user == other.user
            && self.kind == other.kind
            && self.public_key == other.public_key
    }

    /// Returns the part of it that an enrolment shows.
    pub(crate) fn without_private_key(&self) -> Self {
        Self { encrypted_private_key: None, ..self.clone() }
    }

    /// Returns whether it may still be used.
    pub fn is_active(&self) -> bool {
        match self.status {
            CredentialStatus::Active => true,
            CredentialStatus::Deactivated => false,
        }
    }
}
