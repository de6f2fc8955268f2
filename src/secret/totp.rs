//! RFC 6238 with what every authenticator app understands: SHA-1, six digits, thirty seconds.

use std::time::{SystemTime, UNIX_EPOCH};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::model::{ChallengeId, CredentialSecret, OneTimePassword, OtpUrl, RelyingParty, TotpSecret, User};
use crate::secret::SecretError;
use crate::store::{Slot, SlotKeys, SlotLabel};

const SECONDS: u64 = 30;
/// RFC 6238 recommends no more for what takes time on its way (section 5.2), and lets clocks differ either way (section 6).
const STEPS_OF_SKEW: u16 = 1;
/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Derives the secret that goes with a challenge id, under the key that also made the challenge's slot.
///
/// A store has neither the key nor the challenge id, so it never sees the secret. As long as a challenge is found, its
/// secret is the same.
pub(super) fn secret(keys: &SlotKeys, challenge: Slot, id: &ChallengeId) -> Option<TotpSecret> {
    let derived = keys.derive(challenge, SlotLabel::Challenge, SlotLabel::TotpSecret, id.secret())?;
    derived.as_bytes().first_chunk().copied().map(TotpSecret::new)
}

/// What the authenticator app scans: under the relying party's name, or its id if it has none, and the account's name.
///
/// The [Key URI format] keeps the two apart by a colon and allows none in either, so theirs are shown as hyphens.
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

/// Verifies that whoever sends the one-time password has the secret. The comparison takes the same time wherever two differ.
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
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use totp_rs::{Builder, Secret};

    use super::{url, verify};
    use crate::model::{CredentialSecret, OneTimePassword, RelyingParty, TotpSecret, User, UserId};

    /// RFC 6238, appendix B, and the reference implementation in appendix A for the secret.
    const SECRET: [u8; 20] = *b"12345678901234567890";
    const VECTORS: [(u64, &str); 6] = [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ];

    fn step(password: &str, now: u64) -> Option<u64> {
        let now = UNIX_EPOCH + Duration::from_secs(now);
        let password = OneTimePassword::new(password).unwrap();
        match verify(TotpSecret::new(SECRET), &password, now) {
            Ok(CredentialSecret::Totp { secret, last_step }) => {
                assert_eq!(secret, TotpSecret::new(SECRET));
                Some(last_step)
            }
            Ok(CredentialSecret::Password(_)) => panic!("that is no password"),
            Err(_) => None,
        }
    }

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        let eight = Builder::new().with_digits(8).with_secret(Secret::new_stack(SECRET)).build().unwrap();
        for (time, digits) in VECTORS {
            assert_eq!(eight.generate(time).to_string(), digits, "{time}");
            assert_eq!(step(&digits[2..], time), Some(time / 30), "the last six of them: {time}");
        }
    }

    #[test]
    fn one_step_before_and_one_after_are_accepted_and_no_other() {
        for (time, digits) in VECTORS {
            let own = time / 30;
            for (asked_at, expected) in [
                (own.checked_sub(2), None),
                (own.checked_sub(1), Some(own)),
                (Some(own), Some(own)),
                (Some(own + 1), Some(own)),
                (Some(own + 2), None),
            ] {
                let Some(asked_at) = asked_at else { continue };
                for second in [0, 29] {
                    assert_eq!(step(&digits[2..], asked_at * 30 + second), expected, "{time} at {asked_at}");
                }
            }
        }
    }

    #[test]
    fn a_url_says_who_asks_and_for_whom_whatever_their_names_are() {
        let shown = |party: &str, name: &str| {
            let party = RelyingParty::new("example.com", party, ["https://example.com"]).unwrap();
            let user = User::new(UserId::new("us-1").unwrap(), name);
            String::from(url(&TotpSecret::new(SECRET), &party, &user).reveal())
        };
        let rest = |issuer: &str| {
            let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
            format!("?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
        };
        for (party, name, issuer, account) in [
            ("Example", "ada@example.com", "Example", "ada%40example.com"),
            ("Big Corp", "Ada Lovelace", "Big%20Corp", "Ada%20Lovelace"),
            ("A:B", "urn:user:1", "A-B", "urn-user-1"),
            ("100%", "50%3A&x=/?#+", "100%25", "50%253A%26x%3D%2F%3F%23%2B"),
            ("Füße", "阿達", "F%C3%BC%C3%9Fe", "%E9%98%BF%E9%81%94"),
            (" ", "", "example.com", "us-1"),
            ("a-b.c_d~e", "\"<\n>\"", "a-b.c_d~e", "%22%3C%0A%3E%22"),
        ] {
            let expected = format!("otpauth://totp/{issuer}:{account}{}", rest(issuer));
            assert_eq!(shown(party, name), expected);
        }
    }
}
