use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::model::Invalid;

/// A password that a person chose, in plain text, until it is hashed. It is wiped when it is
/// dropped.
///
/// Its bytes are hashed unchanged, without Unicode normalisation. A later check has to do the same.
///
/// ```
/// use credential_code::model::Password;
///
/// let password = Password::new("correct horse").unwrap();
/// assert_eq!(format!("{password:?}"), "Password(…)");
/// assert!(Password::new("short").is_err());
/// ```
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Creates a password of 8 to 1024 bytes.
    pub fn new(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = Zeroizing::new(text.into());
        match text.len() {
            8..=1024 => Ok(Self(text)),
            _ => Err(Invalid::new("a password has 8 to 1024 bytes")),
        }
    }

    /// Returns the password itself, for hashing alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

hidden!(Password);

/// The digits that an authenticator app shows for half a minute, not yet verified: `otpCode` on the
/// wire.
///
/// ```
/// use credential_code::model::OneTimePassword;
///
/// assert!(OneTimePassword::new("081804").is_ok());
/// assert!(OneTimePassword::new("81804").is_err());
/// ```
#[derive(Clone)]
pub struct OneTimePassword(Zeroizing<String>);

impl OneTimePassword {
    /// Reads exactly six ASCII digits.
    pub fn new(digits: impl Into<String>) -> Result<Self, Invalid> {
        let digits = Zeroizing::new(digits.into());
        let is_right = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_right.then_some(Self(digits)).ok_or(Invalid::new("otpCode has exactly six digits"))
    }

    /// Returns the digits.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

hidden!(OneTimePassword);

/// The URL that an authenticator app reads from a QR code: `otpauth://totp/…`. It contains the
/// secret.
#[derive(Clone)]
pub struct OtpUrl(Zeroizing<String>);

impl OtpUrl {
    /// Creates the URL of a time-based one-time password.
    pub fn new(url: impl Into<String>) -> Result<Self, Invalid> {
        let url = Zeroizing::new(url.into());
        let is_totp = url.starts_with("otpauth://totp/");
        is_totp.then_some(Self(url)).ok_or(Invalid::new("an otpUrl starts with otpauth://totp/"))
    }

    /// Returns the URL itself. Only the answer to the exchange may carry it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

hidden!(OtpUrl);

/// The secret from which the server and the authenticator app compute one-time passwords: 160 bits,
/// for HMAC-SHA-1.
#[derive(Clone, Eq)]
pub struct TotpSecret(Zeroizing<[u8; 20]>);

impl TotpSecret {
    /// Creates a secret that a host read back from its storage.
    pub fn new(bytes: [u8; 20]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns the secret itself. Store it **encrypted**: anyone who reads it can sign in.
    pub fn reveal(&self) -> &[u8; 20] {
        &self.0
    }
}

/// Compares in constant time.
impl PartialEq for TotpSecret {
    fn eq(&self, other: &Self) -> bool {
        self.reveal().ct_eq(other.reveal()).into()
    }
}

hidden!(TotpSecret);

/// A password hashed with Argon2id, with its salt and its parameters:
/// `$argon2id$v=19$m=19456,t=2,p=1$…$…`.
#[derive(Clone, Eq, PartialEq)]
pub struct PasswordHash(Zeroizing<String>);

impl PasswordHash {
    /// Creates a [PHC string] of Argon2id.
    ///
    /// [PHC string]: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
    pub fn new(phc: impl Into<String>) -> Result<Self, Invalid> {
        let phc = Zeroizing::new(phc.into());
        let is_argon2id = phc.starts_with("$argon2id$");
        is_argon2id.then_some(Self(phc)).ok_or(Invalid::new("a password hash is a PHC string of Argon2id"))
    }

    /// Returns the PHC string. Store it, and show it to nobody: a weak password can be guessed from
    /// it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

hidden!(PasswordHash);

/// The secret that checks a credential without a public key. The host gets it once, with the
/// [`NewCredential`](crate::model::NewCredential). No answer, no event and no
/// [`Credential`](crate::model::Credential) holds it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CredentialSecret {
    /// The secret of the kind `Totp`.
    Totp {
        /// The shared secret. Store it encrypted.
        secret: TotpSecret,
        /// The time step of the one-time password that was used to register. RFC 6238 calls it `T`:
        /// the Unix time divided by 30. Store it, accept only later steps at sign-in, and raise it
        /// each time. Then no password is accepted twice.
        last_step: u64,
    },
    /// The secret of the kind `Password`.
    Password(PasswordHash),
}
