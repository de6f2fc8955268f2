/// A step of a flow.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// A signed-in user asks for a code.
    Mint,
    /// A client exchanges a code for a challenge.
    Exchange,
    /// A client answers a challenge to register a credential.
    Register,
    /// A signed-in user asks for the challenge of an action.
    BeginAction,
    /// A signed-in user answers the challenge of an action.
    CompleteAction,
    /// A signed action is spent on its request.
    RedeemAction,
    /// The owner asks for their enrolments.
    ListEnrolments,
    /// The owner asks for one enrolment, or waits for it to change.
    FollowEnrolment,
    /// The owner ends an enrolment.
    Revoke,
    /// The owner approves a credential that waits.
    Approve,
    /// The owner refuses it.
    Refuse,
    /// A token takes back a credential.
    Undo,
    /// A client asks what happened to the credential that it made.
    FollowOutcome,
    /// A signed-in user asks for their credentials.
    ListCredentials,
    /// A signed-in user asks for a challenge, to add a credential in the current application.
    BeginCredential,
    /// A signed-in user answers that challenge to create the credential.
    CreateCredential,
    /// A credential is made active.
    Activate,
    /// A credential is deactivated.
    Deactivate,
    /// A credential gets another name.
    Rename,
    /// A credential is removed.
    Remove,
    /// A passkey signs somebody in, or a page asks for the challenge.
    SignIn,
}

impl Step {
    /// Returns the step's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mint => "mint",
            Self::Exchange => "exchange",
            Self::Register => "register",
            Self::BeginAction => "begin_action",
            Self::CompleteAction => "complete_action",
            Self::RedeemAction => "redeem_action",
            Self::ListEnrolments => "list_enrolments",
            Self::FollowEnrolment => "follow_enrolment",
            Self::Revoke => "revoke",
            Self::Approve => "approve",
            Self::Refuse => "refuse",
            Self::Undo => "undo",
            Self::FollowOutcome => "follow_outcome",
            Self::ListCredentials => "list_credentials",
            Self::BeginCredential => "begin_credential",
            Self::CreateCredential => "create_credential",
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::Rename => "rename",
            Self::Remove => "remove",
            Self::SignIn => "sign_in",
        }
    }
}
