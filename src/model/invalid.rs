/// Says why a value breaks a promise of its type.
///
/// The text names the broken rule. It never repeats the value, which may be a secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{rule}")]
pub struct Invalid {
    rule: &'static str,
}

impl Invalid {
    pub(crate) const fn new(rule: &'static str) -> Self {
        Self { rule }
    }

    /// Returns the broken rule, for the person who broke it.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}
