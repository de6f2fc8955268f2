use x509_cert::der::Decode;
use x509_cert::der::asn1::{ObjectIdentifier, Utf8StringRef};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectAltName};
use x509_cert::name::Name;

use crate::attestation::fido2::engine::native::certificate::{
    ALTERNATIVE_NAME, Certificate, EXTENDED_KEY_USAGE,
};
use crate::attestation::fido2::engine::native::flaw::{Flaw, require};

const AIK_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.8.3");
const MANUFACTURER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.2.1");
const MODEL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.2.2");
const VERSION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.2.3");

/// Checks [section 8.3.1](https://www.w3.org/TR/webauthn-3/#sctn-tpm-cert-requirements).
pub(super) fn check(certificate: &Certificate<'_>) -> Result<(), Flaw> {
    certificate.check_version_3()?;
    require(certificate.subject().is_empty(), "the certificate's subject is empty")?;
    check_names(certificate)?;
    check_usage(certificate)?;
    certificate.check_end_entity()
}

/// Checks the alternative name. It holds the TPM's manufacturer, model and version as one directory
/// name (TCG EK Credential Profile, section 3.2.9).
fn check_names(certificate: &Certificate<'_>) -> Result<(), Flaw> {
    let extension =
        certificate.find(ALTERNATIVE_NAME).ok_or(Flaw("the certificate has an alternative name"))?;
    // It must be critical where the subject is empty.
    require(extension.critical, "the alternative name is critical")?;
    let SubjectAltName(names) = SubjectAltName::from_der(extension.extn_value.as_bytes())
        .map_err(|_| Flaw("the alternative name is malformed"))?;
    let is_tpm = names.iter().any(|name| match name {
        GeneralName::DirectoryName(name) => describes_tpm(name),
        _ => false,
    });
    require(is_tpm, "the alternative name has a TPM's manufacturer, model and version")
}

fn describes_tpm(name: &Name) -> bool {
    let text = |id| {
        name.iter()
            .find(|attribute| attribute.oid == id)
            .and_then(|attribute| Utf8StringRef::try_from(&attribute.value).ok())
    };
    let is_filled = |id| text(id).is_some_and(|text| !text.as_str().is_empty());
    // The form is `id:` and eight digits.
    let manufacturer = text(MANUFACTURER).and_then(|text| text.as_str().strip_prefix("id:"));
    let is_id =
        manufacturer.is_some_and(|id| id.len() == 8 && id.bytes().all(|digit| digit.is_ascii_hexdigit()));
    is_id && is_filled(MODEL) && is_filled(VERSION)
}

fn check_usage(certificate: &Certificate<'_>) -> Result<(), Flaw> {
    let usage =
        certificate.extension(EXTENDED_KEY_USAGE).ok_or(Flaw("the certificate has an extended key usage"))?;
    let ExtendedKeyUsage(purposes) =
        ExtendedKeyUsage::from_der(usage).map_err(|_| Flaw("the extended key usage is malformed"))?;
    require(purposes.contains(&AIK_CERTIFICATE), "the certificate's key is a TPM's attestation key")
}
