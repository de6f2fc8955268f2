use credential_code::attestation::{AttestationEngine, NativeEngine, TrustAnchors, VerifyError};
use credential_code::model::AttestationTrust;

use super::android_key::Android;
use super::apple::Apple;
use super::certificates::{
    BASIC_CONSTRAINTS, Certificate, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512, ED25519, Extension, KEY_USAGE,
    RSA_SHA256, RSA_SHA384, RSA_SHA512, named, root, root_key,
};
use super::fido_u2f::U2f;
use super::keys::Key;
use super::packed::Packed;
use super::registration::{AAGUID, Member, Passkey, check_with};
use super::tpm::{Tpm, usage};

const OTHER: [u8; 16] = *b"another-aaguid!!";

fn trust_by(
    anchors: TrustAnchors,
    attestation: &credential_code::attestation::Attestation,
) -> AttestationTrust {
    let engine = NativeEngine::new().trust(anchors).into();
    check_with(&engine, attestation).unwrap().fido2().unwrap().attestation_trust
}

fn anchor(certificate: &[u8]) -> TrustAnchors {
    TrustAnchors::new().with_root(certificate, [OTHER, AAGUID]).unwrap()
}

/// Returns a statement whose certificate is signed by an authority between it and the root.
fn packed_with(middle: &Certificate) -> Packed {
    let mut packed = Packed::new();
    packed.certificate = packed.certificate.by("Middle", middle.key.clone());
    packed.issuers = vec![middle.der()];
    packed
}

fn middle() -> Certificate {
    Certificate::authority("Middle", Key::p256(3))
}

#[test]
fn whom_a_configured_root_vouches_for_is_trusted() {
    let direct = Packed::new();
    assert_eq!(trust_by(anchor(&root()), &direct.attest()), AttestationTrust::Trusted);
    let mut with_root = Packed::new();
    with_root.issuers = vec![root()];
    assert_eq!(trust_by(anchor(&root()), &with_root.attest()), AttestationTrust::Trusted);
    let with_middle = packed_with(&middle());
    assert_eq!(trust_by(anchor(&root()), &with_middle.attest()), AttestationTrust::Trusted);
    assert_eq!(trust_by(anchor(&middle().der()), &with_middle.attest()), AttestationTrust::Trusted);
    // Some metadata has the certificate of the authenticator itself.
    let leaf = direct.certificate.der();
    assert_eq!(trust_by(anchor(&leaf), &direct.attest()), AttestationTrust::Trusted);

    for attestation in [Tpm::new().attest(), Apple::new().attest(), Android::new().attest()] {
        assert_eq!(trust_by(anchor(&root()), &attestation), AttestationTrust::Trusted);
    }
}

#[test]
fn an_authority_signs_with_any_algorithm_but_sha_1() {
    for (key, algorithm) in [
        (Key::p256(3), ECDSA_SHA256),
        (Key::p384(3), ECDSA_SHA384),
        (Key::p521(3), ECDSA_SHA512),
        (Key::ed25519(3), ED25519),
        (Key::rsa(), RSA_SHA256),
        (Key::rsa(), RSA_SHA384),
        (Key::rsa(), RSA_SHA512),
    ] {
        let mut packed = packed_with(&Certificate::authority("Middle", key));
        packed.certificate.algorithm = algorithm;
        assert_eq!(trust_by(anchor(&root()), &packed.attest()), AttestationTrust::Trusted, "{algorithm}");
    }
}

#[test]
fn nobody_else_is_trusted() {
    let untrusted = |anchors: TrustAnchors, packed: &Packed| {
        assert_eq!(trust_by(anchors, &packed.attest()), AttestationTrust::Untrusted);
    };
    untrusted(TrustAnchors::new(), &Packed::new());
    // Another model's root.
    untrusted(TrustAnchors::new().with_root(&root(), [OTHER]).unwrap(), &Packed::new());
    // A root of the same name with another key.
    untrusted(anchor(&Certificate::authority("Root", Key::p256(9)).der()), &Packed::new());
    // A root of another name with the same key.
    untrusted(anchor(&Certificate::authority("Roof", root_key()).der()), &Packed::new());
    // An attacker sends their own root along, under the name of ours.
    let mut forged = Packed::new();
    forged.certificate.signer = Key::p256(9);
    forged.issuers = vec![Certificate::authority("Root", Key::p256(9)).by("Root", Key::p256(9)).der()];
    untrusted(anchor(&root()), &forged);
    // A certificate that a leaf signed, when that leaf is a root.
    let leaf = Certificate::new(named("Middle"), Key::p256(3));
    let mut by_leaf = Packed::new();
    by_leaf.certificate = by_leaf.certificate.by("Middle", Key::p256(3));
    untrusted(anchor(&leaf.der()), &by_leaf);
    // A longer path than the root allows.
    let mut narrow = Certificate::authority("Root", root_key());
    narrow.extensions = vec![Extension::authority(Some(0))];
    untrusted(anchor(&narrow.der()), &packed_with(&middle()));
    assert_eq!(trust_by(anchor(&narrow.der()), &Packed::new().attest()), AttestationTrust::Trusted);
}

