use crate::attestation::VerifyError;

/// The reason why a statement does not hold: the rule that it breaks, without any of its content.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Flaw(pub(super) &'static str);

impl From<Flaw> for VerifyError {
    fn from(flaw: Flaw) -> Self {
        Self::Statement(flaw.into())
    }
}

/// Checks a rule of a format.
pub(super) fn require(holds: bool, rule: &'static str) -> Result<(), Flaw> {
    holds.then_some(()).ok_or(Flaw(rule))
}
