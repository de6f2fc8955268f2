use argon2::{Argon2, PasswordVerifier};

use crate::code::Proof;
use crate::model::{Password, PasswordHash};

/// A person who chose a password.
#[derive(Clone, Debug)]
pub struct PasswordClient(Password);

impl PasswordClient {
    /// Creates a person with that password of at least eight bytes.
    ///
    /// # Panics
    ///
    /// If the password is shorter.
    pub fn new(password: &str) -> Self {
        Self(Password::new(password).expect("a password has 8 to 1024 bytes"))
    }

    /// Returns the text that they type to register.
    pub fn prove(&self) -> Proof {
        self.0.clone().into()
    }

    /// Returns the password itself: `credentialInfo.password`.
    pub fn password(&self) -> &str {
        self.0.reveal()
    }

    /// Returns whether their password is the one that was hashed. A host checks the same at
    /// sign-in.
    pub fn opens(&self, hash: &PasswordHash) -> bool {
        Argon2::default().verify_password(self.password().as_bytes(), hash.reveal()).is_ok()
    }
}
