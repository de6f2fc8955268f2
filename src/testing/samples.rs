//! What the suites store: credentials and enrolments, with every field set where that matters.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::crypto::Digest;
use crate::encoding::base64url;
use crate::model::{
    AttestationTrust, Credential, CredentialId, CredentialKind, CredentialUuid, EncryptedPrivateKey,
    Enrolment, EnrolmentId, Fido2Properties, NewCredential, Opening, Origin, Stage, UserId,
};
use crate::random;
use crate::testing::KeyClient;

const MILLISECOND: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The kinds with a public key. The suites ask a repository to keep these, if it keeps them.
pub const SIGNING: [CredentialKind; 4] = [
    CredentialKind::Key,
    CredentialKind::Fido2,
    CredentialKind::PasswordProtectedKey,
    CredentialKind::RecoveryKey,
];

/// Creates the value that a repository has to store, for a test of your own. Outside of tests, only
/// verification creates one.
pub fn new_credential(credential: Credential) -> NewCredential {
    NewCredential::new(credential, None)
}

/// Returns a new credential of a kind, with an id as its clients make one.
pub(super) fn sample_of(kind: CredentialKind, user: &UserId) -> Credential {
    match kind {
        CredentialKind::Fido2 => passkey(user, &passkey_id()),
        CredentialKind::PasswordProtectedKey => {
            let mut credential = sample(user, &unique(""));
            credential.kind = kind;
            credential.encrypted_private_key = Some(EncryptedPrivateKey::new("secret").expect("it is valid"));
            credential
        }
        CredentialKind::Key | CredentialKind::RecoveryKey => Credential { kind, ..sample(user, &unique("")) },
        CredentialKind::Password | CredentialKind::Totp => panic!("{kind} has a suite of its own"),
    }
}

/// Returns an id of a passkey. A repository may keep such an id as the bytes that it encodes.
pub(super) fn passkey_id() -> String {
    base64url::encode(&random::bytes::<32>().expect("the system gives randomness"))
}

pub(super) fn sample(user: &UserId, id: &str) -> Credential {
    let client = KeyClient::p256();
    let mut credential = Credential::new(
        user.clone(),
        CredentialKind::Key,
        CredentialId::new(id).expect("the sample is valid"),
        CredentialUuid::generate().expect("the system gives randomness"),
        client.public_key().clone(),
        "example.com",
        Origin::new("https://app.example.com").expect("the sample is valid"),
    );
    credential.name = "Schlüssel 🔑 'of' \"Ada\"".into();
    credential.created_at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_225_600_123);
    credential
}

/// Returns an active passkey for `example.com`.
pub(super) fn passkey(user: &UserId, id: &str) -> Credential {
    let mut credential = sample(user, id);
    credential.kind = CredentialKind::Fido2;
    credential.fido2 = Some(Fido2Properties::new("none"));
    credential
}

pub(super) fn unique(prefix: &str) -> String {
    let uuid = CredentialUuid::generate().expect("the system gives randomness");
    format!("{prefix}{uuid}")
}

pub(super) fn enrolment_id() -> EnrolmentId {
    EnrolmentId::of(random::bytes().expect("the system gives randomness"))
}

/// Returns a user who has no enrolments yet.
pub(super) fn new_user() -> UserId {
    UserId::new(unique("us-ü-")).expect("a short id is valid")
}

pub(super) fn waiting(user: &UserId, now: SystemTime) -> Enrolment {
    Enrolment::new(enrolment_id(), user.clone(), now, now + MINUTE)
}

pub(super) fn opening(at: SystemTime) -> Opening {
    Opening {
        at,
        kind: CredentialKind::Fido2,
        relying_party_id: "example.com".into(),
        origin: Some(Origin::new("https://app.example.com").expect("the sample is valid")),
        source: Some("2001:db8::7".into()),
        place: Some("Chrome auf Android, Köln \u{1f511}".into()),
    }
}

fn full_passkey(user: &UserId) -> Credential {
    let mut passkey = sample(user, &unique(""));
    passkey.kind = CredentialKind::Fido2;
    passkey.digest = Digest::Sha384;
    passkey.fido2 = Some(Fido2Properties {
        aaguid: [0xa5; 16],
        attestation_trust: AttestationTrust::Trusted,
        sign_count: u32::MAX,
        user_verified: true,
        backup_eligible: true,
        backed_up: true,
        ..Fido2Properties::new("packed")
    });
    passkey
}

/// Returns an enrolment with every field set.
pub(super) fn full(user: &UserId, now: SystemTime) -> Enrolment {
    Enrolment {
        stage: Stage::Pending,
        gone_at: now + 2 * HOUR,
        session: Some([0xb6; 32]),
        opening: Some(Arc::new(opening(now - MILLISECOND))),
        credential: Some(Arc::new(full_passkey(user))),
        attempts_left: Some(3),
        ..Enrolment::new(enrolment_id(), user.clone(), now - MINUTE, now + MINUTE)
    }
}
