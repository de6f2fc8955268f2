//! Bodies for the page and from it. Members that a browser may later add to its own JSON are
//! ignored.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::assertion::{Assertion, Fido2Assertion};
use crate::model::{ChallengeId, CredentialKind, Invalid, Requirement};
use crate::serve::{read_base64url, read_credential_id};
use crate::sign_in::{CompleteRequest, SignInChallenge};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChallengeBody<'a> {
    challenge_identifier: &'a str,
    public_key: RequestOptions<'a>,
}

/// The options that `PublicKeyCredential.parseRequestOptionsFromJSON` accepts unchanged.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestOptions<'a> {
    challenge: &'a str,
    rp_id: &'a str,
    /// In milliseconds.
    timeout: u128,
    user_verification: Requirement,
    /// The list is empty: the person chooses among those that the authenticator lists.
    allow_credentials: [(); 0],
}

impl Serialize for SignInChallenge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let public_key = RequestOptions {
            challenge: self.challenge.as_str(),
            rp_id: self.relying_party.id(),
            timeout: self.lifetime.as_millis(),
            user_verification: self.user_verification,
            allow_credentials: [],
        };
        let body = ChallengeBody { challenge_identifier: self.challenge_id.reveal(), public_key };
        body.serialize(serializer)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CompleteBody {
    challenge_identifier: String,
    credential: CredentialBody,
}

#[derive(Deserialize)]
struct CredentialBody {
    id: String,
    response: ResponseBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponseBody {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    user_handle: Option<String>,
}

impl<'de> Deserialize<'de> for CompleteRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let CompleteBody { challenge_identifier, credential } = CompleteBody::deserialize(deserializer)?;
        let assertion = read_assertion(&credential).map_err(de::Error::custom)?;
        Ok(Self::new(ChallengeId::new(challenge_identifier), assertion))
    }
}

fn read_assertion(body: &CredentialBody) -> Result<Assertion, Invalid> {
    const KIND: CredentialKind = CredentialKind::Fido2;
    let ResponseBody { client_data, authenticator_data, signature, user_handle } = &body.response;
    let client_data = read_base64url(KIND, client_data, "clientDataJSON is not canonical base64url")?;
    let rule = "authenticatorData is not canonical base64url";
    let authenticator_data = read_base64url(KIND, authenticator_data, rule)?;
    let signature = read_base64url(KIND, signature, "signature is not canonical base64url")?;
    let handle = user_handle.as_deref().filter(|handle| !handle.is_empty());
    let rule = "userHandle is not canonical base64url";
    let user_handle = handle.map(|handle| read_base64url(KIND, handle, rule)).transpose()?;
    let fido2 = Fido2Assertion::new(authenticator_data, user_handle);
    Ok(Assertion::new(KIND, read_credential_id(KIND, &body.id)?, client_data, signature).with_fido2(fido2))
}
