use async_trait::async_trait;
use http::{HeaderMap, HeaderName};

use crate::action::{ActionFlow, ActionRequest};
use crate::flow::{Error, ErrorKind, Reason, Refused, Step};
use crate::host::{AuthError, AuthRequest, Authenticator, Caller};
use crate::model::ActionProof;

/// The header that published clients send.
const HEADER: HeaderName = HeaderName::from_static("x-dfns-useraction");

/// An [`Authenticator`] that demands a signed user action on top of what the host's own demands.
///
/// The host's is asked first, so a request without a bearer token is 401; without a user action that was signed by the same user for
/// this very request, it is 403. See the [module](crate::action) for an example.
///
/// The path that counts is [`AuthRequest::path`], as the client sees it: a [`CodeRouter`](crate::CodeRouter) that is not mounted under
/// `/auth/credentials` has to be [told](crate::CodeRouter::mounted_at). A request with a query is refused, since clients
/// sign none: an endpoint of yours takes what matters in its body.
///
/// To redeem is final. If what the action was for fails afterwards, the user signs a new one.
#[derive(Clone, Debug)]
pub struct UserActions<A> {
    bearer: A,
    actions: ActionFlow,
    header: HeaderName,
}

impl<A: Authenticator> UserActions<A> {
    /// Demands, of everybody whom `bearer` lets in, an action of that flow.
    pub fn new(bearer: A, actions: ActionFlow) -> Self {
        Self { bearer, actions, header: HEADER }
    }

    /// Looks for the action in another header than `X-DFNS-USERACTION`.
    #[must_use]
    pub fn with_header(self, header: HeaderName) -> Self {
        Self { header, ..self }
    }

    fn proof(&self, headers: &HeaderMap) -> Option<ActionProof> {
        let mut values = headers.get_all(&self.header).iter();
        match (values.next(), values.next()) {
            (Some(only), None) => only.to_str().ok().map(ActionProof::new),
            (_, _) => None,
        }
    }

    async fn redeem(&self, caller: &Caller, request: &AuthRequest<'_>) -> Result<(), Error> {
        let source = (self.actions.front().source_of)(request.head);
        let refuse = |reason| {
            let user = Some(&caller.user);
            let refused = Refused { step: Step::RedeemAction, user, kind: None, source: source.as_deref() };
            self.actions.refuse(refused, Error::invalid_action(reason))
        };
        let proof = self.proof(&request.head.headers).ok_or_else(|| refuse(Reason::Missing))?;
        if request.head.uri.query().is_some() {
            return Err(refuse(Reason::Query));
        }
        let action_request = ActionRequest::new(request.head.method.as_str(), request.path, request.body);
        let action_request = action_request.map_err(|_| refuse(Reason::Malformed))?;
        self.actions.redeem(caller, &proof, &action_request, source.as_deref()).await
    }
}

#[async_trait]
impl<A: Authenticator> Authenticator for UserActions<A> {
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        let caller = self.bearer.authenticate(request).await?;
        self.redeem(&caller, request).await.map_err(auth_error)?;
        Ok(caller)
    }
}

/// The same refusal, as an authenticator says it.
fn auth_error(error: Error) -> AuthError {
    match (error.kind(), error.retry_after()) {
        (ErrorKind::Forbidden, _) => AuthError::Forbidden(error.message().to_owned().into()),
        (_, Some(retry_after)) => AuthError::TooManyAttempts { retry_after },
        (ErrorKind::Unavailable, _) => AuthError::Unavailable(error.into()),
        (_, None) => AuthError::Other(error.into()),
    }
}
