use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use totp_rs::{Builder, Secret, Totp};

use crate::code::Proof;
use crate::model::{OneTimePassword, TotpSecret};

/// An authenticator app that scanned an `otpUrl`. The test gives it the time.
///
/// ```
/// use credential_code::clock::Clock;
/// use credential_code::testing::{ManualClock, TotpClient};
///
/// let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// let url = format!("otpauth://totp/Example:ada?secret={secret}&issuer=Example");
/// let app = TotpClient::scan(&url);
/// let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(59);
/// assert_eq!(app.password_at(time), "287082");
/// assert_eq!(app.password_at(ManualClock::new().now()).len(), 6);
/// ```
#[derive(Clone)]
pub struct TotpClient {
    secret: TotpSecret,
    totp: Totp,
}

impl TotpClient {
    /// Reads the secret. Assumes SHA-1, six digits and thirty seconds, as many apps do.
    ///
    /// # Panics
    ///
    /// If the URL has no secret of 160 bits in base32.
    pub fn scan(otp_url: &str) -> Self {
        let (_, parameters) = otp_url.split_once('?').expect("an otpUrl has parameters");
        let secret = parameters.split('&').find_map(|parameter| parameter.strip_prefix("secret="));
        let secret = Secret::try_from_base32(secret.expect("an otpUrl has a secret"));
        let secret = secret.expect("the secret is in base32").as_bytes().try_into();
        let secret: [u8; 20] = secret.expect("the secret has 160 bits");
        let totp = Builder::new().with_secret(Secret::new_stack(secret)).build();
        Self { secret: TotpSecret::new(secret), totp: totp.expect("160 bits are enough") }
    }

    /// Returns the digits that it shows at that time: `credentialInfo.otpCode`.
    pub fn password_at(&self, now: SystemTime) -> String {
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.totp.generate(seconds).to_string()
    }

    /// Returns the proof that a person types to register at that time.
    pub fn prove_at(&self, now: SystemTime) -> Proof {
        OneTimePassword::new(self.password_at(now)).expect("it has six digits").into()
    }

    /// Returns the secret that it scanned.
    pub fn secret(&self) -> &TotpSecret {
        &self.secret
    }
}

impl fmt::Debug for TotpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TotpClient").field("secret", &self.secret).finish_non_exhaustive()
    }
}
