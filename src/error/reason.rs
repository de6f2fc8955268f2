/// The reason why a code, a challenge or a user action does not work. The caller never learns it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum Reason {
    #[error("unknown, spent or expired")]
    NotFound,
    #[error("missing, or there twice")]
    Missing,
    #[error("not of the expected form")]
    Malformed,
    #[error("its request has a query that was not signed")]
    Query,
    #[error("its user is gone or deactivated")]
    UserGone,
    #[error("another credential was offered for it")]
    OtherCredential,
    #[error("it began before the user declared everything void")]
    Void,
    #[error("the credential that signed it is gone or deactivated")]
    CredentialGone,
    #[error("its enrolment has ended")]
    Ended,
}
