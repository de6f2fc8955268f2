//! The parts that registering a credential and signing with it share: the two structures that a
//! client or an authenticator signs.

#[cfg(feature = "fido2")]
mod authenticator_data;
mod client_data;

#[cfg(feature = "fido2")]
pub(crate) use self::authenticator_data::{
    AttestedCredential, AuthenticatorData, MalformedAuthenticatorData,
};
pub(crate) use self::client_data::{ClientData, ClientDataError};
