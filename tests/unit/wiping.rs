//! Secrets are wiped when they are dropped. The memory of this process tells, also after it was
//! freed.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use crate::model::{ActionProof, CodeFormat, OtpUrl, Password, PasswordHash, TotpSecret};
use crate::store::SlotKey;

/// How much of what is freed an allocator writes over.
const OVERWRITTEN: usize = 32;

/// Drops the owner of a secret that lies at an address, and asserts that nothing of it is left.
pub(crate) fn assert_wiped<T>(owner: T, address: usize, secret: &[u8]) {
    assert_wiped_by(|| drop(owner), address, secret);
}

/// Frees a secret that lies at an address, and asserts that nothing of it is left.
pub(crate) fn assert_wiped_by(free: impl FnOnce(), address: usize, secret: &[u8]) {
    let memory = File::open("/proc/self/mem").unwrap();
    let mut left = vec![0; secret.len()];
    memory.read_exact_at(&mut left, address as u64).unwrap();
    assert_eq!(left, secret, "it lies there");
    free();
    memory.read_exact_at(&mut left, address as u64).unwrap();
    assert_ne!(left[OVERWRITTEN..], secret[OVERWRITTEN..]);
}

/// Hands over a text, which then lies where it lay before.
fn assert_takes_and_wipes<T>(text: &str, take: impl FnOnce(String) -> T) {
    let own = text.to_owned();
    let address = own.as_ptr().addr();
    assert_wiped(take(own), address, text.as_bytes());
}

#[test]
fn secrets_are_wiped_when_they_are_dropped() {
    let text = "a secret of a person ".repeat(5);
    assert_takes_and_wipes(&text, |own| Password::new(own).unwrap());
    assert_takes_and_wipes(&text, ActionProof::new);
    assert_takes_and_wipes(&text, |own| SlotKey::new(own).unwrap());
    assert_takes_and_wipes(&format!("otpauth://totp/{text}"), |own| OtpUrl::new(own).unwrap());
    assert_takes_and_wipes(&format!("$argon2id${text}"), |own| PasswordHash::new(own).unwrap());

    let code = CodeFormat::with_symbols(52).unwrap().mint_with_enrolment().unwrap().0;
    let (address, secret) = (code.secret().as_ptr().addr(), code.secret().to_vec());
    assert_wiped(code, address, &secret);

    let secrets = Box::new([TotpSecret::new([7; 20]), TotpSecret::new([8; 20]), TotpSecret::new([9; 20])]);
    let address = secrets[0].reveal().as_ptr().addr();
    let secret = secrets.each_ref().map(|secret| *secret.reveal()).concat();
    assert_wiped(secrets, address, &secret);
}
