use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::header::ORIGIN;
use axum_login::{AuthSession, AuthnBackend};
use credential_code::error::BoxError;
use credential_code::host::{AuthError, AuthRequest, Authenticator, Caller, UserDirectory, async_trait};
use credential_code::model::{RelyingParty, User, UserId};
use sqlx::SqlitePool;
use uuid::Uuid;

use crate::{accounts::Accounts, sign_in::SIGNED_IN_AT};

/// How long a sign-in is fresh.
const FRESH: Duration = Duration::from_secs(600);

/// The application, as the library needs it.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) db: SqlitePool,
    pub(crate) party: RelyingParty,
}

impl Host {
    /// Returns the origin where users manage their credentials.
    pub(super) fn app1(&self) -> &str {
        self.party.origins()[0].as_str()
    }
}

#[async_trait]
impl Authenticator for Host {
    /// Returns the session's user. A request that changes something needs two things more. It comes
    /// from app 1's own pages, since browsers send the cookie along with requests of other pages,
    /// too. And it comes soon after a sign-in.
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        let head = request.head;
        let changes = !head.method.is_safe();
        if changes && head.headers.get(ORIGIN).is_none_or(|origin| origin != self.app1()) {
            return Err(AuthError::Forbidden("Ask from the application's own pages.".into()));
        }
        let session = head.extensions.get::<AuthSession<Accounts>>().ok_or(AuthError::Unauthenticated)?;
        let user = session.user.as_ref().ok_or(AuthError::Unauthenticated)?;
        let signed_in_at: Option<u64> = session.session.get(SIGNED_IN_AT).await.map_err(BoxError::from)?;
        let since = UNIX_EPOCH + Duration::from_secs(signed_in_at.unwrap_or_default());
        if changes && since + FRESH < SystemTime::now() {
            return Err(AuthError::StepUp("Sign in again.".into()));
        }
        Ok(Caller::new(UserId::new(user.id.to_string()).map_err(BoxError::from)?).since(since))
    }
}

#[async_trait]
impl UserDirectory for Host {
    /// Returns a user, with the handle by which the sign-in finds them.
    async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError> {
        let uuid = Uuid::parse_str(id.as_str())?;
        let account = Accounts(self.db.clone()).get_user(&uuid).await?;
        let user = |name| User::new(id.clone(), name).with_handle(uuid.into_bytes());
        Ok(account.map(|account| user(account.name)).transpose()?)
    }
}
