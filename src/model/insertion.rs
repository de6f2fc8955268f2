/// The outcome of an insertion. A duplicate is an outcome, not a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Insertion {
    /// The place was free, and the record is stored.
    Created,
    /// The place was taken, and its record is unchanged.
    Duplicate,
}
