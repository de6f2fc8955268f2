//! Which public keys are accepted, and in which spelling.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use credential_code::crypto::{Digest, KeyAlgorithm, PublicKey, PublicKeyError};
use credential_code::model::EncryptedPrivateKey;
use crypto_bigint::BoxedUint;
use crypto_bigint::modular::BoxedMontyForm;
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::EncodePublicKey;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn pem(name: &str) -> String {
    let file: Value = serde_json::from_str(include_str!("../vectors/public_keys.json")).unwrap();
    file["keys"][name].as_str().unwrap_or_else(|| panic!("{name} is missing")).to_owned()
}

fn refusal(pem: &str) -> PublicKeyError {
    PublicKey::from_pem(pem).expect_err("a refusal")
}

/// Returns the same block with its base64 in lines of `columns`, and another line end.
fn respelled(pem: &str, columns: usize, line_end: &str) -> String {
    let mut lines: Vec<&str> = pem.lines().collect();
    let base64 = lines[1..lines.len() - 1].concat();
    let wrapped = base64.as_bytes().chunks(columns).map(|line| std::str::from_utf8(line).unwrap());
    lines.splice(1..lines.len() - 1, wrapped);
    lines.join(line_end) + line_end
}

#[test]
fn every_supported_kind_is_read_and_written_as_it_came() {
    let kinds = [
        ("ed25519", KeyAlgorithm::Ed25519),
        ("p256", KeyAlgorithm::P256),
        ("p384", KeyAlgorithm::P384),
        ("p521", KeyAlgorithm::P521),
        ("secp256k1", KeyAlgorithm::Secp256k1),
        ("rsa-2048", KeyAlgorithm::Rsa),
        ("rsa-4096", KeyAlgorithm::Rsa),
    ];
    for (name, algorithm) in kinds {
        let key = PublicKey::from_pem(&pem(name)).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(key.to_pem(), pem(name));
    }
}

#[test]
fn a_key_is_the_same_in_every_spelling_of_clients() {
    let canonical = pem("p256");
    let key = PublicKey::from_pem(&canonical).unwrap();
    let spellings = [
        canonical.trim_end().to_owned(),
        respelled(&canonical, 1000, "\n"),
        respelled(&canonical, 1000, "\n").trim_end().to_owned(),
        respelled(&canonical, 76, "\n"),
        respelled(&canonical, 64, "\r\n"),
        respelled(&canonical, 64, "\r\n").trim_end().to_owned(),
    ];
    for spelling in spellings {
        assert_eq!(PublicKey::from_pem(&spelling).as_ref(), Ok(&key), "{spelling:?}");
    }
}

#[test]
fn nothing_stands_around_the_one_block_or_between_its_lines() {
    let good = pem("p256");
    let one_line = respelled(&good, 1000, "\n");
    let spoiled = [
        String::new(),
        good.repeat(2),
        format!("{good}{}", pem("p384")),
        format!("key:\n{good}"),
        format!(" {good}"),
        format!("\n{good}"),
        format!("{good}\n"),
        format!("{good} "),
        format!("{good}trailing"),
        good.replace("-----BEGIN", "----BEGIN"),
        good.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
        good.replace("PUBLIC KEY", "EC PUBLIC KEY"),
        good.replace("END PUBLIC KEY", "END RSA PUBLIC KEY"),
        good.replacen('\n', "", 1),
        good.replacen('\n', "\n\n", 1),
        good.replacen('\n', "\nProc-Type: 4,ENCRYPTED\n\n", 1),
        good.replacen('\n', "\r", 3),
        one_line.replacen('M', " M", 1),
        one_line.replacen("==\n", "=\n", 1),
        one_line.replacen("==\n", "\n", 1),
        one_line.replace('+', "-"),
        one_line.replacen("MFkw", "MFk\u{a0}w", 1),
    ];
    for text in spoiled.iter().filter(|text| **text != one_line) {
        assert!(
            matches!(refusal(text), PublicKeyError::Pem | PublicKeyError::Encoding),
            "{text:?}: {:?}",
            refusal(text)
        );
    }
}

#[test]
fn a_private_key_is_never_a_public_key() {
    let private = pem("p256-private");
    assert_eq!(refusal(&private), PublicKeyError::PrivateKey);
    assert_eq!(refusal(&format!("{}{private}", pem("p256"))), PublicKeyError::PrivateKey);
    assert!(!refusal(&private).to_string().contains("MIG"));
}

