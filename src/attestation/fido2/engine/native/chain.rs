use crate::attestation::fido2::engine::native::certificate::Certificate;
use crate::attestation::fido2::engine::native::flaw::{Flaw, require};

/// The certificates of a statement, its own first. There is at least one, and the reader of
/// statements allows eight.
pub(super) struct Chain<'a>(Vec<Certificate<'a>>);

impl<'a> Chain<'a> {
    pub(super) fn parse(x5c: &[&'a [u8]]) -> Result<Self, Flaw> {
        require(!x5c.is_empty(), "x5c has a certificate")?;
        x5c.iter().map(|der| Certificate::parse(der)).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn leaf(&self) -> &Certificate<'a> {
        &self.0[0]
    }

    /// Returns whether the leaf's key is for signatures. No issuer may insist on a purpose of its
    /// own, since nobody reads it.
    pub(super) fn is_for_signatures(&self) -> bool {
        self.leaf().is_for_signatures() && !self.0[1..].iter().any(Certificate::has_critical_purposes)
    }

    pub(super) fn certificates(&self) -> &[Certificate<'a>] {
        &self.0
    }

    /// Checks that each certificate is signed by the next.
    pub(super) fn check_links(&self) -> Result<(), Flaw> {
        for (intermediates, (signed, issuer)) in self.0.iter().zip(&self.0[1..]).enumerate() {
            require(intermediates <= issuer.longest_path()?, "the chain is longer than an issuer allows")?;
            signed.check_signed_by(issuer.subject(), issuer.public_key())?;
        }
        Ok(())
    }
}
