//! The engine that uses webauthn-rs-core. No other file names that crate.
//!
//! webauthn-rs-core mints its own challenges and keeps its own state. Here the flow keeps the
//! state. So each verification rebuilds it from its serialised form, and none of it is ever stored.
//! That form is not a documented contract, so a flow with this engine is built only after a
//! self-test.

use std::time::Duration;

use serde::de::value::{Error as ValueError, MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use url::Url;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AuthenticatorAttestationResponseRaw, COSEAlgorithm, COSEKey, ParsedAttestationData,
    RegisterPublicKeyCredential, RegistrationExtensionsClientOutputs, RegistrationState,
};

use crate::attestation::VerifyError;
use crate::attestation::fido2::engine::{StatementEngine, StatementInput};
use crate::encoding::base64url;
use crate::encoding::json::JsonError;
use crate::model::{AttestationTrust, CoseAlgorithm, Requirement};

/// webauthn-rs-core: `none`, `packed`, `fido-u2f`, `apple` and `android-key`, with ES256, ES384 and
/// RS256 of 2048 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct WebauthnRs;

impl StatementEngine for WebauthnRs {
    fn can_verify(&self, algorithm: CoseAlgorithm) -> bool {
        name_of(algorithm).is_some()
    }

    fn verify_statement(&self, input: &StatementInput<'_>) -> Result<AttestationTrust, VerifyError> {
        register(input, Kept::new(input).members())
    }
}

fn register(
    input: &StatementInput<'_>,
    members: [(&str, Member<'_>); 8],
) -> Result<AttestationTrust, VerifyError> {
    let origin = Url::parse(input.origin.as_str()).map_err(|_| VerifyError::Origin)?;
    let core = WebauthnCore::new_unsafe_experts_only(
        input.relying_party.name(),
        input.relying_party.id(),
        vec![origin],
        Duration::ZERO,
        Some(false),
        Some(false),
    );
    let state: Result<_, ValueError> =
        RegistrationState::deserialize(MapDeserializer::new(members.into_iter()));
    let state = state.map_err(|error| VerifyError::Statement(error.into()))?;
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
    let credential = core.register_credential(&response, &state, None).map_err(refusal)?;
    check_certificate(&credential.attestation.data, input.object.statement.alg)?;
    let agrees = credential.cred_id.as_slice() == input.credential.id;
    agrees.then_some(AttestationTrust::Untrusted).ok_or(VerifyError::CredentialId)
}

/// Creates the refusal. It leaves out the input that the readers of JSON and CBOR repeat.
fn refusal(error: WebauthnError) -> VerifyError {
    VerifyError::Statement(match error {
        WebauthnError::ParseJSONFailure(error) => JsonError::from(error).into(),
        WebauthnError::ParseCBORFailure(_) => "not CBOR of the expected form".into(),
        error => error.into(),
    })
}

/// Checks that the statement's algorithm is that of the certificate's key. webauthn-rs-core checks
/// the signature with any algorithm that the certificate has.
fn check_certificate(attestation: &ParsedAttestationData, algorithm: Option<i64>) -> Result<(), VerifyError> {
    match (attestation, algorithm) {
        (ParsedAttestationData::Basic(chain), Some(algorithm)) => {
            let algorithm = COSEAlgorithm::try_from(i128::from(algorithm));
            let algorithm = algorithm.map_err(|()| VerifyError::AttestationData("unknown algorithm"))?;
            let leaf = chain.first().ok_or(VerifyError::AttestationData("no certificate"))?;
            COSEKey::try_from((algorithm, leaf)).map_err(refusal)?;
            Ok(())
        }
        (_, _) => Ok(()),
    }
}

/// Returns its name of an algorithm, if it can verify the algorithm.
fn name_of(algorithm: CoseAlgorithm) -> Option<&'static str> {
    match algorithm {
        CoseAlgorithm::Es256 => Some("ES256"),
        CoseAlgorithm::Es384 => Some("ES384"),
        CoseAlgorithm::Es512 => Some("ES521"),
        CoseAlgorithm::Rs256 => Some("RS256"),
        CoseAlgorithm::EdDsa | CoseAlgorithm::Rs384 | CoseAlgorithm::Rs512 => None,
    }
}

/// The part of the registration state that differs between verifications.
struct Kept {
    user_verification: &'static str,
    challenge: String,
    algorithms: Vec<&'static str>,
}

impl Kept {
    fn new(input: &StatementInput<'_>) -> Self {
        Self {
            user_verification: match input.policy.user_verification {
                Requirement::Required => "required",
                Requirement::Preferred => "preferred",
                Requirement::Discouraged => "discouraged",
            },
            challenge: base64url::encode(input.signed_challenge),
            algorithms: input.policy.algorithms.iter().filter_map(|offered| name_of(*offered)).collect(),
        }
    }

    /// Returns the registration state that it would have kept.
    fn members(&self) -> [(&'static str, Member<'_>); 8] {
        [
            ("policy", Member::Text(self.user_verification)),
            ("exclude_credentials", Member::Texts(&[])),
            ("challenge", Member::Text(&self.challenge)),
            ("credential_algorithms", Member::Texts(&self.algorithms)),
            ("require_resident_key", Member::Truth(false)),
            ("authenticator_attachment", Member::Nothing),
            ("extensions", Member::NoMembers),
            ("allow_synchronised_authenticators", Member::Truth(true)),
        ]
    }
}

/// A member of the serialised state. It is handed over directly. A detour over JSON text would cost
/// a tenth of a whole verification.
#[derive(Clone, Copy)]
enum Member<'a> {
    Nothing,
    Truth(bool),
    Text(&'a str),
    Texts(&'a [&'a str]),
    NoMembers,
}

impl IntoDeserializer<'_, ValueError> for Member<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Member<'_> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self {
            Self::Nothing => visitor.visit_unit(),
            Self::Truth(truth) => visitor.visit_bool(truth),
            Self::Text(text) => visitor.visit_str(text),
            Self::Texts(texts) => {
                visitor.visit_seq(SeqDeserializer::new(texts.iter().map(|text| Self::Text(text))))
            }
            Self::NoMembers => visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, Self)>())),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self {
            Self::Text(text) => visitor.visit_enum(text.into_deserializer()),
            Self::Nothing | Self::Truth(_) | Self::Texts(_) | Self::NoMembers => {
                Err(de::Error::custom("a variant is named by text"))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
#[path = "../../../../tests/unit/webauthn_rs_state.rs"]
mod tests;
