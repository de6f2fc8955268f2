//! Key kinds: a signature over the client data itself.

use crate::assertion::{Assertion, AssertionError, Expected};
use crate::model::Credential;
use crate::signed::ClientData;

/// Verifies the proof of a key. Unlike registration, it does not check the origin. No browser
/// vouches for it, and one published client signs a fixed origin of somebody else. The user is
/// signed in already. A client that says it ran in a page of another origin is refused.
pub(super) fn verify(
    expected: &Expected<'_>,
    credential: &Credential,
    assertion: &Assertion,
) -> Result<(), AssertionError> {
    let client_data = ClientData::parse(&assertion.client_data)?;
    client_data.check_type("key.get")?;
    client_data.check_challenge(expected.challenge)?;
    client_data.check_same_origin()?;
    let public_key = credential.public_key.as_ref().ok_or(AssertionError::Kind)?;
    public_key
        .verify(credential.digest, &assertion.client_data, &assertion.signature)
        .map_err(|_| AssertionError::Signature)
}
