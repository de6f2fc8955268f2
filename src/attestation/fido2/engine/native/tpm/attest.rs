use crate::attestation::fido2::engine::native::flaw::{Flaw, require};
use crate::attestation::fido2::engine::native::tpm::structure::Structure;

/// `TPM_GENERATED_VALUE`. A TPM key that may sign anything else never signs data with this
/// beginning.
const GENERATED: u32 = 0xff54_4347;

/// `TPM_ST_ATTEST_CERTIFY`.
const CERTIFY: u16 = 0x8017;

/// `TPMS_ATTEST` (part 2, section 10.12.8): the certification of a key.
pub(super) struct Attest<'a> {
    pub(super) extra_data: &'a [u8],
    pub(super) name: &'a [u8],
}

impl<'a> Attest<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let mut structure = Structure(bytes);
        require(structure.u32()? == GENERATED, "certInfo was made by a TPM")?;
        require(structure.u16()? == CERTIFY, "certInfo certifies a key")?;
        let _qualified_signer = structure.sized()?;
        let extra_data = structure.sized()?;
        let _clock_info = structure.bytes::<17>()?;
        let _firmware_version = structure.bytes::<8>()?;
        let name = structure.sized()?;
        let _qualified_name = structure.sized()?;
        structure.finish()?;
        Ok(Self { extra_data, name })
    }
}
