use std::sync::Arc;

use http::Response;
use http::request::Parts;

use crate::error::Error;
use crate::event::{Asking, Step};
use crate::host::{AuthRequest, Authenticator, Caller};
use crate::model::{Origin, RelyingParty, UserId};
use crate::serve::AnswerBody;
use crate::serve::mount::Mount;
use crate::serve::request::find_relying_party;
use crate::site::Site;

/// The endpoints that a flow has over HTTP.
pub(crate) trait Endpoints: Clone + Send + Sync + 'static {
    /// The default mount.
    const MOUNT: &'static str;

    /// Returns the steps whose endpoints have that path below the mount, each with its method. A
    /// path without steps has no endpoint.
    fn steps(&self, below: &str) -> &'static [(Verb, Step)];

    /// Returns the site of the flow.
    fn site(&self) -> &Site;

    /// Answers a request for one of its steps. The body has arrived whole.
    fn answer(
        &self,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> impl Future<Output = Result<Response<AnswerBody>, Error>> + Send;
}

/// A method of endpoints.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A flow that has endpoints: a [`CodeFlow`](crate::CodeFlow), an
/// [`ActionFlow`](crate::ActionFlow), or [all flows of a site](crate::auth::AuthFlows). There are
/// no others.
#[expect(private_bounds, reason = "what a flow tells of its endpoints is told within this crate")]
pub trait Mountable: Endpoints {}

impl<F: Endpoints> Mountable for F {}

/// A request to one of the endpoints, without its body, and what is known of it so far.
pub(crate) struct Asked<'a> {
    pub(super) mount: &'a Mount,
    pub(super) below: &'a str,
    pub(super) head: &'a Parts,
    pub(super) site: &'a Site,
    pub(crate) step: Step,
    pub(super) user: Option<UserId>,
    pub(super) source: Option<String>,
}

impl Asked<'_> {
    /// Asks the host to identify the caller.
    pub(crate) async fn authenticate(
        &mut self,
        authenticator: &Arc<dyn Authenticator>,
        body: &[u8],
    ) -> Result<Caller, Error> {
        let path = self.mount.path_of(self.below);
        let caller = authenticator.authenticate(&AuthRequest::new(self.head, &path, body)).await?;
        self.user = Some(caller.user.clone());
        Ok(caller)
    }

    /// Finds the relying party of the request, and its origin if it names one.
    pub(crate) async fn relying_party(&self) -> Result<(Arc<RelyingParty>, Option<Origin>), Error> {
        find_relying_party(self.site.relying_parties(), self.head).await
    }

    /// Returns the path below the mount.
    pub(crate) fn below(&self) -> &str {
        self.below
    }

    /// Returns the query, unchanged.
    pub(crate) fn query(&self) -> Option<&str> {
        self.head.uri.query()
    }

    /// Returns the host's own words for the place of the request.
    pub(crate) fn place(&self) -> Option<String> {
        self.site.place_of(self.head)
    }

    /// Returns the network source of the request.
    pub(crate) fn source(&self) -> Option<String> {
        self.source.clone()
    }

    pub(super) fn asking(&self) -> Asking<'_> {
        let asking = Asking::new(self.step, self.source.as_deref());
        Asking { user: self.user.as_ref(), ..asking }
    }
}
