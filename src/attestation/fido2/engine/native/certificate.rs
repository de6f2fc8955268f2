use x509_cert::TbsCertificate;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::{BitStringRef, ObjectIdentifier};
use x509_cert::der::referenced::OwnedToRef;
use x509_cert::der::{self, Decode, Reader, SliceReader};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::attestation::fido2::engine::native::flaw::{Flaw, require};
use crate::crypto::{Digest, KeyAlgorithm, PublicKey};

const AAGUID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.45724.1.1.4");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
pub(super) const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
pub(super) const ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32");

const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");

/// The bytes before the AAGUID in its extension: an octet string of 16 bytes.
const AAGUID_HEADER: &[u8] = &[0x04, 0x10];

/// More than any certificate has. A bound is needed because they are compared with each other.
const MOST_EXTENSIONS: usize = 32;

/// A certificate, read once. `x509-cert` reads it, and the bytes under its signature are kept
/// unchanged.
pub(super) struct Certificate<'a> {
    pub(super) der: &'a [u8],
    parts: Parts<'a>,
    fields: TbsCertificate,
    public_key: PublicKey,
}

/// Its three parts.
struct Parts<'a> {
    signed: &'a [u8],
    algorithm: AlgorithmIdentifierOwned,
    /// None if it is not a whole number of bytes. Some old U2F keys have such signatures, by a
    /// mistake of their maker.
    signature: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn read(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let parts = reader.sequence(|parts: &mut SliceReader<'a>| {
            let signed = parts.tlv_bytes()?;
            let algorithm = AlgorithmIdentifierOwned::decode(parts)?;
            let signature = BitStringRef::decode(parts)?.as_bytes();
            Ok::<_, der::Error>(Self { signed, algorithm, signature })
        })?;
        reader.finish()?;
        Ok(parts)
    }
}

impl<'a> Certificate<'a> {
    pub(super) fn parse(der: &'a [u8]) -> Result<Self, Flaw> {
        const MALFORMED: Flaw = Flaw("a certificate is malformed");
        let parts = Parts::read(der).map_err(|_| MALFORMED)?;
        let fields = TbsCertificate::from_der(parts.signed).map_err(|_| MALFORMED)?;
        let key = fields.subject_public_key_info().owned_to_ref();
        let public_key = PublicKey::from_spki(&key).map_err(|_| Flaw("a certificate's key is refused"))?;
        let certificate = Self { der, parts, fields, public_key };
        certificate.check_extensions()?;
        Ok(certificate)
    }

    /// Rejects an extension that appears twice. Also rejects an extension that is marked critical
    /// and that nobody here understands ([RFC 5280, section
    /// 4.2](https://www.rfc-editor.org/rfc/rfc5280#section-4.2)).
    fn check_extensions(&self) -> Result<(), Flaw> {
        let extensions = self.extensions();
        require(extensions.len() <= MOST_EXTENSIONS, "a certificate has too many extensions")?;
        for (index, extension) in extensions.iter().enumerate() {
            let is_again = extensions[..index].iter().any(|other| other.extn_id == extension.extn_id);
            require(!is_again, "a certificate has an extension twice")?;
            let is_known = matches!(
                extension.extn_id,
                BASIC_CONSTRAINTS | KEY_USAGE | EXTENDED_KEY_USAGE | ALTERNATIVE_NAME | POLICIES
            );
            require(is_known || !extension.critical, "a certificate has an unknown critical extension")?;
        }
        Ok(())
    }

    fn extensions(&self) -> &[Extension] {
        self.fields.extensions().map_or(&[], Vec::as_slice)
    }

    /// Returns the content of an extension.
    pub(super) fn extension(&self, id: ObjectIdentifier) -> Option<&[u8]> {
        self.find(id).map(|extension| extension.extn_value.as_bytes())
    }

    pub(super) fn find(&self, id: ObjectIdentifier) -> Option<&Extension> {
        self.extensions().iter().find(|extension| extension.extn_id == id)
    }

    pub(super) fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    pub(super) fn subject(&self) -> &Name {
        self.fields.subject()
    }

    pub(super) fn check_version_3(&self) -> Result<(), Flaw> {
        require(self.fields.version() == Version::V3, "the certificate is of version 3")
    }

    /// Checks that it has basic constraints, and that they forbid it to sign others.
    pub(super) fn check_end_entity(&self) -> Result<(), Flaw> {
        let is_end = self.basic_constraints()?.is_some_and(|constraints| !constraints.ca);
        require(is_end, "the certificate's basic constraints say that it is no CA's")
    }

