//! [Section 8.2](https://www.w3.org/TR/webauthn-3/#sctn-packed-attestation): the credential itself
//! signs, or a key of the authenticator's maker.

use x509_cert::der::asn1::{Any, ObjectIdentifier, PrintableStringRef, Utf8StringRef};
use x509_cert::name::Name;

use crate::attestation::fido2::engine::native::certificate::Certificate;
use crate::attestation::fido2::engine::native::chain::Chain;
use crate::attestation::fido2::engine::native::flaw::{Flaw, require};
use crate::attestation::fido2::engine::native::{Registration, Vouchers, signature};
use crate::attestation::fido2::statement::Statement;
use crate::model::CoseAlgorithm;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const ORGANIZATIONAL_UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");

pub(super) fn verify<'a>(registration: &Registration<'a>) -> Result<Vouchers<'a>, Flaw> {
    let &Statement { alg: Some(alg), sig: Some(sig), ref x5c, ver: None, cert_info: None, pub_area: None } =
        registration.statement
    else {
        return Err(Flaw("packed has alg, sig, perhaps x5c, and nothing else"));
    };
    let message = registration.signed_message();
    let Some(x5c) = x5c else {
        let is_the_credentials = CoseAlgorithm::from_number(alg) == Some(registration.key.algorithm);
        require(is_the_credentials, "alg is that of the credential")?;
        signature::check(&registration.key.public_key, alg, &message, sig)?;
        return Ok(Vouchers::Nobody);
    };
    let chain = Chain::parse(x5c)?;
    signature::check(chain.leaf().public_key(), alg, &message, sig)?;
    check_certificate(chain.leaf())?;
    chain.leaf().check_aaguid(&registration.credential.aaguid)?;
    chain.check_links()?;
    match chain.leaf().names_model() {
        true => Ok(Vouchers::Certificates(chain)),
        false => Ok(Vouchers::OfUnnamedModel(chain)),
    }
}

/// Checks [section
/// 8.2.1](https://www.w3.org/TR/webauthn-3/#sctn-packed-attestation-cert-requirements).
fn check_certificate(certificate: &Certificate<'_>) -> Result<(), Flaw> {
    certificate.check_version_3()?;
    certificate.check_end_entity()?;
    check_subject(certificate.subject())
}

/// Checks for a country, an organization, a unit and a name, each once and in its type of text.
/// Other parts are allowed, and common.
fn check_subject(subject: &Name) -> Result<(), Flaw> {
    let country = PrintableStringRef::try_from(attribute(subject, COUNTRY)?);
    let is_code = country.is_ok_and(|code| code.as_str().len() == 2);
    require(is_code, "the subject's country is a code of two letters")?;
    require(!utf8(subject, ORGANIZATION)?.is_empty(), "the subject's organization is not empty")?;
    let is_literal = utf8(subject, ORGANIZATIONAL_UNIT)? == "Authenticator Attestation";
    require(is_literal, "the subject's unit is Authenticator Attestation")?;
    require(!utf8(subject, COMMON_NAME)?.is_empty(), "the subject's name is not empty")
}

fn attribute(subject: &Name, id: ObjectIdentifier) -> Result<&Any, Flaw> {
    let mut found = subject.iter().filter(|attribute| attribute.oid == id);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(&only.value),
        (_, _) => Err(Flaw("the subject has one country, organization, unit and name")),
    }
}

fn utf8(subject: &Name, id: ObjectIdentifier) -> Result<&str, Flaw> {
    let text = Utf8StringRef::try_from(attribute(subject, id)?);
    text.map(|text| text.as_str()).map_err(|_| Flaw("the subject's organization, unit and name are UTF-8"))
}