#[test]
fn what_is_plainly_a_private_key_is_no_encrypted_one() {
    let pem = pem("p256-private");
    let pkcs8: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pkcs1 = STANDARD.encode(crate::rsa_key::private_key().to_pkcs1_der().unwrap().as_bytes());
    // A version of 1 and 32 bytes: the least of SEC 1.
    let sec1 = STANDARD.encode([&[0x30, 0x25, 2, 1, 1, 4, 32][..], &[7; 32]].concat());
    let jwk = r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}"#.to_owned();
    let lines = format!("{}\n{}\n", &pkcs8[..64], &pkcs8[64..]);
    let url_safe = pkcs1.replace('+', "-").replace('/', "_").replace('=', "");
    let plain = [
        pem.to_ascii_lowercase(),
        format!("{{\"pem\":\"{}\"}}", pem.replace('\n', "\\n")),
        pem.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
        pem,
        format!("\n {jwk}"),
        jwk,
        lines,
        pkcs8,
        pkcs1,
        url_safe,
        sec1,
    ];
    for text in plain {
        let refused = EncryptedPrivateKey::new(&*text).expect_err(&text).to_string();
        assert!(refused.contains("has to be encrypted"), "{refused}");
    }
    // An encrypted key in DER begins with the name of its cipher.
    let encrypted = STANDARD.encode([0x30, 8, 0x30, 2, 5, 0, 4, 2, 7, 7]);
    for text in [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAgwAgUABAIHBw==\n-----END ENCRYPTED PRIVATE KEY-----\n",
        &encrypted,
        "MEOW",
        r#"{"kty":"EC","ciphertext":"AA"}"#,
        "c2VjcmV0LWJ1dC1lbmNyeXB0ZWQ=",
    ] {
        assert!(EncryptedPrivateKey::new(text).is_ok(), "{text}");
    }
}

#[test]
fn pkcs1_and_spki_of_an_rsa_key_are_one_key() {
    assert_eq!(PublicKey::from_pem(&pem("rsa-2048-pkcs1")), PublicKey::from_pem(&pem("rsa-2048")));
}

#[test]
fn a_compressed_point_is_kept_uncompressed() {
    for curve in ["p256", "p384", "p521", "secp256k1"] {
        let compressed = PublicKey::from_pem(&pem(&format!("{curve}-compressed"))).unwrap();
        assert_eq!(compressed.to_pem(), pem(curve));
    }
}

#[test]
fn weak_and_foreign_keys_are_refused() {
    for name in ["rsa-1024", "rsa-2047", "rsa-4104"] {
        assert_eq!(refusal(&pem(name)), PublicKeyError::Rsa, "{name}");
    }
    for name in ["rsa-pss", "p224", "brainpool", "ed448", "x25519"] {
        assert_eq!(refusal(&pem(name)), PublicKeyError::UnsupportedAlgorithm, "{name}");
    }
    for name in ["p256-hybrid", "p256-off-curve", "p256-identity"] {
        assert_eq!(refusal(&pem(name)), PublicKeyError::Point, "{name}");
    }
}

#[test]
fn an_ed25519_key_that_anybody_can_sign_for_is_refused() {
    let small_order = [
        // The identity, the point of order two, and a non-canonical spelling of the identity.
        [&[1][..], &[0; 31]].concat(),
        [&[0xec][..], &[0xff; 30], &[0x7f]].concat(),
        [&[0xee][..], &[0xff; 30], &[0x7f]].concat(),
    ];
    for point in small_order {
        let spki =
            [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], &point[..]].concat();
        assert_eq!(PublicKey::from_spki_der(&spki), Err(PublicKeyError::Point));
    }
}

#[test]
fn an_rsa_signature_is_as_long_as_its_modulus() {
    let file: Value = serde_json::from_str(include_str!("../vectors/rsa_signatures.json")).unwrap();
    let bytes = |text: &Value| URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap();
    let mut keys = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let Ok(key) = PublicKey::from_spki_der(&bytes(&vector["publicKeyDer"])) else { continue };
        let signature = bytes(&vector["signature"]);
        let holds = |signature: &[u8]| key.verify(Digest::Sha256, b"a message", signature).is_ok();
        assert!(holds(&signature), "{}", vector["bits"]);
        for zeros in 1..=8 {
            assert!(!holds(&[&[0; 8][..zeros], &signature].concat()), "{} bits, {zeros}", vector["bits"]);
            assert!(!holds(&signature[zeros..]), "{} bits, {zeros}", vector["bits"]);
        }
        keys += 1;
    }
    assert_eq!(keys, 10);
}

/// Signs the encoded block of an RSA signature, well formed or not.
fn signed(key: &RsaPrivateKey, encoded: &[u8]) -> Vec<u8> {
    let number = BoxedUint::from_be_slice(encoded, 2048).unwrap();
    BoxedMontyForm::new(number, key.n_params()).pow(key.d()).retrieve().to_be_bytes().into()
}

/// Returns `00 01 ff … ff 00` and the end behind it, 256 bytes in all.
fn padded(end: &[u8]) -> Vec<u8> {
    [&[0, 1], &vec![0xff; 253 - end.len()][..], &[0], end].concat()
}

