use crate::attestation::fido2::engine::native::flaw::Flaw;

/// The unread rest of a structure of a TPM ([TPM 2.0, part
/// 2](https://trustedcomputinggroup.org/resource/tpm-library-specification/)). It consists of
/// numbers of fixed width, the highest byte first, and strings with their length in front.
pub(super) struct Structure<'a>(pub(super) &'a [u8]);

const TRUNCATED: Flaw = Flaw("a TPM's structure is truncated");

impl<'a> Structure<'a> {
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(TRUNCATED)?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Flaw> {
        self.bytes().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Flaw> {
        self.bytes().map(u32::from_be_bytes)
    }

    /// Reads a string with its length in front.
    pub(super) fn sized(&mut self) -> Result<&'a [u8], Flaw> {
        let length = self.u16()?;
        let (string, rest) = self.0.split_at_checked(length.into()).ok_or(TRUNCATED)?;
        self.0 = rest;
        Ok(string)
    }

    pub(super) fn finish(self) -> Result<(), Flaw> {
        self.0.is_empty().then_some(()).ok_or(Flaw("a TPM's structure has something left over"))
    }
}
