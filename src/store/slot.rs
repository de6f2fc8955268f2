use std::{fmt, io};

use chacha20poly1305::XChaCha20Poly1305;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::encoding::hex;
use crate::model::Invalid;
use crate::random::{self, NoRandomness};
use crate::store::Budget;

/// A store address: HMAC-SHA-256 over a label and a secret, under a key that no store has.
///
/// A code of 45 bits could be found in an hour from a plain hash. Without the key, a slot says
/// nothing.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Slot([u8; 32]);

impl Slot {
    /// Returns the address as bytes, for example for the primary key of a table.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads an address back from a store of your own.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "Slot({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

/// The type of secret, or of purse, to which a slot belongs. The label goes into the hash, so a
/// challenge id sent as a code finds nothing.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum SlotLabel {
    Code,
    Challenge,
    /// The challenge of a signed-in user without a code.
    OwnChallenge,
    ActionChallenge,
    UserAction,
    Approval,
    /// The owner of enrolments. It hides the user.
    Owner,
    /// This is in no store: it hides the name of a session.
    Session,
    /// This is in no store: it makes the key that seals.
    Seal,
    /// It signs a challenge, and is the slot where the challenge was spent.
    SignInChallenge,
    /// This is in no store: it signs.
    UndoToken,
    /// This is in no store: it signs.
    OutcomeToken,
    #[cfg_attr(
        not(feature = "deprecated-kinds"),
        expect(dead_code, reason = "only TOTP secrets are derived")
    )]
    TotpSecret,
    CodesOfUser,
    BeginsOfUser,
    MissesOfSource,
    MissesOfFlow,
    ActionChallengesOfUser,
    SignInMissesOfSource,
    SignInsOfUser,
}

impl SlotLabel {
    fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Code => b"credential-code/v1/code\0",
            Self::Challenge => b"credential-code/v1/challenge\0",
            Self::OwnChallenge => b"credential-code/v1/own-challenge\0",
            Self::ActionChallenge => b"credential-code/v1/action-challenge\0",
            Self::UserAction => b"credential-code/v1/user-action\0",
            Self::Approval => b"credential-code/v1/approval\0",
            Self::Owner => b"credential-code/v1/owner\0",
            Self::Session => b"credential-code/v1/session\0",
            Self::Seal => b"credential-code/v1/seal\0",
            Self::SignInChallenge => b"credential-code/v1/sign-in-challenge\0",
            Self::UndoToken => b"credential-code/v1/undo-token\0",
            Self::OutcomeToken => b"credential-code/v1/outcome-token\0",
            Self::TotpSecret => b"credential-code/v1/totp-secret\0",
            Self::CodesOfUser => b"credential-code/v1/purse/codes-of-user\0",
            Self::BeginsOfUser => b"credential-code/v1/purse/begins-of-user\0",
            Self::MissesOfSource => b"credential-code/v1/purse/misses-of-source\0",
            Self::MissesOfFlow => b"credential-code/v1/purse/misses-of-flow\0",
            Self::ActionChallengesOfUser => b"credential-code/v1/purse/action-challenges-of-user\0",
            Self::SignInMissesOfSource => b"credential-code/v1/purse/sign-in-misses-of-source\0",
            Self::SignInsOfUser => b"credential-code/v1/purse/sign-ins-of-user\0",
        }
    }
}

/// One key of a [`SlotKeys`] ring: at least 32 secret bytes.
#[derive(Clone)]
pub struct SlotKey(Zeroizing<Vec<u8>>);

impl SlotKey {
    /// Creates a key of at least 32 bytes from configuration.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, Invalid> {
        let bytes = Zeroizing::new(bytes.into());
        (bytes.len() >= 32).then_some(Self(bytes)).ok_or(Invalid::new("a slot key has at least 32 bytes"))
    }

    /// Creates a key from hexadecimal digits, such as `openssl rand -hex 32` prints.
    pub fn from_hex(text: &str) -> Result<Self, Invalid> {
        let bytes = hex::decode(text).map_err(|_| Invalid::new("a slot key is hexadecimal digits"))?;
        Self::new(bytes)
    }

    /// Draws a random key, for records that may end with this process. Fails if the system gives no
    /// randomness.
    pub fn generate() -> io::Result<Self> {
        let key = Zeroizing::new(random::bytes::<32>().map_err(io::Error::other)?);
        Ok(Self(Zeroizing::new(key.to_vec())))
    }
}

