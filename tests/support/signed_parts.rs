//! What two engines have to agree on in a registration.

use std::collections::BTreeMap;

use credential_code::attestation::Attestation;
use minicbor::Decoder;
use minicbor::bytes::ByteSlice;
use minicbor::data::Type;
use x509_cert::der::{Decode, Encode};

/// Everything in a registration that some signature covers, and the signatures. Two things are left
/// out. One is the spelling of its CBOR. The other is the text of the last certificate, which
/// nothing in the registration signs. The key of that certificate stays, because it checked the
/// others.
#[derive(PartialEq)]
pub struct SignedParts {
    client_data: Vec<u8>,
    members: BTreeMap<String, Vec<u8>>,
    certificates: Vec<Vec<u8>>,
    last_key: Option<Vec<u8>>,
}

impl SignedParts {
    pub fn read(attestation: &Attestation) -> Self {
        let mut cbor = Decoder::new(&attestation.attestation_data);
        let mut signed = Self {
            client_data: attestation.client_data.clone(),
            members: BTreeMap::new(),
            certificates: Vec::new(),
            last_key: None,
        };
        signed.read_map(&mut cbor);
        if let Some(last) = signed.certificates.pop() {
            let last = x509_cert::Certificate::from_der(&last).unwrap();
            signed.last_key = Some(last.tbs_certificate().subject_public_key_info().to_der().unwrap());
        }
        signed
    }

    /// Reads the statement as if its members were the registration's own. Heads and lengths may
    /// have any form. Other members mean nothing, and nothing signs them.
    fn read_map(&mut self, cbor: &mut Decoder<'_>) {
        let mut left = cbor.map().unwrap();
        while left != Some(0) {
            left = left.map(|left| left - 1);
            if cbor.datatype().unwrap() == Type::Break {
                return cbor.skip().unwrap();
            }
            let name = cbor.str().unwrap().to_owned();
            let value = match name.as_str() {
                "attStmt" => {
                    self.read_map(cbor);
                    continue;
                }
                "x5c" => {
                    let certificates = cbor.array_iter::<&ByteSlice>().unwrap();
                    self.certificates = certificates.map(|der| der.unwrap().to_vec()).collect();
                    continue;
                }
                "authData" | "sig" | "certInfo" | "pubArea" => cbor.bytes().unwrap().to_vec(),
                "fmt" | "ver" => cbor.str().unwrap().into(),
                "alg" => cbor.i64().unwrap().to_be_bytes().into(),
                _ => {
                    cbor.skip().unwrap();
                    continue;
                }
            };
            assert!(self.members.insert(name, value).is_none(), "a member twice");
        }
    }
}
