//! The nouns of the flow: users, relying parties, codes, challenges and credentials.
//!
//! Parsing creates each type, so a value keeps what its type promises. A [`Code`] is normalised, an
//! [`Origin`] is in its serialised form, a [`NewCredential`] was verified. The types know nothing
//! of HTTP, of stores or of the flow.
//!
//! ```
//! use credential_code::model::CodeFormat;
//!
//! let code = CodeFormat::default().parse("a7u ky6 9pt")?;
//! assert_eq!(code.reveal(), "A7U-KY6-9PT");
//! # Ok::<(), credential_code::model::Invalid>(())
//! ```

#[macro_use]
mod text;

mod action_proof;
mod approval;
mod challenge;
mod code;
mod credential;
mod descriptor;
mod enrolment;
mod fido2_policy;
mod insertion;
mod invalid;
mod kind;
mod new_credential;
mod public_id;
mod relying_party;
mod scope;
mod shared_secret;
mod shown_name;
mod token;
mod transport;
mod user;
mod well_known;

pub use self::action_proof::ActionProof;
pub use self::approval::{Approval, CheckCode};
pub use self::challenge::{Challenge, ChallengeId};
pub use self::code::{Code, CodeFormat};
pub use self::credential::{
    AttestationTrust, Credential, CredentialId, CredentialStatus, CredentialUuid, EncryptedPrivateKey,
    Fido2Properties,
};
pub use self::descriptor::CredentialDescriptor;
pub use self::enrolment::{Enrolment, EnrolmentId, Opening, Stage};
pub use self::fido2_policy::{
    AttestationConveyance, AuthenticatorAttachment, AuthenticatorHint, Backup, CoseAlgorithm, Fido2Policy,
    Requirement,
};
pub use self::insertion::Insertion;
pub use self::invalid::Invalid;
pub use self::kind::CredentialKind;
pub use self::new_credential::NewCredential;
pub use self::relying_party::{Origin, RelyingParty};
pub use self::scope::Scope;
pub use self::shared_secret::{
    CredentialSecret, OneTimePassword, OtpUrl, Password, PasswordHash, TotpSecret,
};
pub(crate) use self::shown_name::is_showable;
pub use self::token::{OutcomeToken, UndoToken};
pub use self::transport::{ClientReport, Transport};
pub use self::user::{User, UserId, UserStatus};
pub use self::well_known::PasskeyEndpoints;