impl fmt::Debug for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlotKey(…)")
    }
}

/// The keys that turn secrets into [`Slot`]s and seal records. The newest key writes, and all of
/// them read.
///
/// A site in one process draws a random key when it is built. Processes that share a store share a
/// ring.
///
/// They rotate it in three steps. Complete each step in all processes before the next. First use
/// `[old, new]`, which reads the new key. Then use `[new, old]`, which writes it. Use `[new]` once
/// everything written under the old key has expired. The [page on stores](crate::manual::stores)
/// gives the reasons.
#[derive(Clone)]
pub struct SlotKeys {
    newest: Hmac<Sha256>,
    older: Vec<Hmac<Sha256>>,
}

impl SlotKeys {
    /// Creates a ring whose first key writes and whose every key reads.
    pub fn new(newest: &SlotKey, older: &[SlotKey]) -> Self {
        Self { newest: keyed(&newest.0), older: older.iter().map(|key| keyed(&key.0)).collect() }
    }

    /// Creates a ring of one random key, for a process that shares its store with no other.
    pub(crate) fn random() -> Result<Self, NoRandomness> {
        let key = Zeroizing::new(random::bytes::<32>()?);
        Ok(Self { newest: keyed(&*key), older: Vec::new() })
    }

    /// Returns the slot where a new secret is written.
    pub(crate) fn newest(&self, label: SlotLabel, secret: &[u8]) -> Slot {
        slot_under(&self.newest, label, secret)
    }

    /// Returns every slot where a secret may be, the newest first.
    pub(crate) fn all(&self, label: SlotLabel, secret: &[u8]) -> impl Iterator<Item = Slot> {
        self.keys().map(move |key| slot_under(key, label, secret))
    }

    /// Derives a value from a secret, under the key of the ring that made `slot` from the secret.
    #[cfg_attr(
        not(feature = "deprecated-kinds"),
        expect(dead_code, reason = "only TOTP secrets are derived")
    )]
    pub(crate) fn derive(
        &self,
        slot: Slot,
        label: SlotLabel,
        derived: SlotLabel,
        secret: &[u8],
    ) -> Option<Slot> {
        let key = self.keys().find(|key| slot_under(key, label, secret) == slot)?;
        Some(slot_under(key, derived, secret))
    }

    /// Returns the number of the purse from which a name spends, for that kind and that budget.
    pub(crate) fn purse_number(&self, label: SlotLabel, budget: Budget, name: &str) -> u16 {
        let hash = self.of_purses(label, budget).chain_update(b"name").chain_update(name.as_bytes());
        let hash = hash.finalize().into_bytes();
        u16::from_be_bytes([hash[0], hash[1]])
    }

    /// Returns the slot of a purse, which is for that budget alone.
    pub(crate) fn purse(&self, label: SlotLabel, budget: Budget, number: u16) -> Slot {
        let mac = self.of_purses(label, budget).chain_update(b"slot").chain_update(number.to_be_bytes());
        Slot(mac.finalize().into_bytes().into())
    }

    fn of_purses(&self, label: SlotLabel, budget: Budget) -> Hmac<Sha256> {
        let mac = self.newest.clone().chain_update(label.as_bytes());
        let mac = mac.chain_update(budget.per_micros().to_be_bytes());
        mac.chain_update(budget.interval_micros().to_be_bytes())
    }

    /// Returns the cipher that seals, and the ciphers with which older processes sealed.
    pub(super) fn ciphers(&self) -> (XChaCha20Poly1305, Vec<XChaCha20Poly1305>) {
        (cipher_under(&self.newest), self.older.iter().map(cipher_under).collect())
    }

    fn keys(&self) -> impl Iterator<Item = &Hmac<Sha256>> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

impl fmt::Debug for SlotKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlotKeys({})", 1 + self.older.len())
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn cipher_under(key: &Hmac<Sha256>) -> XChaCha20Poly1305 {
    let Slot(key) = slot_under(key, SlotLabel::Seal, b"");
    XChaCha20Poly1305::new(&key.into())
}

fn slot_under(key: &Hmac<Sha256>, label: SlotLabel, secret: &[u8]) -> Slot {
    let mut mac = key.clone();
    mac.update(label.as_bytes());
    mac.update(secret);
    Slot(mac.finalize().into_bytes().into())
}