#[test]
fn a_passkey_that_vouches_for_itself_is_not_trusted() {
    let anchors = || TrustAnchors::new().with_root(&root(), [AAGUID, [0; 16]]).unwrap();
    let passkey = Passkey::new(root_key());
    let signature = passkey.key.sign(-7, &passkey.signed_message());
    let statement = [("alg", Member::Number(-7)), ("sig", Member::Bytes(signature))];
    assert_eq!(trust_by(anchors(), &passkey.attest("packed", &statement)), AttestationTrust::Untrusted);
    assert_eq!(trust_by(anchors(), &passkey.attest("none", &[])), AttestationTrust::Untrusted);
}

#[test]
fn a_u2f_key_is_trusted_as_long_as_it_claims_only_what_it_signed() {
    let anchors = || TrustAnchors::new().with_root(&root(), [AAGUID, [0; 16]]).unwrap();
    assert_eq!(trust_by(anchors(), &U2f::new().attest()), AttestationTrust::Trusted);
    let claims: [fn(&mut Passkey); 4] = [
        |it| it.aaguid = AAGUID,
        // Verified, eligible for backup, backed up.
        |it| it.flags = 0x45,
        |it| it.flags = 0x49,
        |it| it.flags = 0x59,
    ];
    for (index, claim) in claims.into_iter().enumerate() {
        let mut key = U2f::new();
        claim(&mut key.passkey);
        assert_eq!(trust_by(anchors(), &key.attest()), AttestationTrust::Untrusted, "claim {index}");
    }
}

#[test]
fn a_root_is_a_name_and_a_key_and_what_it_says_of_itself() {
    let packed = Packed::new().attest();
    let spoiled = |spoil: fn(&mut Certificate)| {
        let mut root = Certificate::authority("Root", root_key());
        spoil(&mut root);
        TrustAnchors::new().with_root(&root.der(), [AAGUID])
    };
    let trusted: [fn(&mut Certificate); 3] = [
        // Of version 1.
        |it| (it.version, it.extensions) = (0, Vec::new()),
        |it| it.extensions.clear(),
        // keyCertSign
        |it| it.extensions = vec![Extension::new(KEY_USAGE, vec![3, 2, 2, 0x04])],
    ];
    for (index, spoil) in trusted.into_iter().enumerate() {
        assert_eq!(trust_by(spoiled(spoil).unwrap(), &packed), AttestationTrust::Trusted, "root {index}");
    }
    let silent: [fn(&mut Certificate); 4] = [
        |it| it.extensions = vec![Extension::end_entity()],
        // digitalSignature
        |it| it.extensions.push(Extension::new(KEY_USAGE, vec![3, 2, 7, 0x80])),
        |it| it.extensions = vec![Extension::new(KEY_USAGE, vec![3, 2, 7, 0x80])],
        // Signed by another authority. Only that authority could say that it may sign.
        |it| (it.extensions, it.issuer) = (Vec::new(), named("Above")),
    ];
    for (index, spoil) in silent.into_iter().enumerate() {
        assert_eq!(trust_by(spoiled(spoil).unwrap(), &packed), AttestationTrust::Untrusted, "root {index}");
    }
    let malformed: [fn(&mut Certificate); 2] = [
        |it| it.extensions = vec![Extension::new(BASIC_CONSTRAINTS, vec![5, 0])],
        |it| it.extensions.push(Extension::new(KEY_USAGE, vec![5, 0])),
    ];
    for (index, spoil) in malformed.into_iter().enumerate() {
        assert!(spoiled(spoil).is_err(), "root {index}");
    }
}

