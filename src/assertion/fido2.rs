//! Passkeys: the steps of [WebAuthn Level 3, section
//! 7.2](https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion).

use sha2::{Digest as _, Sha256};

use crate::assertion::{Assertion, AssertionError, Expected, Fido2Assertion};
use crate::encoding::base64url;
use crate::model::{Credential, Fido2Properties, RelyingParty, Requirement, UserId};
use crate::signed::{AuthenticatorData, ClientData};

/// Returns the new signature counter.
pub(super) fn verify(
    relying_party: &RelyingParty,
    expected: &Expected<'_>,
    credential: &Credential,
    assertion: &Assertion,
) -> Result<u32, AssertionError> {
    let answer = assertion.fido2.as_ref().ok_or(AssertionError::Kind)?;
    let registered = credential.fido2.as_ref().ok_or(AssertionError::Changed)?;
    check_user_handle(answer, &credential.user, expected.user_handle)?;

    let client_data = ClientData::parse(&assertion.client_data)?;
    client_data.check_type("webauthn.get")?;
    client_data.signed_challenge(expected.challenge)?;
    client_data.check_origin(relying_party)?.ok_or(AssertionError::Origin)?;
    client_data.check_same_origin()?;

    let data = AuthenticatorData::parse(&answer.authenticator_data)?;
    if data.credential.is_some() {
        return Err(AssertionError::AuthenticatorData("a new credential in it"));
    }
    check_relying_party(&data, relying_party, credential)?;
    data.flags.user_present().then_some(()).ok_or(AssertionError::UserNotPresent)?;
    data.flags.check_backup()?;
    check_eligibility(&data, registered)?;
    check_signature(answer, credential, assertion)?;
    check_user_verified(&data, expected.user_verification)?;
    check_counter(&data, registered)?;
    Ok(data.sign_count)
}

/// Checks step 6. Some clients return the handle that they were given. Others use the user id's own
/// bytes, or the bytes that these decode to. Some send empty text to say that there is no handle.
fn check_user_handle(
    answer: &Fido2Assertion,
    user: &UserId,
    known: Option<&[u8]>,
) -> Result<(), AssertionError> {
    let Some(handle) = answer.user_handle.as_deref().filter(|handle| !handle.is_empty()) else {
        return Ok(());
    };
    let is_known = known == Some(handle);
    let is_text = handle == user.as_str().as_bytes();
    let is_decoded = || base64url::decode(user.as_str()).is_ok_and(|decoded| decoded == handle);
    (is_known || is_text || is_decoded()).then_some(()).ok_or(AssertionError::UserHandle)
}

/// Checks step 15, and that the host keeps the credential for that relying party too.
fn check_relying_party(
    data: &AuthenticatorData<'_>,
    relying_party: &RelyingParty,
    credential: &Credential,
) -> Result<(), AssertionError> {
    let is_both = data.is_for(relying_party.id()) && credential.relying_party_id == relying_party.id();
    is_both.then_some(()).ok_or(AssertionError::RelyingParty)
}

/// Checks step 17, after the signature. So only the holder of the key learns what to mend.
fn check_user_verified(data: &AuthenticatorData<'_>, wanted: Requirement) -> Result<(), AssertionError> {
    match wanted {
        Requirement::Required if !data.flags.user_verified() => Err(AssertionError::UserNotVerified),
        Requirement::Required | Requirement::Preferred | Requirement::Discouraged => Ok(()),
    }
}

/// Checks step 19. Eligibility for backup never changes after a credential is made.
fn check_eligibility(
    data: &AuthenticatorData<'_>,
    registered: &Fido2Properties,
) -> Result<(), AssertionError> {
    let is_same = data.flags.backup_eligible() == registered.backup_eligible;
    is_same.then_some(()).ok_or(AssertionError::Changed)
}

/// Checks step 21: the signature over the authenticator data and the hash of the client data.
fn check_signature(
    answer: &Fido2Assertion,
    credential: &Credential,
    assertion: &Assertion,
) -> Result<(), AssertionError> {
    let hash = Sha256::digest(&assertion.client_data);
    let message = [answer.authenticator_data.as_slice(), hash.as_slice()].concat();
    let public_key = credential.public_key.as_ref().ok_or(AssertionError::Kind)?;
    public_key
        .verify(credential.digest, &message, &assertion.signature)
        .map_err(|_| AssertionError::Signature)
}

/// Checks step 22. Authenticators that don't count always say 0.
fn check_counter(data: &AuthenticatorData<'_>, registered: &Fido2Properties) -> Result<(), AssertionError> {
    match (data.sign_count, registered.sign_count) {
        (0, 0) => Ok(()),
        (new, stored) if new > stored => Ok(()),
        (_, _) => Err(AssertionError::Counter),
    }
}
