use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};

use crate::code::RegistrationChallenge;
use crate::encoding::{base64url, json};
use crate::error::Error;
use crate::model::{
    AttestationConveyance, AuthenticatorAttachment, AuthenticatorHint, CoseAlgorithm, CredentialDescriptor,
    CredentialKind, Invalid, OtpUrl, Requirement, Transport,
};
use crate::serve::RelyingPartyAnswer;

/// COSE numbers of the algorithms with which a key may sign: P-256, Ed25519, P-384, P-521,
/// secp256k1, RSA.
const KEY_ALGORITHMS: [i32; 6] = [-7, -8, -35, -36, -47, -257];

/// The body of exchange.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ExchangeBody<'a> {
    #[serde(borrow)]
    credential_kind: Cow<'a, str>,
    #[serde(borrow)]
    code: Cow<'a, str>,
}

/// Reads the kind, and the code as it was typed.
pub(in crate::code) fn read_exchange(body: &[u8]) -> Result<(CredentialKind, Cow<'_, str>), Error> {
    let body: ExchangeBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    if body.code.is_empty() {
        return Err(Invalid::new("code is empty").into());
    }
    Ok((body.credential_kind.parse()?, body.code))
}

/// The answer of exchange.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChallengeAnswer<'a> {
    kind: &'static str,
    user: UserAnswer<'a>,
    challenge_identifier: &'a str,
    /// The old name of the same. Two published clients read only this one.
    temporary_authentication_token: &'a str,
    rp: RelyingPartyAnswer<'a>,
    #[serde(flatten)]
    signing: Option<SigningAnswer<'a>>,
    #[serde(flatten)]
    passkey: Option<PasskeyAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<CreationOptions<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    otp_url: Option<&'a str>,
}

/// The part of the answer for kinds that sign.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct SigningAnswer<'a> {
    challenge: &'a str,
    attestation: AttestationConveyance,
    pub_key_cred_params: Algorithms<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserAnswer<'a> {
    id: &'a str,
    display_name: &'a str,
    name: &'a str,
}

/// The algorithms on offer.
#[derive(Clone, Copy)]
enum Algorithms<'a> {
    Passkey(&'a [CoseAlgorithm]),
    Key,
}

impl Serialize for Algorithms<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let answer = |alg| AlgorithmAnswer { r#type: "public-key", alg };
        match self {
            Self::Passkey(offered) => serializer.collect_seq(offered.iter().map(|one| answer(one.number()))),
            Self::Key => serializer.collect_seq(KEY_ALGORITHMS.map(answer)),
        }
    }
}

#[derive(Serialize)]
struct AlgorithmAnswer {
    r#type: &'static str,
    alg: i32,
}

/// The options that `PublicKeyCredential.parseCreationOptionsFromJSON` accepts unchanged. The
/// members beside them have the published form: there the user's id is a text and not a handle.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationOptions<'a> {
    rp: RelyingPartyAnswer<'a>,
    user: HandleAnswer<'a>,
    #[serde(flatten)]
    signing: SigningAnswer<'a>,
    #[serde(flatten)]
    passkey: PasskeyAnswer<'a>,
    extensions: Extensions,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HandleAnswer<'a> {
    id: String,
    display_name: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    cred_props: bool,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct PasskeyAnswer<'a> {
    authenticator_selection: SelectionAnswer,
    exclude_credentials: Excluded<'a>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    hints: &'a [AuthenticatorHint],
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct SelectionAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticator_attachment: Option<AuthenticatorAttachment>,
    resident_key: Requirement,
    require_resident_key: bool,
    user_verification: Requirement,
}

/// The passkeys that should not be made again.
#[derive(Clone, Copy)]
struct Excluded<'a>(&'a [CredentialDescriptor]);

impl Serialize for Excluded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ExcludedAnswer::from))
    }
}

#[derive(Serialize)]
struct ExcludedAnswer<'a> {
    r#type: &'static str,
    id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    transports: &'a [Transport],
}

impl<'a> From<&'a CredentialDescriptor> for ExcludedAnswer<'a> {
    fn from(passkey: &'a CredentialDescriptor) -> Self {
        Self { r#type: "public-key", id: passkey.id.as_str(), transports: &passkey.transports }
    }
}

pub(crate) fn write_challenge(answer: &RegistrationChallenge) -> impl Serialize {
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
            let passkey = PasskeyAnswer {
                authenticator_selection: selection,
                exclude_credentials: Excluded(&answer.exclude),
                hints: &policy.hints,
            };
            (Some(signing(Algorithms::Passkey(&policy.algorithms))), Some(passkey))
        }
        CredentialKind::Key | CredentialKind::PasswordProtectedKey | CredentialKind::RecoveryKey => {
            (Some(signing(Algorithms::Key)), None)
        }
        CredentialKind::Password | CredentialKind::Totp => (None, None),
    };
    let public_key = signing.zip(passkey).map(|(signing, passkey)| CreationOptions {
        rp: RelyingPartyAnswer::new(&answer.relying_party),
        user: HandleAnswer {
            id: base64url::encode(answer.user.handle()),
            display_name: &answer.user.display_name,
            name: &answer.user.name,
        },
        signing,
        passkey,
        extensions: Extensions { cred_props: true },
    });
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
        public_key,
        otp_url: answer.otp_url.as_ref().map(OtpUrl::reveal),
    }
}
