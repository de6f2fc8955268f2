//! One program with every target. The variable `TARGET` says which one runs.
#![no_main]

mod assertion;
mod backends;
mod canonical_json;
mod certificates;
mod code_text;
mod expiration_text;
mod http_body;
mod key_registration;
mod key_registration_bytes;
mod origin_text;
mod p256_signature;
mod passkey_registration;
mod passkey_registration_bytes;
mod public_key_der;
mod public_key_pem;
mod record;
mod root_certificate;
mod sign_in_body;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("TARGET").expect("TARGET names a target");
    match name.as_str() {
        "assertion" => assertion::run,
        "backends" => backends::run,
        "canonical_json" => canonical_json::run,
        "certificates" => certificates::run,
        "code_text" => |input| of_text(code_text::run, input),
        "expiration_text" => |input| of_text(expiration_text::run, input),
        "http_body" => http_body::run,
        "key_registration" => key_registration::run,
        "key_registration_bytes" => key_registration_bytes::run,
        "origin_text" => |input| of_text(origin_text::run, input),
        "p256_signature" => p256_signature::run,
        "passkey_registration" => passkey_registration::run,
        "passkey_registration_bytes" => passkey_registration_bytes::run,
        "public_key_der" => public_key_der::run,
        "public_key_pem" => |input| of_text(public_key_pem::run, input),
        "record" => record::run,
        "root_certificate" => root_certificate::run,
        "sign_in_body" => sign_in_body::run,
        _ => panic!("no target has the name {name}"),
    }
});

fuzz_target!(|input: &[u8]| TARGET(input));

fn of_text(target: fn(&str), input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        target(text);
    }
}