    /// Returns whether its key is for signatures, as far as it says.
    pub(super) fn is_for_signatures(&self) -> bool {
        self.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.digital_signature()))
    }

    /// Returns whether it insists on the purposes of its key.
    pub(super) fn has_critical_purposes(&self) -> bool {
        self.find(EXTENDED_KEY_USAGE).is_some_and(|purposes| purposes.critical)
    }

    pub(super) fn names_model(&self) -> bool {
        self.find(AAGUID).is_some()
    }

    /// Checks the model that it names, if it names one. That extension must not be critical.
    pub(super) fn check_aaguid(&self, aaguid: &[u8; 16]) -> Result<(), Flaw> {
        let Some(extension) = self.find(AAGUID) else { return Ok(()) };
        let attested = extension.extn_value.as_bytes().strip_prefix(AAGUID_HEADER);
        require(!extension.critical, "the AAGUID is not critical")?;
        require(attested == Some(aaguid.as_slice()), "the certificate is for another AAGUID")
    }

    fn basic_constraints(&self) -> Result<Option<BasicConstraints>, Flaw> {
        let decode =
            |value| BasicConstraints::from_der(value).map_err(|_| Flaw("basic constraints are malformed"));
        self.extension(BASIC_CONSTRAINTS).map(decode).transpose()
    }

    /// Returns how many other issuers may stand between it and the leaf, if it may sign
    /// certificates at all.
    pub(super) fn longest_path(&self) -> Result<usize, Flaw> {
        let constraints = self.basic_constraints()?.filter(|constraints| constraints.ca);
        let constraints = constraints.ok_or(Flaw("an issuer's basic constraints say that it is a CA's"))?;
        require(self.may_sign_certificates()?, "an issuer's key usage is to sign certificates")?;
        Ok(longest_path(&constraints))
    }

    /// Returns the same for a configured root, or none if it signs no certificates. A root is a
    /// name and a key ([RFC 5280, section
    /// 6.1.1](https://www.rfc-editor.org/rfc/rfc5280#section-6.1.1)). So a root that signed itself
    /// needs no basic constraints. If it has any, they count.
    pub(super) fn longest_path_as_root(&self) -> Result<Option<usize>, Flaw> {
        let may_sign = self.may_sign_certificates()?;
        let longest_path = match self.basic_constraints()? {
            Some(constraints) => constraints.ca.then(|| longest_path(&constraints)),
            None => (self.fields.issuer() == self.subject()).then_some(usize::MAX),
        };
        Ok(longest_path.filter(|_| may_sign))
    }

    fn key_usage(&self) -> Result<Option<KeyUsage>, Flaw> {
        let decode = |value| KeyUsage::from_der(value).map_err(|_| Flaw("a key usage is malformed"));
        self.extension(KEY_USAGE).map(decode).transpose()
    }

    fn may_sign_certificates(&self) -> Result<bool, Flaw> {
        Ok(self.key_usage()?.is_none_or(|usage| usage.key_cert_sign()))
    }

    /// Checks that an issuer of that name signed it with that key. SHA-1 is refused.
    pub(super) fn check_signed_by(&self, name: &Name, key: &PublicKey) -> Result<(), Flaw> {
        require(self.fields.issuer() == name, "a certificate is by another issuer")?;
        require(self.parts.algorithm == *self.fields.signature(), "a certificate names two algorithms")?;
        let digest = match (self.parts.algorithm.oid, key.algorithm()) {
            (ECDSA_SHA256, KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521)
            | (RSA_SHA256, KeyAlgorithm::Rsa)
            | (ED25519, KeyAlgorithm::Ed25519) => Digest::Sha256,
            (ECDSA_SHA384, KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521)
            | (RSA_SHA384, KeyAlgorithm::Rsa) => Digest::Sha384,
            (ECDSA_SHA512, KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521)
            | (RSA_SHA512, KeyAlgorithm::Rsa) => Digest::Sha512,
            _ => return Err(Flaw("a certificate's algorithm is refused")),
        };
        let signature = self.parts.signature.ok_or(Flaw("a certificate's signature is malformed"))?;
        key.verify(digest, self.parts.signed, signature)
            .map_err(|_| Flaw("a certificate's signature does not hold"))
    }
}

fn longest_path(constraints: &BasicConstraints) -> usize {
    constraints.path_len_constraint.map_or(usize::MAX, usize::from)
}
