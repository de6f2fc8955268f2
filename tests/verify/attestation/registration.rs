//! A registration, made from its parts.

use credential_code::RelyingParty;
use credential_code::attestation::{
    Attestation, AttestationEngine, Expected, NativeEngine, VerifiedAttestation, VerifyError, verify,
};
use credential_code::model::{
    Challenge, CoseAlgorithm, CredentialId, CredentialKind, Fido2Policy, Requirement,
};
use minicbor::Encoder;
use sha2::{Digest as _, Sha256};

use super::keys::Key;

pub(crate) const CHALLENGE: &str = "Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw";
pub(crate) const AAGUID: [u8; 16] = *b"0123456789abcdef";

/// A member of a statement.
#[derive(Clone)]
pub(crate) enum Member {
    Number(i64),
    Bytes(Vec<u8>),
    Text(&'static str),
    List(Vec<Vec<u8>>),
}

/// Everything but the statement.
#[derive(Clone)]
pub(crate) struct Passkey {
    pub(crate) key: Key,
    pub(crate) flags: u8,
    pub(crate) aaguid: [u8; 16],
    pub(crate) client_data: Vec<u8>,
    /// The outputs of extensions, in CBOR. They are there if the flags say so.
    pub(crate) extensions: Vec<u8>,
}

impl Passkey {
    pub(crate) fn new(key: Key) -> Self {
        let client_data = format!(
            r#"{{"type":"webauthn.create","challenge":"{CHALLENGE}","origin":"https://app.example.com"}}"#
        );
        Self { key, flags: 0x45, aaguid: AAGUID, client_data: client_data.into(), extensions: Vec::new() }
    }

    pub(crate) fn id(&self) -> [u8; 16] {
        *b"the-credentialid"
    }

    pub(crate) fn authenticator_data(&self) -> Vec<u8> {
        let mut data = Sha256::digest("example.com").to_vec();
        data.extend_from_slice(&[self.flags, 0, 0, 0, 1]);
        data.extend_from_slice(&self.aaguid);
        data.extend_from_slice(&[0, 16]);
        data.extend_from_slice(&self.id());
        data.extend_from_slice(&self.key.cose());
        data.extend_from_slice(&self.extensions);
        data
    }

    pub(crate) fn client_data_hash(&self) -> [u8; 32] {
        Sha256::digest(&self.client_data).into()
    }

    pub(crate) fn signed_message(&self) -> Vec<u8> {
        [self.authenticator_data().as_slice(), &self.client_data_hash()].concat()
    }

    pub(crate) fn attest(&self, format: &str, statement: &[(&str, Member)]) -> Attestation {
        let mut object = Vec::new();
        let mut cbor = Encoder::new(&mut object);
        cbor.map(3).unwrap().str("fmt").unwrap().str(format).unwrap().str("attStmt").unwrap();
        cbor.map(statement.len() as u64).unwrap();
        for (name, member) in statement {
            cbor.str(name).unwrap();
            match member {
                Member::Number(number) => cbor.i64(*number).unwrap(),
                Member::Bytes(bytes) => cbor.bytes(bytes).unwrap(),
                Member::Text(text) => cbor.str(text).unwrap(),
                Member::List(list) => {
                    cbor.array(list.len() as u64).unwrap();
                    for item in list {
                        cbor.bytes(item).unwrap();
                    }
                    &mut cbor
                }
            };
        }
        cbor.str("authData").unwrap().bytes(&self.authenticator_data()).unwrap();
        Attestation::new(
            CredentialKind::Fido2,
            CredentialId::new(crate::support::base64url(&self.id())).unwrap(),
            self.client_data.clone(),
            object,
        )
    }
}

pub(crate) const ALL_ALGORITHMS: [CoseAlgorithm; 7] = [
    CoseAlgorithm::Es256,
    CoseAlgorithm::Es384,
    CoseAlgorithm::Es512,
    CoseAlgorithm::EdDsa,
    CoseAlgorithm::Rs256,
    CoseAlgorithm::Rs384,
    CoseAlgorithm::Rs512,
];

pub(crate) fn policy() -> Fido2Policy {
    let mut policy = Fido2Policy::default();
    policy.algorithms = ALL_ALGORITHMS.to_vec();
    policy.user_verification = Requirement::Preferred;
    policy
}

fn check_by(
    engine: Option<&AttestationEngine>,
    attestation: &Attestation,
) -> Result<VerifiedAttestation, VerifyError> {
    let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"]).unwrap();
    let challenge = Challenge::new(CHALLENGE).unwrap();
    let policy = policy();
    let mut expected = Expected::new(CredentialKind::Fido2, &challenge).with_fido2_policy(&policy);
    expected.engine = engine;
    verify(&party, &expected, attestation)
}

pub(crate) fn check_with(
    engine: &AttestationEngine,
    attestation: &Attestation,
) -> Result<VerifiedAttestation, VerifyError> {
    check_by(Some(engine), attestation)
}

/// Checks without naming an engine.
pub(crate) fn check_by_default(attestation: &Attestation) -> Result<VerifiedAttestation, VerifyError> {
    check_by(None, attestation)
}

pub(crate) fn check(attestation: &Attestation) -> Result<VerifiedAttestation, VerifyError> {
    check_with(&NativeEngine::new().into(), attestation)
}

/// Returns the rule that a statement breaks.
pub(crate) fn flaw(outcome: Result<VerifiedAttestation, VerifyError>) -> String {
    match outcome {
        Err(VerifyError::Statement(flaw)) => flaw.to_string(),
        outcome => panic!("{outcome:?}"),
    }
}

/// A change that breaks a rule, and the rule.
pub(crate) type Breach<T> = (&'static str, fn(&mut T));

/// Asserts that the unbroken statement is accepted, and that each breach is refused for its rule.
pub(crate) fn assert_laws<T: Clone>(good: &T, attest: fn(&T) -> Attestation, breaches: &[Breach<T>]) {
    let verified = check(&attest(good)).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(verified.fido2().unwrap().sign_count, 1);
    for (rule, breach) in breaches {
        let mut broken = good.clone();
        breach(&mut broken);
        assert_eq!(flaw(check(&attest(&broken))), *rule);
    }
}
