//! Who verifies attestation statements. The only file that names webauthn-rs.
//!
//! webauthn-rs mints its own challenges and keeps its own state; ours is kept by the flow. So the state is rebuilt for each
//! verification from its serialised form, and nothing of webauthn-rs is ever persisted. That form is not a documented
//! contract: the version is pinned, and a test fails when the shape changes.

use std::fmt::Write;
use std::time::Duration;

use url::Url;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::proto::{
    AuthenticatorAttestationResponseRaw, COSEAlgorithm, COSEKey, ParsedAttestationData,
    RegisterPublicKeyCredential, RegistrationExtensionsClientOutputs, RegistrationState,
};

use crate::attestation::VerifyError;
use crate::attestation::fido2::attestation_object::Statement;
use crate::encoding::base64url;
use crate::model::{CoseAlgorithm, Fido2Policy, Origin, RelyingParty, Requirement};

/// What an engine is given: the input as it came, and what the shell found in it.
#[derive(Debug)]
pub(super) struct StatementInput<'a> {
    pub(super) relying_party: &'a RelyingParty,
    pub(super) origin: &'a Origin,
    pub(super) policy: &'a Fido2Policy,
    pub(super) signed_challenge: &'a [u8],
    pub(super) credential_id: &'a [u8],
    pub(super) statement: Statement,
    pub(super) client_data: &'a [u8],
    pub(super) attestation_object: &'a [u8],
}

/// Verifies an attestation statement.
pub(super) trait StatementEngine {
    fn verify_statement(&self, input: &StatementInput<'_>) -> Result<(), VerifyError>;
}

/// webauthn-rs-core: `none`, `packed`, `fido-u2f`, `apple` and `android-key`, with ES256, ES384 and RS256 of 2048 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct WebauthnRs;

impl StatementEngine for WebauthnRs {
    fn verify_statement(&self, input: &StatementInput<'_>) -> Result<(), VerifyError> {
        let origin = Url::parse(input.origin.as_str()).map_err(|_| VerifyError::Origin)?;
        let core = WebauthnCore::new_unsafe_experts_only(
            input.relying_party.name(),
            input.relying_party.id(),
            vec![origin],
            Duration::ZERO,
            Some(false),
            Some(false),
        );
        let state = state(input).map_err(|error| VerifyError::Statement(error.into()))?;
        let response = RegisterPublicKeyCredential {
            id: String::new(),
            raw_id: Vec::new(),
            response: AuthenticatorAttestationResponseRaw {
                attestation_object: input.attestation_object.to_vec(),
                client_data_json: input.client_data.to_vec(),
                transports: None,
            },
            type_: "public-key".into(),
            extensions: RegistrationExtensionsClientOutputs::default(),
        };
        let credential = core
            .register_credential(&response, &state, None)
            .map_err(|error| VerifyError::Statement(error.into()))?;
        check_certificate(&credential.attestation.data, input.statement)?;
        let agrees = credential.cred_id.as_slice() == input.credential_id;
        agrees.then_some(()).ok_or(VerifyError::CredentialId)
    }
}

/// The statement's algorithm is that of the certificate's key. webauthn-rs-core checks the signature with whatever the certificate has.
fn check_certificate(attestation: &ParsedAttestationData, statement: Statement) -> Result<(), VerifyError> {
    match (attestation, statement) {
        (ParsedAttestationData::Basic(chain), Statement::Filled { algorithm: Some(algorithm) }) => {
            let algorithm = COSEAlgorithm::try_from(i128::from(algorithm));
            let algorithm = algorithm.map_err(|()| VerifyError::AttestationData("unknown algorithm"))?;
            let leaf = chain.first().ok_or(VerifyError::AttestationData("no certificate"))?;
            COSEKey::try_from((algorithm, leaf)).map_err(|error| VerifyError::Statement(error.into()))?;
            Ok(())
        }
        (_, Statement::Empty | Statement::Filled { .. }) => Ok(()),
    }
}

/// The registration state that webauthn-rs would have kept.
fn state(input: &StatementInput<'_>) -> Result<RegistrationState, serde_json::Error> {
    let user_verification = match input.policy.user_verification {
        Requirement::Required => "required",
        Requirement::Preferred => "preferred",
        Requirement::Discouraged => "discouraged",
    };
    let mut algorithms = String::new();
    for algorithm in &input.policy.algorithms {
        let name = match algorithm {
            CoseAlgorithm::Es256 => "ES256",
            CoseAlgorithm::Es384 => "ES384",
            CoseAlgorithm::Es512 => "ES521",
            CoseAlgorithm::Rs256 => "RS256",
        };
        let separator = if algorithms.is_empty() { "" } else { "," };
        // Writing to a string can't fail.
        let _ = write!(algorithms, r#"{separator}"{name}""#);
    }
    let challenge = base64url::encode(input.signed_challenge);
    serde_json::from_str(&format!(
        r#"{{"policy":"{user_verification}","exclude_credentials":[],"challenge":"{challenge}",
        "credential_algorithms":[{algorithms}],"require_resident_key":false,"authenticator_attachment":null,
        "extensions":{{}},"allow_synchronised_authenticators":true}}"#
    ))
}
