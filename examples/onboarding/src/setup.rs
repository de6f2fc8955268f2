use std::error::Error;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::RelyingParty;
use credential_code::crypto::PublicKey;
use credential_code::model::{
    Credential, CredentialId, CredentialKind, CredentialUuid, Origin, User, UserId,
};
use p256::SecretKey;
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use serde::Serialize;

use crate::host::{DemoHost, Member};
use crate::places::Places;

/// The facts that a client needs to be one of the two users: the address of the server, and the
/// secrets of each user.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Setup {
    base: String,
    #[serde(flatten)]
    first: Access,
    second: Access,
    rp_id: String,
    rp_name: String,
    origin: String,
}

/// A user's bearer token, and their key that signs user actions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Access {
    token: String,
    cred_id: String,
    private_key: String,
    #[serde(skip)]
    public_key: String,
    #[serde(skip)]
    user: User,
}

impl Setup {
    /// Draws new tokens and new keys.
    pub(crate) fn new(places: &Places) -> Self {
        let party = places.main_party();
        Self {
            base: places.app1().to_owned(),
            first: Access::new("us-2ba0h-lvp2q-8v1860pcj1bh5irf", "ada@example.com"),
            second: Access::new("us-5nq7c-t0m3k-4dw92rfsa6jy8xue", "grace@example.com"),
            rp_id: party.id().to_owned(),
            rp_name: party.name().to_owned(),
            origin: party.origins()[0].to_string(),
        }
    }

    /// Creates the host, which knows both users and the first credential of each.
    pub(crate) fn host(&self, places: &Places) -> Result<DemoHost, Box<dyn Error>> {
        let both = [&self.first, &self.second];
        let credentials = both.map(|access| access.credential(places.main_party(), &self.origin));
        let credentials = credentials.into_iter().collect::<Result<_, _>>()?;
        Ok(DemoHost::new(both.map(Access::member), credentials))
    }

    /// Writes everything to a file that nobody else can read. The file appears at once, so nobody
    /// reads a half of it.
    pub(crate) fn write(&self, file: &Path) -> Result<(), Box<dyn Error>> {
        let unfinished = file.with_extension("unfinished");
        // A file of an earlier run keeps the rights that it had then, and may lead elsewhere.
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut opened = options.open(&unfinished)?;
        opened.write_all(&serde_json::to_vec_pretty(self)?)?;
        opened.sync_all()?;
        std::fs::rename(unfinished, file)?;
        Ok(())
    }

    /// Says where to go.
    pub(crate) fn greeting(&self, places: &Places) -> String {
        let Self { base, first: Access { token, .. }, .. } = self;
        let app2: String = places
            .app2()
            .map(|origin| format!("\n  App 2, where they add a credential:   {origin}/enroll"))
            .collect();
        let warning: String = places
            .public()
            .map(|origin| {
                format!("\n\n{origin} may lead others to this server. Whoever reaches it can pass for the demo user.")
            })
            .collect();
        format!(
            "Open this in a browser. Ctrl-C ends it.\n\n  App 1, where the user is signed in:   {base}{app2}\n\n\
             The user's credentials:\n  curl -H 'Authorization: Bearer {token}' {base}/auth/credentials{warning}"
        )
    }
}

impl Access {
    fn new(id: &'static str, name: &str) -> Self {
        let key = loop {
            if let Ok(key) = SecretKey::from_slice(&random::<32>()) {
                break key;
            }
        };
        let private_key = key.to_pkcs8_pem(LineEnding::LF).expect("a key that was just made has a PEM");
        Self {
            token: URL_SAFE_NO_PAD.encode(random::<32>()),
            cred_id: URL_SAFE_NO_PAD.encode(random::<32>()),
            private_key: private_key.to_string(),
            public_key: key.public_key().to_public_key_pem(LineEnding::LF).expect("a public key has a PEM"),
            user: User::new(UserId::new(id).expect("a short id is valid"), name),
        }
    }

    fn member(&self) -> Member {
        Member { user: self.user.clone(), token: self.token.clone() }
    }

    fn credential(&self, party: &RelyingParty, origin: &str) -> Result<Credential, Box<dyn Error>> {
        let id = CredentialId::new(self.cred_id.as_str())?;
        let key = PublicKey::from_pem(&self.public_key)?;
        seeded_key("Command line", self.user.id.clone(), id, key, party, Origin::new(origin)?)
    }
}

/// Creates a key that a user has without a code, because the demonstration has to start somewhere.
pub(crate) fn seeded_key(
    name: &str,
    user: UserId,
    id: CredentialId,
    key: PublicKey,
    party: &RelyingParty,
    origin: Origin,
) -> Result<Credential, Box<dyn Error>> {
    let uuid =
        random::<26>().map(|byte| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(byte & 31)]));
    let uuid: String = uuid.iter().collect();
    let uuid = CredentialUuid::new(format!("cr-{}-{}-{}", &uuid[..5], &uuid[5..10], &uuid[10..]))?;
    let mut credential = Credential::new(user, CredentialKind::Key, id, uuid, key, party.id(), origin);
    credential.name = name.to_owned();
    credential.created_at = SystemTime::now();
    Ok(credential)
}

/// Bytes that nobody guesses.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives randomness");
    bytes
}
