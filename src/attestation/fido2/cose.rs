use minicbor::decode::{Decoder, Error};

use crate::attestation::VerifyError;
use crate::crypto::{KeyAlgorithm, PublicKey};
use crate::model::CoseAlgorithm;

/// A credential's public key, read from its [COSE
/// encoding](https://www.rfc-editor.org/rfc/rfc9053#section-7).
#[derive(Debug)]
pub(super) struct CoseKey {
    pub(super) algorithm: CoseAlgorithm,
    pub(super) public_key: PublicKey,
}

/// The members of any key that an authenticator may send. -1 is a curve or an RSA modulus, -2 a
/// coordinate or an exponent.
#[derive(Default)]
struct Members<'a> {
    kty: Option<i64>,
    alg: Option<i64>,
    crv: Option<i64>,
    n: Option<&'a [u8]>,
    x_or_e: Option<&'a [u8]>,
    y: Option<&'a [u8]>,
}

impl CoseKey {
    /// Reads exactly one key.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, VerifyError> {
        let members = Members::read(bytes).map_err(|_| VerifyError::AuthenticatorData("not a COSE key"))?;
        members.into_key()
    }
}

impl<'a> Members<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut cbor = Decoder::new(bytes);
        let mut members = Self::default();
        let length = cbor.map()?.ok_or_else(|| Error::message("a key of indefinite length"))?;
        for _ in 0..length {
            let is_first = match cbor.i64()? {
                1 => members.kty.replace(cbor.i64()?).is_none(),
                3 => members.alg.replace(cbor.i64()?).is_none(),
                -1 => match cbor.probe().bytes() {
                    Ok(_) => members.n.replace(cbor.bytes()?).is_none(),
                    Err(_) => members.crv.replace(cbor.i64()?).is_none(),
                },
                -2 => members.x_or_e.replace(cbor.bytes()?).is_none(),
                -3 => members.y.replace(cbor.bytes()?).is_none(),
                _ => return Err(Error::message("unknown member")),
            };
            if !is_first {
                return Err(Error::message("duplicate member"));
            }
        }
        Ok(members)
    }

    /// Accepts a key type, its algorithm and its curve only in the combinations that [WebAuthn]
    /// allows.
    ///
    /// [WebAuthn]: https://www.w3.org/TR/webauthn-3/#sctn-alg-identifier
    fn into_key(self) -> Result<CoseKey, VerifyError> {
        let number = self.alg.ok_or(VerifyError::AuthenticatorData("a key without an algorithm"))?;
        let algorithm = CoseAlgorithm::from_number(number)
            .ok_or(VerifyError::AuthenticatorData("a key of an unknown algorithm"))?;
        let kind = algorithm.key_algorithm();
        let public_key = match self {
            Self { kty: Some(2), crv: Some(curve), n: None, x_or_e: Some(x), y: Some(y), .. }
                if curve_of(curve) == Some(kind) =>
            {
                PublicKey::from_ec_point(kind, x, y)
            }
            Self { kty: Some(1), crv: Some(6), n: None, x_or_e: Some(x), y: None, .. }
                if kind == KeyAlgorithm::Ed25519 =>
            {
                PublicKey::from_ed25519(x)
            }
            Self { kty: Some(3), crv: None, n: Some(n), x_or_e: Some(e), y: None, .. }
                if kind == KeyAlgorithm::Rsa =>
            {
                PublicKey::from_rsa(n, e)
            }
            _ => return Err(VerifyError::AuthenticatorData("a key that is not of its algorithm's type")),
        };
        Ok(CoseKey { algorithm, public_key: public_key.map_err(VerifyError::PublicKey)? })
    }
}

/// Looks up the curve of a key with two coordinates.
fn curve_of(number: i64) -> Option<KeyAlgorithm> {
    match number {
        1 => Some(KeyAlgorithm::P256),
        2 => Some(KeyAlgorithm::P384),
        3 => Some(KeyAlgorithm::P521),
        _ => None,
    }
}
