use argon2::{Argon2, PasswordVerifier};

use crate::code::Proof;
use crate::model::{Password, PasswordHash};

/// A person who chose a password.
#[derive(Clone, Debug)]
pub struct PasswordClient(Password);

impl PasswordClient {
    /// A person with that password of at least eight bytes.
    ///
    /// # Panics
    ///
    /// If it is shorter.
    pub fn new(password: &str) -> Self {
        Self(Password::new(password).expect("a password has 8 to 1024 bytes"))
    }

    /// What they type to register.
    pub fn prove(&self) -> Proof {
        self.0.clone().into()
    }

    /// The password itself: `credentialInfo.password`.
    pub fn password(&self) -> &str {
        self.0.reveal()
    }

    /// Whether their password is the one that was hashed, as a host finds out when they sign in.
    pub fn opens(&self, hash: &PasswordHash) -> bool {
        Argon2::default().verify_password(self.password().as_bytes(), hash.reveal()).is_ok()
    }
}
