//! Add a credential with a one-time code.
