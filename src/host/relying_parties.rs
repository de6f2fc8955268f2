use std::sync::Arc;

use async_trait::async_trait;
use http::header::ORIGIN;
use http::request::Parts;

use crate::error::BoxError;
use crate::model::{Invalid, RelyingParty};

/// Finds the relying party of a registration, when a code is exchanged.
///
/// A [`RelyingPartyList`] finds it by the `Origin` header. If your clients identify their party in
/// another way, such as an app id header, implement this yourself. If the request has an `Origin`
/// header, it has to be one of the party's, even if the resolver says otherwise.
#[async_trait]
pub trait RelyingParties: Send + Sync + 'static {
    /// Returns the relying party. With `None`, the request is refused, and the code is not spent.
    async fn resolve(&self, request: &Parts) -> Result<Option<Arc<RelyingParty>>, BoxError>;

    /// Returns the parties that are known before any request. A site is not built if browsers would
    /// not accept one of them. Default: none.
    fn listed(&self) -> &[Arc<RelyingParty>] {
        &[]
    }
}

/// A configured list of relying parties.
///
/// It returns the party that lists the request's exact `Origin`. Native apps and servers send no
/// such header: then it returns the first party.
#[derive(Clone, Debug)]
pub struct RelyingPartyList(Vec<Arc<RelyingParty>>);

impl From<RelyingParty> for RelyingPartyList {
    fn from(party: RelyingParty) -> Self {
        Self(vec![Arc::new(party)])
    }
}

impl RelyingPartyList {
    /// Creates a list of at least one party, the default first.
    pub fn new(parties: impl IntoIterator<Item = RelyingParty>) -> Result<Self, Invalid> {
        let parties: Vec<_> = parties.into_iter().map(Arc::new).collect();
        if parties.is_empty() {
            Err(Invalid::new("a list has at least one relying party"))
        } else {
            Ok(Self(parties))
        }
    }
}

#[async_trait]
impl RelyingParties for RelyingPartyList {
    async fn resolve(&self, request: &Parts) -> Result<Option<Arc<RelyingParty>>, BoxError> {
        let Some(origin) = request.headers.get(ORIGIN) else {
            return Ok(self.0.first().cloned());
        };
        let origin = origin.to_str().unwrap_or_default();
        Ok(self.0.iter().find(|party| party.origin(origin).is_some()).cloned())
    }

    fn listed(&self) -> &[Arc<RelyingParty>] {
        &self.0
    }
}