#[test]
fn an_rsa_signature_is_over_one_encoding() {
    const MESSAGE: &[u8] = b"a message";
    const NAME: &[u8] = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    const WITHOUT_NULL: &[u8] = b"\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20";
    const LONG_FORM: &[u8] =
        b"\x30\x81\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    const OF_SHA512: &[u8] = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x20";
    let key = crate::rsa_key::private_key();
    let public_key = key.to_public_key().to_public_key_der().unwrap();
    let public_key = PublicKey::from_spki_der(public_key.as_bytes()).unwrap();
    let hash = Sha256::digest(MESSAGE);
    let holds = |encoded: &[u8]| {
        let signature = signed(&key, encoded);
        public_key.verify(Digest::Sha256, MESSAGE, &signature).is_ok()
    };

    let right = padded(&[NAME, &hash].concat());
    assert!(holds(&right));
    for at in 0..right.len() {
        let mut other = right.clone();
        other[at] ^= 1 << (at % 7);
        assert!(!holds(&other), "byte {at}");
    }
    for name in [WITHOUT_NULL, LONG_FORM, OF_SHA512, &[]] {
        assert!(!holds(&padded(&[name, &hash].concat())), "{name:02x?}");
    }
    // There is room for anything that makes a cube, behind the digest and before it.
    for short in [8, 0] {
        let (start, end) = ([&[0, 1], &vec![0xff; short][..], &[0]].concat(), [NAME, &hash].concat());
        let room = vec![0; 256 - start.len() - end.len()];
        assert!(!holds(&[&start[..], &end, &room].concat()), "{short} and room behind");
        assert!(!holds(&[&start[..], &room, &end].concat()), "{short} and room before");
    }
}

#[test]
fn the_der_is_consumed_to_its_end() {
    let key = PublicKey::from_pem(&pem("p256")).unwrap();
    let der = key.to_spki_der();
    assert_eq!(PublicKey::from_spki_der(&[der, &[0]].concat()), Err(PublicKeyError::Encoding));
    assert_eq!(PublicKey::from_spki_der(&der[..der.len() - 1]), Err(PublicKeyError::Encoding));
    let long_form = [&[0x30, 0x81, 0x59], &der[2..]].concat();
    assert_eq!(PublicKey::from_spki_der(&long_form), Err(PublicKeyError::Encoding));
}

#[test]
fn a_stored_key_is_checked_again_when_it_is_read() {
    let key = PublicKey::from_pem(&pem("ed25519")).unwrap();
    let stored = serde_json::to_string(&key).unwrap();
    assert_eq!(serde_json::from_str::<PublicKey>(&stored).unwrap(), key);
    assert!(serde_json::from_str::<PublicKey>("\"AAAA\"").is_err());
}

/// Returns the key's structure with other parameters behind the identifier of its algorithm. The
/// keys here are of fewer than 128 bytes, or of 256 and more.
fn with_parameters(der: &[u8], parameters: &[u8]) -> Vec<u8> {
    let wrap = |content: Vec<u8>| match u8::try_from(content.len()) {
        Ok(short @ ..128) => [vec![0x30, short], content].concat(),
        Ok(_) | Err(_) => {
            let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
            [vec![0x30, 0x82, high, low], content].concat()
        }
    };
    let content = if der[1] < 128 { &der[2..] } else { &der[4..] };
    let (algorithm, key) = content.split_at(2 + usize::from(content[1]));
    let identifier = &algorithm[2..][..2 + usize::from(algorithm[3])];
    wrap([wrap([identifier, parameters].concat()), key.to_vec()].concat())
}

/// RFC 8410, section 3, and RFC 3279, section 2.3.1.
#[test]
fn an_algorithm_has_its_own_parameters_and_no_others() {
    let (null, curve) = ([5, 0], [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]);
    let read = |name: &str, parameters: &[u8]| {
        let key = PublicKey::from_pem(&pem(name)).unwrap();
        PublicKey::from_spki_der(&with_parameters(key.to_spki_der(), parameters)).map(|again| again == key)
    };
    for (name, own, others) in [
        ("ed25519", &[][..], [&null[..], &curve]),
        ("rsa-2048", &null, [&[], &curve]),
        ("p256", &curve, [&[], &null]),
    ] {
        assert_eq!(read(name, own), Ok(true), "{name}");
        for other in others {
            assert_eq!(read(name, other), Err(PublicKeyError::Encoding), "{name} with {other:?}");
        }
    }
}

#[test]
fn a_digest_has_one_name_in_storage() {
    for (digest, name) in [(Digest::Sha256, "SHA256"), (Digest::Sha384, "SHA384"), (Digest::Sha512, "SHA512")]
    {
        assert_eq!(digest.to_string(), name);
        assert_eq!(name.parse(), Ok(digest));
    }
    for strange in ["", "sha256", "SHA-256", "SHA1"] {
        assert!(strange.parse::<Digest>().is_err(), "{strange}");
    }
}
