use minicbor::decode::Decoder;

use crate::attestation::VerifyError;
use crate::attestation::fido2::attestation_object::skip_shallow;

const DEEPEST: usize = 8;

/// What the authenticator says of itself and of the credential, [byte for byte](https://www.w3.org/TR/webauthn-3/#authenticator-data).
#[derive(Debug)]
pub(super) struct AuthenticatorData<'a> {
    pub(super) relying_party_hash: &'a [u8],
    pub(super) flags: Flags,
    pub(super) sign_count: u32,
    pub(super) aaguid: [u8; 16],
    pub(super) credential_id: &'a [u8],
    /// The COSE key, still encoded.
    pub(super) public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Reads a registration's authenticator data: with a credential in it, and not one byte more than it announces.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, VerifyError> {
        let truncated = VerifyError::AuthenticatorData("truncated");
        let Some((relying_party_hash, rest)) = bytes.split_at_checked(32) else { return Err(truncated) };
        let Some((&[flags], rest)) = rest.split_first_chunk() else { return Err(truncated) };
        let Some((sign_count, rest)) = rest.split_first_chunk() else { return Err(truncated) };
        let flags = Flags(flags);
        if !flags.has_credential() {
            return Err(VerifyError::AuthenticatorData("no credential in it"));
        }
        let Some((aaguid, rest)) = rest.split_first_chunk() else { return Err(truncated) };
        let Some((length, rest)) = rest.split_first_chunk() else { return Err(truncated) };
        let length = usize::from(u16::from_be_bytes(*length));
        let Some((credential_id, rest)) = rest.split_at_checked(length) else { return Err(truncated) };
        let (public_key, rest) = split_item(rest)?;
        let rest = match flags.has_extensions() {
            true => split_item(rest)?.1,
            false => rest,
        };
        if !rest.is_empty() {
            return Err(VerifyError::AuthenticatorData("something is left over"));
        }
        Ok(Self {
            relying_party_hash,
            flags,
            sign_count: u32::from_be_bytes(*sign_count),
            aaguid: *aaguid,
            credential_id,
            public_key,
        })
    }
}

/// One CBOR map, and what follows it.
fn split_item(bytes: &[u8]) -> Result<(&[u8], &[u8]), VerifyError> {
    let mut cbor = Decoder::new(bytes);
    match cbor.probe().map() {
        Ok(Some(_)) => {}
        Ok(None) | Err(_) => return Err(VerifyError::AuthenticatorData("a map is missing")),
    }
    skip_shallow(&mut cbor, DEEPEST).map_err(|_| VerifyError::AuthenticatorData("a map is malformed"))?;
    Ok(bytes.split_at(cbor.position()))
}

/// The flags byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) fn user_present(self) -> bool {
        self.0 & 0x01 != 0
    }

    pub(super) fn user_verified(self) -> bool {
        self.0 & 0x04 != 0
    }

    pub(super) fn backup_eligible(self) -> bool {
        self.0 & 0x08 != 0
    }

    pub(super) fn backed_up(self) -> bool {
        self.0 & 0x10 != 0
    }

    fn has_credential(self) -> bool {
        self.0 & 0x40 != 0
    }

    fn has_extensions(self) -> bool {
        self.0 & 0x80 != 0
    }
}
