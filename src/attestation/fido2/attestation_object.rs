use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};

use crate::attestation::VerifyError;
use crate::attestation::fido2::statement::Statement;

/// The outer CBOR map that an authenticator sends: three members, each once, and nothing behind
/// them.
#[derive(Debug)]
pub(super) struct AttestationObject<'a> {
    pub(super) format: &'a str,
    pub(super) statement: Statement<'a>,
    pub(super) authenticator_data: &'a [u8],
}

impl<'a> AttestationObject<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, VerifyError> {
        Self::read(bytes).map_err(|_| VerifyError::AttestationData("not an attestation object"))
    }

    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut cbor = Decoder::new(bytes);
        let mut format = None;
        let mut statement = None;
        let mut authenticator_data = None;
        let mut members = Items::of_map(&mut cbor)?;
        while members.next(&mut cbor)? {
            let is_first = match cbor.str()? {
                "fmt" => format.replace(cbor.str()?).is_none(),
                "attStmt" => statement.replace(Statement::read(&mut cbor)?).is_none(),
                "authData" => authenticator_data.replace(cbor.bytes()?).is_none(),
                _ => return Err(Error::message("unknown member")),
            };
            if !is_first {
                return Err(Error::message("duplicate member"));
            }
        }
        match (format, statement, authenticator_data) {
            (Some(format), Some(statement), Some(authenticator_data)) if cbor.position() == bytes.len() => {
                Ok(Self { format, statement, authenticator_data })
            }
            _ => Err(Error::message("a member is missing, or something is left over")),
        }
    }
}

/// The number of items of a map or an array that are still to come. `None` means that a break marks
/// the end. CTAP2 asks for definite lengths, but published attestations have indefinite ones.
pub(super) struct Items(Option<u64>);

impl Items {
    pub(super) fn of_map(cbor: &mut Decoder<'_>) -> Result<Self, Error> {
        cbor.map().map(Self)
    }

    /// Returns whether there is another one.
    pub(super) fn next(&mut self, cbor: &mut Decoder<'_>) -> Result<bool, Error> {
        match &mut self.0 {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None if cbor.datatype()? == Type::Break => cbor.skip().map(|()| false),
            None => Ok(true),
        }
    }
}
