//! What a change request wants of one member.

/// A member of a change request, where leaving out, emptying and setting are three different wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<T> {
    /// Not mentioned: stays as it is.
    Keep,
    /// `null`: back to none.
    Clear,
    /// The new value.
    Set(T),
}

impl<T> Change<T> {
    /// The value after the change, given the one before.
    pub fn apply(self, before: Option<T>) -> Option<T> {
        match self {
            Change::Keep => before,
            Change::Clear => None,
            Change::Set(value) => Some(value),
        }
    }
}
