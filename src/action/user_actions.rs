use async_trait::async_trait;
use http::{HeaderMap, HeaderName};

use crate::action::{ActionFlow, ActionRequest, RedeemRequest};
use crate::error::{Error, Reason};
use crate::event::{Asking, Step};
use crate::host::{AuthError, AuthRequest, Authenticator, Caller};
use crate::model::ActionProof;

/// The header that published clients send.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-dfns-useraction");

/// An [`Authenticator`] that demands a signed user action in addition to the host's own
/// authenticator.
///
/// [`CodeFlow::signed_by`](crate::CodeFlow::signed_by) puts it in front of mint. An endpoint of
/// your own asks it before it acts. The site of the action flow hears of each refusal:
///
/// ```
/// use credential_code::action::UserActions;
/// use credential_code::error::Error;
/// use credential_code::host::{AuthRequest, Authenticator};
/// use http::request::Parts;
///
/// async fn transfer(
///     demanding: &UserActions<impl Authenticator>,
///     head: &Parts,
///     body: &[u8],
/// ) -> Result<String, Error> {
///     let request = AuthRequest::new(head, "/transfers", body);
///     let caller = demanding.authenticate(&request).await.map_err(Error::from)?;
///     Ok(format!("{} may transfer", caller.user))
/// }
/// ```
///
/// It asks the host's authenticator first, so a request without a bearer token gets 401. It answers
/// 403 unless the same user signed a user action for exactly this request.
///
/// The path that counts is [`AuthRequest::path`], as the client sees it. If a router of this crate
/// is not under its default mount, [set the path](crate::serve::FlowRouter::mounted_at). A request
/// with a query is refused, since clients sign none. So an endpoint of yours should take all that
/// matters from its body.
///
/// Redeeming is final. If the request fails afterwards, the user signs a new action.
#[derive(Clone, Debug)]
pub struct UserActions<A> {
    bearer: A,
    actions: ActionFlow,
}

impl<A: Authenticator> UserActions<A> {
    /// Creates an authenticator that demands an action of that flow from every user that `bearer`
    /// accepts.
    pub fn new(bearer: A, actions: ActionFlow) -> Self {
        Self { bearer, actions }
    }

    fn proof(&self, headers: &HeaderMap) -> Option<ActionProof> {
        let mut values = headers.get_all(&self.actions.0.policy.header).iter();
        match (values.next(), values.next()) {
            (Some(only), None) => only.to_str().ok().map(ActionProof::new),
            (_, _) => None,
        }
    }

    /// Reads the action to redeem.
    fn read(&self, request: &AuthRequest<'_>) -> Result<RedeemRequest, Reason> {
        let proof = self.proof(&request.head.headers).ok_or(Reason::Missing)?;
        if request.head.uri.query().is_some() {
            return Err(Reason::Query);
        }
        let action = ActionRequest::new(request.head.method.as_str(), request.path, request.body);
        Ok(RedeemRequest::new(proof, action.map_err(|_| Reason::Malformed)?))
    }

    async fn redeem(&self, caller: &Caller, request: &AuthRequest<'_>) -> Result<(), Error> {
        let site = self.actions.site();
        let source = site.source_of(request.head);
        match self.read(request) {
            Ok(read) => self.actions.redeem(caller, RedeemRequest { source, ..read }).await,
            Err(reason) => {
                let asking = Asking::new(Step::RedeemAction, source.as_deref()).by(&caller.user);
                Err(site.refuse(asking, Error::invalid_action(reason)))
            }
        }
    }
}

#[async_trait]
impl<A: Authenticator> Authenticator for UserActions<A> {
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        let caller = self.bearer.authenticate(request).await?;
        self.redeem(&caller, request).await?;
        Ok(caller)
    }
}
