use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::attestation::fido2::engine::native::flaw::Flaw;
use crate::attestation::fido2::engine::native::tpm::structure::Structure;
use crate::crypto::{KeyAlgorithm, PublicKey};

// `TPM_ALG_ID`, part 2, section 6.3.
const RSA: u16 = 0x0001;
const SHA1: u16 = 0x0004;
const SHA256: u16 = 0x000b;
const SHA384: u16 = 0x000c;
const SHA512: u16 = 0x000d;
const NULL: u16 = 0x0010;
const RSASSA: u16 = 0x0014;
const ECDSA: u16 = 0x0018;
const ECC: u16 = 0x0023;

/// The exponent that zero stands for.
const USUAL_EXPONENT: u32 = 65537;

/// `TPMT_PUBLIC` (part 2, section 12.2.4): a key, and its name in the TPM.
pub(super) struct PublicArea {
    pub(super) key: PublicKey,
    pub(super) name: Vec<u8>,
}

impl PublicArea {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Flaw> {
        let mut structure = Structure(bytes);
        let kind = structure.u16()?;
        let name_algorithm = structure.u16()?;
        let _attributes = structure.u32()?;
        let _policy = structure.sized()?;
        // `TPMT_SYM_DEF_OBJECT`: a key that signs has no algorithm to encrypt with.
        if structure.u16()? != NULL {
            return Err(Flaw("pubArea is of a key that encrypts"));
        }
        let key = match kind {
            RSA => read_rsa(&mut structure)?,
            ECC => read_ecc(&mut structure)?,
            _ => return Err(Flaw("pubArea is of an unknown kind of key")),
        };
        structure.finish()?;
        Ok(Self { key, name: name(name_algorithm, bytes)? })
    }

    pub(super) fn is_named_by_sha1(&self) -> bool {
        self.name.starts_with(&SHA1.to_be_bytes())
    }
}

fn read_rsa(structure: &mut Structure<'_>) -> Result<PublicKey, Flaw> {
    read_scheme(structure, RSASSA)?;
    let bits = structure.u16()?;
    let exponent = match structure.u32()? {
        0 => USUAL_EXPONENT,
        exponent => exponent,
    };
    let modulus = structure.sized()?;
    if modulus.len() != usize::from(bits).div_ceil(8) {
        return Err(Flaw("pubArea has a modulus of another length than it says"));
    }
    PublicKey::from_rsa(modulus, &exponent.to_be_bytes()).map_err(|_| Flaw("the key of pubArea is refused"))
}

fn read_ecc(structure: &mut Structure<'_>) -> Result<PublicKey, Flaw> {
    read_scheme(structure, ECDSA)?;
    // `TPM_ECC_CURVE`, part 2, section 6.4.
    let (curve, width) = match structure.u16()? {
        0x0003 => (KeyAlgorithm::P256, 32),
        0x0004 => (KeyAlgorithm::P384, 48),
        0x0005 => (KeyAlgorithm::P521, 66),
        _ => return Err(Flaw("pubArea is on an unknown curve")),
    };
    // `TPMT_KDF_SCHEME`
    if structure.u16()? != NULL {
        return Err(Flaw("pubArea is of a key that derives others"));
    }
    let x = padded(structure.sized()?, width)?;
    let y = padded(structure.sized()?, width)?;
    PublicKey::from_ec_point(curve, &x, &y).map_err(|_| Flaw("the key of pubArea is refused"))
}

/// Reads the scheme that the key is bound to, if any, with its hash.
fn read_scheme(structure: &mut Structure<'_>, signing: u16) -> Result<(), Flaw> {
    match structure.u16()? {
        NULL => Ok(()),
        scheme if scheme == signing => structure.u16().map(|_hash| ()),
        _ => Err(Flaw("pubArea is of a key that signs in another way")),
    }
}

/// Pads a coordinate: some TPMs leave out its leading zeros.
fn padded(coordinate: &[u8], width: usize) -> Result<Vec<u8>, Flaw> {
    let zeros = width.checked_sub(coordinate.len()).ok_or(Flaw("a coordinate of pubArea is too long"))?;
    let mut padded = vec![0; zeros];
    padded.extend_from_slice(coordinate);
    Ok(padded)
}

/// Returns the name of a structure: its hash, with the algorithm's number in front (part 1, section
/// 16).
fn name(algorithm: u16, public_area: &[u8]) -> Result<Vec<u8>, Flaw> {
    let digest = match algorithm {
        SHA1 => Sha1::digest(public_area).to_vec(),
        SHA256 => Sha256::digest(public_area).to_vec(),
        SHA384 => Sha384::digest(public_area).to_vec(),
        SHA512 => Sha512::digest(public_area).to_vec(),
        _ => return Err(Flaw("the key of pubArea has a name by an unknown hash")),
    };
    Ok([algorithm.to_be_bytes().as_slice(), &digest].concat())
}
