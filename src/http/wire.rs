//! Bodies: the shapes that go over the wire, and their parsing into the flow's types.
//!
//! Requests are read strictly: one object, no unknown, duplicate or `null` members, nothing behind it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::attestation::Attestation;
use crate::encoding::base64url::{self, InvalidBase64};
use crate::encoding::{json, time};
use crate::flow::{Error, Expiration, MintedCode, Proof, RegisterRequest, RegistrationChallenge};
use crate::model::{
    AttestationConveyance, AuthenticatorAttachment, ChallengeId, CredentialId, CredentialKind,
    EncryptedPrivateKey, Invalid, OneTimePassword, OtpUrl, Password, RelyingParty, Requirement,
};

/// COSE numbers of what a key may sign with: P-256, Ed25519, P-384, P-521, secp256k1, RSA.
const KEY_ALGORITHMS: [i32; 6] = [-7, -8, -35, -36, -47, -257];

/// Body of mint.
#[derive(Debug, DeriveDeserialize)]
#[serde(deny_unknown_fields)]
struct MintBody {
    expiration: Expiration,
}

pub(super) fn read_mint(body: &[u8]) -> Result<Expiration, Error> {
    json::object::<MintBody>(body).map(|body| body.expiration).map_err(Error::invalid_request)
}

impl<'de> Deserialize<'de> for Expiration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExpirationVisitor)
    }
}

/// Text or an integer; a fraction, which a float would be, is neither.
struct ExpirationVisitor;

impl Visitor<'_> for ExpirationVisitor {
    type Value = Expiration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RFC 3339 text or an integer")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Expiration, E> {
        Expiration::from_rfc3339(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Expiration, E> {
        Expiration::from_unix(number).map_err(E::custom)
    }
}

/// Body of exchange.
#[derive(DeriveDeserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ExchangeBody<'a> {
    #[serde(borrow)]
    credential_kind: Cow<'a, str>,
    #[serde(borrow)]
    code: Cow<'a, str>,
}

/// The kind, and the code as it was typed.
pub(super) fn read_exchange(body: &[u8]) -> Result<(CredentialKind, Cow<'_, str>), Error> {
    let body: ExchangeBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    if body.code.is_empty() {
        return Err(Invalid::new("code is empty").into());
    }
    Ok((body.credential_kind.parse()?, body.code))
}

/// Body of register.
#[derive(DeriveDeserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RegisterBody<'a> {
    #[serde(borrow)]
    credential_kind: Cow<'a, str>,
    #[serde(borrow)]
    credential_info: &'a RawValue,
    #[serde(default, deserialize_with = "json::present")]
    encrypted_private_key: Option<String>,
    credential_name: String,
    #[serde(borrow)]
    challenge_identifier: Cow<'a, str>,
}

#[derive(DeriveDeserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AttestationInfo<'a> {
    #[serde(borrow)]
    cred_id: Cow<'a, str>,
    #[serde(borrow)]
    client_data: Cow<'a, str>,
    #[serde(borrow)]
    attestation_data: Cow<'a, str>,
}

#[derive(DeriveDeserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct OneTimePasswordInfo {
    #[serde(deserialize_with = "json::wiped")]
    otp_code: Zeroizing<String>,
}

#[derive(DeriveDeserialize)]
#[serde(deny_unknown_fields)]
struct PasswordInfo {
    #[serde(deserialize_with = "json::wiped")]
    password: Zeroizing<String>,
}

pub(super) fn read_register(body: &[u8]) -> Result<RegisterRequest, Error> {
    let body: RegisterBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    if body.challenge_identifier.is_empty() {
        return Err(Invalid::new("challengeIdentifier is empty").into());
    }
    let kind = body.credential_kind.parse()?;
    let proof = read_proof(kind, body.credential_info.get().as_bytes())?;
    let encrypted_private_key = body.encrypted_private_key.map(EncryptedPrivateKey::new).transpose()?;
    let challenge_id = ChallengeId::new(&*body.challenge_identifier);
    Ok(RegisterRequest::new(challenge_id, body.credential_name, proof, encrypted_private_key)?)
}

fn read_proof(kind: CredentialKind, info: &[u8]) -> Result<Proof, Error> {
    match kind {
        CredentialKind::Fido2
        | CredentialKind::Key
        | CredentialKind::PasswordProtectedKey
        | CredentialKind::RecoveryKey => {
            let info: AttestationInfo<'_> = json::object(info).map_err(Error::invalid_request)?;
            Ok(read_attestation(kind, &info)?.into())
        }
        CredentialKind::Totp => {
            let info: OneTimePasswordInfo = json::object(info).map_err(Error::invalid_request)?;
            Ok(OneTimePassword::new(&*info.otp_code)?.into())
        }
        CredentialKind::Password => {
            let info: PasswordInfo = json::object(info).map_err(Error::invalid_request)?;
            Ok(Password::new(&*info.password)?.into())
        }
    }
}

fn read_attestation(kind: CredentialKind, info: &AttestationInfo<'_>) -> Result<Attestation, Error> {
    Ok(Attestation {
        kind,
        credential_id: read_credential_id(kind, &info.cred_id)?,
        client_data: read_base64url(kind, &info.client_data, "clientData is not canonical base64url")?,
        attestation_data: read_base64url(
            kind,
            &info.attestation_data,
            "attestationData is not canonical base64url",
        )?,
    })
}

