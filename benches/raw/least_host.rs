use async_trait::async_trait;
use credential_code::error::BoxError;
use credential_code::host::{Addition, CredentialRepository, UserDirectory};
use credential_code::model::{Credential, NewCredential, User, UserId};

/// A host that answers at once, and keeps nothing: Redis holds no credentials.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeastHost;

#[async_trait]
impl UserDirectory for LeastHost {
    async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError> {
        Ok(Some(User::new(id.clone(), "somebody@example.com")))
    }
}

#[async_trait]
impl CredentialRepository for LeastHost {
    async fn credentials(&self, _: &UserId) -> Result<Vec<Credential>, BoxError> {
        Ok(Vec::new())
    }

    async fn insert(&self, _: NewCredential, _: usize) -> Result<Addition, BoxError> {
        Ok(Addition::Added)
    }
}