#[test]
fn only_a_chain_that_is_for_signatures_is_trusted() {
    let key_usage = |unused, bits| Extension::new(KEY_USAGE, vec![3, 2, unused, bits]);
    let purpose = || usage("1.3.6.1.5.5.7.3.1");
    let leaf = |extension| {
        let mut packed = Packed::new();
        packed.certificate.extensions.push(extension);
        packed.attest()
    };
    let issuer = |extension| {
        let mut middle = middle();
        middle.extensions.push(extension);
        packed_with(&middle).attest()
    };
    let mut silent = Packed::new();
    silent.certificate.extensions[1] = purpose().critical();
    let mut tpm = Tpm::new();
    tpm.certificate.extensions[2].is_critical = true;

    // digitalSignature
    let trusted = [leaf(key_usage(7, 0x80)), leaf(purpose()), issuer(purpose()), tpm.attest()];
    for (index, attestation) in trusted.iter().enumerate() {
        assert_eq!(trust_by(anchor(&root()), attestation), AttestationTrust::Trusted, "{index}");
    }
    // keyEncipherment, and a value that is no key usage.
    let untrusted = [
        leaf(key_usage(5, 0x20)),
        leaf(Extension::new(KEY_USAGE, vec![5, 0])),
        leaf(purpose().critical()),
        issuer(purpose().critical()),
    ];
    for (index, attestation) in untrusted.iter().enumerate() {
        assert_eq!(trust_by(anchor(&root()), attestation), AttestationTrust::Untrusted, "{index}");
    }
    let only = TrustAnchors::new().with_root(&root(), [AAGUID]).unwrap();
    assert_eq!(trust_by(only, &silent.attest()), AttestationTrust::Untrusted);
}

#[test]
fn whom_a_root_for_several_models_vouches_for_says_which() {
    let mut silent = Packed::new();
    silent.certificate.extensions.pop();
    let silent = silent.attest();
    let add = |anchors: TrustAnchors, aaguid| anchors.with_root(&root(), [aaguid]).unwrap();
    let one = add(TrustAnchors::new(), AAGUID);
    assert_eq!(trust_by(one.clone(), &silent), AttestationTrust::Trusted);
    assert_eq!(trust_by(add(one.clone(), AAGUID), &silent), AttestationTrust::Trusted, "listed twice");

    // Its signer may be the other model.
    assert_eq!(trust_by(anchor(&root()), &silent), AttestationTrust::Untrusted);
    assert_eq!(trust_by(add(one.clone(), OTHER), &silent), AttestationTrust::Untrusted);
    let renewed = Certificate::authority("Renewed", root_key()).der();
    assert_eq!(trust_by(one.with_root(&renewed, [OTHER]).unwrap(), &silent), AttestationTrust::Untrusted);
}

#[test]
fn trust_may_be_required() {
    let engine: AttestationEngine = NativeEngine::new().trust_only(anchor(&root())).into();
    let trusted = check_with(&engine, &Packed::new().attest()).unwrap();
    assert_eq!(trusted.fido2().unwrap().attestation_trust, AttestationTrust::Trusted);

    let mut stranger = Packed::new();
    stranger.certificate = stranger.certificate.by("Stranger", Key::p256(9));
    let nothing = Passkey::new(Key::p256(1)).attest("none", &[]);
    for attestation in [stranger.attest(), nothing] {
        let refused = check_with(&engine, &attestation).unwrap_err();
        assert!(matches!(refused, VerifyError::Untrusted), "{refused:?}");
        assert!(refused.is_mendable(), "another authenticator may do");
    }
}

#[test]
fn the_last_word_on_trust_counts() {
    let nothing = Passkey::new(Key::p256(1)).attest("none", &[]);
    let trusting = NativeEngine::new().trust_only(anchor(&root())).trust(anchor(&root()));
    assert!(check_with(&trusting.clone().into(), &nothing).is_ok());
    assert!(check_with(&trusting.trust_only(anchor(&root())).into(), &nothing).is_err());
}

#[test]
fn a_root_is_a_certificate_for_at_least_one_model() {
    assert!(TrustAnchors::new().with_root(&root(), []).is_err());
    assert!(TrustAnchors::new().with_root(&[root(), vec![0]].concat(), [AAGUID]).is_err());
    assert!(TrustAnchors::new().with_root(b"", [AAGUID]).is_err());
}
