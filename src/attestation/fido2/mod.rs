//! Passkeys: the strict shell around an engine.
//!
//! The shell reads everything but the attestation statement. It checks the client data: type,
//! challenge, exact origin, no page of another origin. It reads the authenticator data to the last
//! byte. An [engine] then verifies the attestation statement. The engine reads some of it again,
//! and has to agree.
//!
//! The steps are those of [WebAuthn Level 3, section
//! 7.1](https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential).

mod attestation_object;
mod cose;
mod engine;
#[cfg(feature = "webauthn-rs")]
mod self_test;
mod statement;

use crate::attestation::fido2::attestation_object::AttestationObject;
use crate::attestation::fido2::cose::CoseKey;
pub use crate::attestation::fido2::engine::{AttestationEngine, NativeEngine, TrustAnchors};
use crate::attestation::fido2::engine::{StatementEngine, StatementInput};
use crate::attestation::{Attestation, Expected, VerifiedAttestation, VerifyError};
use crate::encoding::base64url;
use crate::model::{Backup, ClientReport, Fido2Policy, Fido2Properties, Origin, RelyingParty, Requirement};
use crate::signed::{AttestedCredential, AuthenticatorData, ClientData};

pub(super) fn verify(
    relying_party: &RelyingParty,
    expected: &Expected<'_>,
    attestation: &Attestation,
) -> Result<VerifiedAttestation, VerifyError> {
    match expected.engine {
        Some(engine) => verify_by(engine.as_dyn(), relying_party, expected, attestation),
        // Without roots it allocates nothing.
        None => verify_by(&NativeEngine::new(), relying_party, expected, attestation),
    }
}

fn verify_by(
    engine: &dyn StatementEngine,
    relying_party: &RelyingParty,
    expected: &Expected<'_>,
    attestation: &Attestation,
) -> Result<VerifiedAttestation, VerifyError> {
    let default_policy;
    let policy = match expected.fido2 {
        Some(policy) => policy,
        None => {
            default_policy = Fido2Policy::default();
            &default_policy
        }
    };

    let client_data = ClientData::parse(&attestation.client_data)?;
    client_data.check_type("webauthn.create")?;
    let signed_challenge = client_data.signed_challenge(expected.challenge)?;
    let origin = check_origin(&client_data, relying_party)?;
    client_data.check_same_origin()?;

    let object = AttestationObject::parse(&attestation.attestation_data)?;
    let authenticator_data = AuthenticatorData::parse(object.authenticator_data)?;
    let credential = attested_credential(&authenticator_data)?;
    check_relying_party(&authenticator_data, relying_party)?;
    check_user_present(&authenticator_data)?;
    authenticator_data.flags.check_backup()?;
    check_credential_id(credential, attestation)?;
    check_none_is_empty(&object)?;
    let key = CoseKey::parse(credential.public_key)?;
    check_user_verified(&authenticator_data, policy)?;
    check_device_bound(&authenticator_data, policy)?;
    check_algorithm(&key, policy)?;

    let attestation_trust = engine.verify_statement(&StatementInput {
        relying_party,
        origin: &origin,
        policy,
        signed_challenge: &signed_challenge,
        client_data: &attestation.client_data,
        attestation_object: &attestation.attestation_data,
        object: &object,
        credential,
        key: &key,
    })?;

    Ok(VerifiedAttestation {
        kind: attestation.kind,
        credential_id: attestation.credential_id.clone(),
        public_key: key.public_key,
        digest: key.algorithm.digest(),
        origin: Some(origin),
        fido2: Some(Fido2Properties {
            aaguid: credential.aaguid,
            format: object.format.into(),
            attestation_trust,
            sign_count: authenticator_data.sign_count,
            user_verified: authenticator_data.flags.user_verified(),
            backup_eligible: authenticator_data.flags.backup_eligible(),
            backed_up: authenticator_data.flags.backed_up(),
            report: ClientReport::default(),
        }),
    })
}

/// Checks the origin (step 9). A passkey needs one.
fn check_origin(client_data: &ClientData<'_>, relying_party: &RelyingParty) -> Result<Origin, VerifyError> {
    client_data.check_origin(relying_party)?.ok_or(VerifyError::Origin)
}

/// Returns the credential in the authenticator data. A registration must have one.
fn attested_credential<'a>(
    data: &'a AuthenticatorData<'_>,
) -> Result<&'a AttestedCredential<'a>, VerifyError> {
    data.credential.as_ref().ok_or(VerifyError::AuthenticatorData("no credential in it"))
}

/// Checks the relying party (step 14).
fn check_relying_party(
    data: &AuthenticatorData<'_>,
    relying_party: &RelyingParty,
) -> Result<(), VerifyError> {
    data.is_for(relying_party.id()).then_some(()).ok_or(VerifyError::RelyingParty)
}

/// Checks that a person was present (step 15).
fn check_user_present(data: &AuthenticatorData<'_>) -> Result<(), VerifyError> {
    data.flags.user_present().then_some(()).ok_or(VerifyError::UserNotPresent)
}

/// Checks that the person was verified (step 16).
fn check_user_verified(data: &AuthenticatorData<'_>, policy: &Fido2Policy) -> Result<(), VerifyError> {
    match policy.user_verification {
        Requirement::Required if !data.flags.user_verified() => Err(VerifyError::UserNotVerified),
        Requirement::Required | Requirement::Preferred | Requirement::Discouraged => Ok(()),
    }
}

/// Checks step 18. The flag says so even before the passkey is synchronised.
fn check_device_bound(data: &AuthenticatorData<'_>, policy: &Fido2Policy) -> Result<(), VerifyError> {
    match policy.backup {
        Backup::Refused if data.flags.backup_eligible() => Err(VerifyError::BackupEligible),
        Backup::Refused | Backup::Allowed => Ok(()),
    }
}

/// Checks step 20 against the offered algorithms, and not against those that the client names.
fn check_algorithm(key: &CoseKey, policy: &Fido2Policy) -> Result<(), VerifyError> {
    policy.algorithms.contains(&key.algorithm).then_some(()).ok_or(VerifyError::AlgorithmNotOffered)
}

/// Checks step 22 for `none`: its statement is an empty map, and not every engine checks that.
fn check_none_is_empty(object: &AttestationObject<'_>) -> Result<(), VerifyError> {
    match object.format == "none" && !object.statement.is_empty() {
        true => Err(VerifyError::AttestationData("format none with a statement")),
        false => Ok(()),
    }
}

/// Checks step 25, and that the client's id is the id that the authenticator attested. The engine
/// reads neither.
fn check_credential_id(data: &AttestedCredential<'_>, attestation: &Attestation) -> Result<(), VerifyError> {
    let id = base64url::decode(attestation.credential_id.as_str()).map_err(|_| VerifyError::CredentialId)?;
    ((1..=1023).contains(&id.len()) && id == data.id).then_some(()).ok_or(VerifyError::CredentialId)
}
