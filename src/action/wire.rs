//! Bodies: the shapes on the wire, and their parsing into the flow's types. Requests are read as
//! strictly as the code flow's.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::action::{ActionChallenge, ActionRequest, CompleteRequest, SignedAction};
use crate::assertion::{Assertion, Fido2Assertion};
use crate::encoding::json::{self, Name, Object};
use crate::error::Error;
use crate::model::{
    AttestationConveyance, ChallengeId, CredentialDescriptor, CredentialKind, EncryptedPrivateKey, Invalid,
    Requirement, Transport,
};
use crate::serve::{RelyingPartyAnswer, read_base64url, read_credential_id};

/// The body of begin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BeginBody<'a> {
    #[serde(borrow)]
    user_action_payload: Cow<'a, str>,
    user_action_http_method: Name<Method>,
    #[serde(borrow)]
    user_action_http_path: Cow<'a, str>,
    /// Clients always send it. There is only one type of server here, so it changes nothing.
    #[serde(default, deserialize_with = "json::present")]
    user_action_server_kind: Option<Name<ServerKind>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Method {
    Post,
    Put,
    Patch,
    Delete,
    Get,
}

impl Method {
    fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Get => "GET",
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
enum ServerKind {
    Api,
    Staff,
}

pub(super) fn read_begin(body: &[u8]) -> Result<ActionRequest, Error> {
    let body: BeginBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    match body.user_action_server_kind {
        None | Some(Name(ServerKind::Api | ServerKind::Staff)) => {}
    }
    let Name(method) = body.user_action_http_method;
    let method = method.as_str();
    Ok(ActionRequest::new(method, &body.user_action_http_path, body.user_action_payload.as_bytes())?)
}

/// The body of complete.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CompleteBody<'a> {
    #[serde(borrow)]
    challenge_identifier: Cow<'a, str>,
    #[serde(borrow)]
    first_factor: Object<Factor<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Factor<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    credential_assertion: Object<AssertionBody<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AssertionBody<'a> {
    #[serde(borrow)]
    cred_id: Cow<'a, str>,
    #[serde(borrow)]
    client_data: Cow<'a, str>,
    #[serde(borrow)]
    signature: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "json::present")]
    authenticator_data: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::present")]
    user_handle: Option<Cow<'a, str>>,
    /// Some clients send it. The algorithm from registration counts, so this changes nothing.
    #[serde(borrow, default, rename = "algorithm", deserialize_with = "json::present")]
    _algorithm: Option<Cow<'a, str>>,
}

pub(super) fn read_complete(body: &[u8]) -> Result<CompleteRequest, Error> {
    let body: CompleteBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    if body.challenge_identifier.is_empty() {
        return Err(Invalid::new("challengeIdentifier is empty").into());
    }
    let Object(factor) = body.first_factor;
    let assertion = read_assertion(factor.kind.parse()?, &factor.credential_assertion.0)?;
    Ok(CompleteRequest::new(ChallengeId::new(&*body.challenge_identifier), assertion))
}

fn read_assertion(kind: CredentialKind, body: &AssertionBody<'_>) -> Result<Assertion, Invalid> {
    Ok(Assertion {
        kind,
        fido2: read_fido2(kind, body)?,
        credential_id: read_credential_id(kind, &body.cred_id)?,
        client_data: read_base64url(kind, &body.client_data, "clientData is not canonical base64url")?,
        signature: read_base64url(kind, &body.signature, "signature is not canonical base64url")?,
    })
}

