use std::fmt;

use x509_cert::name::Name;

use crate::attestation::fido2::engine::native::Vouchers;
use crate::attestation::fido2::engine::native::certificate::Certificate;
use crate::attestation::fido2::engine::native::chain::Chain;
use crate::crypto::PublicKey;
use crate::model::{AttestationTrust, Invalid};

/// The roots that may vouch for an authenticator, each with the models (AAGUIDs) for which it may
/// vouch.
///
/// Take them from the makers, or from the [FIDO Metadata
/// Service](https://fidoalliance.org/metadata/), which lists roots beside AAGUIDs. A root may be
/// the certificate of an authenticator itself, as some are there. It then vouches for that
/// authenticator alone. A root that signed itself may sign others, even without basic constraints,
/// unless it says that it does not. A root that comes with a statement counts only if it is also
/// here.
///
/// ```
/// use credential_code::attestation::TrustAnchors;
///
/// assert!(TrustAnchors::new().with_root(b"no certificate", [[0; 16]]).is_err());
/// ```
#[derive(Clone, Default)]
pub struct TrustAnchors {
    anchors: Vec<Anchor>,
}

/// A root.
#[derive(Clone)]
struct Anchor {
    der: Box<[u8]>,
    name: Name,
    public_key: PublicKey,
    /// None if it signs no certificates.
    longest_path: Option<usize>,
    aaguids: Box<[[u8; 16]]>,
}

impl TrustAnchors {
    /// Creates a set without roots.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a certificate in DER, which vouches for these AAGUIDs and no others. U2F keys have no
    /// AAGUID: theirs is all zeros.
    ///
    /// A `packed` certificate that names no model may belong to any model of its root. So it is
    /// trusted only if its root, over all calls of this, vouches for a single model. The keys of
    /// one of two models may be stolen, and such certificates in use. Then remove the root, and not
    /// just the model.
    pub fn with_root(
        mut self,
        certificate: &[u8],
        aaguids: impl IntoIterator<Item = [u8; 16]>,
    ) -> Result<Self, Invalid> {
        let root = Certificate::parse(certificate).map_err(|_| {
            Invalid::new("a root is a certificate in DER, with a key and extensions that are known here")
        })?;
        let longest_path = root
            .longest_path_as_root()
            .map_err(|_| Invalid::new("a root's basic constraints and key usage are well-formed"))?;
        let aaguids: Box<[_]> = aaguids.into_iter().collect();
        if aaguids.is_empty() {
            return Err(Invalid::new("a root vouches for at least one AAGUID"));
        }
        self.anchors.push(Anchor {
            der: certificate.into(),
            name: root.subject().clone(),
            public_key: root.public_key().clone(),
            longest_path,
            aaguids,
        });
        Ok(self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// Returns whether a root for the model vouches for the certificates. Their own links were
    /// checked before.
    pub(super) fn judge(&self, vouchers: &Vouchers<'_>, aaguid: &[u8; 16]) -> AttestationTrust {
        let mut anchors = self.anchors.iter().filter(|anchor| anchor.aaguids.contains(aaguid));
        let is_trusted = match vouchers {
            Vouchers::Nobody => false,
            Vouchers::Certificates(chain) => anchors.any(|anchor| anchor.vouches_for(chain)),
            Vouchers::OfUnnamedModel(chain) => {
                anchors.any(|anchor| anchor.vouches_for(chain) && self.is_for_one_model(anchor))
            }
        };
        match is_trusted {
            true => AttestationTrust::Trusted,
            false => AttestationTrust::Untrusted,
        }
    }

    /// Returns whether the root's key vouches for one model alone, however often the root is
    /// listed.
    fn is_for_one_model(&self, anchor: &Anchor) -> bool {
        let same_key = self.anchors.iter().filter(|other| other.public_key == anchor.public_key);
        same_key.flat_map(|root| &root.aaguids).all(|aaguid| *aaguid == anchor.aaguids[0])
    }
}

impl Anchor {
    /// Returns whether the root is in the chain or signed a certificate in it, and the chain is for
    /// signatures. A chain that is not for signatures still holds, as some published ones do. But
    /// nobody vouches for what it signs.
    fn vouches_for(&self, chain: &Chain<'_>) -> bool {
        let mut certificates = chain.certificates().iter().enumerate();
        chain.is_for_signatures()
            && certificates.any(|(intermediates, certificate)| {
                let may_sign = self.longest_path.is_some_and(|longest| intermediates <= longest);
                *certificate.der == *self.der
                    || may_sign && certificate.check_signed_by(&self.name, &self.public_key).is_ok()
            })
    }
}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustAnchors({})", self.anchors.len())
    }
}
