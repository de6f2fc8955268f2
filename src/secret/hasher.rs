use std::fmt;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use async_lock::Semaphore;

use crate::model::{Password, PasswordHash};
use crate::random;
use crate::secret::{PasswordPolicy, SecretError};

/// Hashes passwords on threads of its own. The number of passwords that are hashed at once is
/// bounded, and so is the number that waits. A waiting password holds a kilobyte, a hash in
/// progress the memory of Argon2id.
pub(crate) struct PasswordHasher {
    policy: PasswordPolicy,
    argon2: Argon2<'static>,
    /// The places of all passwords that wait or are being hashed.
    places: Semaphore,
    turns: Arc<Semaphore>,
}

impl PasswordHasher {
    /// Creates a hasher, or returns the rule that the policy breaks.
    pub(crate) fn new(policy: PasswordPolicy) -> Result<Self, &'static str> {
        if let Some(rule) = policy.broken_rule() {
            return Err(rule);
        }
        let params = Params::new(policy.memory_kib, policy.passes, 1, None)
            .map_err(|_| "Argon2id does not take these parameters")?;
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            places: Semaphore::new(policy.at_once + policy.most_waiting),
            turns: Arc::new(Semaphore::new(policy.at_once)),
            policy,
        })
    }

    /// Returns the hash of a password that is not denied.
    ///
    /// A client that hangs up while it waits leaves the queue, and has spent the challenge. A hash
    /// that has begun is finished for nobody, and holds its place until then.
    pub(crate) async fn hash(&self, password: &Password) -> Result<PasswordHash, SecretError> {
        if self.policy.denies(password) {
            return Err(SecretError::DeniedPassword);
        }
        let _place = self.places.try_acquire().ok_or(SecretError::Busy)?;
        let turn = self.turns.acquire_arc().await;
        let (argon2, password) = (self.argon2.clone(), password.clone());
        blocking::unblock(move || {
            let hash = hash(&argon2, &password);
            drop(turn);
            hash
        })
        .await
    }
}

fn hash(argon2: &Argon2<'_>, password: &Password) -> Result<PasswordHash, SecretError> {
    let salt = random::bytes::<16>().map_err(|error| SecretError::Hash(error.into()))?;
    let phc = argon2
        .hash_password_with_salt(password.reveal().as_bytes(), &salt)
        .map_err(|error| SecretError::Hash(error.into()))?;
    PasswordHash::new(phc.to_string()).map_err(|error| SecretError::Hash(error.into()))
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").field("policy", &self.policy).finish_non_exhaustive()
    }
}
