//! [Section 8.4](https://www.w3.org/TR/webauthn-3/#sctn-android-key-attestation). Android makes a
//! certificate for the credential itself, and states in it how the key was made.

use x509_cert::der::asn1::{AnyRef, ContextSpecific, ObjectIdentifier, OctetStringRef, SetOfVec};
use x509_cert::der::{self, Decode, Reader, SliceReader, Tag, TagNumber, Tagged};

use crate::attestation::fido2::engine::native::chain::Chain;
use crate::attestation::fido2::engine::native::flaw::{Flaw, require};
use crate::attestation::fido2::engine::native::{Registration, Vouchers, signature};
use crate::attestation::fido2::statement::Statement;

const KEY_DESCRIPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.1.17");

// The numbers of [the
// schema](https://source.android.com/docs/security/features/keystore/attestation#schema).
const PURPOSE: TagNumber = TagNumber(1);
const ALL_APPLICATIONS: TagNumber = TagNumber(600);
const ORIGIN: TagNumber = TagNumber(702);
const SIGN: u32 = 2;
const GENERATED: u32 = 0;

pub(super) fn verify<'a>(registration: &Registration<'a>) -> Result<Vouchers<'a>, Flaw> {
    let &Statement {
        alg: Some(alg),
        sig: Some(sig),
        x5c: Some(ref x5c),
        ver: None,
        cert_info: None,
        pub_area: None,
    } = registration.statement
    else {
        return Err(Flaw("android-key has alg, sig, x5c, and nothing else"));
    };
    let chain = Chain::parse(x5c)?;
    let key = chain.leaf().public_key();
    require(*key == registration.key.public_key, "the certificate is for the credential's key")?;
    signature::check(key, alg, &registration.signed_message(), sig)?;
    let description = chain.leaf().extension(KEY_DESCRIPTION);
    let description = description.ok_or(Flaw("the certificate describes its key"))?;
    let description =
        KeyDescription::parse(description).map_err(|_| Flaw("the key's description is malformed"))?;
    check_description(&description, registration)?;
    chain.check_links()?;
    Ok(Vouchers::Certificates(chain))
}

/// Combines what the software and what the hardware says of the key. That is right for a site that
/// does not ask for hardware: roots do that.
fn check_description(description: &KeyDescription<'_>, registration: &Registration<'_>) -> Result<(), Flaw> {
    let lists = [&description.software, &description.hardware];
    let is_scoped = lists.iter().all(|list| !list.all_applications);
    let all_are = |value: fn(&Authorizations) -> Option<bool>| {
        let mut said = lists.iter().filter_map(|list| value(list)).peekable();
        said.peek().is_some() && said.all(|is_so| is_so)
    };
    let is_challenge = description.challenge == registration.client_data_hash;
    require(is_challenge, "the challenge in the certificate is the hash of the client data")?;
    require(is_scoped, "the key is not for all applications")?;
    require(all_are(|list| list.is_generated), "the key's origin is to be generated")?;
    require(all_are(|list| list.is_for_signing), "the key's purpose is to sign")
}

/// Android's description of a key.
struct KeyDescription<'a> {
    challenge: &'a [u8],
    software: Authorizations,
    hardware: Authorizations,
}

/// The permitted uses of a key, as far as they matter. A member that appears twice is refused.
struct Authorizations {
    all_applications: bool,
    is_generated: Option<bool>,
    is_for_signing: Option<bool>,
}

impl<'a> KeyDescription<'a> {
    fn parse(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let description = reader.sequence(|members: &mut SliceReader<'a>| {
            // The version and the security level of the attestation, and of the key store.
            for tag in [Tag::Integer, Tag::Enumerated, Tag::Integer, Tag::Enumerated] {
                AnyRef::decode(members)?.tag().assert_eq(tag)?;
            }
            let challenge = <&OctetStringRef>::decode(members)?.as_bytes();
            let _unique_id = <&OctetStringRef>::decode(members)?;
            let software = members.sequence(Authorizations::read)?;
            let hardware = members.sequence(Authorizations::read)?;
            Ok::<_, der::Error>(Self { challenge, software, hardware })
        })?;
        reader.finish()?;
        Ok(description)
    }
}

impl Authorizations {
    fn read(members: &mut SliceReader<'_>) -> der::Result<Self> {
        let mut origin = None;
        let mut purposes = None;
        let mut all_applications = None;
        while !members.is_finished() {
            let ContextSpecific { tag_number, value, .. } = ContextSpecific::<AnyRef<'_>>::decode(members)?;
            let is_first = match tag_number {
                PURPOSE => purposes.replace(value.decode_as::<SetOfVec<u32>>()?).is_none(),
                ALL_APPLICATIONS => all_applications.replace(()).is_none(),
                ORIGIN => origin.replace(value.decode_as::<u32>()?).is_none(),
                _ => true,
            };
            if !is_first {
                return Err(der::ErrorKind::Failed.into());
            }
        }
        Ok(Self {
            all_applications: all_applications.is_some(),
            is_generated: origin.map(|origin| origin == GENERATED),
            is_for_signing: purposes.map(|purposes| purposes.as_slice() == [SIGN]),
        })
    }
}
