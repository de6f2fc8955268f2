use async_trait::async_trait;

use crate::error::BoxError;
use crate::model::{User, UserId};

/// Finds users.
#[async_trait]
pub trait UserDirectory: Send + Sync + 'static {
    /// The user, or `None` if they are gone. Asked at each of the three steps, so that nobody adds
    /// a credential to an account that was closed meanwhile, and before somebody is signed in.
    async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError>;
}
