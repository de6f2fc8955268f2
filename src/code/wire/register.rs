use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::attestation::Attestation;
use crate::code::{Proof, RegisterRequest, Registration};
use crate::crypto::PublicKey;
use crate::encoding::json::Object;
use crate::encoding::{json, rfc3339};
use crate::error::Error;
use crate::model::{
    ChallengeId, CheckCode, ClientReport, Credential, CredentialKind, EncryptedPrivateKey, Invalid,
    OneTimePassword, Password, Transport,
};
use crate::serve::{read_base64url, read_credential_id};

/// The body of register.
#[derive(Deserialize)]
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AttestationInfo<'a> {
    #[serde(borrow)]
    cred_id: Cow<'a, str>,
    #[serde(borrow)]
    client_data: Cow<'a, str>,
    #[serde(borrow)]
    attestation_data: Cow<'a, str>,
    /// Only a passkey has this member and the next one.
    #[serde(default, deserialize_with = "json::present")]
    transports: Option<Vec<Transport>>,
    #[serde(default, deserialize_with = "json::present")]
    cred_props: Option<Object<CredentialProperties>>,
}

/// The answer of WebAuthn's extension `credProps`. Later levels may add members to it.
#[derive(Deserialize)]
struct CredentialProperties {
    #[serde(default, deserialize_with = "json::present")]
    rk: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct OneTimePasswordInfo {
    #[serde(deserialize_with = "json::wiped")]
    otp_code: Zeroizing<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordInfo {
    #[serde(deserialize_with = "json::wiped")]
    password: Zeroizing<String>,
}

pub(crate) fn read_register(body: &[u8]) -> Result<RegisterRequest, Error> {
    let body: RegisterBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    if body.challenge_identifier.is_empty() {
        return Err(Invalid::new("challengeIdentifier is empty").into());
    }
    let kind = body.credential_kind.parse()?;
    let (proof, report) = read_proof(kind, body.credential_info.get().as_bytes())?;
    let encrypted_private_key = body.encrypted_private_key.map(EncryptedPrivateKey::new).transpose()?;
    let challenge_id = ChallengeId::new(&*body.challenge_identifier);
    let request = RegisterRequest::new(challenge_id, body.credential_name, proof, encrypted_private_key)?;
    Ok(request.with_report(report))
}

fn read_proof(kind: CredentialKind, info: &[u8]) -> Result<(Proof, ClientReport), Error> {
    let proof = match kind {
        CredentialKind::Fido2
        | CredentialKind::Key
        | CredentialKind::PasswordProtectedKey
        | CredentialKind::RecoveryKey => {
            let info: AttestationInfo<'_> = json::object(info).map_err(Error::invalid_request)?;
            let attestation = read_attestation(kind, &info)?;
            return Ok((attestation.into(), read_report(kind, info)?));
        }
        CredentialKind::Totp => {
            let info: OneTimePasswordInfo = json::object(info).map_err(Error::invalid_request)?;
            OneTimePassword::new(&*info.otp_code)?.into()
        }
        CredentialKind::Password => {
            let info: PasswordInfo = json::object(info).map_err(Error::invalid_request)?;
            Password::new(&*info.password)?.into()
        }
    };
    Ok((proof, ClientReport::default()))
}

fn read_report(kind: CredentialKind, info: AttestationInfo<'_>) -> Result<ClientReport, Invalid> {
    if kind != CredentialKind::Fido2 && (info.transports.is_some() || info.cred_props.is_some()) {
        return Err(Invalid::new("only a Fido2 credential has transports and credProps"));
    }
    let discoverable = info.cred_props.and_then(|Object(properties)| properties.rk);
    ClientReport::new(info.transports.unwrap_or_default(), discoverable)
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

/// The answer of register.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegisterAnswer<'a> {
    #[serde(flatten)]
    credential: CredentialAnswer<'a>,
    enrolment_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalAnswer<'a>>,
}

/// The approval that a client waits for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApprovalAnswer<'a> {
    expiration: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    check_code: Option<&'a str>,
    token: &'a str,
}

pub(in crate::code) fn write_registration(registration: &Registration) -> impl Serialize {
    let approval = registration.approval.as_ref().map(|approval| ApprovalAnswer {
        expiration: rfc3339::format(approval.expires_at),
        check_code: approval.check_code.as_ref().map(CheckCode::reveal),
        token: approval.outcome.reveal(),
    });
    RegisterAnswer {
        credential: CredentialAnswer::from(&registration.credential),
        enrolment_id: registration.enrolment.as_str(),
        approval,
    }
}

/// A credential as the published schema shows it: the answer of register. You may use it for your
/// own list of credentials.
///
/// ```
/// # use credential_code::testing::KeyClient;
/// # use credential_code::model::{Credential, CredentialKind, CredentialUuid, Origin, UserId};
/// # let client = KeyClient::p256();
/// # let credential = Credential::new(
/// #     UserId::new("us-1").unwrap(), CredentialKind::Key, client.credential_id().clone(),
/// #     CredentialUuid::new("cr-6uunn-bm6ja-f6rmod5kqrk5rbel").unwrap(),
/// #     client.public_key().clone(), "example.com", Origin::new("https://example.com").unwrap(),
/// # );
/// use credential_code::code::CredentialAnswer;
///
/// let json = serde_json::to_value(CredentialAnswer::from(&credential)).unwrap();
/// assert_eq!(json["dateCreated"], "1970-01-01T00:00:00.000Z");
/// ```
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialAnswer<'a> {
    kind: &'static str,
    credential_id: &'a str,
    credential_uuid: &'a str,
    date_created: String,
    is_active: bool,
    name: &'a str,
    /// Empty for a kind that signs nothing.
    public_key: String,
    relying_party_id: &'a str,
    origin: &'a str,
}

impl CredentialAnswer<'_> {
    /// Returns the answer for a credential that may not be used: it waits, or is gone.
    pub(in crate::code) fn inactive(self) -> Self {
        Self { is_active: false, ..self }
    }
}

impl<'a> From<&'a Credential> for CredentialAnswer<'a> {
    fn from(credential: &'a Credential) -> Self {
        Self {
            kind: credential.kind.as_str(),
            credential_id: credential.id.as_str(),
            credential_uuid: credential.uuid.as_str(),
            date_created: rfc3339::format(credential.created_at),
            is_active: credential.is_active(),
            name: &credential.name,
            public_key: credential.public_key.as_ref().map(PublicKey::to_pem).unwrap_or_default(),
            relying_party_id: &credential.relying_party_id,
            origin: credential.origin.as_str(),
        }
    }
}
