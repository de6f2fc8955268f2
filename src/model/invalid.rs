/// Why a value is not what its type promises.
///
/// The text names the rule that was broken and never repeats the value, which may be a secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{rule}")]
pub struct Invalid {
    rule: &'static str,
}

impl Invalid {
    pub(crate) const fn new(rule: &'static str) -> Self {
        Self { rule }
    }

    /// Returns the rule that was broken, for the person who broke it.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}
