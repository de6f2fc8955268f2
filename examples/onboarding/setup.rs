use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::crypto::PublicKey;
use credential_code::model::{CredentialId, CredentialUuid, Origin};
use credential_code::{Credential, CredentialKind, RelyingParty, User, UserId};
use p256::SecretKey;
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use serde::Serialize;

/// What a client needs to be the seeded user: where the server is, a bearer token, and a key that signs user actions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Setup {
    base: String,
    pub(crate) token: String,
    cred_id: String,
    private_key: String,
    rp_id: String,
    rp_name: String,
    origin: String,
    #[serde(skip)]
    public_key: String,
}

impl Setup {
    /// A new token and a new key.
    pub(crate) fn new(base: String, party: &RelyingParty) -> Self {
        let key = loop {
            if let Ok(key) = SecretKey::from_slice(&random::<32>()) {
                break key;
            }
        };
        let private_key = key.to_pkcs8_pem(LineEnding::LF).expect("a key that was just made has a PEM");
        Self {
            base,
            token: URL_SAFE_NO_PAD.encode(random::<32>()),
            cred_id: URL_SAFE_NO_PAD.encode(random::<32>()),
            private_key: private_key.to_string(),
            rp_id: party.id().to_owned(),
            rp_name: party.name().to_owned(),
            origin: party.origins()[0].to_string(),
            public_key: key.public_key().to_public_key_pem(LineEnding::LF).expect("a public key has a PEM"),
        }
    }

    /// The one user.
    pub(crate) fn user(&self) -> User {
        User::new(
            UserId::new("us-2ba0h-lvp2q-8v1860pcj1bh5irf").expect("a short id is valid"),
            "ada@example.com",
        )
    }

    /// The user's first credential.
    pub(crate) fn credential(&self, party: &RelyingParty) -> Result<Credential, Box<dyn Error>> {
        let mut credential = Credential::new(
            self.user().id,
            CredentialKind::Key,
            CredentialId::new(self.cred_id.as_str())?,
            CredentialUuid::new("cr-6uunn-bm6ja-f6rmod5kqrk5rbel")?,
            PublicKey::from_pem(&self.public_key)?,
            party.id(),
            Origin::new(self.origin.as_str())?,
        );
        credential.name = "The first key".to_owned();
        credential.created_at = SystemTime::now();
        Ok(credential)
    }

    /// Writes everything to a file that nobody else can read. It appears at once, so whoever waits for it reads it whole.
    pub(crate) fn write(&self, file: &Path) -> Result<(), Box<dyn Error>> {
        let unfinished = file.with_extension("unfinished");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut opened = options.open(&unfinished)?;
        opened.write_all(&serde_json::to_vec_pretty(self)?)?;
        opened.sync_all()?;
        std::fs::rename(unfinished, file)?;
        Ok(())
    }

    /// Where to go.
    pub(crate) fn greeting(&self) -> String {
        let Self { base, token, .. } = self;
        format!(
            "Onboarding runs at {base}. Ctrl-C ends it.\n\nThe user's credentials:\n  \
             curl -H 'Authorization: Bearer {token}' {base}/auth/credentials"
        )
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives randomness");
    bytes
}
