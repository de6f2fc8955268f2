/// A step of a flow.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// A signed-in user asks for a code.
    Mint,
    /// A code buys a challenge.
    Exchange,
    /// A challenge, answered, becomes a credential.
    Register,
    /// A signed-in user asks for the challenge of an action.
    BeginAction,
    /// The challenge of an action is answered.
    CompleteAction,
    /// A signed action is spent on its request.
    RedeemAction,
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
        }
    }
}
