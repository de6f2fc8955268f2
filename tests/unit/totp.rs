//! One-time passwords against RFC 6238, and the URL that an app scans.

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
