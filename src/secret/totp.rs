//! RFC 6238 with the parameters that every authenticator app understands: SHA-1, six digits, thirty
//! seconds.

use std::time::{SystemTime, UNIX_EPOCH};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::model::{ChallengeId, CredentialSecret, OneTimePassword, OtpUrl, RelyingParty, TotpSecret, User};
use crate::secret::SecretError;
use crate::store::{Slot, SlotKeys, SlotLabel};

const SECONDS: u64 = 30;
/// RFC 6238 recommends no larger allowance for a delay on the way (section 5.2), and lets clocks
/// differ either way (section 6).
const STEPS_OF_SKEW: u16 = 1;
/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Derives the secret for a challenge id, under the key that also made the challenge's slot.
///
/// A store has neither the key nor the challenge id, so it never sees the secret. While a challenge
/// can be found, its secret is the same.
pub(super) fn secret(keys: &SlotKeys, challenge: Slot, id: &ChallengeId) -> Option<TotpSecret> {
    let derived = keys.derive(challenge, SlotLabel::Challenge, SlotLabel::TotpSecret, id.secret())?;
    derived.as_bytes().first_chunk().copied().map(TotpSecret::new)
}

/// Returns the URL for the authenticator app to scan. It names the account under the relying
/// party's name, or under its id if it has no name.
///
/// The [Key URI format] separates the two by a colon and allows none in either. So a colon in a
/// name is shown as a hyphen.
///
/// [Key URI format]: https://github.com/google/google-authenticator/wiki/Key-Uri-Format
pub(super) fn url(secret: &TotpSecret, relying_party: &RelyingParty, user: &User) -> OtpUrl {
    let issuer = match relying_party.name().trim() {
        "" => relying_party.id(),
        name => name,
    };
    let account = match user.name.trim() {
        "" => user.id.as_str(),
        name => name,
    };
    let [issuer, account] = [issuer, account].map(|name| name.replace(':', "-"));
    let issuer = utf8_percent_encode(&issuer, ENCODED);
    let account = utf8_percent_encode(&account, ENCODED);
    let secret = Zeroizing::new(Secret::new_stack(*secret.reveal()).to_base32());
    let secret = secret.as_str();
    OtpUrl::new(format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={SECONDS}"
    ))
    .expect("it starts with what such a URL starts with")
}

/// Verifies that the sender of the one-time password has the secret. The comparison takes the same
/// time for every wrong password.
pub(super) fn verify(
    secret: TotpSecret,
    password: &OneTimePassword,
    now: SystemTime,
) -> Result<CredentialSecret, SecretError> {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let last_step = totp(&secret).check(password.reveal(), now).ok_or(SecretError::OneTimePassword)?;
    Ok(CredentialSecret::Totp { secret, last_step })
}

fn totp(secret: &TotpSecret) -> Totp {
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(STEPS_OF_SKEW);
    let builder = builder.with_step_duration(SECONDS).with_secret(Secret::new_stack(*secret.reveal()));
    builder.build().expect("six digits of 160 bits are within RFC 6238")
}

#[cfg(test)]
#[path = "../../tests/unit/totp.rs"]
mod tests;