fn read_fido2(kind: CredentialKind, body: &AssertionBody<'_>) -> Result<Option<Fido2Assertion>, Invalid> {
    match (kind, &body.authenticator_data, &body.user_handle) {
        (CredentialKind::Fido2, Some(data), handle) => {
            let rule = "authenticatorData is not canonical base64url";
            let authenticator_data = read_base64url(kind, data, rule)?;
            // Some clients send an empty text to say that there is none.
            let handle = handle.as_deref().filter(|handle| !handle.is_empty());
            let rule = "userHandle is not canonical base64url";
            let user_handle = handle.map(|handle| read_base64url(kind, handle, rule)).transpose()?;
            Ok(Some(Fido2Assertion { authenticator_data, user_handle }))
        }
        (CredentialKind::Fido2, None, _) => Err(Invalid::new("a Fido2 assertion has authenticatorData")),
        (CredentialKind::Key | CredentialKind::PasswordProtectedKey, None, None) => Ok(None),
        (CredentialKind::Key | CredentialKind::PasswordProtectedKey, _, _) => {
            Err(Invalid::new("a key's assertion has neither authenticatorData nor userHandle"))
        }
        (CredentialKind::RecoveryKey | CredentialKind::Password | CredentialKind::Totp, _, _) => {
            Err(Invalid::new("actions are signed by Fido2, Key and PasswordProtectedKey"))
        }
    }
}

/// The answer of begin.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChallengeAnswer<'a> {
    supported_credential_kinds: Vec<SupportedKind>,
    challenge: &'a str,
    challenge_identifier: &'a str,
    rp: RelyingPartyAnswer<'a>,
    user_verification: Requirement,
    attestation: AttestationConveyance,
    allow_credentials: AllowedAnswer<'a>,
    /// It is for authenticators outside of the client. There are none here.
    external_authentication_url: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SupportedKind {
    kind: &'static str,
    factor: &'static str,
    requires_second_factor: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AllowedAnswer<'a> {
    key: Vec<AllowedCredential<'a>>,
    password_protected_key: Vec<AllowedCredential<'a>>,
    webauthn: Vec<AllowedCredential<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AllowedCredential<'a> {
    r#type: &'static str,
    id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    transports: &'a [Transport],
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted_private_key: Option<&'a str>,
}

impl<'a> AllowedCredential<'a> {
    fn new(credential: &'a CredentialDescriptor) -> Self {
        let (id, transports) = (credential.id.as_str(), &*credential.transports);
        Self { r#type: "public-key", id, transports, encrypted_private_key: None }
    }

    fn with_encrypted_private_key(credential: &'a CredentialDescriptor) -> Self {
        let encrypted_private_key =
            credential.encrypted_private_key.as_ref().map(EncryptedPrivateKey::reveal);
        Self { encrypted_private_key, ..Self::new(credential) }
    }
}

pub(super) fn write_challenge(answer: &ActionChallenge) -> impl Serialize {
    let of_kind = |kind| answer.keys.iter().filter(move |key| key.kind == kind);
    let kinds = [CredentialKind::Fido2, CredentialKind::Key, CredentialKind::PasswordProtectedKey];
    let offered = answer.passkeys.iter().chain(&answer.keys);
    let supported = kinds.into_iter().filter(|kind| offered.clone().any(|one| one.kind == *kind));
    // A client that has unlocked a password-protected key may sign as if it were a key. Published
    // signers look for their id among the keys.
    let keys = of_kind(CredentialKind::Key).chain(of_kind(CredentialKind::PasswordProtectedKey));
    ChallengeAnswer {
        supported_credential_kinds: supported
            .map(|kind| SupportedKind {
                kind: kind.as_str(),
                factor: "either",
                requires_second_factor: false,
            })
            .collect(),
        challenge: answer.challenge.as_str(),
        challenge_identifier: answer.challenge_id.reveal(),
        rp: RelyingPartyAnswer::new(&answer.relying_party),
        user_verification: answer.user_verification,
        attestation: AttestationConveyance::None,
        allow_credentials: AllowedAnswer {
            key: keys.map(AllowedCredential::new).collect(),
            password_protected_key: of_kind(CredentialKind::PasswordProtectedKey)
                .map(AllowedCredential::with_encrypted_private_key)
                .collect(),
            webauthn: answer.passkeys.iter().map(AllowedCredential::new).collect(),
        },
        external_authentication_url: "",
    }
}

/// The answer of complete.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignedAnswer<'a> {
    user_action: &'a str,
}

pub(super) fn write_signed(signed: &SignedAction) -> impl Serialize {
    SignedAnswer { user_action: signed.proof.reveal() }
}
