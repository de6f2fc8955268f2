use std::collections::BTreeSet;

use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

const DEEPEST: usize = 8;

/// Says what is wrong with authenticator data. Attestations and assertions each turn it into an
/// error of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MalformedAuthenticatorData(pub(crate) &'static str);

/// The statements of the authenticator about itself and about a new credential, [byte for
/// byte](https://www.w3.org/TR/webauthn-3/#authenticator-data).
#[derive(Debug)]
pub(crate) struct AuthenticatorData<'a> {
    relying_party_hash: &'a [u8],
    pub(crate) flags: Flags,
    pub(crate) sign_count: u32,
    /// Only a registration has it.
    pub(crate) credential: Option<AttestedCredential<'a>>,
}

/// The credential that a registration made.
#[derive(Debug)]
pub(crate) struct AttestedCredential<'a> {
    pub(crate) aaguid: [u8; 16],
    pub(crate) id: &'a [u8],
    /// The COSE key, still encoded.
    pub(crate) public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Reads exactly what the flags announce, and not one byte more.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, MalformedAuthenticatorData> {
        let Some((relying_party_hash, rest)) = bytes.split_at_checked(32) else { return Err(TRUNCATED) };
        let Some((&[flags], rest)) = rest.split_first_chunk() else { return Err(TRUNCATED) };
        let Some((sign_count, rest)) = rest.split_first_chunk() else { return Err(TRUNCATED) };
        let flags = Flags(flags);
        let (credential, rest) = match flags.has_credential() {
            true => AttestedCredential::split(rest).map(|(credential, rest)| (Some(credential), rest))?,
            false => (None, rest),
        };
        let rest = match flags.has_extensions() {
            true => behind_extensions(rest)?,
            false => rest,
        };
        if !rest.is_empty() {
            return Err(MalformedAuthenticatorData("something is left over"));
        }
        let sign_count = u32::from_be_bytes(*sign_count);
        Ok(Self { relying_party_hash, flags, sign_count, credential })
    }

    /// Returns whether it was made for that relying party.
    pub(crate) fn is_for(&self, relying_party_id: &str) -> bool {
        Sha256::digest(relying_party_id).as_slice().ct_eq(self.relying_party_hash).into()
    }
}

const TRUNCATED: MalformedAuthenticatorData = MalformedAuthenticatorData("truncated");

impl<'a> AttestedCredential<'a> {
    fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), MalformedAuthenticatorData> {
        let Some((aaguid, rest)) = bytes.split_first_chunk() else { return Err(TRUNCATED) };
        let Some((length, rest)) = rest.split_first_chunk() else { return Err(TRUNCATED) };
        let length = usize::from(u16::from_be_bytes(*length));
        let Some((id, rest)) = rest.split_at_checked(length) else { return Err(TRUNCATED) };
        let (public_key, rest) = split_item(rest)?;
        Ok((Self { aaguid: *aaguid, id, public_key }, rest))
    }
}

/// Splits off one CBOR map from the bytes that follow it.
fn split_item(bytes: &[u8]) -> Result<(&[u8], &[u8]), MalformedAuthenticatorData> {
    let mut cbor = Decoder::new(bytes);
    match cbor.probe().map() {
        Ok(Some(_)) => {}
        Ok(None) | Err(_) => return Err(MalformedAuthenticatorData("a map is missing")),
    }
    skip_shallow(&mut cbor, DEEPEST).map_err(|_| MalformedAuthenticatorData("a map is malformed"))?;
    Ok(bytes.split_at(cbor.position()))
}

/// Returns the bytes after the outputs of extensions. Nobody asked for any, so they are read and
/// ignored.
fn behind_extensions(bytes: &[u8]) -> Result<&[u8], MalformedAuthenticatorData> {
    let mut cbor = Decoder::new(bytes);
    skip_extensions(&mut cbor).map_err(|_| MalformedAuthenticatorData("the extensions are malformed"))?;
    Ok(&bytes[cbor.position()..])
}

/// Steps over a map of definite length that has each name once.
fn skip_extensions(cbor: &mut Decoder<'_>) -> Result<(), Error> {
    let members = cbor.map()?.ok_or_else(|| Error::message("a map of indefinite length"))?;
    let mut names = BTreeSet::new();
    (0..members).try_for_each(|_| match names.insert(cbor.str()?) {
        true => skip_shallow(cbor, DEEPEST - 1),
        false => Err(Error::message("an extension twice")),
    })
}

/// Steps over one item of definite length that nests no deeper than `depth`.
fn skip_shallow(cbor: &mut Decoder<'_>, depth: usize) -> Result<(), Error> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::message("nested too deeply"));
    };
    let items = match cbor.datatype()? {
        Type::Array => cbor.array()?,
        Type::Map => cbor.map()?.and_then(|members| members.checked_mul(2)),
        Type::Tag => cbor.tag().map(|_| Some(1))?,
        Type::ArrayIndef | Type::MapIndef | Type::BytesIndef | Type::StringIndef => None,
        Type::Simple => return skip_simple(cbor),
        // A break that ends nothing, or a value without a meaning yet (RFC 8949, section 3).
        Type::Break | Type::Unknown(_) => return Err(Error::message("not an item")),
        _ => return cbor.skip(),
    };
    let items = items.ok_or_else(|| Error::message("an item of indefinite length"))?;
    (0..items).try_for_each(|_| skip_shallow(cbor, depth))
}

/// Steps over a simple value. One below 32 has no second byte (RFC 8949, section 3.3).
fn skip_simple(cbor: &mut Decoder<'_>) -> Result<(), Error> {
    let begin = cbor.position();
    let is_well_formed = cbor.simple()? >= 32 || cbor.position() == begin + 1;
    is_well_formed.then_some(()).ok_or_else(|| Error::message("a simple value in two bytes"))
}

/// The flags byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flags(u8);

impl Flags {
    pub(crate) fn user_present(self) -> bool {
        self.0 & 0x01 != 0
    }

    pub(crate) fn user_verified(self) -> bool {
        self.0 & 0x04 != 0
    }

    pub(crate) fn backup_eligible(self) -> bool {
        self.0 & 0x08 != 0
    }

    pub(crate) fn backed_up(self) -> bool {
        self.0 & 0x10 != 0
    }

    fn has_credential(self) -> bool {
        self.0 & 0x40 != 0
    }

    fn has_extensions(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// Checks that a credential which can't be backed up is not backed up.
    pub(crate) fn check_backup(self) -> Result<(), MalformedAuthenticatorData> {
        match self.backed_up() && !self.backup_eligible() {
            true => Err(MalformedAuthenticatorData("backed up, but not eligible for backup")),
            false => Ok(()),
        }
    }
}
