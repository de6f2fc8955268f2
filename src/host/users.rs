use async_trait::async_trait;

use crate::error::BoxError;
use crate::model::{User, UserId};

/// Finds users.
#[async_trait]
pub trait UserDirectory: Send + Sync + 'static {
    /// Returns the user, or `None` if they are gone. It is called at each of the three steps, so
    /// nobody adds a credential to an account that was closed meanwhile. It is also called before
    /// somebody is signed in.
    async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError>;
}
