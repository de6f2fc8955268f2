/// What became of an insertion. A duplicate is an outcome, not a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Insertion {
    /// Nothing was there; now this is.
    Created,
    /// Something was there, and still is.
    Duplicate,
}