/// Any text is the id of a key; that of a passkey is base64url.
pub(crate) fn read_credential_id(kind: CredentialKind, text: &str) -> Result<CredentialId, Invalid> {
    if kind == CredentialKind::Fido2 {
        base64url::decode(text).map_err(|_| Invalid::new("credId is not canonical base64url"))?;
    }
    CredentialId::new(text)
}

/// A member that is not empty. Scripts that use keys pad their base64url; nothing that uses passkeys does.
pub(crate) fn read_base64url(
    kind: CredentialKind,
    text: &str,
    rule: &'static str,
) -> Result<Vec<u8>, Invalid> {
    let decoded = match kind {
        CredentialKind::Key | CredentialKind::PasswordProtectedKey | CredentialKind::RecoveryKey => {
            base64url::decode_padded_or_not(text)
        }
        CredentialKind::Fido2 | CredentialKind::Password | CredentialKind::Totp => base64url::decode(text),
    };
    match decoded {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        Ok(_) | Err(InvalidBase64 { .. }) => Err(Invalid::new(rule)),
    }
}

/// Answer of mint.
#[derive(Serialize)]
struct MintAnswer {
    code: String,
    expiration: String,
}

pub(super) fn write_minted(minted: &MintedCode) -> impl Serialize {
    MintAnswer { code: minted.code.reveal(), expiration: time::format(minted.expires_at) }
}

/// Answer of exchange.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChallengeAnswer<'a> {
    kind: &'static str,
    user: UserAnswer<'a>,
    challenge_identifier: &'a str,
    /// The old name of the same: two published clients read this one alone.
    temporary_authentication_token: &'a str,
    rp: RelyingPartyAnswer<'a>,
    #[serde(flatten)]
    signing: Option<SigningAnswer<'a>>,
    #[serde(flatten)]
    passkey: Option<PasskeyAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    otp_url: Option<&'a str>,
}

/// What only a kind that signs is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SigningAnswer<'a> {
    challenge: &'a str,
    attestation: AttestationConveyance,
    pub_key_cred_params: Vec<AlgorithmAnswer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserAnswer<'a> {
    id: &'a str,
    display_name: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
pub(crate) struct RelyingPartyAnswer<'a> {
    id: &'a str,
    name: &'a str,
}

impl<'a> RelyingPartyAnswer<'a> {
    pub(crate) fn new(party: &'a RelyingParty) -> Self {
        Self { id: party.id(), name: party.name() }
    }
}

#[derive(Serialize)]
struct AlgorithmAnswer {
    r#type: &'static str,
    alg: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PasskeyAnswer<'a> {
    authenticator_selection: SelectionAnswer,
    exclude_credentials: Vec<ExcludedAnswer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SelectionAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticator_attachment: Option<AuthenticatorAttachment>,
    resident_key: Requirement,
    require_resident_key: bool,
    user_verification: Requirement,
}

#[derive(Serialize)]
struct ExcludedAnswer<'a> {
    r#type: &'static str,
    id: &'a str,
}

pub(super) fn write_challenge(answer: &RegistrationChallenge) -> impl Serialize {
    let algorithm = |alg| AlgorithmAnswer { r#type: "public-key", alg };
    let policy = &*answer.fido2;
    let signing = |algorithms| SigningAnswer {
        challenge: answer.challenge.as_str(),
        attestation: policy.attestation,
        pub_key_cred_params: algorithms,
    };
    let (signing, passkey) = match answer.kind {
        CredentialKind::Fido2 => {
            let selection = SelectionAnswer {
                authenticator_attachment: policy.attachment,
                resident_key: policy.resident_key,
                require_resident_key: policy.resident_key == Requirement::Required,
                user_verification: policy.user_verification,
            };
            let exclude = answer.exclude.iter();
            let exclude =
                exclude.map(|id| ExcludedAnswer { r#type: "public-key", id: id.as_str() }).collect();
            let passkey = PasskeyAnswer { authenticator_selection: selection, exclude_credentials: exclude };
            let algorithms = policy.algorithms.iter().map(|offered| algorithm(offered.number())).collect();
            (Some(signing(algorithms)), Some(passkey))
        }
        CredentialKind::Key | CredentialKind::PasswordProtectedKey | CredentialKind::RecoveryKey => {
            (Some(signing(KEY_ALGORITHMS.map(algorithm).into())), None)
        }
        CredentialKind::Password | CredentialKind::Totp => (None, None),
    };
    ChallengeAnswer {
        kind: answer.kind.as_str(),
        user: UserAnswer {
            id: answer.user.id.as_str(),
            display_name: &answer.user.display_name,
            name: &answer.user.name,
        },
        challenge_identifier: answer.challenge_id.reveal(),
        temporary_authentication_token: answer.challenge_id.reveal(),
        rp: RelyingPartyAnswer::new(&answer.relying_party),
        signing,
        passkey,
        otp_url: answer.otp_url.as_ref().map(OtpUrl::reveal),
    }
}
